/*
 * Scores and sums of values in vectors, for every type of cache: register tiles of up to six rows.
 */
#include "attention.h"
#include "three_rows.h"

/* Most rows and vectors of a register tile. */
enum { TILE = 6, WIDE = VW == 8 ? 8 : 4 };

/*
 * Vectors of a register tile of some rows: enough sums for their chains of additions to overlap,
 * and no more than there are registers.
 */
SL_INLINE int tile_vectors(int rows) {
#if SL_LEVEL == 1
    return rows == 1 ? 8 : rows <= 3 ? 4 : 2;
#elif SL_LEVEL == 2
    (void)rows;
    return 4;
#else
    (void)rows;
    return 2;
#endif
}

/* Bytes of an element of the cache. */
SL_INLINE int64_t bytes_of(int read) { return read == READ_F32 ? 4 : 2; }

/* n elements of a cache vector as float32; n == VW is a whole one. */
SL_INLINE vf load_kv(const void *kv, int read, int64_t at, int64_t n) {
    if (read == READ_F32) {
        const float *p = (const float *)kv + at;
        return n == VW ? vf_load(p) : vf_load_n(p, n);
    }
    const uint16_t *p = (const uint16_t *)kv + at;
    return n == VW ? vf_load_f16(p) : vf_load_f16_n(p, n);
}

SL_INLINE vi load_pairs(const void *kv, int64_t pair, int64_t n) {
    const uint32_t *p = (const uint32_t *)kv + pair;
    return n == VW ? vi_load(p) : vi_load_n(p, n);
}

/* sum[r][v] += x[r] * w[v] */
SL_INLINE void add_products(int rows, int vectors, vf sum[][WIDE], const float *x, int64_t x_stride,
                            const vf *w) {
    SL_UNROLL for (int r = 0; r < rows; r++) {
        vf f = vf_set1(x[r * x_stride]);
        SL_UNROLL for (int v = 0; v < vectors; v++) { sum[r][v] = vf_fma(f, w[v], sum[r][v]); }
    }
}

/* The same for pairs w of bfloat16 and two elements of each row: x as float32, or x16 as pairs. */
SL_INLINE void add_pairs(int rows, int vectors, int read, vf sum[][WIDE], const float *x,
                         const uint16_t *x16, int64_t x_stride, const vi *w) {
#if SL_LEVEL == 2
    if (read == READ_BF16_PAIRS) {
        SL_UNROLL for (int r = 0; r < rows; r++) {
            int32_t pair;
            memcpy(&pair, x16 + r * x_stride, 4);
            __m512bh f = (__m512bh)_mm512_set1_epi32(pair);
            SL_UNROLL for (int v = 0; v < vectors; v++) {
                sum[r][v] = _mm512_dpbf16_ps(sum[r][v], f, (__m512bh)w[v]);
            }
        }
        return;
    }
#endif
    (void)read, (void)x16;
    if (rows <= 2) {
        /* Many vectors: each is split when it is needed, or they would not fit into registers. */
        SL_UNROLL for (int v = 0; v < vectors; v++) {
            vf low = vf_bf16_low(w[v]), high = vf_bf16_high(w[v]);
            SL_UNROLL for (int r = 0; r < rows; r++) {
                sum[r][v] = vf_fma(vf_set1(x[r * x_stride]), low, sum[r][v]);
                sum[r][v] = vf_fma(vf_set1(x[r * x_stride + 1]), high, sum[r][v]);
            }
        }
        return;
    }
    vf half[WIDE];
    SL_UNROLL for (int v = 0; v < vectors; v++) { half[v] = vf_bf16_low(w[v]); }
    add_products(rows, vectors, sum, x, x_stride, half);
    SL_UNROLL for (int v = 0; v < vectors; v++) { half[v] = vf_bf16_high(w[v]); }
    add_products(rows, vectors, sum, x + 1, x_stride, half);
}

/*
 * A tile of products: sum[r][v] += x[r][k] * w[k][v] for k = 0 .. steps - 1, where w holds vectors
 * of the cache `stride` elements apart, beginning at element `at`; with BF16 an element is a pair.
 * `lanes` is VW, or less for a single partial vector. As much is fetched from `next` on, unless it
 * is NULL.
 */
SL_INLINE void multiply(int rows, int vectors, int read, vf sum[][WIDE], const float *x,
                        const uint16_t *x16, int64_t x_stride, const void *kv, int64_t at,
                        int64_t stride, int64_t steps, int64_t lanes, const char *next) {
    const int bytes = vectors * VW * (read == READ_F16 ? 2 : 4);
    for (int64_t k = 0; k < steps; k++) {
        if (next != NULL) {
            SL_UNROLL for (int i = 0; i < bytes; i += 64) {
                __builtin_prefetch(next + k * bytes + i, 0, 2);
            }
        }
#if SL_LEVEL == 1
        if (read >= READ_BF16 && rows == 3 && vectors == 4) {
            const uint32_t *pairs = (const uint32_t *)kv + at + k * stride;
            sl_add_pairs_3x4(sum[0], WIDE, x + 2 * k, x_stride, pairs);
            continue;
        }
#endif
        if (read >= READ_BF16) {
            vi w[WIDE];
            SL_UNROLL for (int v = 0; v < vectors; v++) {
                w[v] = load_pairs(kv, at + k * stride + v * VW, lanes);
            }
            add_pairs(rows, vectors, read, sum, x + 2 * k, x16 + 2 * k, x_stride, w);
        } else {
            vf w[WIDE];
            SL_UNROLL for (int v = 0; v < vectors; v++) {
                w[v] = load_kv(kv, read, at + k * stride + v * VW, lanes);
            }
            add_products(rows, vectors, sum, x + k, x_stride, w);
        }
    }
}

/*
 * What a tile fetches: as much of what is next as it reads itself; with AVX-512 only that of the
 * first rows.
 */
SL_INLINE const char *next_of(const struct chunk *c, int64_t r, int64_t at) {
    return sl_fetch_evenly() && (SL_LEVEL == 1 || r == 0) ? c->next + at : NULL;
}

/* Scores of rows r .. r + rows - 1 for slots t .. t + vectors * VW - 1. */
SL_INLINE void score_tile(int rows, int vectors, int read, struct chunk *c, const void *keys,
                          int64_t r, int64_t t, int64_t lanes) {
    const int64_t size = c->args->block_size;
    vf sum[TILE][WIDE];
    SL_UNROLL for (int i = 0; i < rows; i++) {
        SL_UNROLL for (int v = 0; v < vectors; v++) { sum[i][v] = vf_zero(); }
    }
    multiply(rows, vectors, read, sum, c->query + r * c->dim, c->query16 + r * c->dim, c->dim, keys,
             t, size, read >= READ_BF16 ? c->dim / 2 : c->dim, lanes,
             next_of(c, r, t * c->dim * bytes_of(read)));
    SL_UNROLL for (int i = 0; i < rows; i++) {
        SL_UNROLL for (int v = 0; v < vectors; v++) {
            vf_store(c->probability + (r + i) * c->stride + t + v * VW, sum[i][v]);
        }
    }
}

/* sum = sum * correction + probabilities * values, for elements d .. of rows r .. */
SL_INLINE void value_tile(int rows, int vectors, int read, struct chunk *c, const void *values,
                          int64_t r, int64_t d, int64_t lanes, int64_t first, int64_t end) {
    vf sum[TILE][WIDE];
    SL_UNROLL for (int i = 0; i < rows; i++) {
        vf correction = vf_set1(c->correction[r + i]);
        SL_UNROLL for (int v = 0; v < vectors; v++) {
            sum[i][v] = vf_mul(vf_load(c->now.sum + (r + i) * c->sum_dim + d + v * VW), correction);
        }
    }
    const char *next = next_of(c, r, d * c->args->block_size * bytes_of(read));
    const float *p = c->probability + r * c->stride;
    const uint16_t *p16 = c->probability16 + r * c->stride;
    if (read < READ_BF16) {
        multiply(rows, vectors, read, sum, p + first, p16, c->stride, values,
                 first * c->dim + d, c->dim, end - first, lanes, next);
    } else {
        int64_t pair = first / 2, whole = end / 2;
        multiply(rows, vectors, read, sum, p + 2 * pair, p16 + 2 * pair, c->stride, values,
                 pair * c->dim + d, c->dim, whole - pair, lanes, next);
        if (end % 2) {
            /* The last slot's neighbour may hold anything: its half is cut off. */
            vi w[WIDE];
            SL_UNROLL for (int v = 0; v < vectors; v++) {
                w[v] = vi_low_halves(load_pairs(values, whole * c->dim + d + v * VW, lanes));
            }
            add_pairs(rows, vectors, read, sum, p + 2 * whole, p16 + 2 * whole, c->stride, w);
        }
    }
    SL_UNROLL for (int i = 0; i < rows; i++) {
        SL_UNROLL for (int v = 0; v < vectors; v++) {
            vf_store(c->now.sum + (r + i) * c->sum_dim + d + v * VW, sum[i][v]);
        }
    }
}

/* Scores of whole tiles from slot t on; returns where they end. */
SL_INLINE int64_t score_tiles(int rows, int vectors, int read, struct chunk *c,
                              const struct span *s, int64_t r, int64_t t) {
    const void *keys = span_kv(s, 0, 0);
    int64_t last = (vectors - 1) * VW;
    for (; t + vectors * VW <= c->args->block_size && t + last < s->end; t += vectors * VW) {
        score_tile(rows, vectors, read, c, keys, r, t, VW);
    }
    return t;
}

SL_INLINE void score_rows(int rows, int read, struct chunk *c, const struct span *s, int64_t r) {
    const int wide = tile_vectors(rows);
    int64_t t = score_tiles(rows, wide, read, c, s, r, s->first / VW * VW);
    if (wide > 4) {
        t = score_tiles(rows, 4, read, c, s, r, t);
    }
    if (wide > 2) {
        t = score_tiles(rows, 2, read, c, s, r, t);
    }
    t = score_tiles(rows, 1, read, c, s, r, t);
    if (t < s->end) {
        score_tile(rows, 1, read, c, span_kv(s, 0, 0), r, t, c->args->block_size - t);
    }
}

SL_INLINE int64_t value_tiles(int rows, int vectors, int read, struct chunk *c,
                              const struct span *s, int64_t r, int64_t d) {
    const void *values = span_kv(s, 0, 1);
    for (; d + vectors * VW <= c->dim; d += vectors * VW) {
        value_tile(rows, vectors, read, c, values, r, d, VW, s->first, s->end);
    }
    return d;
}

SL_INLINE void value_rows(int rows, int read, struct chunk *c, const struct span *s, int64_t r) {
    const int wide = tile_vectors(rows);
    int64_t d = value_tiles(rows, wide, read, c, s, r, 0);
    if (wide > 4) {
        d = value_tiles(rows, 4, read, c, s, r, d);
    }
    if (wide > 2) {
        d = value_tiles(rows, 2, read, c, s, r, d);
    }
    d = value_tiles(rows, 1, read, c, s, r, d);
    if (d < c->dim) {
        value_tile(rows, 1, read, c, span_kv(s, 0, 1), r, d, c->dim - d, s->first, s->end);
    }
}

/* Functions for each height of a register tile and each way of reading the cache. */
#define READ_CASES(height, function)                                                               \
    switch (c->read) {                                                                             \
        case READ_F32:                                                                             \
            function(height, READ_F32, c, s, r);                                                   \
            break;                                                                                 \
        case READ_F16:                                                                             \
            function(height, READ_F16, c, s, r);                                                   \
            break;                                                                                 \
        case READ_BF16:                                                                            \
            function(height, READ_BF16, c, s, r);                                                  \
            break;                                                                                 \
        default:                                                                                   \
            function(height, SL_LEVEL == 2 ? READ_BF16_PAIRS : READ_BF16, c, s, r);                \
            break;                                                                                 \
    }
#define ROWS_FUNCTIONS(height)                                                                     \
    static SL_NOINLINE void scores_##height(struct chunk *c, const struct span *s, int64_t r) {    \
        READ_CASES(height, score_rows)                                                             \
    }                                                                                              \
    static SL_NOINLINE void values_##height(struct chunk *c, const struct span *s, int64_t r) {    \
        READ_CASES(height, value_rows)                                                             \
    }
ROWS_FUNCTIONS(1)
ROWS_FUNCTIONS(2)
ROWS_FUNCTIONS(3)
ROWS_FUNCTIONS(4)
ROWS_FUNCTIONS(6)

typedef void rows_function(struct chunk *, const struct span *, int64_t);

/* Calls functions of the best heights for rows r and up; with AVX2 three fill the registers. */
static void for_rows(rows_function *const by_height[], struct chunk *c, const struct span *s,
                     int64_t r) {
    int64_t height;
    for (; r < c->rows; r += height) {
        int64_t left = c->rows - r;
        if (SL_LEVEL == 1 && c->read == READ_BF16 && left >= 3 && left != 4 && left != 8) {
            height = 3;
        } else {
            height = left >= 6 && left != 8 ? 6 : left >= 4 ? 4 : left;
        }
        by_height[height](c, s, r);
    }
}

void SL_FN(vector_scores)(struct chunk *c, const struct span *s) {
    static rows_function *const by_height[] = {0,        scores_1, scores_2, scores_3,
                                               scores_4, 0,        scores_6};
    for_rows(by_height, c, s, sl_wide_scores(c, s));
}

void SL_FN(vector_values)(struct chunk *c, const struct span *s) {
    static rows_function *const by_height[] = {0,        values_1, values_2, values_3,
                                               values_4, 0,        values_6};
    for_rows(by_height, c, s, sl_wide_values(c, s));
}
