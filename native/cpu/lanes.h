/*
 * Vectors of 32-bit numbers with a lane for each of the outputs that are packed side by side: 8, or
 * 4 without AVX2. The conversions give the bits of their namesakes in scalar.h.
 */
#ifndef SLUICE_LANES_H
#define SLUICE_LANES_H

#include "pack.h"

#if SL_LEVEL > 0
#include <immintrin.h>
#endif

typedef uint32_t lu __attribute__((vector_size(4 * SL_PACK_LANES)));
typedef int32_t li __attribute__((vector_size(4 * SL_PACK_LANES)));
typedef float lf __attribute__((vector_size(4 * SL_PACK_LANES)));
typedef uint16_t lh __attribute__((vector_size(2 * SL_PACK_LANES)));

SL_INLINE uint32_t lu_word(const uint8_t *p) {
    uint32_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

#if SL_LEVEL > 0

/* The word at a place of each row. */
SL_INLINE lu lu_gather(const uint8_t *const *rows, int64_t at) {
    return (lu){lu_word(rows[0] + at), lu_word(rows[1] + at), lu_word(rows[2] + at),
                lu_word(rows[3] + at), lu_word(rows[4] + at), lu_word(rows[5] + at),
                lu_word(rows[6] + at), lu_word(rows[7] + at)};
}

SL_INLINE __m256i lu_two_rows(const uint8_t *low, const uint8_t *high) {
    __m128i a = _mm_loadu_si128((const __m128i *)low);
    return _mm256_inserti128_si256(_mm256_castsi128_si256(a),
                                   _mm_loadu_si128((const __m128i *)high), 1);
}

/* Four words of each row. */
SL_INLINE void lu_gather_4(const uint8_t *const *rows, int64_t at, lu *words) {
    __m256i a = lu_two_rows(rows[0] + at, rows[4] + at);
    __m256i b = lu_two_rows(rows[1] + at, rows[5] + at);
    __m256i c = lu_two_rows(rows[2] + at, rows[6] + at);
    __m256i d = lu_two_rows(rows[3] + at, rows[7] + at);
    __m256i ab = _mm256_unpacklo_epi32(a, b), cd = _mm256_unpacklo_epi32(c, d);
    words[0] = (lu)_mm256_unpacklo_epi64(ab, cd);
    words[1] = (lu)_mm256_unpackhi_epi64(ab, cd);
    ab = _mm256_unpackhi_epi32(a, b), cd = _mm256_unpackhi_epi32(c, d);
    words[2] = (lu)_mm256_unpacklo_epi64(ab, cd);
    words[3] = (lu)_mm256_unpackhi_epi64(ab, cd);
}

#else

SL_INLINE lu lu_gather(const uint8_t *const *rows, int64_t at) {
    return (lu){lu_word(rows[0] + at), lu_word(rows[1] + at), lu_word(rows[2] + at),
                lu_word(rows[3] + at)};
}

SL_INLINE lu lu_row(const uint8_t *p) {
    lu v;
    memcpy(&v, p, sizeof v);
    return v;
}

SL_INLINE void lu_gather_4(const uint8_t *const *rows, int64_t at, lu *words) {
    lu a = lu_row(rows[0] + at), b = lu_row(rows[1] + at);
    lu c = lu_row(rows[2] + at), d = lu_row(rows[3] + at);
    lu ab = {a[0], b[0], a[1], b[1]}, cd = {c[0], d[0], c[1], d[1]};
    words[0] = (lu){ab[0], ab[1], cd[0], cd[1]};
    words[1] = (lu){ab[2], ab[3], cd[2], cd[3]};
    lu ef = {a[2], b[2], a[3], b[3]}, gh = {c[2], d[2], c[3], d[3]};
    words[2] = (lu){ef[0], ef[1], gh[0], gh[1]};
    words[3] = (lu){ef[2], ef[3], gh[2], gh[3]};
}

#endif

SL_INLINE void lu_store(uint8_t *p, lu v) { memcpy(p, &v, sizeof v); }

/* Stores the low half of each lane. */
SL_INLINE void lu_store_halves(uint8_t *p, lu v) {
    lh halves = __builtin_convertvector(v, lh);
    memcpy(p, &halves, sizeof halves);
}

#if SL_LEVEL > 0

SL_INLINE lf lf_select(li mask, lf a, lf b) {
    return (lf)_mm256_blendv_ps((__m256)b, (__m256)a, (__m256)mask);
}
SL_INLINE lf lf_max(lf a, lf b) { return (lf)_mm256_max_ps((__m256)a, (__m256)b); }
SL_INLINE lf lf_min(lf a, lf b) { return (lf)_mm256_min_ps((__m256)a, (__m256)b); }

#else

SL_INLINE lf lf_select(li mask, lf a, lf b) { return (lf)((mask & (li)a) | (~mask & (li)b)); }
/* These two give b if a or b is NaN. */
SL_INLINE lf lf_max(lf a, lf b) { return lf_select(a > b, a, b); }
SL_INLINE lf lf_min(lf a, lf b) { return lf_select(a < b, a, b); }

#endif

SL_INLINE lu lu_select(li mask, lu a, lu b) { return (lu)lf_select(mask, (lf)a, (lf)b); }
SL_INLINE lf lf_all(float f) { return f - (lf){0}; }
SL_INLINE lf lf_of(lu whole) { return __builtin_convertvector((li)whole, lf); }

/* From the low half of each lane; the high half is 0. */
SL_INLINE lf lf_from_f16(lu h) {
    lu magnitude = (h & 0x7fff) << 13;
    lu u = (lu)((lf)magnitude * 0x1p112f);
    u |= (lu)(magnitude >= 0x0f800000) & (magnitude | 0x7f800000);
    return (lf)(u | (h & 0x8000) << 16);
}

SL_INLINE lu lf_to_f16(lf f) {
    lu u = (lu)f, sign = (u >> 16) & 0x8000;
    li a = (li)(u & 0x7fffffff);
    lu odd = ((lu)a >> 13) & 1;
    lu h = ((lu)a - 0x38000000 + 0xfff + odd) >> 13;
    h = lu_select(a < 0x38800000, (lu)((lf)a + 0.5f) - 0x3f000000, h);
    h = lu_select(a >= 0x477ff000, (lu){0} + 0x7c00, h);
    h = lu_select(a > 0x7f800000, 0x7e00 | (((lu)a >> 13) & 0x3ff), h);
    return sign | h;
}

SL_INLINE lu lf_to_bf16(lf f) {
    lu u = (lu)f;
    lu rounded = (u + 0x7fff + ((u >> 16) & 1)) >> 16;
    return lu_select((li)(u & 0x7fffffff) > 0x7f800000, (u >> 16) | 0x40, rounded);
}

#endif
