/*
 * INT8_ROW matrices with VPDPBUSD: unsigned codes times signed inputs. Nothing stands between two
 * products, so that a tile needs registers for whole numbers only, and has more rows than those of
 * INT8 matrices.
 */
#include "linear_int_row.h"
#include "rounds.h"
#include "simd.h"

/* What a tile fetches: its panel's weights SL_PREFETCH bytes ahead, the next panel, or keys and
   values. */
enum { FETCH_AHEAD, FETCH_PANEL, FETCH_KV };

enum { MOST_ROWS = SL_MOST_ROWS, THIRDS = MOST_ROWS / 3 };

/* Four inputs of a tile's row; addresses are those of every third row, for each has room for the
   two rows after it. */
SL_INLINE __m512i four_inputs(const char *const q[], int i, int64_t stride, int64_t at) {
    int32_t four;
    memcpy(&four, q[i / 3] + i % 3 * stride + at, sizeof four);
    return _mm512_set1_epi32(four);
}

/* The tile of rows that begins with `row`. */
SL_INLINE void row_tile(int rows, int fetch, const struct int_row_job *job, int64_t row,
                        struct sl_fetch lines) {
    const int64_t stride = job->row_stride;
    const uint8_t *codes = job->codes;
    float *out = job->out + row * job->out_stride;
    const char *q[THIRDS];
    SL_UNROLL for (int i = 0; i < rows; i += 3) { q[i / 3] = job->q + (row + i) * stride; }
    sl_fetch_outputs(out, job->out_stride, rows);
    __m512i t[MOST_ROWS][2];
    SL_UNROLL for (int i = 0; i < rows; i++) {
        t[i][0] = t[i][1] = _mm512_set1_epi32(sl_row_start(job, row + i));
    }
    for (int64_t g = 0; g < job->groups; g++, codes += SL_GROUP * SL_PANEL) {
        sl_fetch_now(&lines);
        SL_UNROLL for (int quad = 0; quad < SL_GROUP / 4; quad++) {
            const uint8_t *p = codes + quad * 4 * SL_PANEL;
            if (fetch == FETCH_AHEAD) {
                __builtin_prefetch(p + SL_PREFETCH, 0, 3);
                __builtin_prefetch(p + SL_PREFETCH + 64, 0, 3);
            }
            const __m512i w0 = vi_load(p), w1 = vi_load(p + 64);
            SL_UNROLL for (int i = 0; i < rows; i++) {
                const __m512i x = four_inputs(q, i, stride, g * SL_GROUP + quad * 4);
                t[i][0] = _mm512_dpbusd_epi32(t[i][0], w0, x);
                t[i][1] = _mm512_dpbusd_epi32(t[i][1], w1, x);
            }
        }
        sl_fetch_next(&lines, fetch == FETCH_KV, SL_GROUP * SL_PANEL);
    }
    const vf scale[2] = {vf_load(job->weight_scales), vf_load(job->weight_scales + VW)};
    SL_UNROLL for (int i = 0; i < rows; i++) {
        const vf x = vf_set1(sl_row_scale(job, row + i));
        SL_UNROLL for (int v = 0; v < 2; v++) {
            vf_store(out + i * job->out_stride + v * VW,
                     vf_mul(_mm512_cvtepi32_ps(t[i][v]), vf_mul(scale[v], x)));
        }
    }
}

#define TILE(rows)                                                                                 \
    static SL_NOINLINE void tile_##rows(const void *job, int64_t row, struct sl_fetch lines) {     \
        if (sl_intel) {                                                                            \
            row_tile(rows, FETCH_AHEAD, job, row, lines);                                          \
        } else {                                                                                   \
            row_tile(rows, FETCH_PANEL, job, row, lines);                                          \
        }                                                                                          \
    }                                                                                              \
    static SL_NOINLINE void kv_tile_##rows(const void *job, int64_t row, struct sl_fetch lines) {  \
        row_tile(rows, FETCH_KV, job, row, lines);                                                 \
    }
#define EACH_HEIGHT(X) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12)
EACH_HEIGHT(TILE)
#define NAME(rows) [rows] = tile_##rows,
#define KV_NAME(rows) [rows] = kv_tile_##rows,

void SL_FN(panel_int8_row)(const struct panel_job *job) {
    static const struct sl_tile_functions functions = {{EACH_HEIGHT(NAME)}, {EACH_HEIGHT(KV_NAME)}};
    const struct int_row_job ints = sl_int_row_job(job);
    const struct sl_rows rows = {
        .n = ints.n,
        .most = MOST_ROWS,
        .alone = SL_INT_ROWS_ALONE,
        .next = sl_intel ? NULL : job->panel + job->w->panel_bytes,
        .blocks = ints.groups,
        .block_bytes = sl_block_bytes(job->w),
        .pieces = ints.ahead,
    };
    sl_run_tiles(&functions, &ints, &rows);
}
