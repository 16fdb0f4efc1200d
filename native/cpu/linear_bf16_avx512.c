/* Matrices of bfloat16 with VDPBF16PS: both weights of a pair and both inputs meet at once. */
#include "rounds.h"
#include "simd.h"

enum { MOST_ROWS = 12, BLOCK_PAIRS = 16, PAIR_BYTES = 128 };
enum { BLOCK_BYTES = BLOCK_PAIRS * PAIR_BYTES };

SL_INLINE void add_pair(int rows, vf sum[][2], const char *a, int64_t stride, const uint8_t *p) {
    __m512bh b0 = (__m512bh)vi_load(p);
    __m512bh b1 = (__m512bh)vi_load(p + 64);
    SL_UNROLL for (int i = 0; i < rows; i++) {
        int32_t pair;
        memcpy(&pair, a + i * stride, 4);
        __m512bh x = (__m512bh)_mm512_set1_epi32(pair);
        sum[i][0] = _mm512_dpbf16_ps(sum[i][0], x, b0);
        sum[i][1] = _mm512_dpbf16_ps(sum[i][1], x, b1);
    }
}

SL_INLINE void bf16_tile(int rows, const struct panel_job *job, int64_t row,
                         struct sl_fetch lines) {
    const int64_t stride = job->row_stride, pairs = (job->w->cols + 1) / 2;
    const char *a = (const char *)job->rows + row * stride;
    const uint8_t *p = job->panel;
    sl_fetch_outputs(job->out + row * job->out_stride, job->out_stride, rows);
    vf sum[MOST_ROWS][2];
    SL_UNROLL for (int i = 0; i < rows; i++) { sum[i][0] = sum[i][1] = vf_zero(); }
    for (int64_t first = 0; first < pairs; first += BLOCK_PAIRS) {
        sl_fetch_now(&lines);
        sl_fetch_next(&lines, 0, BLOCK_BYTES);
        const int64_t end = sl_min(pairs, first + BLOCK_PAIRS);
        for (int64_t j = first; j < end; j++, p += PAIR_BYTES, a += 4) {
            add_pair(rows, sum, a, stride, p);
        }
    }
    SL_UNROLL for (int i = 0; i < rows; i++) {
        SL_UNROLL for (int v = 0; v < 2; v++) {
            vf_store(job->out + (row + i) * job->out_stride + v * VW, sum[i][v]);
        }
    }
}

#define TILE(rows)                                                                                 \
    static SL_NOINLINE void tile_##rows(const void *job, int64_t row, struct sl_fetch lines) {     \
        bf16_tile(rows, job, row, lines);                                                          \
    }
TILE(1)
TILE(2)
TILE(3)
TILE(4)
TILE(5)
TILE(6)
TILE(7)
TILE(8)
TILE(9)
TILE(10)
TILE(11)
TILE(12)

void sl_dot_panel_bf16(const struct panel_job *job) {
    static const struct sl_tile_functions functions = {
        .plain = {0, tile_1, tile_2, tile_3, tile_4, tile_5, tile_6, tile_7, tile_8, tile_9,
                  tile_10, tile_11, tile_12}};
    const struct sl_rows rows = {
        .n = job->n,
        .most = MOST_ROWS,
        .alone = SL_BF16_ROWS_ALONE,
        .next = job->panel + job->w->panel_bytes,
        .blocks = sl_padded(job->w->cols) / (2 * BLOCK_PAIRS),
        .block_bytes = BLOCK_BYTES,
    };
    sl_run_tiles(&functions, job, &rows);
}
