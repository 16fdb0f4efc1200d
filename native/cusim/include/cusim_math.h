// Intrinsics and device functions of CUDA's maths library that the C library has not.
#pragma once

#include <algorithm>

using std::max;
using std::min;

namespace cusim {

// As the C library's, which is a call: the number where the other is none.
static inline float maximum(float a, float b) {
    return a > b || b != b ? a : b;
}

static inline float minimum(float a, float b) {
    return a < b || b != b ? a : b;
}

}  // namespace cusim

#define fmaxf(a, b) cusim::maximum(a, b)
#define fminf(a, b) cusim::minimum(a, b)

static inline float rsqrtf(float x) {
    return 1.0f / sqrtf(x);
}

// The C library declares these names, so they can't be functions of ours.
#define __expf(x) expf((float)(x))
#define __logf(x) logf((float)(x))
#define __log2f(x) log2f((float)(x))
#define __sinf(x) sinf((float)(x))
#define __cosf(x) cosf((float)(x))
#define __powf(x, y) powf((float)(x), (float)(y))

static inline float __fdividef(float a, float b) {
    return a / b;
}

static inline float __frcp_rn(float x) {
    return 1.0f / x;
}

static inline float __fsqrt_rn(float x) {
    return sqrtf(x);
}

static inline float __frsqrt_rn(float x) {
    return 1.0f / sqrtf(x);
}

static inline float __fadd_rn(float a, float b) {
    return a + b;
}

static inline float __fmul_rn(float a, float b) {
    return a * b;
}

static inline float __fdiv_rn(float a, float b) {
    return a / b;
}

static inline float __saturatef(float x) {
    return x > 0.0f ? (x < 1.0f ? x : 1.0f) : 0.0f;
}

static inline unsigned __float_as_uint(float value) {
    unsigned bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static inline int __float_as_int(float value) {
    return (int)__float_as_uint(value);
}

static inline float __uint_as_float(unsigned bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static inline float __int_as_float(int bits) {
    return __uint_as_float((unsigned)bits);
}

static inline int __float2int_rn(float x) {
    return (int)rintf(x);
}

static inline int __float2int_rz(float x) {
    return (int)x;
}

static inline float __int2float_rn(int x) {
    return (float)x;
}

static inline float __uint2float_rn(unsigned x) {
    return (float)x;
}

static inline int __popc(unsigned x) {
    return __builtin_popcount(x);
}

static inline int __popcll(unsigned long long x) {
    return __builtin_popcountll(x);
}

static inline int __ffs(int x) {
    return __builtin_ffs(x);
}

static inline int __clz(int x) {
    return x != 0 ? __builtin_clz((unsigned)x) : 32;
}

static inline unsigned __brev(unsigned x) {
    unsigned reversed = 0;
    for (int i = 0; i < 32; i++) {
        reversed = reversed << 1 | (x >> i & 1);
    }
    return reversed;
}

static inline unsigned __umulhi(unsigned a, unsigned b) {
    return (unsigned)((unsigned long long)a * b >> 32);
}

static inline int __mulhi(int a, int b) {
    return (int)((long long)a * b >> 32);
}

static inline unsigned long long __umul64hi(unsigned long long a, unsigned long long b) {
    return (unsigned long long)((unsigned __int128)a * b >> 64);
}

// Picks four of the eight bytes of a and b (a's are the low ones) by the nibbles of selector.
static inline unsigned __byte_perm(unsigned a, unsigned b, unsigned selector) {
    unsigned long long bytes = (unsigned long long)b << 32 | a;
    unsigned result = 0;
    for (int i = 0; i < 4; i++) {
        unsigned nibble = selector >> (4 * i);
        unsigned byte = (unsigned)(bytes >> (8 * (nibble & 7))) & 0xff;
        if (nibble & 8) {
            byte = byte & 0x80 ? 0xff : 0;
        }
        result |= byte << (8 * i);
    }
    return result;
}

// The dot product of four signed bytes each, added to c.
static inline int __dp4a(int a, int b, int c) {
    for (int i = 0; i < 4; i++) {
        c += (int)(signed char)(a >> (8 * i)) * (int)(signed char)(b >> (8 * i));
    }
    return c;
}

template <class T>
static inline T __ldg(const T *address) {
    return *address;
}

template <class T>
static inline T __ldcs(const T *address) {
    return *address;
}

template <class T>
static inline void __stcs(T *address, T value) {
    *address = value;
}
