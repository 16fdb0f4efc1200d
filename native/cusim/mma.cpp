// Warp-wide matrix operations. Layouts: PTX ISA, "Matrix Fragments for mma.m16n8k16" and "Warp-level matrix
// load instruction: ldmatrix".
#include "include/cusim_mma.h"

#include "levels.h"

namespace cusim {

namespace {

struct Fragments {
    float a[16][16];
    float b[16][8];
    float d[16][8];
};

float widen(unsigned bits, __nv_bfloat16) {
    return __bfloat162float({(unsigned short)bits});
}

float widen(unsigned bits, __half) {
    return __half2float({(unsigned short)bits});
}

// A register holds two elements, the first in its low half.
template <class T>
void unpack(unsigned pair, float *first, float *second) {
    *first = widen(pair, T{});
    *second = widen(pair >> 16, T{});
}

// Lane 4 * g + t holds rows g and g + 8 of a and d, column g of b, and pairs of elements from 2 * t on.
template <class T>
void collect(const Warp &warp, Fragments &f) {
    for (int lane = 0; lane < 32; lane++) {
        int group = lane >> 2;
        int pair = (lane & 3) * 2;
        const float *d = static_cast<const float *>(warp.lanes[lane].pointers[0]);
        const unsigned *a = static_cast<const unsigned *>(warp.lanes[lane].pointers[1]);
        const unsigned *b = static_cast<const unsigned *>(warp.lanes[lane].pointers[2]);
        for (int half = 0; half < 2; half++) {
            int k = pair + 8 * half;
            unpack<T>(a[2 * half], &f.a[group][k], &f.a[group][k + 1]);
            unpack<T>(a[2 * half + 1], &f.a[group + 8][k], &f.a[group + 8][k + 1]);
            unpack<T>(b[half], &f.b[k][group], &f.b[k + 1][group]);
            f.d[group + 8 * half][pair] = d[2 * half];
            f.d[group + 8 * half][pair + 1] = d[2 * half + 1];
        }
    }
}

void distribute(Warp &warp, const Fragments &f) {
    for (int lane = 0; lane < 32; lane++) {
        int group = lane >> 2;
        int pair = (lane & 3) * 2;
        float *d = static_cast<float *>(const_cast<void *>(warp.lanes[lane].pointers[0]));
        for (int half = 0; half < 2; half++) {
            d[2 * half] = f.d[group + 8 * half][pair];
            d[2 * half + 1] = f.d[group + 8 * half][pair + 1];
        }
    }
}

MANY_LEVELS void multiplyAdd(Fragments &f) {
    for (int row = 0; row < 16; row++) {
        float sums[8];
        memcpy(sums, f.d[row], sizeof sums);
        for (int k = 0; k < 16; k++) {
            for (int column = 0; column < 8; column++) {
                sums[column] += f.a[row][k] * f.b[k][column];
            }
        }
        memcpy(f.d[row], sums, sizeof sums);
    }
}

template <class T>
void multiplyAll(Warp &warp) {
    Fragments fragments;
    collect<T>(warp, fragments);
    multiplyAdd(fragments);
    distribute(warp, fragments);
}

}  // namespace

void multiplyBfloat16(Warp &warp) {
    multiplyAll<__nv_bfloat16>(warp);
}

void multiplyFloat16(Warp &warp) {
    multiplyAll<__half>(warp);
}

void loadMatrices(Warp &warp, int count, bool transposed) {
    for (int m = 0; m < count; m++) {
        unsigned short matrix[8][8];
        for (int row = 0; row < 8; row++) {
            const void *address = warp.lanes[m * 8 + row].pointers[1];
            if ((uintptr_t)address % 16 != 0) {
                fail("has a row of ldmatrix that is not aligned to 16 bytes");
            }
            memcpy(matrix[row], address, sizeof matrix[row]);
        }
        for (int lane = 0; lane < 32; lane++) {
            int major = lane / 4;
            int minor = lane % 4 * 2;
            unsigned low = transposed ? matrix[minor][major] : matrix[major][minor];
            unsigned high = transposed ? matrix[minor + 1][major] : matrix[major][minor + 1];
            static_cast<unsigned *>(const_cast<void *>(warp.lanes[lane].pointers[0]))[m] = low | high << 16;
        }
    }
}

}  // namespace cusim
