/*
 * INT8_ROW matrices with AVX2: codes and inputs are widened to 16 bits, in which VPMADDWD adds two
 * products of eight bits without loss. Each of an output's two lanes has its own sum.
 */
#include "linear_int_row.h"
#include "simd.h"

enum { MOST_ROWS = 4, OUTPUTS = 8, SLICES = SL_PANEL / OUTPUTS };

/* Sums of lanes 2 i and 2 i + 1, the first eight of a. */
SL_INLINE __m256i add_lanes(__m256i a, __m256i b) {
    return _mm256_permute4x64_epi64(_mm256_hadd_epi32(a, b), _MM_SHUFFLE(3, 1, 2, 0));
}

/* Rows row .. row + rows - 1, outputs 8 slice .. 8 slice + 7. */
SL_INLINE void row_tile(int rows, const struct int_row_job *job, int64_t row, int64_t slice) {
    __m256i t[MOST_ROWS][2];
    SL_UNROLL for (int i = 0; i < rows; i++) { t[i][0] = t[i][1] = _mm256_setzero_si256(); }
    const uint8_t *codes = job->codes + slice * OUTPUTS * 4;
    const char *q = job->q + row * job->row_stride;
    for (int64_t k = 0; k < job->groups * SL_GROUP; k += 4, codes += SL_PANEL * 4) {
        const __m256i w = _mm256_loadu_si256((const __m256i *)codes);
        const __m256i low = _mm256_cvtepu8_epi16(_mm256_castsi256_si128(w));
        const __m256i high = _mm256_cvtepu8_epi16(_mm256_extracti128_si256(w, 1));
        SL_UNROLL for (int i = 0; i < rows; i++) {
            int32_t four;
            memcpy(&four, q + i * job->row_stride + k, sizeof four);
            const __m256i x =
                _mm256_broadcastq_epi64(_mm_cvtepi8_epi16(_mm_cvtsi32_si128(four)));
            t[i][0] = _mm256_add_epi32(t[i][0], _mm256_madd_epi16(low, x));
            t[i][1] = _mm256_add_epi32(t[i][1], _mm256_madd_epi16(high, x));
        }
    }
    const vf scales = vf_load(job->weight_scales + slice * OUTPUTS);
    SL_UNROLL for (int i = 0; i < rows; i++) {
        const __m256i sum = _mm256_add_epi32(add_lanes(t[i][0], t[i][1]),
                                             _mm256_set1_epi32(sl_row_start(job, row + i)));
        const vf scale = vf_mul(scales, vf_set1(sl_row_scale(job, row + i)));
        vf_store(job->out + (row + i) * job->out_stride + slice * OUTPUTS,
                 vf_mul(_mm256_cvtepi32_ps(sum), scale));
    }
}

void SL_FN(panel_int8_row)(const struct panel_job *job) {
    const struct int_row_job ints = sl_int_row_job(job);
    for (int64_t row = 0; row < ints.n; row += MOST_ROWS) {
        for (int64_t slice = 0; slice < SLICES; slice++) {
            switch (sl_min(MOST_ROWS, ints.n - row)) {
                case 1: row_tile(1, &ints, row, slice); break;
                case 2: row_tile(2, &ints, row, slice); break;
                case 3: row_tile(3, &ints, row, slice); break;
                default: row_tile(MOST_ROWS, &ints, row, slice); break;
            }
        }
    }
}
