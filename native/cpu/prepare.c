/* Activations as the matrices of 16, 8 and 4 bits read them. */
#include "scalar.h"

#include <math.h>

static void prepare_bf16(const float *x, int64_t cols, uint16_t *out) {
    int64_t padded = sl_padded(cols);
    for (int64_t i = 0; i < cols; i++) {
        /* As f32_to_bf16, but without a branch, so that it is vectorised. */
        uint32_t u = bits_of(x[i]);
        uint32_t rounded = (u + 0x7fffu + ((u >> 16) & 1u)) >> 16;
        uint32_t quiet = (u >> 16) | 0x40u;
        out[i] = (uint16_t)((u & 0x7fffffffu) > 0x7f800000u ? quiet : rounded);
    }
    for (int64_t i = cols; i < padded; i++) {
        out[i] = 0;
    }
}

static struct sl_int8_row int8_row(void *out, int64_t padded) {
    int64_t groups = padded / SL_GROUP;
    char *base = out;
    return (struct sl_int8_row){(int8_t *)base,
                             (float *)(base + padded),
                             (int32_t *)(base + padded + 4 * groups),
                             (int32_t *)(base + padded + 8 * groups),
                             (float *)(base + padded + 12 * groups),
                             (int32_t *)(base + padded + 16 * groups)};
}

#if SL_LEVEL == 0

static void prepare_group(const float *x, const struct sl_int8_row *row, int64_t g) {
    float largest = 0;
    for (int i = 0; i < SL_GROUP; i++) {
        float a = fabsf(x[i]);
        largest = a > largest ? a : largest;
    }
    int zero = largest < 1e-30f;
    float scale = zero ? 0 : largest / 127;
    float inverse = zero ? 0 : 127 / largest;
    int32_t q[SL_GROUP];
    int32_t sum[2] = {0, 0};
    for (int i = 0; i < SL_GROUP; i++) {
        /* Adding 1.5 * 2^23 rounds to the nearest whole number, ties to even. */
        q[i] = (int8_t)(bits_of(x[i] * inverse + 0x1.8p23f) - 0x4b400000u);
    }
    for (int i = 0; i < SL_GROUP; i++) {
        row->q[g * SL_GROUP + i] = (int8_t)q[i];
    }
    for (int i = 0; i < 16; i++) {
        sum[0] += q[i];
        sum[1] += q[i + 16];
    }
    sl_finish_group(row, g, scale, sum[0], sum[1]);
}

void SL_FN(prepare_groups)(const float *x, int64_t first, int64_t count,
                           const struct sl_int8_row *row) {
    for (int64_t i = 0; i < count; i++) {
        prepare_group(x + i * SL_GROUP, row, first + i);
    }
}

#endif

#if SL_LEVEL != 2

/* A row as one group. Numbers are compared as bits, which can be done for several at once. */
void SL_FN(prepare_row)(const float *x, int64_t cols, int8_t *q) {
    uint32_t most = 0;
    for (int64_t i = 0; i < cols; i++) {
        uint32_t magnitude = bits_of(x[i]) & 0x7fffffffu;
        magnitude = magnitude > 0x7f800000u ? 0 : magnitude;
        most = magnitude > most ? magnitude : most;
    }
    const float largest = float_of(most);
    const int zero = largest < 1e-30f;
    const float scale = zero ? 0 : largest / 127, inverse = zero ? 0 : 127 / largest;
    int32_t sum = 0;
    for (int64_t i = 0; i < cols; i++) {
        /* Adding 1.5 * 2^23 rounds to the nearest whole number, ties to even. */
        int32_t code = (int8_t)(bits_of(x[i] * inverse + 0x1.8p23f) - 0x4b400000u);
        q[i] = (int8_t)code;
        sum += code;
    }
    sl_finish_row(q, cols, scale, sum);
}

#endif

static void prepare_int8(const float *x, int64_t cols, void *out) {
    int64_t padded = sl_padded(cols);
    struct sl_int8_row row = int8_row(out, padded);
    int64_t whole = cols / SL_GROUP;
    SL_FN(prepare_groups)(x, 0, whole, &row);
    if (padded > cols) {
        float last[SL_GROUP] = {0};
        memcpy(last, x + whole * SL_GROUP, (size_t)(cols - whole * SL_GROUP) * sizeof(float));
        SL_FN(prepare_groups)(last, whole, 1, &row);
    }
}

void SL_FN(prepare)(const struct sl_prepare_args *args, int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; r++) {
        const float *x = args->x + r * args->x_stride;
        if (r + 1 < end) {
            sl_fetch_row(x + args->x_stride, args->cols);
        }
        char *out = (char *)args->out + r * args->out_stride;
        if (args->kind == SL_PREPARED_BF16) {
            prepare_bf16(x, args->cols, (uint16_t *)out);
        } else if (args->kind == SL_PREPARED_INT8_ROW) {
            SL_FN(prepare_row)(x, args->cols, (int8_t *)out);
        } else {
            prepare_int8(x, args->cols, out);
        }
    }
}
