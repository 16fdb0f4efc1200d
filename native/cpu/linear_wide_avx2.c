/*
 * bfloat16 matrices times many rows with AVX2: some inputs of all rows, and their weights panel by
 * panel, are widened to float32 once. Tiles that widen what they read do it again every few rows,
 * and spend a fifth of their instructions on that. The sums grow as in tiles.
 */
#include "simd.h"

/* Inputs at a time, whose 16 KB of weights stay in the first-level cache, and rows; of a tile. */
enum { INPUTS = 128, BLOCK_ROWS = 96, TILE_ROWS = 3, STEP = 8 };

struct widened {
    float w[INPUTS * SL_PANEL] SL_ALIGNED;
    float x[BLOCK_ROWS * INPUTS] SL_ALIGNED;
};

/* Inputs of rows row .. row + rows - 1, and zeros up to a whole tile. */
static void widen_inputs(const struct panel_job *job, int64_t row, int64_t rows, int64_t first,
                         int64_t count, float *x) {
    for (int64_t i = 0; i < rows; i++, x += INPUTS) {
        const char *a = (const char *)job->rows + (row + i) * job->row_stride + first * 2;
        for (int64_t k = 0; k < count; k += VW) {
            __m128i narrow = _mm_loadu_si128((const __m128i *)(a + k * 2));
            vi wide = _mm256_slli_epi32(_mm256_cvtepu16_epi32(narrow), 16);
            vf_store(x + k, _mm256_castsi256_ps(wide));
        }
    }
    for (int64_t i = rows; i % TILE_ROWS != 0; i++, x += INPUTS) {
        memset(x, 0, (size_t)count * sizeof(float));
    }
}

static void widen_weights(const uint8_t *pairs, int64_t count, float *w) {
    for (int64_t k = 0; k < count; k += 2, pairs += SL_PANEL * 4, w += 2 * SL_PANEL) {
        SL_UNROLL for (int v = 0; v < SL_PANEL; v += VW) {
            vi both = vi_load(pairs + v * 4);
            vf_store(w + v, vf_bf16_low(both));
            vf_store(w + SL_PANEL + v, vf_bf16_high(both));
        }
    }
}

#define INPUT(k)                                                                                   \
    "vbroadcastss 4*" #k "(%[x]), %%ymm12\n\tvbroadcastss 512+4*" #k "(%[x]), %%ymm13\n\t"         \
    "vbroadcastss 1024+4*" #k "(%[x]), %%ymm14\n\t"
#define MEET(k, v)                                                                                 \
    "vmovups 128*" #k "+32*" #v "(%[w]), %%ymm15\n\t"                                              \
    "vfmadd231ps %%ymm15, %%ymm12, %[a" #v "]\n\tvfmadd231ps %%ymm15, %%ymm13, %[b" #v "]\n\t"     \
    "vfmadd231ps %%ymm15, %%ymm14, %[c" #v "]\n\t"
#define STEP_OF(k) INPUT(k) MEET(k, 0) MEET(k, 1) MEET(k, 2) MEET(k, 3)

/*
 * sum += x w for three rows and STEP inputs. With 12 sums all 16 registers are in use, for which
 * compilers find no order without moving sums to and from memory.
 */
SL_INLINE void add_step(vf sum[TILE_ROWS][4], const float *x, const float *w) {
    _Static_assert(INPUTS * sizeof(float) == 512 && STEP == 8, "as in the instructions");
    __asm__(STEP_OF(0) STEP_OF(1) STEP_OF(2) STEP_OF(3) STEP_OF(4) STEP_OF(5) STEP_OF(6) STEP_OF(7)
            : [a0] "+x"(sum[0][0]), [a1] "+x"(sum[0][1]), [a2] "+x"(sum[0][2]),
              [a3] "+x"(sum[0][3]), [b0] "+x"(sum[1][0]), [b1] "+x"(sum[1][1]),
              [b2] "+x"(sum[1][2]), [b3] "+x"(sum[1][3]), [c0] "+x"(sum[2][0]),
              [c1] "+x"(sum[2][1]), [c2] "+x"(sum[2][2]), [c3] "+x"(sum[2][3])
            : [x] "r"(x), [w] "r"(w)
            : "xmm12", "xmm13", "xmm14", "xmm15", "memory");
}

/* Up to three rows: out += x w, or = where `fresh`. */
static void wide_tile(int64_t rows, const struct widened *c, int64_t row, int64_t count,
                         int fresh, float *out, int64_t out_stride, struct sl_ahead *ahead) {
    vf sum[TILE_ROWS][4];
    SL_UNROLL for (int i = 0; i < TILE_ROWS; i++) {
        SL_UNROLL for (int v = 0; v < 4; v++) {
            sum[i][v] = fresh || i >= rows ? vf_zero() : vf_load(out + i * out_stride + v * VW);
        }
    }
    const float *x = c->x + row * INPUTS, *w = c->w;
    for (int64_t k = 0; k < count; k += 2 * STEP, x += 2 * STEP, w += 2 * STEP * SL_PANEL) {
        sl_fetch_lines(ahead);
        add_step(sum, x, w);
        add_step(sum, x + STEP, w + STEP * SL_PANEL);
    }
    SL_UNROLL for (int i = 0; i < TILE_ROWS; i++) {
        SL_UNROLL for (int v = 0; v < 4; v++) {
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
            int64_t count = sl_min(INPUTS, padded - first);
            widen_inputs(job, row, rows, first, count, c.x);
            for (int64_t p = 0; p < panels; p++) {
                const uint8_t *weights = job->panel + p * bytes + first * SL_PANEL * 2;
                widen_weights(weights, count, c.w);
                struct sl_ahead ahead = {weights + bytes, 64, 64 * SL_STREAMS, 0, count * 64};
                float *out = job->out + row * job->out_stride + p * SL_PANEL;
                for (int64_t i = 0; i < rows; i += TILE_ROWS, out += TILE_ROWS * job->out_stride) {
                    wide_tile(rows - i, &c, i, count, first == 0, out, job->out_stride, &ahead);
                }
            }
        }
    }
}
