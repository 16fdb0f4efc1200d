// bfloat16 as in NVIDIA's header of this name: what our kernels use of it.
#pragma once

#include "cusim.h"

struct __nv_bfloat16 {
    unsigned short bits;
};

struct alignas(4) __nv_bfloat162 {
    __nv_bfloat16 x, y;
};

static inline float __bfloat162float(__nv_bfloat16 value) {
    return __uint_as_float((unsigned)value.bits << 16);
}

// Rounds to nearest even; every NaN becomes the canonical one, as on the GPU.
static inline __nv_bfloat16 __float2bfloat16_rn(float value) {
    unsigned bits = __float_as_uint(value);
    if ((bits & 0x7fffffffu) > 0x7f800000u) {
        return {0x7fff};
    }
    return {(unsigned short)((bits + 0x7fffu + (bits >> 16 & 1)) >> 16)};
}

static inline __nv_bfloat16 __float2bfloat16(float value) {
    return __float2bfloat16_rn(value);
}

static inline __nv_bfloat162 __floats2bfloat162_rn(float x, float y) {
    return {__float2bfloat16_rn(x), __float2bfloat16_rn(y)};
}

static inline __nv_bfloat162 __halves2bfloat162(__nv_bfloat16 x, __nv_bfloat16 y) {
    return {x, y};
}

static inline float2 __bfloat1622float2(__nv_bfloat162 pair) {
    return {__bfloat162float(pair.x), __bfloat162float(pair.y)};
}

static inline __nv_bfloat162 __hsub2(__nv_bfloat162 a, __nv_bfloat162 b) {
    return {__float2bfloat16_rn(__bfloat162float(a.x) - __bfloat162float(b.x)),
            __float2bfloat16_rn(__bfloat162float(a.y) - __bfloat162float(b.y))};
}

static inline float __low2float(__nv_bfloat162 pair) {
    return __bfloat162float(pair.x);
}

static inline float __high2float(__nv_bfloat162 pair) {
    return __bfloat162float(pair.y);
}

static inline unsigned short __bfloat16_as_ushort(__nv_bfloat16 value) {
    return value.bits;
}

static inline __nv_bfloat16 __ushort_as_bfloat16(unsigned short bits) {
    return {bits};
}
