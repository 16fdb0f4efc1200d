// float16 as in NVIDIA's header of this name: what our kernels use of it.
#pragma once

#include "cusim.h"

// Kept as bits: g++ has no arithmetic on 16-bit floats at every language level and target.
struct __half {
    unsigned short bits;
};

struct alignas(4) __half2 {
    __half x, y;
};

typedef __half half;
typedef __half2 half2;

static inline float __half2float(__half value) {
    unsigned sign = (unsigned)(value.bits & 0x8000u) << 16;
    unsigned rest = value.bits & 0x7fffu;
    if (rest >= 0x7c00u) {
        return __uint_as_float(sign | 0x7f800000u | (rest & 0x3ffu) << 13);
    }
    if (rest >= 0x400u) {
        return __uint_as_float(sign | ((rest << 13) + ((127u - 15u) << 23)));
    }
    float magnitude = (float)rest * 0x1p-24f;
    return __uint_as_float(sign | __float_as_uint(magnitude));
}

// Rounds to nearest even; what is too large becomes infinite, every NaN the canonical one.
static inline __half __float2half_rn(float value) {
    unsigned bits = __float_as_uint(value);
    unsigned sign = bits >> 16 & 0x8000u;
    unsigned rest = bits & 0x7fffffffu;
    if (rest > 0x7f800000u) {
        return {0x7fff};
    }
    if (rest >= 0x477ff000u) {
        return {(unsigned short)(sign | 0x7c00u)};
    }
    if (rest < 0x38800000u) {
        // Adding 0.5 leaves the subnormal, rounded, in the low bits of the sum.
        unsigned sum = __float_as_uint(__uint_as_float(rest) + 0.5f);
        return {(unsigned short)(sign | (sum - 0x3f000000u))};
    }
    unsigned rounded = rest + 0xfffu + (rest >> 13 & 1) - ((127u - 15u) << 23);
    return {(unsigned short)(sign | rounded >> 13)};
}

static inline __half __float2half(float value) {
    return __float2half_rn(value);
}

static inline __half2 __floats2half2_rn(float x, float y) {
    return {__float2half_rn(x), __float2half_rn(y)};
}

static inline __half2 __halves2half2(__half x, __half y) {
    return {x, y};
}

static inline float2 __half22float2(__half2 pair) {
    return {__half2float(pair.x), __half2float(pair.y)};
}

static inline float __low2float(__half2 pair) {
    return __half2float(pair.x);
}

static inline float __high2float(__half2 pair) {
    return __half2float(pair.y);
}

static inline unsigned short __half_as_ushort(__half value) {
    return value.bits;
}

static inline __half __ushort_as_half(unsigned short bits) {
    return {bits};
}
