/*
 * Attention over a bfloat16 cache with AMX: tiles of 16 query rows times 16 slots or 16 elements of
 * the head, whose pairs lie in the cache as the tiles want them.
 *
 * All numbers of rows go this way: TDPBF16PS adds in an order of its own, which must not depend on
 * the batch.
 */
#include "amx.h"
#include "attention.h"

enum { TILE = 16 };

void sl_amx_start_attention(struct chunk *c) {
    int64_t whole = sl_round_up(c->rows, TILE);
    int64_t rows = c->rows < TILE ? c->rows : TILE;
    amx_configure(rows, 4 * TILE);
    if (rows < TILE) {
        return;
    }
    /* Rows that only fill the last tile. */
    int64_t more = whole - c->rows;
    memset(c->query16 + c->rows * c->dim, 0, (size_t)(more * c->dim) * 2);
    memset(c->probability16 + c->rows * c->stride, 0, (size_t)(more * c->stride) * 2);
    memset(c->now.sum + c->rows * c->sum_dim, 0, (size_t)(more * c->sum_dim) * 4);
}

/*
 * Rows x (x_stride elements apart) times 32 columns of the pairs w (w_stride pairs apart): 16 rows,
 * or 32 where they are `high`.
 */
struct product {
    const uint16_t *x;
    int64_t x_stride;
    const uint32_t *w;
    int64_t w_stride;
    int64_t steps; /* of 16 pairs */
};

SL_INLINE void add_products(int high, struct product p) {
    for (int64_t k = 0; k < p.steps; k++) {
        const uint16_t *x = p.x + k * 2 * TILE;
        const uint32_t *w = p.w + k * TILE * p.w_stride;
        _tile_loadd(4, x, p.x_stride * 2);
        _tile_loadd(6, w, p.w_stride * 4);
        _tile_dpbf16ps(0, 4, 6);
        _tile_loadd(7, w + TILE, p.w_stride * 4);
        _tile_dpbf16ps(1, 4, 7);
        if (high) {
            _tile_loadd(5, x + TILE * p.x_stride, p.x_stride * 2);
            _tile_dpbf16ps(2, 5, 6);
            _tile_dpbf16ps(3, 5, 7);
        }
    }
}

SL_INLINE void zero_sums(void) {
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
}

SL_INLINE void load_sums(int high, const float *sum, int64_t stride) {
    _tile_loadd(0, sum, stride * 4);
    _tile_loadd(1, sum + TILE, stride * 4);
    if (high) {
        _tile_loadd(2, sum + TILE * stride, stride * 4);
        _tile_loadd(3, sum + TILE * stride + TILE, stride * 4);
    }
}

SL_INLINE void store_sums(int high, float *sum, int64_t stride) {
    _tile_stored(0, sum, stride * 4);
    _tile_stored(1, sum + TILE, stride * 4);
    if (high) {
        _tile_stored(2, sum + TILE * stride, stride * 4);
        _tile_stored(3, sum + TILE * stride + TILE, stride * 4);
    }
}

SL_INLINE void score_tile(int high, struct chunk *c, const uint32_t *keys, int64_t r, int64_t t,
                          int64_t slot) {
    zero_sums();
    add_products(high,
                 (struct product){c->query16 + r * c->dim, c->dim, keys + slot, c->args->block_size,
                                  c->dim / (2 * TILE)});
    store_sums(high, c->probability + r * c->stride + t, c->stride);
}

void sl_amx_scores(struct chunk *c, const struct span *s) {
    int64_t size = c->args->block_size;
    for (int64_t t = s->first / SL_GROUP * SL_GROUP; t < s->end; t += SL_GROUP) {
        const uint32_t *keys = span_kv(s, t / size, 0);
        for (int64_t r = 0; r < c->rows; r += 2 * TILE) {
            if (c->rows - r > TILE) {
                score_tile(1, c, keys, r, t, t % size);
            } else {
                score_tile(0, c, keys, r, t, t % size);
            }
        }
    }
}

/* sum *= correction, where a row's largest score has grown. */
static void correct(struct chunk *c) {
    for (int64_t r = 0; r < c->rows; r++) {
        if (c->correction[r] == 1.0f) {
            continue;
        }
        vf correction = vf_set1(c->correction[r]);
        float *sum = c->now.sum + r * c->sum_dim;
        for (int64_t d = 0; d < c->sum_dim; d += VW) {
            vf_store(sum + d, vf_mul(vf_load(sum + d), correction));
        }
    }
}

/* The values of slots first .. end - 1, and zeros for those behind: they may hold anything. */
static void copy_tail(struct chunk *c, const struct span *s, int64_t first) {
    int64_t size = c->args->block_size;
    const uint16_t *values =
        (const uint16_t *)span_kv(s, first / size, 1) + first % size * c->dim;
    int64_t whole = (s->end - first) / 2 * 2 * c->dim, odd = (s->end - first) % 2;
    memcpy(c->tail, values, (size_t)whole * 2);
    memset(c->tail + whole, 0, (size_t)(SL_GROUP * c->dim - whole) * 2);
    for (int64_t d = 0; odd && d < 2 * c->dim; d += 2) {
        c->tail[whole + d] = values[whole + d];
    }
}

SL_INLINE void value_tile(int high, struct chunk *c, const struct span *s, int64_t r, int64_t d) {
    int64_t size = c->args->block_size;
    const uint16_t *p = c->probability16 + r * c->stride;
    float *sum = c->now.sum + r * c->sum_dim + d;
    load_sums(high, sum, c->sum_dim);
    for (int64_t t = s->first / SL_GROUP * SL_GROUP; t < s->end; t += SL_GROUP) {
        const uint32_t *values = (const uint32_t *)c->tail;
        if (t + SL_GROUP <= s->end) {
            values = (const uint32_t *)span_kv(s, t / size, 1) + t % size / 2 * c->dim;
        }
        add_products(high, (struct product){p + t, c->stride, values + d, c->dim, 1});
    }
    store_sums(high, sum, c->sum_dim);
}

void sl_amx_values(struct chunk *c, const struct span *s) {
    correct(c);
    if (s->end % SL_GROUP != 0) {
        copy_tail(c, s, s->end / SL_GROUP * SL_GROUP);
    }
    for (int64_t r = 0; r < c->rows; r += 2 * TILE) {
        for (int64_t d = 0; d < c->dim; d += 2 * TILE) {
            if (c->rows - r > TILE) {
                value_tile(1, c, s, r, d);
            } else {
                value_tile(0, c, s, r, d);
            }
        }
    }
}
