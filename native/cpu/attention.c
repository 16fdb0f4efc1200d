/*
 * Paged causal attention. A unit's query rows (tokens times heads) pass over the cache blocks
 * together, at most SL_ATTENTION_ROWS at a time: scores of a block, online softmax, sum of values.
 * No operation of one row depends on the others: masked keys get the probability 0, and adding 0
 * changes nothing.
 */
#include "simd.h"

#include <math.h>

/* Rows and vectors of a register tile. */
enum { TILE = 6, WIDE = VW == 4 ? 2 : VW == 8 ? 2 : 4 };

/* Lower than any score; finite, so that differences are numbers. */
#define LOWEST (-1e30f)

#if SL_LEVEL == 2
/* A BF16 cache meets pairs of bfloat16. */
typedef uint32_t pair_t;
#else
/* Pairs of bfloat16 values, already widened. */
typedef struct {
    float low, high;
} pair_t;
#endif

/* What a chunk of query rows needs while it passes over the blocks. */
struct chunk {
    const struct sl_attention_args *args;
    int64_t rows;
    int64_t dim;
    int64_t sum_dim; /* dim in whole vectors */
    int64_t position[SL_ATTENTION_ROWS];
    float largest[SL_ATTENTION_ROWS];
    float correction[SL_ATTENTION_ROWS];
    float total[SL_ATTENTION_ROWS][VW] SL_ALIGNED;
    float query[SL_ATTENTION_ROWS * SL_MAX_HEAD_DIM] SL_ALIGNED;        /* floats or pairs */
    float probability[SL_ATTENTION_ROWS * SL_MAX_BLOCK_SIZE] SL_ALIGNED; /* scores before */
    float pairs[SL_ATTENTION_ROWS * SL_MAX_BLOCK_SIZE] SL_ALIGNED;       /* probabilities, BF16 */
    float sum[SL_ATTENTION_ROWS * SL_MAX_HEAD_DIM] SL_ALIGNED;
};

SL_INLINE pair_t make_pair(float low, float high) {
#if SL_LEVEL == 2
    return (uint32_t)f32_to_bf16(low) | (uint32_t)f32_to_bf16(high) << 16;
#else
    return (pair_t){bf16_to_f32(f32_to_bf16(low)), bf16_to_f32(f32_to_bf16(high))};
#endif
}

/* sum + x.low * w.low + x.high * w.high */
SL_INLINE vf dot_pair(vf sum, const pair_t *x, vi w) {
#if SL_LEVEL == 2
    return _mm512_dpbf16_ps(sum, (__m512bh)_mm512_set1_epi32((int)*x), (__m512bh)w);
#else
    sum = vf_fma(vf_set1(x->low), vf_bf16_low(w), sum);
    return vf_fma(vf_set1(x->high), vf_bf16_high(w), sum);
#endif
}

/* n elements of a cache vector as float32; n == VW is a whole one. */
SL_INLINE vf load_kv(const void *kv, int type, int64_t at, int64_t n) {
    if (type == SL_F32) {
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

/*
 * A tile of products: sum[r][v] += x[r][k] * w[k][v] for k = 0 .. steps - 1, where w holds vectors
 * of the cache `stride` elements (BF16: pairs) apart and x rows of floats or pairs. `lanes` is VW,
 * or less for a single partial vector.
 */
SL_INLINE void multiply(int rows, int vectors, int type, vf sum[][WIDE], const void *x,
                        int64_t x_stride, const void *kv, int64_t at, int64_t stride, int64_t steps,
                        int64_t lanes) {
    for (int64_t k = 0; k < steps; k++) {
        if (type == SL_BF16) {
            vi w[WIDE];
            SL_UNROLL for (int v = 0; v < vectors; v++) {
                w[v] = load_pairs(kv, at + k * stride + v * VW, lanes);
            }
            SL_UNROLL for (int r = 0; r < rows; r++) {
                SL_UNROLL for (int v = 0; v < vectors; v++) {
                    sum[r][v] = dot_pair(sum[r][v], (const pair_t *)x + r * x_stride + k, w[v]);
                }
            }
        } else {
            vf w[WIDE];
            SL_UNROLL for (int v = 0; v < vectors; v++) {
                w[v] = load_kv(kv, type, at + k * stride + v * VW, lanes);
            }
            SL_UNROLL for (int r = 0; r < rows; r++) {
                vf f = vf_set1(((const float *)x)[r * x_stride + k]);
                SL_UNROLL for (int v = 0; v < vectors; v++) {
                    sum[r][v] = vf_fma(f, w[v], sum[r][v]);
                }
            }
        }
    }
}

/* Where a block's keys or values begin, in elements. */
static int64_t block_base(const struct sl_attention_args *args, int64_t block, int64_t head,
                          int which) {
    return ((2 * block + which) * args->num_kv_heads + head) * args->block_size * args->head_dim;
}

static const void *kv_at(const struct sl_attention_args *args, int64_t element) {
    return (const char *)args->kv + element * (args->kv_type == SL_F32 ? 4 : 2);
}

/* Scores of rows r .. r + rows - 1 for slots t .. t + vectors * VW - 1. */
SL_INLINE void score_tile(int rows, int vectors, int type, struct chunk *c, const void *keys,
                          int64_t r, int64_t t, int64_t lanes) {
    const int64_t size = c->args->block_size;
    vf sum[TILE][WIDE];
    SL_UNROLL for (int i = 0; i < rows; i++) {
        SL_UNROLL for (int v = 0; v < vectors; v++) { sum[i][v] = vf_zero(); }
    }
    if (type == SL_BF16) {
        int64_t pairs = c->dim / 2;
        multiply(rows, vectors, type, sum, (const pair_t *)c->query + r * pairs, pairs, keys, t,
                 size, pairs, lanes);
    } else {
        multiply(rows, vectors, type, sum, c->query + r * c->dim, c->dim, keys, t, size, c->dim,
                 lanes);
    }
    SL_UNROLL for (int i = 0; i < rows; i++) {
        SL_UNROLL for (int v = 0; v < vectors; v++) {
            vf_store(c->probability + (r + i) * SL_MAX_BLOCK_SIZE + t + v * VW, sum[i][v]);
        }
    }
}

/* sum = sum * correction + probabilities * values, for elements d .. of rows r .. */
SL_INLINE void value_tile(int rows, int vectors, int type, struct chunk *c, const void *values,
                          int64_t r, int64_t d, int64_t lanes, int64_t first, int64_t end) {
    vf sum[TILE][WIDE];
    SL_UNROLL for (int i = 0; i < rows; i++) {
        vf correction = vf_set1(c->correction[r + i]);
        SL_UNROLL for (int v = 0; v < vectors; v++) {
            sum[i][v] = vf_mul(vf_load(c->sum + (r + i) * c->sum_dim + d + v * VW), correction);
        }
    }
    if (type == SL_BF16) {
        /* A last odd slot has a neighbour that may hold anything: its half is cut off. */
        const pair_t *p = (const pair_t *)c->pairs + r * (SL_MAX_BLOCK_SIZE / 2);
        multiply(rows, vectors, type, sum, p + first / 2, SL_MAX_BLOCK_SIZE / 2, values,
                 first / 2 * c->dim + d, c->dim, end / 2 - first / 2, lanes);
        if (end % 2) {
            SL_UNROLL for (int v = 0; v < vectors; v++) {
                vi w = load_pairs(values, end / 2 * c->dim + d + v * VW, lanes);
                w = vi_low_halves(w);
                SL_UNROLL for (int i = 0; i < rows; i++) {
                    sum[i][v] = dot_pair(sum[i][v], p + i * (SL_MAX_BLOCK_SIZE / 2) + end / 2, w);
                }
            }
        }
    } else {
        multiply(rows, vectors, type, sum, c->probability + r * SL_MAX_BLOCK_SIZE + first,
                 SL_MAX_BLOCK_SIZE, values, first * c->dim + d, c->dim, end - first, lanes);
    }
    SL_UNROLL for (int i = 0; i < rows; i++) {
        SL_UNROLL for (int v = 0; v < vectors; v++) {
            vf_store(c->sum + (r + i) * c->sum_dim + d + v * VW, sum[i][v]);
        }
    }
}

/* One block's part in a chunk: slots first .. end - 1 are seen by some row. */
struct span {
    const void *keys;
    const void *values;
    int64_t start; /* position of slot 0 */
    int64_t first;
    int64_t end;
};

SL_INLINE void score_rows(int rows, int type, struct chunk *c, const struct span *s, int64_t r) {
    int64_t size = c->args->block_size;
    int64_t t = s->first / VW * VW;
    for (; t + WIDE * VW <= size && t + (WIDE - 1) * VW < s->end; t += WIDE * VW) {
        score_tile(rows, WIDE, type, c, s->keys, r, t, VW);
    }
    for (; t + VW <= size && t < s->end; t += VW) {
        score_tile(rows, 1, type, c, s->keys, r, t, VW);
    }
    if (t < s->end) {
        score_tile(rows, 1, type, c, s->keys, r, t, size - t);
    }
}

SL_INLINE void value_rows(int rows, int type, struct chunk *c, const struct span *s, int64_t r) {
    int64_t d = 0;
    for (; d + WIDE * VW <= c->dim; d += WIDE * VW) {
        value_tile(rows, WIDE, type, c, s->values, r, d, VW, s->first, s->end);
    }
    for (; d + VW <= c->dim; d += VW) {
        value_tile(rows, 1, type, c, s->values, r, d, VW, s->first, s->end);
    }
    if (d < c->dim) {
        value_tile(rows, 1, type, c, s->values, r, d, c->dim - d, s->first, s->end);
    }
}

/* Functions for each height of a register tile and each type of cache. */
#define ROWS_FUNCTIONS(height)                                                                     \
    static SL_NOINLINE void scores_##height(struct chunk *c, const struct span *s, int64_t r) {    \
        switch (c->args->kv_type) {                                                                \
            case SL_F32:                                                                           \
                score_rows(height, SL_F32, c, s, r);                                               \
                break;                                                                             \
            case SL_F16:                                                                           \
                score_rows(height, SL_F16, c, s, r);                                               \
                break;                                                                             \
            default:                                                                               \
                score_rows(height, SL_BF16, c, s, r);                                              \
                break;                                                                             \
        }                                                                                          \
    }                                                                                              \
    static SL_NOINLINE void values_##height(struct chunk *c, const struct span *s, int64_t r) {    \
        switch (c->args->kv_type) {                                                                \
            case SL_F32:                                                                           \
                value_rows(height, SL_F32, c, s, r);                                               \
                break;                                                                             \
            case SL_F16:                                                                           \
                value_rows(height, SL_F16, c, s, r);                                               \
                break;                                                                             \
            default:                                                                               \
                value_rows(height, SL_BF16, c, s, r);                                              \
                break;                                                                             \
        }                                                                                          \
    }
ROWS_FUNCTIONS(1)
ROWS_FUNCTIONS(2)
ROWS_FUNCTIONS(3)
ROWS_FUNCTIONS(4)
ROWS_FUNCTIONS(6)

typedef void rows_function(struct chunk *, const struct span *, int64_t);

/* Calls the function of the right height for all rows. */
static void for_rows(rows_function *const by_height[], struct chunk *c, const struct span *s) {
    int64_t height;
    for (int64_t r = 0; r < c->rows; r += height) {
        int64_t left = c->rows - r;
        height = left >= 6 && left != 8 ? 6 : left >= 4 ? 4 : left;
        by_height[height](c, s, r);
    }
}

/* Turns the scores of one row into probabilities and brings the row's state up to date. */
static void soften(struct chunk *c, const struct span *s, int64_t r) {
    const struct sl_attention_args *args = c->args;
    float *p = c->probability + r * SL_MAX_BLOCK_SIZE;
    int64_t from = s->first / VW * VW;
    int64_t seen_end = sl_min(s->end, c->position[r] - s->start + 1);
    int64_t seen_first = s->first;
    if (args->window > 0) {
        seen_first = sl_max(seen_first, c->position[r] - args->window + 1 - s->start);
    }
    vf scale = vf_set1((float)args->scale);
    vf largest = vf_set1(LOWEST);
    for (int64_t t = from; t < s->end; t += VW) {
        int64_t first = sl_min(VW, sl_max(0, seen_first - t));
        int64_t end = sl_min(VW, sl_max(0, seen_end - t));
        vf x = vf_mul(vf_load(p + t), scale);
        if (first > 0 || end < VW) {
            x = vf_lanes(x, vf_set1(-INFINITY), first, end);
        }
        vf_store(p + t, x);
        largest = vf_max(x, largest);
    }
    float before = c->largest[r];
    float now = vf_hmax(largest);
    now = before > now ? before : now;
    c->largest[r] = now;
    c->correction[r] = now == before ? 1.0f : expf(before - now);
    vf total = vf_mul(vf_load(c->total[r]), vf_set1(c->correction[r]));
    for (int64_t t = from; t < s->end; t += VW) {
        vf x = vf_sub(vf_load(p + t), vf_set1(now));
        vf e = vf_zero_if_less(vf_exp(x), x, vf_set1(-87.0f));
        vf_store(p + t, e);
        total = vf_add(total, e);
    }
    vf_store(c->total[r], total);
    if (args->kv_type == SL_BF16) {
        pair_t *pairs = (pair_t *)c->pairs + r * (SL_MAX_BLOCK_SIZE / 2);
        for (int64_t t = s->first / 2; t < (s->end + 1) / 2; t++) {
            pairs[t] = make_pair(p[2 * t], p[2 * t + 1]);
        }
    }
}

static void load_query(struct chunk *c, int64_t r, const float *q) {
    if (c->args->kv_type == SL_BF16) {
        pair_t *pairs = (pair_t *)c->query + r * (c->dim / 2);
        for (int64_t d = 0; d < c->dim / 2; d++) {
            pairs[d] = make_pair(q[2 * d], q[2 * d + 1]);
        }
    } else {
        memcpy(c->query + r * c->dim, q, (size_t)c->dim * sizeof(float));
    }
}

static void write_out(const struct chunk *c, int64_t r, float *out) {
    vf factor = vf_set1(1.0f / vf_hsum(vf_load(c->total[r])));
    for (int64_t d = 0; d < c->dim; d += VW) {
        vf_store_n(out + d, vf_mul(vf_load(c->sum + r * c->sum_dim + d), factor),
                   sl_min(VW, c->dim - d));
    }
}

/* Lets the rows of a chunk pass over the blocks that they see. */
static void pass(struct chunk *c, const int32_t *table, int64_t kv_head) {
    static rows_function *const scores[] = {0,        scores_1, scores_2, scores_3,
                                            scores_4, 0,        scores_6};
    static rows_function *const values[] = {0,        values_1, values_2, values_3,
                                            values_4, 0,        values_6};
    const struct sl_attention_args *args = c->args;
    int64_t size = args->block_size;
    int64_t low = c->position[0], high = c->position[0];
    for (int64_t r = 1; r < c->rows; r++) {
        low = sl_min(low, c->position[r]);
        high = sl_max(high, c->position[r]);
    }
    low = args->window > 0 ? sl_max(0, low - args->window + 1) : 0;
    for (int64_t b = low / size; b <= high / size; b++) {
        struct span s = {
            .keys = kv_at(args, block_base(args, table[b], kv_head, 0)),
            .values = kv_at(args, block_base(args, table[b], kv_head, 1)),
            .start = b * size,
            .first = sl_max(0, low - b * size),
            .end = sl_min(size, high + 1 - b * size),
        };
        for_rows(scores, c, &s);
        for (int64_t r = 0; r < c->rows; r++) {
            soften(c, &s, r);
        }
        for_rows(values, c, &s);
    }
}

/* The query rows [first, first + chunk.rows) of a unit; row = token * heads_per_unit + head. */
static SL_NOINLINE void attend(const struct sl_attention_args *args, const int32_t *tile,
                               int64_t head, int64_t first, int64_t rows) {
    struct chunk c;
    int64_t heads = args->heads_per_unit;
    int64_t sequence = tile[0];
    int64_t position = args->context_lengths[sequence] - args->seq_starts[sequence + 1];
    c.args = args;
    c.rows = rows;
    c.dim = args->head_dim;
    c.sum_dim = sl_round_up(c.dim, VW);
    for (int64_t r = 0; r < rows; r++) {
        int64_t token = tile[1] + (first + r) / heads;
        int64_t column = (head + (first + r) % heads) * args->head_dim;
        c.position[r] = position + token;
        c.largest[r] = LOWEST;
        vf_store(c.total[r], vf_zero());
        load_query(&c, r, args->q + token * args->q_stride + column);
    }
    memset(c.sum, 0, (size_t)(rows * c.sum_dim) * sizeof(float));
    int64_t kv_head = head / (args->num_heads / args->num_kv_heads);
    pass(&c, args->block_tables + sequence * args->max_blocks, kv_head);
    for (int64_t r = 0; r < rows; r++) {
        int64_t token = tile[1] + (first + r) / heads;
        int64_t column = (head + (first + r) % heads) * args->head_dim;
        write_out(&c, r, args->out + token * args->out_stride + column);
    }
}

void SL_FN(attention)(const struct sl_attention_args *args, int64_t begin, int64_t end) {
    int64_t parts = args->num_heads / args->heads_per_unit;
    for (int64_t unit = begin; unit < end; unit++) {
        const int32_t *tile = args->tiles + unit / parts * 3;
        int64_t head = unit % parts * args->heads_per_unit;
        int64_t rows = tile[2] * args->heads_per_unit;
        for (int64_t r = 0; r < rows; r += SL_ATTENTION_ROWS) {
            attend(args, tile, head, r, sl_min(SL_ATTENTION_ROWS, rows - r));
        }
    }
}
