/* Activations as the matrices of 8 and 4 bits read them, with AVX2. */
#include "simd.h"

/* Magnitudes; 0 for what is no number. */
SL_INLINE vf size_of(vf x) {
    return _mm256_and_ps(vf_abs(x), _mm256_cmp_ps(x, x, _CMP_ORD_Q));
}

/*
 * Adding 1.5 * 2^23 rounds to the nearest whole number, ties to even; the lowest byte of the
 * difference is the code, which no packing may saturate.
 */
SL_INLINE vi code_of(vf x, vf inverse) {
    vf shifted = vf_add(vf_mul(x, inverse), vf_set1(0x1.8p23f));
    vi code = _mm256_sub_epi32(_mm256_castps_si256(shifted), _mm256_set1_epi32(0x4b400000));
    return _mm256_and_si256(code, _mm256_set1_epi32(255));
}

SL_INLINE vi codes_of(const vf x[4], vf inverse) {
    vi low = _mm256_packus_epi32(code_of(x[0], inverse), code_of(x[1], inverse));
    vi high = _mm256_packus_epi32(code_of(x[2], inverse), code_of(x[3], inverse));
    const vi order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    return _mm256_permutevar8x32_epi32(_mm256_packus_epi16(low, high), order);
}

/* The sums of either half, in all four places of its half. */
SL_INLINE vi sums_of_16(vi codes) {
    vi s = _mm256_maddubs_epi16(_mm256_set1_epi8(1), codes);
    s = _mm256_madd_epi16(s, _mm256_set1_epi16(1));
    s = _mm256_add_epi32(s, _mm256_shuffle_epi32(s, _MM_SHUFFLE(1, 0, 3, 2)));
    return _mm256_add_epi32(s, _mm256_shuffle_epi32(s, _MM_SHUFFLE(2, 3, 0, 1)));
}

void SL_FN(prepare_groups)(const float *x, int64_t first, int64_t count,
                           const struct sl_int8_row *row) {
    for (int64_t g = first; g < first + count; g++, x += SL_GROUP) {
        const vf in[4] = {vf_load(x), vf_load(x + VW), vf_load(x + 2 * VW), vf_load(x + 3 * VW)};
        float largest = vf_hmax(vf_max(vf_max(size_of(in[0]), size_of(in[1])),
                                       vf_max(size_of(in[2]), size_of(in[3]))));
        int zero = largest < 1e-30f;
        float scale = zero ? 0 : largest / 127;
        vi codes = codes_of(in, vf_set1(zero ? 0 : 127 / largest));
        vi sums = sums_of_16(codes);
        _mm256_storeu_si256((vi *)(row->q + g * SL_GROUP), codes);
        sl_finish_group(row, g, scale, _mm256_extract_epi32(sums, 0), _mm256_extract_epi32(sums, 4));
    }
}
