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

/*
 * How a kernel reads the cache. BF16 is widened to float32, or meets pairs of bfloat16 in one
 * instruction.
 */
enum { READ_F32, READ_F16, READ_BF16, READ_BF16_PAIRS };

/* What a chunk of query rows needs while it passes over the blocks. */
struct chunk {
    const struct sl_attention_args *args;
    int64_t rows;
    int read; /* READ_* */
    int64_t dim;
    int64_t sum_dim; /* dim in whole vectors */
    int64_t position[SL_ATTENTION_ROWS];
    float largest[SL_ATTENTION_ROWS];
    float correction[SL_ATTENTION_ROWS];
    float total[SL_ATTENTION_ROWS][VW] SL_ALIGNED;
    float query[SL_ATTENTION_ROWS * SL_MAX_HEAD_DIM] SL_ALIGNED;
    float probability[SL_ATTENTION_ROWS * SL_MAX_BLOCK_SIZE] SL_ALIGNED; /* scores before */
    uint16_t query16[SL_ATTENTION_ROWS * SL_MAX_HEAD_DIM] SL_ALIGNED;    /* for pairs */
    uint16_t probability16[SL_ATTENTION_ROWS * SL_MAX_BLOCK_SIZE] SL_ALIGNED;
    float sum[SL_ATTENTION_ROWS * SL_MAX_HEAD_DIM] SL_ALIGNED;
};

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
    vf half[WIDE];
    SL_UNROLL for (int v = 0; v < vectors; v++) { half[v] = vf_bf16_low(w[v]); }
    add_products(rows, vectors, sum, x, x_stride, half);
    SL_UNROLL for (int v = 0; v < vectors; v++) { half[v] = vf_bf16_high(w[v]); }
    add_products(rows, vectors, sum, x + 1, x_stride, half);
}

/*
 * A tile of products: sum[r][v] += x[r][k] * w[k][v] for k = 0 .. steps - 1, where w holds vectors
 * of the cache `stride` elements apart, beginning at element `at`; with BF16 an element is a pair.
 * `lanes` is VW, or less for a single partial vector.
 */
SL_INLINE void multiply(int rows, int vectors, int read, vf sum[][WIDE], const float *x,
                        const uint16_t *x16, int64_t x_stride, const void *kv, int64_t at,
                        int64_t stride, int64_t steps, int64_t lanes) {
    for (int64_t k = 0; k < steps; k++) {
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

/* Where a block's keys or values begin, in elements. */
static int64_t block_base(const struct sl_attention_args *args, int64_t block, int64_t head,
                          int which) {
    return ((2 * block + which) * args->num_kv_heads + head) * args->block_size * args->head_dim;
}

static const void *kv_at(const struct sl_attention_args *args, int64_t element) {
    return (const char *)args->kv + element * (args->kv_type == SL_F32 ? 4 : 2);
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
             t, size, read >= READ_BF16 ? c->dim / 2 : c->dim, lanes);
    SL_UNROLL for (int i = 0; i < rows; i++) {
        SL_UNROLL for (int v = 0; v < vectors; v++) {
            vf_store(c->probability + (r + i) * SL_MAX_BLOCK_SIZE + t + v * VW, sum[i][v]);
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
            sum[i][v] = vf_mul(vf_load(c->sum + (r + i) * c->sum_dim + d + v * VW), correction);
        }
    }
    const float *p = c->probability + r * SL_MAX_BLOCK_SIZE;
    const uint16_t *p16 = c->probability16 + r * SL_MAX_BLOCK_SIZE;
    if (read < READ_BF16) {
        multiply(rows, vectors, read, sum, p + first, p16, SL_MAX_BLOCK_SIZE, values,
                 first * c->dim + d, c->dim, end - first, lanes);
    } else {
        int64_t pair = first / 2, whole = end / 2;
        multiply(rows, vectors, read, sum, p + 2 * pair, p16 + 2 * pair, SL_MAX_BLOCK_SIZE, values,
                 pair * c->dim + d, c->dim, whole - pair, lanes);
        if (end % 2) {
            /* The last slot's neighbour may hold anything: its half is cut off. */
            vi w[WIDE];
            SL_UNROLL for (int v = 0; v < vectors; v++) {
                w[v] = vi_low_halves(load_pairs(values, whole * c->dim + d + v * VW, lanes));
            }
            add_pairs(rows, vectors, read, sum, p + 2 * whole, p16 + 2 * whole, SL_MAX_BLOCK_SIZE,
                      w);
        }
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

SL_INLINE void score_rows(int rows, int read, struct chunk *c, const struct span *s, int64_t r) {
    int64_t size = c->args->block_size;
    int64_t t = s->first / VW * VW;
    for (; t + WIDE * VW <= size && t + (WIDE - 1) * VW < s->end; t += WIDE * VW) {
        score_tile(rows, WIDE, read, c, s->keys, r, t, VW);
    }
    for (; t + VW <= size && t < s->end; t += VW) {
        score_tile(rows, 1, read, c, s->keys, r, t, VW);
    }
    if (t < s->end) {
        score_tile(rows, 1, read, c, s->keys, r, t, size - t);
    }
}

SL_INLINE void value_rows(int rows, int read, struct chunk *c, const struct span *s, int64_t r) {
    int64_t d = 0;
    for (; d + WIDE * VW <= c->dim; d += WIDE * VW) {
        value_tile(rows, WIDE, read, c, s->values, r, d, VW, s->first, s->end);
    }
    for (; d + VW <= c->dim; d += VW) {
        value_tile(rows, 1, read, c, s->values, r, d, VW, s->first, s->end);
    }
    if (d < c->dim) {
        value_tile(rows, 1, read, c, s->values, r, d, c->dim - d, s->first, s->end);
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
    uint16_t *p16 = c->probability16 + r * SL_MAX_BLOCK_SIZE;
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
        total = vf_add(total, e);
        if (c->read == READ_BF16_PAIRS) {
            vf_store_bf16(p16 + t, e);
        } else {
            vf_store(p + t, c->read == READ_BF16 ? vf_round_bf16(e) : e);
        }
    }
    vf_store(c->total[r], total);
}

static void load_query(struct chunk *c, int64_t r, const float *q) {
    float *to = c->query + r * c->dim;
    memcpy(to, q, (size_t)c->dim * sizeof(float));
    if (c->read < READ_BF16) {
        return;
    }
    for (int64_t d = 0; d < c->dim; d++) {
        uint16_t narrow = f32_to_bf16(to[d]);
        c->query16[r * c->dim + d] = narrow;
        to[d] = bf16_to_f32(narrow);
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

static int how_to_read(int64_t kv_type) {
    switch (kv_type) {
        case SL_F32:
            return READ_F32;
        case SL_F16:
            return READ_F16;
        default:
            return SL_LEVEL == 2 && sl_fast_dpbf16 ? READ_BF16_PAIRS : READ_BF16;
    }
}

/* Rows first .. first + rows - 1 of a unit; row = token * heads_per_unit + head. */
static SL_NOINLINE void attend(const struct sl_attention_args *args, const int32_t *tile,
                               int64_t head, int64_t first, int64_t rows) {
    struct chunk c;
    int64_t heads = args->heads_per_unit;
    int64_t sequence = tile[0];
    int64_t position = args->context_lengths[sequence] - args->seq_starts[sequence + 1];
    c.args = args;
    c.rows = rows;
    c.read = how_to_read(args->kv_type);
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
