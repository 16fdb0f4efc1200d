/*
 * Activations as the matrices of 8 and 4 bits read them, four groups of 32 at a time, each in two
 * vectors. Nothing is written and read again: what was written in parts cannot be read as a whole
 * before it is in the cache.
 */
#include "simd.h"

enum { AT_ONCE = 4 };

/* The first n of four numbers. */
SL_INLINE void store_n(void *to, __m128i four, int64_t n) {
    if (n == AT_ONCE) {
        _mm_storeu_si128(to, four);
    } else {
        _mm_mask_storeu_epi32(to, (__mmask8)v_mask(n), four);
    }
}

/* The largest magnitudes of the groups; numbers that are none do not count. */
SL_INLINE __m128 largest_of(vf x[AT_ONCE][2]) {
    vf m[AT_ONCE];
    SL_UNROLL for (int i = 0; i < AT_ONCE; i++) {
        m[i] = vf_max(vf_abs(x[i][1]), vf_max(vf_abs(x[i][0]), vf_zero()));
    }
    vf a = vf_max(_mm512_unpacklo_ps(m[0], m[1]), _mm512_unpackhi_ps(m[0], m[1]));
    vf b = vf_max(_mm512_unpacklo_ps(m[2], m[3]), _mm512_unpackhi_ps(m[2], m[3]));
    a = vf_max(_mm512_castpd_ps(_mm512_unpacklo_pd(_mm512_castps_pd(a), _mm512_castps_pd(b))),
               _mm512_castpd_ps(_mm512_unpackhi_pd(_mm512_castps_pd(a), _mm512_castps_pd(b))));
    a = vf_max(a, _mm512_shuffle_f32x4(a, a, _MM_SHUFFLE(1, 0, 3, 2)));
    a = vf_max(a, _mm512_shuffle_f32x4(a, a, _MM_SHUFFLE(2, 3, 0, 1)));
    return _mm512_castps512_ps128(a);
}

/* Adding 1.5 * 2^23 rounds to the nearest whole number, ties to even. */
SL_INLINE __m128i round_16(vf x, vf inverse) {
    vf shifted = vf_add(vf_mul(x, inverse), vf_set1(0x1.8p23f));
    return _mm512_cvtepi32_epi8(
        _mm512_sub_epi32(_mm512_castps_si512(shifted), _mm512_set1_epi32(0x4b400000)));
}

/* Sums of the codes' halves: of the first group, of the second and so on, from two groups each. */
SL_INLINE __m256i sums_of_halves(vi first, vi second) {
    const vi ones = _mm512_set1_epi8(1), zero = _mm512_setzero_si512();
    first = _mm512_dpbusd_epi32(zero, ones, first);
    second = _mm512_dpbusd_epi32(zero, ones, second);
    vi s = _mm512_add_epi32(_mm512_unpacklo_epi32(first, second),
                            _mm512_unpackhi_epi32(first, second));
    s = _mm512_add_epi32(s, _mm512_shuffle_epi32(s, _MM_PERM_BADC));
    const vi order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 0, 0, 0, 0, 0, 0, 0, 0);
    return _mm512_castsi512_si256(_mm512_permutexvar_epi32(order, s));
}

SL_INLINE vi join(__m256i a, __m256i b) {
    return _mm512_inserti64x4(_mm512_castsi256_si512(a), b, 1);
}

/* The n groups that begin with g, 1 <= n <= 4. */
SL_INLINE void prepare_some(const float *x, int64_t g, int64_t n, const struct sl_int8_row *row) {
    vf in[AT_ONCE][2];
    SL_UNROLL for (int i = 0; i < AT_ONCE; i++) {
        SL_UNROLL for (int v = 0; v < 2; v++) {
            in[i][v] = i < n ? vf_load(x + i * SL_GROUP + v * VW) : vf_zero();
        }
    }
    const __m128 most = _mm_set1_ps(127);
    __m128 largest = largest_of(in);
    __mmask8 some = _mm_cmp_ps_mask(largest, _mm_set1_ps(1e-30f), _CMP_NLT_UQ);
    __m128 scale = _mm_maskz_div_ps(some, largest, most);
    vf inverse = _mm512_castps128_ps512(_mm_maskz_div_ps(some, most, largest));
    __m256i codes[AT_ONCE];
    SL_UNROLL for (int i = 0; i < AT_ONCE; i++) {
        vf f = _mm512_permutexvar_ps(_mm512_set1_epi32(i), inverse);
        codes[i] = _mm256_set_m128i(round_16(in[i][1], f), round_16(in[i][0], f));
        if (i < n) {
            _mm256_storeu_si256((__m256i *)(row->q + (g + i) * SL_GROUP), codes[i]);
        }
    }
    __m256i halves = sums_of_halves(join(codes[0], codes[1]), join(codes[2], codes[3]));
    __m128i first = _mm256_castsi256_si128(halves), last = _mm256_extracti128_si256(halves, 1);
    __m128i total = _mm_hadd_epi32(first, last);
    const __m128i zero = _mm_setzero_si128();
    store_n(row->scale + g, _mm_castps_si128(scale), n);
    store_n(row->start8 + g, _mm_sub_epi32(zero, _mm_slli_epi32(total, 7)), n);
    store_n(row->start4 + g, _mm_sub_epi32(zero, _mm_slli_epi32(total, 3)), n);
    store_n(row->wsum + g, _mm_castps_si128(_mm_mul_ps(scale, _mm_cvtepi32_ps(total))), n);
    store_n(row->half8 + 2 * g, _mm_sub_epi32(zero, _mm_slli_epi32(first, 7)), sl_min(2 * n, 4));
    if (n > 2) {
        store_n(row->half8 + 2 * g + 4, _mm_sub_epi32(zero, _mm_slli_epi32(last, 7)), 2 * n - 4);
    }
}

void SL_FN(prepare_groups)(const float *x, int64_t first, int64_t count,
                           const struct sl_int8_row *row) {
    int64_t done = 0;
    for (; done + AT_ONCE <= count; done += AT_ONCE) {
        prepare_some(x + done * SL_GROUP, first + done, AT_ONCE, row);
    }
    if (done < count) {
        prepare_some(x + done * SL_GROUP, first + done, count - done, row);
    }
}

enum { ROW_AT_ONCE = 4 * VW };

/* The next n inputs of a row, 1 <= n <= 64, in four vectors. */
SL_INLINE void load_some(const float *x, int64_t n, vf in[4]) {
    SL_UNROLL for (int v = 0; v < 4; v++) {
        in[v] = vf_load_n(x + v * VW, sl_max(0, sl_min(VW, n - v * VW)));
    }
}

void SL_FN(prepare_row)(const float *x, int64_t cols, int8_t *q) {
    vf in[4], most[4] = {vf_zero(), vf_zero(), vf_zero(), vf_zero()};
    for (int64_t i = 0; i < cols; i += ROW_AT_ONCE) {
        load_some(x + i, cols - i, in);
        SL_UNROLL for (int v = 0; v < 4; v++) { most[v] = vf_max(vf_abs(in[v]), most[v]); }
    }
    const float largest =
        _mm512_reduce_max_ps(vf_max(vf_max(most[0], most[1]), vf_max(most[2], most[3])));
    const int zero = largest < 1e-30f;
    const float scale = zero ? 0 : largest / 127;
    const vf inverse = vf_set1(zero ? 0 : 127 / largest);
    const vi ones = _mm512_set1_epi8(1);
    vi sums = _mm512_setzero_si512();
    for (int64_t i = 0; i < cols; i += ROW_AT_ONCE) {
        const int64_t n = sl_min(ROW_AT_ONCE, cols - i);
        load_some(x + i, n, in);
        const vi codes = join(
            _mm256_set_m128i(round_16(in[1], inverse), round_16(in[0], inverse)),
            _mm256_set_m128i(round_16(in[3], inverse), round_16(in[2], inverse)));
        sums = _mm512_dpbusd_epi32(sums, ones, codes);
        _mm512_mask_storeu_epi8(q + i, n == 64 ? ~0ull : (1ull << n) - 1, codes);
    }
    sl_finish_row(q, cols, scale, _mm512_reduce_add_epi32(sums));
}
