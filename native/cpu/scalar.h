/* Conversions of single numbers, exact at every level. */
#ifndef SLUICE_SCALAR_H
#define SLUICE_SCALAR_H

#include "kernels.h"

SL_INLINE uint32_t bits_of(float f) {
    uint32_t u;
    memcpy(&u, &f, sizeof u);
    return u;
}

SL_INLINE float float_of(uint32_t u) {
    float f;
    memcpy(&f, &u, sizeof f);
    return f;
}

SL_INLINE float bf16_to_f32(uint16_t b) { return float_of((uint32_t)b << 16); }

/* To nearest even; NaN stays NaN. */
SL_INLINE uint16_t f32_to_bf16(float f) {
    uint32_t u = bits_of(f);
    if ((u & 0x7fffffffu) > 0x7f800000u) {
        return (uint16_t)((u >> 16) | 0x40u);
    }
    return (uint16_t)((u + 0x7fffu + ((u >> 16) & 1u)) >> 16);
}

SL_INLINE float f16_to_f32(uint16_t h) {
    uint32_t magnitude = (uint32_t)(h & 0x7fffu) << 13;
    /* 2^112 moves the exponent's bias from 15 to 127; subnormal numbers come out right too. */
    uint32_t u = bits_of(float_of(magnitude) * 0x1p112f);
    if (magnitude >= 0x0f800000u) {
        u = magnitude | 0x7f800000u;
    }
    return float_of(u | (uint32_t)(h & 0x8000u) << 16);
}

/* To nearest even; overflow becomes infinity, NaN stays NaN. */
SL_INLINE uint16_t f32_to_f16(float f) {
    uint32_t u = bits_of(f);
    uint32_t sign = (u >> 16) & 0x8000u;
    uint32_t a = u & 0x7fffffffu;
    if (a > 0x7f800000u) {
        return (uint16_t)(sign | 0x7e00u | ((a >> 13) & 0x3ffu));
    }
    if (a >= 0x477ff000u) { /* 65520 and more */
        return (uint16_t)(sign | 0x7c00u);
    }
    if (a < 0x38800000u) { /* below 2^-14: the sum's last bit is worth 2^-24 */
        return (uint16_t)(sign | (bits_of(float_of(a) + 0.5f) - 0x3f000000u));
    }
    return (uint16_t)(sign | ((a - 0x38000000u + 0xfffu + ((a >> 13) & 1u)) >> 13));
}

#endif
