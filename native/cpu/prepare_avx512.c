/* Activations as the matrices of 8 and 4 bits read them, 16 groups of 32 at a time. */
#include "simd.h"

enum { CHUNK = 16 };

/* The largest magnitude of a group; numbers that are none do not count. */
SL_INLINE float largest_of(const float *x) {
    vf a = vf_load(x), b = vf_load(x + VW);
    a = _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(a, a, _CMP_ORD_Q), vf_abs(a));
    b = _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(b, b, _CMP_ORD_Q), vf_abs(b));
    return vf_hmax(vf_max(a, b));
}

/* Adding 1.5 * 2^23 rounds to the nearest whole number, ties to even. */
SL_INLINE __m128i round_16(const float *x, vf inverse) {
    vf shifted = vf_add(vf_mul(vf_load(x), inverse), vf_set1(0x1.8p23f));
    return _mm512_cvtepi32_epi8(
        _mm512_sub_epi32(_mm512_castps_si512(shifted), _mm512_set1_epi32(0x4b400000)));
}

/* Sums of the four runs of 16 numbers in 64. */
SL_INLINE __m128i sums_of_16(const int8_t *q) {
    vi s = _mm512_dpbusd_epi32(_mm512_setzero_si512(), _mm512_set1_epi8(1), vi_load(q));
    s = _mm512_add_epi32(s, _mm512_shuffle_epi32(s, _MM_PERM_BADC));
    s = _mm512_add_epi32(s, _mm512_shuffle_epi32(s, _MM_PERM_CDAB));
    const vi pick = _mm512_setr_epi32(0, 4, 8, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    return _mm512_castsi512_si128(_mm512_permutexvar_epi32(pick, s));
}

SL_INLINE void store_n(void *to, vi v, int64_t n) { _mm512_mask_storeu_epi32(to, v_mask(n), v); }

void SL_FN(prepare_groups)(const float *x, int64_t first, int64_t count,
                           const struct sl_int8_row *row) {
    float largest[CHUNK] SL_ALIGNED = {0}, inverse[CHUNK] SL_ALIGNED;
    int8_t codes[CHUNK * SL_GROUP] SL_ALIGNED = {0};
    int32_t half[2 * CHUNK] SL_ALIGNED = {0};
    for (int64_t done = 0; done < count; done += CHUNK, x += CHUNK * SL_GROUP) {
        int64_t n = sl_min(CHUNK, count - done), g = first + done;
        for (int64_t i = 0; i < n; i++) {
            largest[i] = largest_of(x + i * SL_GROUP);
        }
        vf m = vf_load(largest);
        __mmask16 some = _mm512_cmp_ps_mask(m, vf_set1(1e-30f), _CMP_NLT_UQ);
        vf scale = _mm512_maskz_div_ps(some, m, vf_set1(127));
        vf_store(inverse, _mm512_maskz_div_ps(some, vf_set1(127), m));
        for (int64_t i = 0; i < n; i++) {
            vf f = vf_set1(inverse[i]);
            int8_t *to = codes + i * SL_GROUP;
            _mm_store_si128((__m128i *)to, round_16(x + i * SL_GROUP, f));
            _mm_store_si128((__m128i *)(to + 16), round_16(x + i * SL_GROUP + VW, f));
        }
        for (int64_t i = 0; i < n; i += 2) {
            _mm_store_si128((__m128i *)(half + 2 * i), sums_of_16(codes + i * SL_GROUP));
        }
        memcpy(row->q + g * SL_GROUP, codes, (size_t)(n * SL_GROUP));
        vi low = vi_load(half), high = vi_load(half + VW);
        const vi even = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
        vi total = _mm512_add_epi32(
            _mm512_permutex2var_epi32(low, even, high),
            _mm512_permutex2var_epi32(low, _mm512_add_epi32(even, _mm512_set1_epi32(1)), high));
        const vi zero = _mm512_setzero_si512();
        store_n(row->scale + g, _mm512_castps_si512(scale), n);
        store_n(row->start8 + g, _mm512_sub_epi32(zero, _mm512_slli_epi32(total, 7)), n);
        store_n(row->start4 + g, _mm512_sub_epi32(zero, _mm512_slli_epi32(total, 3)), n);
        vf wsum = vf_mul(scale, _mm512_cvtepi32_ps(total));
        store_n(row->wsum + g, _mm512_castps_si512(wsum), n);
        store_n(row->half8 + 2 * g, _mm512_sub_epi32(zero, _mm512_slli_epi32(low, 7)),
                sl_min(VW, 2 * n));
        store_n(row->half8 + 2 * g + VW, _mm512_sub_epi32(zero, _mm512_slli_epi32(high, 7)),
                sl_max(0, 2 * n - VW));
    }
}
