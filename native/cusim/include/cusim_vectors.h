// CUDA's built-in vector types, with their alignment.
#pragma once

struct uint3 {
    unsigned x, y, z;
};

struct dim3 {
    unsigned x, y, z;

    dim3(unsigned x = 1, unsigned y = 1, unsigned z = 1) : x(x), y(y), z(z) {}
};

#define CUSIM_VECTOR2(T, name, bytes)           \
    struct alignas(bytes) name {                \
        T x, y;                                 \
    };                                          \
    static inline name make_##name(T x, T y) {  \
        return {x, y};                          \
    }
#define CUSIM_VECTOR4(T, name, bytes)                     \
    struct alignas(bytes) name {                          \
        T x, y, z, w;                                     \
    };                                                    \
    static inline name make_##name(T x, T y, T z, T w) {  \
        return {x, y, z, w};                              \
    }

CUSIM_VECTOR2(signed char, char2, 2)
CUSIM_VECTOR4(signed char, char4, 4)
CUSIM_VECTOR2(unsigned char, uchar2, 2)
CUSIM_VECTOR4(unsigned char, uchar4, 4)
CUSIM_VECTOR2(short, short2, 4)
CUSIM_VECTOR4(short, short4, 8)
CUSIM_VECTOR2(unsigned short, ushort2, 4)
CUSIM_VECTOR4(unsigned short, ushort4, 8)
CUSIM_VECTOR2(int, int2, 8)
CUSIM_VECTOR4(int, int4, 16)
CUSIM_VECTOR2(unsigned, uint2, 8)
CUSIM_VECTOR4(unsigned, uint4, 16)
CUSIM_VECTOR2(long long, longlong2, 16)
CUSIM_VECTOR2(unsigned long long, ulonglong2, 16)
CUSIM_VECTOR2(float, float2, 8)
CUSIM_VECTOR4(float, float4, 16)
CUSIM_VECTOR2(double, double2, 16)

#undef CUSIM_VECTOR2
#undef CUSIM_VECTOR4
