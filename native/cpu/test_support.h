/* What the kernel tests share: random numbers, guarded buffers, the reference of stored types. */
#ifndef SLUICE_TEST_SUPPORT_H
#define SLUICE_TEST_SUPPORT_H

#include "sluice_cpu.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern int failures;
extern int checks;
extern uint64_t seed;

#define CHECK(condition, ...)                                                                      \
    do {                                                                                           \
        checks++;                                                                                  \
        if (!(condition)) {                                                                        \
            if (failures++ < 40) {                                                                 \
                printf("%s:%d: %s: ", __FILE__, __LINE__, sl_isa_name(sl_isa_level()));            \
                printf(__VA_ARGS__);                                                               \
                printf("\n");                                                                      \
            }                                                                                      \
        }                                                                                          \
    } while (0)

static inline uint32_t random32(void) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    uint32_t x = (uint32_t)(seed >> 33);
    return x ^ x >> 15 ^ (uint32_t)seed << 7;
}

/* Uniform in [-1, 1). */
static inline float random_float(void) {
    return (float)(random32() & 0xffffff) / 8388608.0f - 1.0f;
}

static inline int64_t random_below(int64_t n) { return random32() % n; }

static inline void *allocate(size_t bytes) {
    void *p = aligned_alloc(64, (bytes + 127) / 64 * 64);
    memset(p, 0, bytes);
    return p;
}

static inline float *random_floats(size_t n) {
    float *p = allocate(n * sizeof(float));
    for (size_t i = 0; i < n; i++) {
        p[i] = random_float();
    }
    return p;
}

static inline uint16_t half_bits(float f) {
    _Float16 h = (_Float16)f;
    uint16_t u;
    memcpy(&u, &h, 2);
    return u;
}

static inline float half_value(uint16_t u) {
    _Float16 h;
    memcpy(&h, &u, 2);
    return (float)h;
}

static inline float bfloat_value(uint16_t b) {
    uint32_t u = (uint32_t)b << 16;
    float f;
    memcpy(&f, &u, 4);
    return f;
}

static inline uint16_t bfloat_bits(float f) {
    uint32_t u;
    memcpy(&u, &f, 4);
    return (uint16_t)((u + 0x7fff + (u >> 16 & 1)) >> 16);
}

static const int BLOCK[] = {1, 1, 1, 32, 32, 32, 32, 32, 256, 256, 256, 32};
static const int BLOCK_BYTES[] = {4, 2, 2, 18, 20, 22, 24, 34, 144, 176, 210, 32};
static const char *const TYPE_NAME[] = {"F32",  "F16",  "BF16", "Q4_0", "Q4_1", "Q5_0",
                                        "Q5_1", "Q8_0", "Q4_K", "Q5_K", "Q6_K", "I8"};

/* The scale of a row of I8: some number that its first byte stands for. */
static inline float row_scale(const uint8_t *row) { return (float)(row[0] + 1) * 0x1.5p-14f; }

/* The scales of rows of I8; they are the caller's. */
static inline float *row_scales(const uint8_t *rows, int64_t count, int64_t row_bytes) {
    float *scales = allocate((size_t)count * sizeof(float));
    for (int64_t r = 0; r < count; r++) {
        scales[r] = row_scale(rows + r * row_bytes);
    }
    return scales;
}

/* A row of random blocks whose scales are sane numbers. */
static inline void random_row(int type, uint8_t *row, int64_t cols) {
    for (int64_t b = 0; b < cols / BLOCK[type]; b++) {
        uint8_t *p = row + b * BLOCK_BYTES[type];
        for (int i = 0; i < BLOCK_BYTES[type]; i++) {
            p[i] = (uint8_t)random32();
        }
        uint16_t d = half_bits(random_float() * 0.01f), m = half_bits(random_float() * 0.02f);
        float f = random_float();
        switch (type) {
            case SL_F32: memcpy(p, &f, 4); break;
            case SL_F16: f *= 0.5f; memcpy(p, (uint16_t[]){half_bits(f)}, 2); break;
            case SL_BF16: memcpy(p, (uint16_t[]){bfloat_bits(f)}, 2); break;
            case SL_Q6_K: memcpy(p + 208, &d, 2); break;
            default:
                memcpy(p, &d, 2);
                if (type == SL_Q4_1 || type == SL_Q5_1 || type == SL_Q4_K || type == SL_Q5_K) {
                    memcpy(p + 2, &m, 2);
                }
        }
    }
}

static inline float at16(const uint8_t *p) {
    uint16_t u;
    memcpy(&u, p, 2);
    return half_value(u);
}

static inline void k_scale(const uint8_t *q, int j, int *d, int *m) {
    if (j < 4) {
        *d = q[j] & 63;
        *m = q[j + 4] & 63;
    } else {
        *d = (q[j + 4] & 0xF) | ((q[j - 4] >> 6) << 4);
        *m = (q[j + 4] >> 4) | ((q[j] >> 6) << 4);
    }
}

/* One block, in the order of the format's definition. */
static inline void reference_block(int type, const uint8_t *p, float *y) {
    float d = BLOCK[type] > 1 ? at16(type == SL_Q6_K ? p + 208 : p) : 0;
    uint32_t qh;
    int s, m;
    switch (type) {
        case SL_F32: memcpy(y, p, 4); break;
        case SL_F16: y[0] = at16(p); break;
        case SL_BF16: y[0] = bfloat_value((uint16_t)(p[0] | p[1] << 8)); break;
        case SL_Q4_0:
            for (int i = 0; i < 16; i++) {
                y[i] = d * (float)((p[2 + i] & 15) - 8);
                y[i + 16] = d * (float)((p[2 + i] >> 4) - 8);
            }
            break;
        case SL_Q4_1:
            for (int i = 0; i < 16; i++) {
                y[i] = d * (float)(p[4 + i] & 15) + at16(p + 2);
                y[i + 16] = d * (float)(p[4 + i] >> 4) + at16(p + 2);
            }
            break;
        case SL_Q5_0:
        case SL_Q5_1:
            memcpy(&qh, p + (type == SL_Q5_0 ? 2 : 4), 4);
            for (int i = 0; i < 32; i++) {
                int byte = p[(type == SL_Q5_0 ? 6 : 8) + i % 16];
                int q = (i < 16 ? byte & 15 : byte >> 4) + (int)(qh >> i & 1) * 16;
                y[i] = type == SL_Q5_0 ? d * (float)(q - 16) : d * (float)q + at16(p + 2);
            }
            break;
        case SL_Q8_0:
            for (int i = 0; i < 32; i++) {
                y[i] = d * (float)(int8_t)p[2 + i];
            }
            break;
        case SL_Q4_K:
        case SL_Q5_K:
            for (int i = 0; i < 256; i++) {
                int j = i / 32;
                k_scale(p + 4, j, &s, &m);
                int byte = p[(type == SL_Q4_K ? 16 : 48) + j / 2 * 32 + i % 32];
                int q = j % 2 ? byte >> 4 : byte & 15;
                if (type == SL_Q5_K) {
                    q += (p[16 + i % 32] >> j & 1) * 16;
                }
                y[i] = d * (float)s * (float)q - at16(p + 2) * (float)m;
            }
            break;
        default:
            for (int n = 0; n < 2; n++) {
                const uint8_t *ql = p + n * 64, *high = p + 128 + n * 32;
                const int8_t *sc = (const int8_t *)p + 192 + n * 8;
                for (int l = 0; l < 32; l++) {
                    float *o = y + n * 128 + l;
                    int is = l / 16;
                    o[0] = d * (float)sc[is] * (float)(((ql[l] & 15) | (high[l] & 3) << 4) - 32);
                    o[32] = d * (float)sc[is + 2]
                            * (float)(((ql[l + 32] & 15) | (high[l] >> 2 & 3) << 4) - 32);
                    o[64] = d * (float)sc[is + 4]
                            * (float)((ql[l] >> 4 | (high[l] >> 4 & 3) << 4) - 32);
                    o[96] = d * (float)sc[is + 6]
                            * (float)((ql[l + 32] >> 4 | (high[l] >> 6 & 3) << 4) - 32);
                }
            }
    }
}

static inline void reference_row(int type, const uint8_t *row, int64_t cols, float *y) {
    for (int64_t k = 0; type == SL_I8 && k < cols; k++) {
        y[k] = row_scale(row) * (float)(int8_t)row[k];
    }
    for (int64_t b = 0; type != SL_I8 && b < cols / BLOCK[type]; b++) {
        reference_block(type, row + b * BLOCK_BYTES[type], y + b * BLOCK[type]);
    }
}

/* A packed format and the type whose precision it keeps. */
struct format {
    int64_t format, group, scale_bits, has_min;
    int source;
};

static const struct format FORMATS[] = {
    {SL_FORMAT_F32, 0, 0, 0, SL_F32},    {SL_FORMAT_F16, 0, 0, 0, SL_F16},
    {SL_FORMAT_BF16, 0, 0, 0, SL_BF16},  {SL_FORMAT_INT8, 32, 16, 0, SL_Q8_0},
    {SL_FORMAT_INT8, 32, 16, 0, SL_Q5_0}, {SL_FORMAT_INT8, 32, 16, 1, SL_Q5_1},
    {SL_FORMAT_INT8, 32, 32, 1, SL_Q5_K}, {SL_FORMAT_INT8, 16, 32, 0, SL_Q6_K},
    {SL_FORMAT_INT4, 32, 16, 0, SL_Q4_0}, {SL_FORMAT_INT4, 32, 16, 1, SL_Q4_1},
    {SL_FORMAT_INT4, 32, 32, 1, SL_Q4_K},  {SL_FORMAT_INT8_ROW, 0, 32, 0, SL_I8},
};
enum { NUM_FORMATS = sizeof FORMATS / sizeof FORMATS[0] };

static inline struct sl_matrix new_matrix(const struct format *f, int64_t rows, int64_t cols) {
    int64_t bytes = sl_panel_bytes(f->format, cols, f->group, f->scale_bits, f->has_min);
    void *panels = allocate((size_t)((rows + 31) / 32 * bytes));
    return (struct sl_matrix){panels, f->format, rows, cols, bytes, f->group, f->scale_bits,
                              f->has_min};
}

static inline int64_t panels_of(const struct sl_matrix *m) { return (m->rows + 31) / 32; }

/* All weights as float32, through the embedding operation. */
static inline float *all_weights(const struct sl_matrix *m) {
    float *w = allocate((size_t)(m->rows * m->cols) * 4);
    int32_t *ids = allocate((size_t)m->rows * 4);
    for (int64_t i = 0; i < m->rows; i++) {
        ids[i] = (int32_t)i;
    }
    struct sl_embedding_args a = {*m, ids, 1, w, m->cols};
    sl_embedding(&a, 0, m->rows);
    free(ids);
    return w;
}

/* A matrix of random weights in the format's own type, packed. */
static inline struct sl_matrix random_matrix(const struct format *f, int64_t rows, int64_t cols) {
    int type = f->source;
    int64_t bytes = cols / BLOCK[type] * BLOCK_BYTES[type];
    uint8_t *src = allocate((size_t)(rows * bytes));
    for (int64_t r = 0; r < rows; r++) {
        random_row(type, src + r * bytes, cols);
    }
    struct sl_matrix m = new_matrix(f, rows, cols);
    float *scales = row_scales(src, rows, bytes);
    struct sl_pack_args a = {m, src, type, rows, cols, 0, NULL, 0, 0, scales};
    sl_pack(&a, 0, panels_of(&m));
    free(scales);
    free(src);
    return m;
}

#endif
