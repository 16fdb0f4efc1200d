/* Matrices of bfloat16 with VDPBF16PS: both weights of a pair and both inputs meet at once. */
#include "rounds.h"
#include "simd.h"

enum { MOST_ROWS = 12, ROWS_ALONE = 8, BLOCK_PAIRS = 16, PAIR_BYTES = 128 };

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
                         struct sl_share share) {
    const int64_t stride = job->row_stride, pairs = (job->w->cols + 1) / 2;
    const char *a = (const char *)job->rows + row * stride;
    const uint8_t *p = job->panel;
    vf sum[MOST_ROWS][2];
    SL_UNROLL for (int i = 0; i < rows; i++) { sum[i][0] = sum[i][1] = vf_zero(); }
    for (int64_t first = 0; first < pairs; first += BLOCK_PAIRS) {
        sl_fetch_share(&share, BLOCK_PAIRS * PAIR_BYTES);
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

typedef void tile_function(const struct panel_job *, int64_t row, struct sl_share);

#define TILE(rows)                                                                                 \
    static SL_NOINLINE void tile_##rows(const struct panel_job *job, int64_t row,                  \
                                        struct sl_share share) {                                   \
        bf16_tile(rows, job, row, share);                                                          \
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
    static tile_function *const by_height[] = {
        0,      tile_1, tile_2, tile_3,  tile_4,  tile_5, tile_6,
        tile_7, tile_8, tile_9, tile_10, tile_11, tile_12};
    const int64_t tiles = sl_tiles(job->n, MOST_ROWS, ROWS_ALONE);
    for (int64_t tile = 0; tile < tiles; tile++) {
        int64_t row = sl_tile_row(job->n, tile, tiles);
        int64_t rows = sl_tile_row(job->n, tile + 1, tiles) - row;
        const uint8_t *next = job->panel + job->w->panel_bytes;
        struct sl_share share = sl_share(next, BLOCK_PAIRS * PAIR_BYTES, tile, tiles);
        struct sl_pieces ahead = sl_part(&job->ahead, tile, tiles);
        sl_share_pieces(&share, &ahead, sl_padded(job->w->cols) / (2 * BLOCK_PAIRS));
        by_height[rows](job, row, share);
    }
}
