/*
 * Attention of many rows with AVX2: what they meet of a block, 32 slots of its keys or 32 elements
 * of its values at a time, is widened to float32 once for all of them. The same sums in the same
 * order as in attention_vectors.c.
 */
#include "attention.h"
#include "three_rows.h"

/* A register tile, and what of a block it meets, which stays in the first-level cache. */
enum { ROWS = 3, VECTORS = 4, WIDTH = VECTORS * VW, DEEPEST = 128 };

/* Rows that are worth it. */
enum { FEWEST_ROWS = 12 };

_Static_assert(WIDTH % SL_FLOATS_STEP == 0 && SL_GROUP % WIDTH == 0, "whole steps and tiles");

struct widened {
    float w[DEEPEST * WIDTH] SL_ALIGNED;
};

/*
 * A tile of products, of `depth` inputs x of each row: out = x w or, with factors, each row's
 * out = out * factor + x w.
 */
SL_INLINE void multiply(const float *x, int64_t x_stride, const float *w, int64_t depth,
                        const float *factors, float *out, int64_t out_stride,
                        struct sl_ahead *ahead) {
    vf sum[ROWS][VECTORS];
    SL_UNROLL for (int i = 0; i < ROWS; i++) {
        SL_UNROLL for (int v = 0; v < VECTORS; v++) {
            sum[i][v] = factors == NULL ? vf_zero()
                                        : vf_mul(vf_load(out + i * out_stride + v * VW),
                                                 vf_set1(factors[i]));
        }
    }
    for (int64_t k = 0; k < depth; k += SL_FLOATS_STEP) {
        sl_fetch_lines(ahead);
        sl_add_floats_3x4(sum[0], VECTORS, x + k, x_stride, w + k * WIDTH);
    }
    SL_UNROLL for (int i = 0; i < ROWS; i++) {
        SL_UNROLL for (int v = 0; v < VECTORS; v++) {
            vf_store(out + i * out_stride + v * VW, sum[i][v]);
        }
    }
}

/* Fetches what is met next, lines of SL_STREAMS parts in turns. */
static struct sl_ahead ahead_of(const struct chunk *c) {
    int64_t part = c->args->block_size * c->dim * 2 / SL_STREAMS;
    return (struct sl_ahead){(const uint8_t *)c->next, part, 64, 0, part};
}

static int fits(const struct chunk *c) {
    const int64_t size = c->args->block_size;
    return c->read == READ_BF16 && c->rows >= FEWEST_ROWS && size % WIDTH == 0
           && c->dim % WIDTH == 0 && sl_max(size, c->dim) <= DEEPEST;
}

int64_t sl_wide_scores(struct chunk *c, const struct span *s) {
    if (!fits(c)) {
        return 0;
    }
    struct widened of;
    struct sl_ahead ahead = ahead_of(c);
    const int64_t whole = c->rows / ROWS * ROWS;
    const uint32_t *keys = span_kv(s, 0, 0);
    for (int64_t t = s->first / WIDTH * WIDTH; t < s->end; t += WIDTH) {
        sl_widen_pairs(keys + t, c->args->block_size, 0, c->dim / 2, of.w);
        for (int64_t r = 0; r < whole; r += ROWS) {
            multiply(c->query + r * c->dim, c->dim, of.w, c->dim, NULL,
                     c->probability + r * c->stride + t, c->stride, &ahead);
        }
    }
    return whole;
}

/*
 * Columns d .. of the values in slots `first` .. end - 1 and zeros for those around them that share
 * a step with them: what is in there may be no number, and no row sees it.
 */
static void widen_values(const struct chunk *c, const struct span *s, int64_t d, int64_t first,
                         int64_t end, float *w) {
    const uint32_t *values = (const uint32_t *)span_kv(s, 0, 1) + d;
    int64_t seen = s->first / 2 * 2;
    memset(w + first * WIDTH, 0, (size_t)(seen - first) * WIDTH * sizeof(float));
    sl_widen_pairs(values, c->dim, seen / 2, (s->end + 1) / 2, w);
    memset(w + s->end * WIDTH, 0, (size_t)(end - s->end) * WIDTH * sizeof(float));
}

int64_t sl_wide_values(struct chunk *c, const struct span *s) {
    if (!fits(c)) {
        return 0;
    }
    struct widened of;
    struct sl_ahead ahead = ahead_of(c);
    const int64_t whole = c->rows / ROWS * ROWS;
    const int64_t first = s->first / SL_FLOATS_STEP * SL_FLOATS_STEP;
    const int64_t end = sl_round_up(s->end, SL_FLOATS_STEP);
    for (int64_t d = 0; d < c->dim; d += WIDTH) {
        widen_values(c, s, d, first, end, of.w);
        for (int64_t r = 0; r < whole; r += ROWS) {
            multiply(c->probability + r * c->stride + first, c->stride, of.w + first * WIDTH,
                     end - first, c->correction + r, c->now.sum + r * c->sum_dim + d, c->sum_dim,
                     &ahead);
        }
    }
    return whole;
}
