/*
 * Matrices of bfloat16 with AVX2, each sum one chain of fused additions over the whole of k. One
 * row reads several panels in turns, a few rows widen the weights that they meet, three rows at a
 * time, and for many all that is multiplied is widened beforehand.
 */
#include "three_rows.h"

/* Rows of a tile; their sums over all 32 outputs are in registers. */
enum { TILE_ROWS = 3, TILE_VECTORS = SL_PANEL / VW };

/* ---- one and a few rows */

/* Inputs that are widened to float32 at a time, of so many rows; the sums wait in `out`. */
enum { CHUNK = 256, FEW_ROWS = 9 };

/* sum += two inputs of each row times a pair of weights of each output, at p. */
SL_INLINE void add_pair(int rows, vf sum[TILE_ROWS][TILE_VECTORS], const float *x,
                        const uint8_t *p) {
    if (rows == TILE_ROWS) {
        sl_add_pairs_3x4(sum[0], TILE_VECTORS, x, CHUNK, p);
        return;
    }
    SL_UNROLL for (int half = 0; half < 2; half++) {
        vf b[TILE_VECTORS];
        SL_RELOAD(p);
        SL_UNROLL for (int v = 0; v < TILE_VECTORS; v++) {
            vi pairs = vi_load(p + v * VW * 4);
            b[v] = half == 0 ? vf_bf16_low(pairs) : vf_bf16_high(pairs);
        }
        SL_UNROLL for (int i = 0; i < rows; i++) {
            vf at = vf_set1(x[i * CHUNK + half]);
            SL_UNROLL for (int v = 0; v < TILE_VECTORS; v++) {
                sum[i][v] = vf_fma(at, b[v], sum[i][v]);
                SL_KEEP(sum[i][v]);
            }
        }
    }
}

/*
 * Inputs first .. first + count - 1 of some rows. With `streams` lines are fetched from `next` on
 * and `apart`, 2 * `apart`, 3 * `apart` behind, else those of the next chunk, once for all rows.
 */
SL_INLINE void few_chunk(int rows, int streams, const struct panel_job *job, int64_t row,
                         int64_t first, int64_t count, const float *x, const uint8_t *next,
                         int64_t apart) {
    float *out = job->out + row * job->out_stride;
    vf sum[TILE_ROWS][TILE_VECTORS];
    SL_UNROLL for (int i = 0; i < rows; i++) {
        SL_UNROLL for (int v = 0; v < TILE_VECTORS; v++) {
            sum[i][v] = first == 0 ? vf_zero() : vf_load(out + i * job->out_stride + v * VW);
        }
    }
    const uint8_t *p = job->panel + first * 64;
    for (int64_t k = 0; k < count; k += 2, p += 128) {
        if (streams) {
            const uint8_t *line = next + k / 4 * 64 + k / 2 % 2 * 2 * apart;
            __builtin_prefetch(line, 0, 3);
            __builtin_prefetch(line + apart, 0, 3);
        } else if (row == 0) {
            __builtin_prefetch(p + CHUNK * 64, 0, 3);
            __builtin_prefetch(p + CHUNK * 64 + 64, 0, 3);
        }
        add_pair(rows, sum, x + k, p);
    }
    SL_UNROLL for (int i = 0; i < rows; i++) {
        SL_UNROLL for (int v = 0; v < TILE_VECTORS; v++) {
            vf_store(out + i * job->out_stride + v * VW, sum[i][v]);
        }
    }
}

/* Widens count inputs of a row, a multiple of 32, from the first on. */
SL_INLINE void widen_row(const struct panel_job *job, int64_t row, int64_t first, int64_t count,
                         float *x) {
    const char *a = (const char *)job->rows + row * job->row_stride + first * 2;
    for (int64_t k = 0; k < count; k += VW) {
        __m128i narrow = _mm_loadu_si128((const __m128i *)(a + k * 2));
        vi wide = _mm256_slli_epi32(_mm256_cvtepu16_epi32(narrow), 16);
        vf_store(x + k, _mm256_castsi256_ps(wide));
    }
}

static SL_NOINLINE void chunk_of_3(const struct panel_job *job, int64_t row, int64_t first,
                                   int64_t count, const float *x) {
    few_chunk(3, 0, job, row, first, count, x, NULL, 0);
}
static SL_NOINLINE void chunk_of_2(const struct panel_job *job, int64_t row, int64_t first,
                                   int64_t count, const float *x) {
    few_chunk(2, 0, job, row, first, count, x, NULL, 0);
}
static SL_NOINLINE void chunk_of_1(const struct panel_job *job, int64_t row, int64_t first,
                                   int64_t count, const float *x) {
    few_chunk(1, 0, job, row, first, count, x, NULL, 0);
}

/* All rows meet a chunk of weights while it is in the first-level cache. */
static void few_rows(const struct panel_job *job, int64_t begin, int64_t end) {
    float memory[FEW_ROWS * CHUNK];
    int64_t padded = sl_padded(job->w->cols);
    for (int64_t first = 0; first < padded; first += CHUNK) {
        int64_t count = sl_min(CHUNK, padded - first), row = begin;
        float *x = memory;
        for (int64_t i = 0; i < end - begin; i++) {
            widen_row(job, begin + i, first, count, x + i * CHUNK);
        }
        for (; end - row >= 3 && end - row != 4; row += 3, x += 3 * CHUNK) {
            chunk_of_3(job, row, first, count, x);
        }
        for (; end - row >= 2; row += 2, x += 2 * CHUNK) {
            chunk_of_2(job, row, first, count, x);
        }
        if (row < end) {
            chunk_of_1(job, row, first, count, x);
        }
    }
}

void SL_FN(panel_bf16)(const struct panel_job *job) {
    for (int64_t row = 0; row < job->n; row += FEW_ROWS) {
        few_rows(job, row, sl_min(row + FEW_ROWS, job->n));
    }
}

/* Inputs of a stream that are used before those of the next: 2 KB of weights. */
enum { STREAM_INPUTS = 32 };

void sl_streams_bf16(const struct stream_job *job) {
    const int64_t bytes = STREAM_INPUTS * 64;
    int64_t padded = sl_padded(job->first.w->cols);
    for (int64_t first = 0; first < padded; first += STREAM_INPUTS) {
        float x[STREAM_INPUTS];
        widen_row(&job->first, 0, first, STREAM_INPUTS, x);
        const uint8_t *next = job->first.panel + first * 64 + bytes;
        for (int64_t s = 0; s < SL_STREAMS; s++, next += bytes / SL_STREAMS) {
            struct panel_job one = job->first;
            one.panel = sl_stream(job, s);
            one.out = sl_stream_out(job, s);
            few_chunk(1, 1, &one, 0, first, STREAM_INPUTS, x, next, sl_stream_bytes(job));
        }
    }
}

/* ---- many rows */

/* Inputs at a time, whose 16 KB of weights stay in the first-level cache, and rows. */
enum { INPUTS = 128, BLOCK_ROWS = 96, STEP = SL_FLOATS_STEP };

_Static_assert(INPUTS % SL_GROUP == 0 && SL_GROUP % (2 * STEP) == 0, "whole steps");
_Static_assert(BLOCK_ROWS % TILE_ROWS == 0 && TILE_VECTORS == 4, "whole tiles");

struct widened {
    float w[INPUTS * SL_PANEL] SL_ALIGNED;
    float x[BLOCK_ROWS * INPUTS] SL_ALIGNED;
};

/* Inputs of rows row .. row + rows - 1, and zeros up to a whole tile. */
static void widen_inputs(const struct panel_job *job, int64_t row, int64_t rows, int64_t first,
                         int64_t count, float *x) {
    for (int64_t i = 0; i < rows; i++, x += INPUTS) {
        widen_row(job, row + i, first, count, x);
    }
    for (int64_t i = rows; i % TILE_ROWS != 0; i++, x += INPUTS) {
        memset(x, 0, (size_t)count * sizeof(float));
    }
}

/* Up to three rows: out += x w, or = where `fresh`. */
static void wide_tile(int64_t rows, const struct widened *c, int64_t row, int64_t count,
                      int fresh, float *out, int64_t out_stride, struct sl_ahead *ahead) {
    vf sum[TILE_ROWS][TILE_VECTORS];
    SL_UNROLL for (int i = 0; i < TILE_ROWS; i++) {
        SL_UNROLL for (int v = 0; v < TILE_VECTORS; v++) {
            sum[i][v] = fresh || i >= rows ? vf_zero() : vf_load(out + i * out_stride + v * VW);
        }
    }
    const float *x = c->x + row * INPUTS, *w = c->w;
    for (int64_t k = 0; k < count; k += 2 * STEP, x += 2 * STEP, w += 2 * STEP * SL_PANEL) {
        sl_fetch_lines(ahead);
        sl_add_floats_3x4(sum[0], TILE_VECTORS, x, INPUTS, w);
        sl_add_floats_3x4(sum[0], TILE_VECTORS, x + STEP, INPUTS, w + STEP * SL_PANEL);
    }
    SL_UNROLL for (int i = 0; i < TILE_ROWS; i++) {
        SL_UNROLL for (int v = 0; v < TILE_VECTORS; v++) {
            if (i < rows) {
                vf_store(out + i * out_stride + v * VW, sum[i][v]);
            }
        }
    }
}

void sl_wide_panels_bf16(const struct panel_job *job, int64_t panels) {
    struct widened c;
    int64_t padded = sl_padded(job->w->cols), bytes = job->w->panel_bytes;
    for (int64_t row = 0; row < job->n; row += BLOCK_ROWS) {
        int64_t rows = sl_min(BLOCK_ROWS, job->n - row);
        for (int64_t first = 0; first < padded; first += INPUTS) {
            int64_t count = sl_min(INPUTS, padded - first), behind = first + count;
            widen_inputs(job, row, rows, first, count, c.x);
            for (int64_t p = 0; p < panels; p++) {
                const uint8_t *weights = job->panel + p * bytes + first * 64;
                sl_widen_pairs(weights, SL_PANEL, 0, count / 2, c.w);
                struct sl_ahead ahead = {weights + bytes, 64, 64 * SL_STREAMS, 0, count * 64};
                if (p + 1 == panels) {
                    ahead.first = job->panel + behind * 64;
                    ahead.end = sl_min(INPUTS, padded - behind) * 64;
                }
                float *out = job->out + row * job->out_stride + p * SL_PANEL;
                for (int64_t i = 0; i < rows; i += TILE_ROWS, out += TILE_ROWS * job->out_stride) {
                    wide_tile(rows - i, &c, i, count, first == 0, out, job->out_stride, &ahead);
                }
            }
        }
    }
}
