#include "gemm.h"

#include <string.h>

#include <algorithm>
#include <vector>

#include "include/cuda_bf16.h"
#include "include/cuda_fp16.h"
#include "levels.h"

namespace cusim {

namespace {

constexpr int LANES = 16;
constexpr int ROWS = 4;
constexpr int COLUMNS = 4;

typedef float Lanes __attribute__((vector_size(LANES * sizeof(float)), aligned(4)));
typedef unsigned Bits __attribute__((vector_size(LANES * sizeof(unsigned)), aligned(4)));
typedef unsigned short Halves __attribute__((vector_size(LANES * sizeof(short)), aligned(2)));

MANY_LEVELS void widenBfloat16(const unsigned short *from, float *to, size_t count) {
    for (size_t i = 0; i < count; i++) {
        unsigned bits = (unsigned)from[i] << 16;
        memcpy(&to[i], &bits, sizeof bits);
    }
}

// Branch-free, so that it's vectorised: a product with 2^112 moves the exponent, subnormals included.
MANY_LEVELS void widenFloat16(const unsigned short *from, float *to, size_t count) {
    for (size_t i = 0; i < count; i++) {
        unsigned sign = (unsigned)(from[i] & 0x8000u) << 16;
        unsigned rest = (unsigned)(from[i] & 0x7fffu) << 13;
        float magnitude;
        memcpy(&magnitude, &rest, sizeof rest);
        magnitude *= 0x1p112f;
        memcpy(&rest, &magnitude, sizeof rest);
        rest |= (from[i] & 0x7c00u) == 0x7c00u ? 0x7f800000u : 0u;
        unsigned bits = sign | rest;
        memcpy(&to[i], &bits, sizeof bits);
    }
}

float load(const void *data, Element element, size_t index) {
    switch (element) {
        case Element::FLOAT32: return static_cast<const float *>(data)[index];
        case Element::FLOAT16: return __half2float(static_cast<const __half *>(data)[index]);
        default: return __bfloat162float(static_cast<const __nv_bfloat16 *>(data)[index]);
    }
}

void store(void *data, Element element, size_t index, float value) {
    switch (element) {
        case Element::FLOAT32: static_cast<float *>(data)[index] = value; break;
        case Element::FLOAT16: static_cast<__half *>(data)[index] = __float2half_rn(value); break;
        default: static_cast<__nv_bfloat16 *>(data)[index] = __float2bfloat16_rn(value);
    }
}

// The vector of k values of one row of op(a), or of one column of op(b), as float32, padded with zeros.
void widen(const Operand &operand, bool contiguous, int index, int k, int padded, float *to) {
    std::fill(to + k, to + padded, 0.0f);
    size_t start = contiguous ? (size_t)index * operand.leading : (size_t)index;
    if (!contiguous) {
        for (int i = 0; i < k; i++) {
            to[i] = load(operand.data, operand.element, start + (size_t)i * operand.leading);
        }
        return;
    }
    const void *from = static_cast<const char *>(operand.data) + start * elementSize(operand.element);
    switch (operand.element) {
        case Element::FLOAT32: memcpy(to, from, (size_t)k * sizeof(float)); break;
        case Element::FLOAT16: widenFloat16(static_cast<const unsigned short *>(from), to, k); break;
        default: widenBfloat16(static_cast<const unsigned short *>(from), to, k);
    }
}

// The partial sums of ROWS rows with one column, or with COLUMNS of them.
MANY_LEVELS void sumsOfColumn(const float *const *rows, const float *column, int padded, Lanes *sums) {
    Lanes s0 = {}, s1 = {}, s2 = {}, s3 = {};
    for (int i = 0; i < padded; i += LANES) {
        Lanes x = *reinterpret_cast<const Lanes *>(column + i);
        s0 += *reinterpret_cast<const Lanes *>(rows[0] + i) * x;
        s1 += *reinterpret_cast<const Lanes *>(rows[1] + i) * x;
        s2 += *reinterpret_cast<const Lanes *>(rows[2] + i) * x;
        s3 += *reinterpret_cast<const Lanes *>(rows[3] + i) * x;
    }
    sums[0] = s0;
    sums[1] = s1;
    sums[2] = s2;
    sums[3] = s3;
}

// As sumsOfColumn, of rows in bfloat16: decoding reads each weight once, so widening it apart would cost as much.
MANY_LEVELS void sumsOfBfloat16(const unsigned short *const *rows, const float *column, int k, Lanes *sums) {
    Lanes s[ROWS] = {};
    for (int i = 0; i < k; i += LANES) {
        Lanes x = *reinterpret_cast<const Lanes *>(column + i);
#pragma GCC unroll 4
        for (int row = 0; row < ROWS; row++) {
            Halves halves = *reinterpret_cast<const Halves *>(rows[row] + i);
            Bits bits = __builtin_convertvector(halves, Bits) << 16;
            Lanes values;
            memcpy(&values, &bits, sizeof values);
            s[row] += values * x;
        }
    }
    memcpy(sums, s, sizeof s);
}

MANY_LEVELS void sumsOfColumns(const float *const *rows, const float *columns, int padded, Lanes *sums) {
    Lanes s[COLUMNS][ROWS] = {};
    for (int i = 0; i < padded; i += LANES) {
        Lanes a[ROWS];
#pragma GCC unroll 4
        for (int row = 0; row < ROWS; row++) {
            a[row] = *reinterpret_cast<const Lanes *>(rows[row] + i);
        }
#pragma GCC unroll 4
        for (int column = 0; column < COLUMNS; column++) {
            Lanes x = *reinterpret_cast<const Lanes *>(columns + column * padded + i);
#pragma GCC unroll 4
            for (int row = 0; row < ROWS; row++) {
                s[column][row] += a[row] * x;
            }
        }
    }
    memcpy(sums, s, sizeof s);
}

float total(const Lanes &sums) {
    float parts[LANES];
    memcpy(parts, &sums, sizeof parts);
    for (int half = LANES / 2; half > 0; half /= 2) {
        for (int i = 0; i < half; i++) {
            parts[i] += parts[i + half];
        }
    }
    return parts[0];
}

void finish(const Product &p, int row, int column, const Lanes &sums) {
    size_t index = (size_t)column * p.leadingC + row;
    float value = p.alpha * total(sums);
    if (p.beta != 0.0f) {
        value += p.beta * load(p.c, p.elementC, index);
    }
    store(p.c, p.elementC, index, value);
}

// ROWS rows of op(a), widened where they must be; those past the last repeat it.
class RowTile {
  public:
    RowTile(const Operand &a, int k, int padded)
        : a(a), k(k), padded(padded), inPlace(a.element == Element::FLOAT32 && a.transposed && k == padded),
          room(inPlace ? 0 : (size_t)ROWS * padded) {}

    const float *const *load(int first, int height) {
        for (int i = 0; i < ROWS; i++) {
            if (i >= height) {
                rows[i] = rows[height - 1];
            } else if (inPlace) {
                rows[i] = static_cast<const float *>(a.data) + (size_t)(first + i) * a.leading;
            } else {
                float *to = &room[(size_t)i * padded];
                widen(a, a.transposed, first + i, k, padded, to);
                rows[i] = to;
            }
        }
        return rows;
    }

  private:
    Operand a;
    int k, padded;
    bool inPlace;
    std::vector<float> room;
    const float *rows[ROWS];
};

void finishTile(const Product &p, int row, int height, int column, int width, const Lanes *sums) {
    for (int j = 0; j < width; j++) {
        for (int i = 0; i < height; i++) {
            finish(p, row + i, column + j, sums[j * ROWS + i]);
        }
    }
}

// Few columns, and rows in bfloat16 that are whole vectors: nothing is copied.
void multiplyInPlace(const Product &p, const float *columns) {
    const unsigned short *data = static_cast<const unsigned short *>(p.a.data);
    Lanes sums[ROWS];
    for (int row = 0; row < p.m; row += ROWS) {
        int height = std::min(ROWS, p.m - row);
        const unsigned short *rows[ROWS];
        for (int i = 0; i < ROWS; i++) {
            rows[i] = data + (size_t)(row + std::min(i, height - 1)) * p.a.leading;
        }
        for (int column = 0; column < p.n; column++) {
            sumsOfBfloat16(rows, columns + (size_t)column * p.k, p.k, sums);
            finishTile(p, row, height, column, 1, sums);
        }
    }
}

}  // namespace

size_t elementSize(Element element) {
    return element == Element::FLOAT32 ? 4 : 2;
}

void multiply(const Product &p) {
    int padded = (p.k + LANES - 1) / LANES * LANES;
    std::vector<float> columns((size_t)p.n * padded);
    for (int column = 0; column < p.n; column++) {
        widen(p.b, !p.b.transposed, column, p.k, padded, &columns[(size_t)column * padded]);
    }
    if (p.a.element == Element::BFLOAT16 && p.a.transposed && padded == p.k && p.n < COLUMNS) {
        multiplyInPlace(p, columns.data());
        return;
    }
    RowTile tile(p.a, p.k, padded);
    Lanes sums[COLUMNS * ROWS];
    for (int row = 0; row < p.m; row += ROWS) {
        int height = std::min(ROWS, p.m - row);
        const float *const *rows = tile.load(row, height);
        for (int column = 0; column < p.n;) {
            bool whole = p.n - column >= COLUMNS;
            const float *x = &columns[(size_t)column * padded];
            whole ? sumsOfColumns(rows, x, padded, sums) : sumsOfColumn(rows, x, padded, sums);
            int width = whole ? COLUMNS : 1;
            finishTile(p, row, height, column, width, sums);
            column += width;
        }
    }
}

}  // namespace cusim
