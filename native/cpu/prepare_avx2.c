/* Activations as the matrices of 8 and 4 bits read them, with AVX2. */
#include "simd.h"

/* Magnitudes; 0 for what is no number. */
SL_INLINE vf size_of(vf x) {
    return _mm256_and_ps(vf_abs(x), _mm256_cmp_ps(x, x, _CMP_ORD_Q));
}

/*
 * Adding 1.5 * 2^23 rounds to the nearest whole number, ties to even; the lowest byte is the code,
 * which no packing may saturate.
 */
SL_INLINE vi code_of(vf x, vf inverse) {
    vf shifted = vf_add(vf_mul(x, inverse), vf_set1(0x1.8p23f));
    return _mm256_and_si256(_mm256_castps_si256(shifted), _mm256_set1_epi32(255));
}

SL_INLINE vi codes_of(const vf x[4], vf inverse) {
    vi low = _mm256_packus_epi32(code_of(x[0], inverse), code_of(x[1], inverse));
    vi high = _mm256_packus_epi32(code_of(x[2], inverse), code_of(x[3], inverse));
    const vi order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    return _mm256_permutevar8x32_epi32(_mm256_packus_epi16(low, high), order);
}

/* The sums of each four codes. */
SL_INLINE vi sums_of_4(vi codes) {
    vi pairs = _mm256_maddubs_epi16(_mm256_set1_epi8(1), codes);
    return _mm256_madd_epi16(pairs, _mm256_set1_epi16(1));
}

/* The sums of either half, in all four places of its half. */
SL_INLINE vi sums_of_16(vi codes) {
    vi s = sums_of_4(codes);
    s = _mm256_add_epi32(s, _mm256_shuffle_epi32(s, _MM_SHUFFLE(1, 0, 3, 2)));
    return _mm256_add_epi32(s, _mm256_shuffle_epi32(s, _MM_SHUFFLE(2, 3, 0, 1)));
}

/* Four groups' sums of four codes each: the sums of the lower halves, then those of the upper. */
SL_INLINE vi sums_of_four(const vi s[4]) {
    return _mm256_hadd_epi32(_mm256_hadd_epi32(s[0], s[1]), _mm256_hadd_epi32(s[2], s[3]));
}

/* Lane i is the largest of the lanes of x[i]. */
SL_INLINE vf largest_of_each(const vf x[VW]) {
    vf pairs[VW / 2], fours[2];
    SL_UNROLL for (int i = 0; i < VW / 2; i++) {
        pairs[i] = vf_max(_mm256_unpacklo_ps(x[2 * i], x[2 * i + 1]),
                          _mm256_unpackhi_ps(x[2 * i], x[2 * i + 1]));
    }
    SL_UNROLL for (int i = 0; i < 2; i++) {
        fours[i] = vf_max(_mm256_shuffle_ps(pairs[2 * i], pairs[2 * i + 1], 0x44),
                          _mm256_shuffle_ps(pairs[2 * i], pairs[2 * i + 1], 0xee));
    }
    return vf_max(_mm256_permute2f128_ps(fours[0], fours[1], 0x20),
                  _mm256_permute2f128_ps(fours[0], fours[1], 0x31));
}

/* What goes with the codes of VW groups, as sl_finish_group has it. */
SL_INLINE void finish_groups(const struct sl_int8_row *row, int64_t g, vf scale, vi low, vi high) {
    const vi total = _mm256_add_epi32(low, high), none = _mm256_setzero_si256();
    vf_store(row->scale + g, scale);
    _mm256_storeu_si256((vi *)(row->start8 + g),
                        _mm256_sub_epi32(none, _mm256_slli_epi32(total, 7)));
    _mm256_storeu_si256((vi *)(row->start4 + g),
                        _mm256_sub_epi32(none, _mm256_slli_epi32(total, 3)));
    vf_store(row->wsum + g, vf_mul(scale, _mm256_cvtepi32_ps(total)));
    low = _mm256_sub_epi32(none, _mm256_slli_epi32(low, 7));
    high = _mm256_sub_epi32(none, _mm256_slli_epi32(high, 7));
    vi first = _mm256_unpacklo_epi32(low, high), second = _mm256_unpackhi_epi32(low, high);
    vi *half8 = (vi *)(row->half8 + 2 * g);
    _mm256_storeu_si256(half8, _mm256_permute2x128_si256(first, second, 0x20));
    _mm256_storeu_si256(half8 + 1, _mm256_permute2x128_si256(first, second, 0x31));
}

/* Groups g .. g + VW - 1. */
static void prepare_together(const float *x, const struct sl_int8_row *row, int64_t g) {
    vf sizes[VW];
    SL_UNROLL for (int i = 0; i < VW; i++) {
        /* Of two vf_max gives the second if the first is no number. */
        vf size = vf_zero();
        SL_UNROLL for (int v = 0; v < SL_GROUP; v += VW) {
            size = vf_max(vf_abs(vf_load(x + i * SL_GROUP + v)), size);
        }
        sizes[i] = size;
    }
    const vf largest = largest_of_each(sizes);
    const vf nonzero = _mm256_cmp_ps(largest, vf_set1(1e-30f), _CMP_GE_OQ);
    float inverse[VW] SL_ALIGNED;
    vf_store(inverse, _mm256_and_ps(vf_div(vf_set1(127), largest), nonzero));
    vi sums[VW];
    SL_UNROLL for (int i = 0; i < VW; i++) {
        const float *in = x + i * SL_GROUP;
        const vf of[4] = {vf_load(in), vf_load(in + VW), vf_load(in + 2 * VW),
                          vf_load(in + 3 * VW)};
        vi codes = codes_of(of, vf_set1(inverse[i]));
        _mm256_storeu_si256((vi *)(row->q + (g + i) * SL_GROUP), codes);
        sums[i] = sums_of_4(codes);
    }
    const vi a = sums_of_four(sums), b = sums_of_four(sums + 4);
    finish_groups(row, g, _mm256_and_ps(vf_div(largest, vf_set1(127)), nonzero),
                  _mm256_permute2x128_si256(a, b, 0x20), _mm256_permute2x128_si256(a, b, 0x31));
}

void SL_FN(prepare_groups)(const float *x, int64_t first, int64_t count,
                           const struct sl_int8_row *row) {
    if (count >= VW) {
        /* The last ones may be done twice. */
        for (int64_t i = 0; i < count; i += VW) {
            int64_t at = sl_min(i, count - VW);
            prepare_together(x + at * SL_GROUP, row, first + at);
        }
        return;
    }
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
