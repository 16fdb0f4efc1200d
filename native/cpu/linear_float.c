/*
 * Matrices of floats: tiles of rows times the 32 outputs of a panel, the sums in registers over
 * the whole of k, one chain of fused (plain: unfused) additions each.
 */
#include "simd.h"
#include "tiles.h"

/* Vectors of outputs that a tile of `rows` keeps in registers at a time. */
#if SL_LEVEL == 2
#define VECTORS(rows) 2
#elif SL_LEVEL == 1
#define VECTORS(rows) ((rows) <= 2 ? 4 : 2)
#else
#define VECTORS(rows) ((rows) == 1 ? 8 : (rows) == 2 ? 4 : 2)
#endif

enum { KIND_F32, KIND_F16 };

SL_INLINE void prefetch(const void *p) { __builtin_prefetch((const char *)p + SL_PREFETCH, 0, 3); }

SL_INLINE vf load_weights(const uint8_t *panel, int kind, int64_t k, int64_t n) {
    if (kind == KIND_F32) {
        return vf_load((const float *)panel + k * SL_PANEL + n);
    }
    return vf_load_f16((const uint16_t *)panel + k * SL_PANEL + n);
}

SL_INLINE void float_tile(int rows, int kind, const struct panel_job *job, int64_t row) {
    enum { MAX_VECTORS = 8 };
    const int vectors = VECTORS(rows);
    const char *a = (const char *)job->rows + row * job->row_stride;
    for (int64_t n = 0; n < SL_PANEL; n += vectors * VW) {
        vf sum[SL_MAX_TILE][MAX_VECTORS];
        SL_UNROLL for (int i = 0; i < rows; i++) {
            SL_UNROLL for (int v = 0; v < vectors; v++) { sum[i][v] = vf_zero(); }
        }
        for (int64_t k = 0; k < job->w->cols; k++) {
            vf b[MAX_VECTORS];
            SL_UNROLL for (int v = 0; v < vectors; v++) {
                b[v] = load_weights(job->panel, kind, k, n + v * VW);
            }
            if (n == 0) {
                prefetch(job->panel + k * (kind == KIND_F32 ? 128 : 64));
                if (kind == KIND_F32) {
                    prefetch(job->panel + k * 128 + 64);
                }
            }
            SL_UNROLL for (int i = 0; i < rows; i++) {
                vf x = vf_set1(((const float *)(a + i * job->row_stride))[k]);
                SL_UNROLL for (int v = 0; v < vectors; v++) {
                    sum[i][v] = vf_fma(x, b[v], sum[i][v]);
                }
            }
        }
        SL_UNROLL for (int i = 0; i < rows; i++) {
            SL_UNROLL for (int v = 0; v < vectors; v++) {
                vf_store(job->out + (row + i) * job->out_stride + n + v * VW, sum[i][v]);
            }
        }
    }
}

#define F32_TILE(rows, job, row) float_tile(rows, KIND_F32, job, row)
#define F16_TILE(rows, job, row) float_tile(rows, KIND_F16, job, row)
SL_DEFINE_TILES(struct panel_job, f32, F32_TILE)
SL_DEFINE_TILES(struct panel_job, f16, F16_TILE)

void SL_FN(panel_float)(const struct panel_job *job) {
    if (job->w->format == SL_FORMAT_F32) {
        f32_tiles(job);
    } else {
        f16_tiles(job);
    }
}

/* With AVX2 the matrices of bfloat16 are in linear_bf16_avx2.c. */
#if SL_LEVEL != 1

/* Inputs that are widened to float32 at a time; the sums wait in `out` meanwhile. */
enum { CHUNK = 256 };

SL_INLINE void bf16_chunk(int rows, const struct panel_job *job, int64_t row, int64_t first,
                          int64_t count, const float *x) {
    enum { MAX_VECTORS = 8 };
    const int vectors = VECTORS(rows);
    for (int64_t n = 0; n < SL_PANEL; n += vectors * VW) {
        float *out = job->out + row * job->out_stride + n;
        vf sum[SL_MAX_TILE][MAX_VECTORS];
        SL_UNROLL for (int i = 0; i < rows; i++) {
            SL_UNROLL for (int v = 0; v < vectors; v++) {
                sum[i][v] = first == 0 ? vf_zero() : vf_load(out + i * job->out_stride + v * VW);
            }
        }
        const uint8_t *p = job->panel + first * 64 + n * 4;
        for (int64_t k = 0; k < count; k += 2, p += 128) {
            if (n == 0) {
                prefetch(p);
                prefetch(p + 64);
            }
            SL_UNROLL for (int half = 0; half < 2; half++) {
                vf b[MAX_VECTORS];
                SL_UNROLL for (int v = 0; v < vectors; v++) {
                    vi pairs = vi_load(p + v * VW * 4);
                    b[v] = half == 0 ? vf_bf16_low(pairs) : vf_bf16_high(pairs);
                }
                SL_UNROLL for (int i = 0; i < rows; i++) {
                    vf at = vf_set1(x[i * CHUNK + k + half]);
                    SL_UNROLL for (int v = 0; v < vectors; v++) {
                        sum[i][v] = vf_fma(at, b[v], sum[i][v]);
                    }
                }
            }
        }
        SL_UNROLL for (int i = 0; i < rows; i++) {
            SL_UNROLL for (int v = 0; v < vectors; v++) {
                vf_store(out + i * job->out_stride + v * VW, sum[i][v]);
            }
        }
    }
}

SL_INLINE void bf16_tile(int rows, const struct panel_job *job, int64_t row) {
    float x[SL_MAX_TILE * CHUNK];
    int64_t padded = sl_padded(job->w->cols);
    for (int64_t first = 0; first < padded; first += CHUNK) {
        int64_t count = sl_min(CHUNK, padded - first);
        for (int i = 0; i < rows; i++) {
            const char *a = (const char *)job->rows + (row + i) * job->row_stride;
            const uint16_t *narrow = (const uint16_t *)a + first;
            for (int64_t k = 0; k < count; k++) {
                x[i * CHUNK + k] = bf16_to_f32(narrow[k]);
            }
        }
        bf16_chunk(rows, job, row, first, count, x);
    }
}

SL_DEFINE_TILES(struct panel_job, bf16, bf16_tile)

#if SL_LEVEL == 2

void SL_FN(panel_bf16)(const struct panel_job *job) {
    if (sl_intel) {
        bf16_tiles(job);
    } else {
        sl_dot_panel_bf16(job);
    }
}

#else

void SL_FN(panel_bf16)(const struct panel_job *job) { bf16_tiles(job); }

#endif

#endif
