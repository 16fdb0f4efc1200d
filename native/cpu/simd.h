/*
 * Float vectors of VW lanes: 16 (AVX-512), 8 (AVX2) or 4 (compiler vectors, portable). "n" forms
 * touch the first n lanes only, 0 <= n <= VW; the other lanes load as 0.
 */
#ifndef SLUICE_SIMD_H
#define SLUICE_SIMD_H

#include "scalar.h"

#define SL_UNROLL _Pragma("GCC unroll 16")

/*
 * AVX2 has 16 registers, and compilers that reorder freely push a tile's sums out of them. SL_KEEP
 * ends each step of a sum where it stands; SL_RELOAD forgets what was loaded from behind a pointer,
 * since loading it twice is cheaper than holding it.
 */
#if SL_LEVEL == 1
#define SL_KEEP(sum) __asm__ volatile("" : "+x"(sum))
#define SL_RELOAD(pointer) __asm__ volatile("" : "+r"(pointer))
#else
#define SL_KEEP(sum) ((void)0)
#define SL_RELOAD(pointer) ((void)0)
#endif

#if SL_LEVEL == 2

#include <immintrin.h>
#define VW 16
typedef __m512 vf;
typedef __m512i vi;

SL_INLINE vf vf_zero(void) { return _mm512_setzero_ps(); }
SL_INLINE vf vf_set1(float f) { return _mm512_set1_ps(f); }
SL_INLINE vf vf_load(const float *p) { return _mm512_loadu_ps(p); }
SL_INLINE void vf_store(float *p, vf v) { _mm512_storeu_ps(p, v); }
SL_INLINE __mmask16 v_mask(int64_t n) { return (__mmask16)((1u << n) - 1u); }
SL_INLINE vf vf_load_n(const float *p, int64_t n) { return _mm512_maskz_loadu_ps(v_mask(n), p); }
SL_INLINE void vf_store_n(float *p, vf v, int64_t n) { _mm512_mask_storeu_ps(p, v_mask(n), v); }
SL_INLINE vf vf_add(vf a, vf b) { return _mm512_add_ps(a, b); }
SL_INLINE vf vf_sub(vf a, vf b) { return _mm512_sub_ps(a, b); }
SL_INLINE vf vf_mul(vf a, vf b) { return _mm512_mul_ps(a, b); }
SL_INLINE vf vf_div(vf a, vf b) { return _mm512_div_ps(a, b); }
SL_INLINE vf vf_fma(vf a, vf b, vf c) { return _mm512_fmadd_ps(a, b, c); }
SL_INLINE vf vf_max(vf a, vf b) { return _mm512_max_ps(a, b); } /* b if a or b is NaN */
SL_INLINE vf vf_min(vf a, vf b) { return _mm512_min_ps(a, b); } /* b if a or b is NaN */
SL_INLINE vf vf_abs(vf a) { return _mm512_abs_ps(a); }
SL_INLINE float vf_hsum(vf a) { return _mm512_reduce_add_ps(a); }
SL_INLINE float vf_hmax(vf a) { return _mm512_reduce_max_ps(a); }
SL_INLINE vf vf_rint(vf a) { return _mm512_roundscale_ps(a, 8); }
SL_INLINE vf vf_trunc(vf a) { return _mm512_roundscale_ps(a, 11); }
/* y where a >= b, else 0. */
SL_INLINE vf vf_zero_unless_ge(vf y, vf a, vf b) {
    return _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(a, b, _CMP_GE_OQ), y);
}
/* y where a >= b or either is NaN, else 0. */
SL_INLINE vf vf_zero_if_less(vf y, vf a, vf b) {
    return _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(a, b, _CMP_NLT_UQ), y);
}
SL_INLINE int vf_any_equal(vf a, vf b) { return _mm512_cmp_ps_mask(a, b, _CMP_EQ_OQ) != 0; }
/* a * 2^n for whole n. */
SL_INLINE vf vf_scale2(vf a, vf n) { return _mm512_scalef_ps(a, n); }
/* The same where a is a normal number and the result would be one; a NaN stays one. */
SL_INLINE vf vf_scale2_normal(vf a, vf n) { return vf_scale2(a, n); }
SL_INLINE vi vi_load(const void *p) { return _mm512_loadu_si512(p); }
SL_INLINE vi vi_load_n(const void *p, int64_t n) {
    return _mm512_maskz_loadu_epi32(v_mask(n), p);
}
SL_INLINE vf vf_load_f16(const uint16_t *p) {
    return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)p));
}
SL_INLINE vf vf_load_f16_n(const uint16_t *p, int64_t n) {
    return _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(v_mask(n), p));
}
SL_INLINE vf vf_bf16_low(vi pairs) { return _mm512_castsi512_ps(_mm512_slli_epi32(pairs, 16)); }
SL_INLINE vf vf_bf16_high(vi pairs) {
    return _mm512_castsi512_ps(_mm512_and_si512(pairs, _mm512_set1_epi32((int)0xffff0000u)));
}
SL_INLINE vi vi_low_halves(vi v) { return _mm512_and_si512(v, _mm512_set1_epi32(0xffff)); }
/* Lanes first .. end - 1 of a, the others of b. */
SL_INLINE vf vf_lanes(vf a, vf b, int64_t first, int64_t end) {
    __mmask16 keep = (__mmask16)(v_mask(end) & ~v_mask(first));
    return _mm512_mask_mov_ps(b, keep, a);
}

#elif SL_LEVEL == 1

#include <immintrin.h>
#define VW 8
typedef __m256 vf;
typedef __m256i vi;

SL_INLINE vf vf_zero(void) { return _mm256_setzero_ps(); }
SL_INLINE vf vf_set1(float f) { return _mm256_set1_ps(f); }
SL_INLINE vf vf_load(const float *p) { return _mm256_loadu_ps(p); }
SL_INLINE void vf_store(float *p, vf v) { _mm256_storeu_ps(p, v); }
SL_INLINE vi v_iota(void) { return _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7); }
SL_INLINE vi v_mask(int64_t n) { return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), v_iota()); }
SL_INLINE vf vf_load_n(const float *p, int64_t n) { return _mm256_maskload_ps(p, v_mask(n)); }
SL_INLINE void vf_store_n(float *p, vf v, int64_t n) { _mm256_maskstore_ps(p, v_mask(n), v); }
SL_INLINE vf vf_add(vf a, vf b) { return _mm256_add_ps(a, b); }
SL_INLINE vf vf_sub(vf a, vf b) { return _mm256_sub_ps(a, b); }
SL_INLINE vf vf_mul(vf a, vf b) { return _mm256_mul_ps(a, b); }
SL_INLINE vf vf_div(vf a, vf b) { return _mm256_div_ps(a, b); }
SL_INLINE vf vf_fma(vf a, vf b, vf c) { return _mm256_fmadd_ps(a, b, c); }
SL_INLINE vf vf_max(vf a, vf b) { return _mm256_max_ps(a, b); }
SL_INLINE vf vf_min(vf a, vf b) { return _mm256_min_ps(a, b); }
SL_INLINE vf vf_abs(vf a) { return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), a); }
SL_INLINE float vf_hsum(vf a) {
    __m128 s = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    s = _mm_add_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_add_ss(s, _mm_shuffle_ps(s, s, 1)));
}
SL_INLINE float vf_hmax(vf a) {
    __m128 s = _mm_max_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    s = _mm_max_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_max_ss(s, _mm_shuffle_ps(s, s, 1)));
}
SL_INLINE vf vf_rint(vf a) { return _mm256_round_ps(a, 8); }
SL_INLINE vf vf_trunc(vf a) { return _mm256_round_ps(a, 11); }
SL_INLINE vf vf_zero_unless_ge(vf y, vf a, vf b) {
    return _mm256_and_ps(y, _mm256_cmp_ps(a, b, _CMP_GE_OQ));
}
SL_INLINE vf vf_zero_if_less(vf y, vf a, vf b) {
    return _mm256_and_ps(y, _mm256_cmp_ps(a, b, _CMP_NLT_UQ));
}
SL_INLINE int vf_any_equal(vf a, vf b) {
    return _mm256_movemask_ps(_mm256_cmp_ps(a, b, _CMP_EQ_OQ)) != 0;
}
SL_INLINE vf vf_pow2(vi n) {
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(n, _mm256_set1_epi32(127)), 23));
}
SL_INLINE vf vf_scale2(vf a, vf n) {
    vi whole = _mm256_cvtps_epi32(n);
    vi half = _mm256_srai_epi32(whole, 1);
    a = _mm256_mul_ps(a, vf_pow2(half));
    return _mm256_mul_ps(a, vf_pow2(_mm256_sub_epi32(whole, half)));
}
SL_INLINE vf vf_scale2_normal(vf a, vf n) {
    vi exponent = _mm256_slli_epi32(_mm256_cvtps_epi32(n), 23);
    return _mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(a), exponent));
}
SL_INLINE vi vi_load(const void *p) { return _mm256_loadu_si256((const __m256i *)p); }
SL_INLINE vi vi_load_n(const void *p, int64_t n) {
    return _mm256_maskload_epi32((const int *)p, v_mask(n));
}
SL_INLINE vf vf_load_f16(const uint16_t *p) {
    return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)p));
}
SL_INLINE vf vf_load_f16_n(const uint16_t *p, int64_t n) {
    uint16_t lanes[VW] = {0};
    memcpy(lanes, p, (size_t)n * 2);
    return vf_load_f16(lanes);
}
SL_INLINE vf vf_bf16_low(vi pairs) { return _mm256_castsi256_ps(_mm256_slli_epi32(pairs, 16)); }
SL_INLINE vf vf_bf16_high(vi pairs) {
    return _mm256_castsi256_ps(_mm256_and_si256(pairs, _mm256_set1_epi32((int)0xffff0000u)));
}
SL_INLINE vi vi_low_halves(vi v) { return _mm256_and_si256(v, _mm256_set1_epi32(0xffff)); }
SL_INLINE vf vf_lanes(vf a, vf b, int64_t first, int64_t end) {
    vi keep = _mm256_andnot_si256(v_mask(first), v_mask(end));
    return _mm256_blendv_ps(b, a, _mm256_castsi256_ps(keep));
}

#else

#define VW 4
typedef float vf __attribute__((vector_size(16)));
typedef int32_t vi __attribute__((vector_size(16)));
typedef uint32_t vu __attribute__((vector_size(16)));

SL_INLINE vf vf_zero(void) { return (vf){0, 0, 0, 0}; }
SL_INLINE vf vf_set1(float f) { return (vf){f, f, f, f}; }
SL_INLINE vf vf_load(const float *p) {
    vf v;
    memcpy(&v, p, sizeof v);
    return v;
}
SL_INLINE void vf_store(float *p, vf v) { memcpy(p, &v, sizeof v); }
SL_INLINE vf vf_load_n(const float *p, int64_t n) {
    vf v = vf_zero();
    for (int64_t i = 0; i < n; i++) {
        v[i] = p[i];
    }
    return v;
}
SL_INLINE void vf_store_n(float *p, vf v, int64_t n) {
    for (int64_t i = 0; i < n; i++) {
        p[i] = v[i];
    }
}
SL_INLINE vf v_select(vi mask, vf a, vf b) { return (vf)(((vi)a & mask) | ((vi)b & ~mask)); }
SL_INLINE vf vf_add(vf a, vf b) { return a + b; }
SL_INLINE vf vf_sub(vf a, vf b) { return a - b; }
SL_INLINE vf vf_mul(vf a, vf b) { return a * b; }
SL_INLINE vf vf_div(vf a, vf b) { return a / b; }
SL_INLINE vf vf_fma(vf a, vf b, vf c) { return a * b + c; }
SL_INLINE vf vf_max(vf a, vf b) { return v_select(a > b, a, b); }
SL_INLINE vf vf_min(vf a, vf b) { return v_select(a < b, a, b); }
SL_INLINE vf vf_abs(vf a) { return (vf)((vi)a & 0x7fffffff); }
SL_INLINE float vf_hsum(vf a) { return (a[0] + a[2]) + (a[1] + a[3]); }
SL_INLINE float vf_hmax(vf a) {
    float x = a[0] > a[2] ? a[0] : a[2];
    float y = a[1] > a[3] ? a[1] : a[3];
    return x > y ? x : y;
}
/* For magnitudes below 2^22. */
SL_INLINE vf vf_rint(vf a) { return (a + vf_set1(0x1.8p23f)) - vf_set1(0x1.8p23f); }
/* For magnitudes below 2^31. */
SL_INLINE vf vf_trunc(vf a) { return __builtin_convertvector(__builtin_convertvector(a, vi), vf); }
SL_INLINE vf vf_zero_unless_ge(vf y, vf a, vf b) { return (vf)((vi)y & (a >= b)); }
SL_INLINE vf vf_zero_if_less(vf y, vf a, vf b) { return (vf)((vi)y & ~(a < b)); }
SL_INLINE int vf_any_equal(vf a, vf b) {
    vi e = a == b;
    return (e[0] | e[1] | e[2] | e[3]) != 0;
}
SL_INLINE vf vf_pow2(vi n) { return (vf)((n + 127) << 23); }
SL_INLINE vf vf_scale2(vf a, vf n) {
    vi whole = __builtin_convertvector(n, vi);
    vi half = whole >> 1;
    return a * vf_pow2(half) * vf_pow2(whole - half);
}
SL_INLINE vf vf_scale2_normal(vf a, vf n) {
    return (vf)((vu)a + ((vu)__builtin_convertvector(n, vi) << 23));
}
SL_INLINE vi vi_load(const void *p) {
    vi v;
    memcpy(&v, p, sizeof v);
    return v;
}
SL_INLINE vi vi_load_n(const void *p, int64_t n) {
    vi v = {0, 0, 0, 0};
    memcpy(&v, p, (size_t)n * 4);
    return v;
}
SL_INLINE vf vf_load_f16_n(const uint16_t *p, int64_t n) {
    vf v = vf_zero();
    for (int64_t i = 0; i < n; i++) {
        v[i] = f16_to_f32(p[i]);
    }
    return v;
}
SL_INLINE vf vf_load_f16(const uint16_t *p) {
    vi h = {p[0], p[1], p[2], p[3]};
    vi magnitude = (h & 0x7fff) << 13;
    vi u = (vi)((vf)magnitude * 0x1p112f);
    u |= (magnitude >= 0x0f800000) & (magnitude | 0x7f800000);
    return (vf)(u | ((h & 0x8000) << 16));
}
SL_INLINE vf vf_bf16_low(vi pairs) { return (vf)(pairs << 16); }
SL_INLINE vf vf_bf16_high(vi pairs) { return (vf)(pairs & (int32_t)0xffff0000u); }
SL_INLINE vi vi_low_halves(vi v) { return v & 0xffff; }
SL_INLINE vf vf_lanes(vf a, vf b, int64_t first, int64_t end) {
    vi lane = {0, 1, 2, 3};
    return v_select((lane >= (int32_t)first) & (lane < (int32_t)end), a, b);
}

#endif

/* Rounds numbers that are not NaN to bfloat16, to nearest even. */
SL_INLINE vf vf_round_bf16(vf a) {
#if SL_LEVEL == 2
    __m512i u = _mm512_castps_si512(a);
    __m512i odd = _mm512_and_si512(_mm512_srli_epi32(u, 16), _mm512_set1_epi32(1));
    u = _mm512_add_epi32(u, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff)));
    return vf_bf16_high(u);
#elif SL_LEVEL == 1
    __m256i u = _mm256_castps_si256(a);
    __m256i odd = _mm256_and_si256(_mm256_srli_epi32(u, 16), _mm256_set1_epi32(1));
    u = _mm256_add_epi32(u, _mm256_add_epi32(odd, _mm256_set1_epi32(0x7fff)));
    return vf_bf16_high(u);
#else
    vu u = (vu)a;
    u += ((u >> 16) & 1) + 0x7fff;
    return vf_bf16_high((vi)u);
#endif
}

/* Stores lanes as bfloat16. */
SL_INLINE void vf_store_bf16(uint16_t *p, vf a) {
#if SL_LEVEL == 2
    __m256i narrow = (__m256i)_mm512_cvtneps_pbh(a);
    _mm256_storeu_si256((__m256i *)p, narrow);
#else
    float lanes[VW];
    vf_store(lanes, a);
    for (int i = 0; i < VW; i++) {
        p[i] = f32_to_bf16(lanes[i]);
    }
#endif
}

/*
 * exp(x), relative error below 2e-7 for results that are normal numbers; underflows to 0 and
 * overflows to infinity. Cody-Waite reduction to |r| <= ln(2) / 2 and a polynomial of degree 6.
 */
SL_INLINE vf vf_exp(vf x) {
    x = vf_max(vf_set1(-104.0f), x);
    x = vf_sub(vf_zero(), vf_max(vf_set1(-89.0f), vf_sub(vf_zero(), x)));
    vf n = vf_rint(vf_mul(x, vf_set1(0x1.715476p+0f)));
    vf r = vf_fma(n, vf_set1(-0x1.62e400p-1f), x);
    r = vf_fma(n, vf_set1(-0x1.7f7d1cp-20f), r);
    vf p = vf_set1(1.0f / 720);
    p = vf_fma(p, r, vf_set1(1.0f / 120));
    p = vf_fma(p, r, vf_set1(1.0f / 24));
    p = vf_fma(p, r, vf_set1(1.0f / 6));
    p = vf_fma(p, r, vf_set1(0.5f));
    p = vf_fma(p, r, vf_set1(1.0f));
    p = vf_fma(p, r, vf_set1(1.0f));
    return vf_scale2(p, n);
}

/*
 * 2^x for x <= 0, relative error below 2e-7; 0 where the result would not be a normal number, and 1
 * at 0. A polynomial of degree 5, nearest in relative error on [-1/2, 1/2] with p(0) = 1.
 */
SL_INLINE vf vf_exp2(vf x) {
    vf n = vf_rint(x);
    vf f = vf_sub(x, n);
    vf p = vf_set1(0x1.5bba14p-10f);
    p = vf_fma(p, f, vf_set1(0x1.3cea88p-7f));
    p = vf_fma(p, f, vf_set1(0x1.c6b752p-5f));
    p = vf_fma(p, f, vf_set1(0x1.ebf9bcp-3f));
    p = vf_fma(p, f, vf_set1(0x1.62e42ap-1f));
    p = vf_fma(p, f, vf_set1(1.0f));
    return vf_zero_if_less(vf_scale2_normal(p, n), x, vf_set1(-126.0f));
}

/* Numbers n .. n + VW - 1 of a row of scales or mins: float16 or, with 32 bits, float32. */
SL_INLINE vf vf_load_scales(const uint8_t *row, int64_t bits, int64_t n) {
    return bits == 16 ? vf_load_f16((const uint16_t *)row + n) : vf_load((const float *)row + n);
}

/* The first `count` of them, a multiple of VW, as float32. */
SL_INLINE void vf_widen_scales(const uint8_t *row, int64_t bits, int64_t count, float *to) {
    SL_UNROLL for (int64_t n = 0; n < count; n += VW) {
        vf_store(to + n, vf_load_scales(row, bits, n));
    }
}

#endif
