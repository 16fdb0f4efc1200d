// What all kernels share: reductions, and the only places with inline PTX, each with its emulated twin.
//
// Warp functions need all 32 lanes; block functions need whole warps, and synchronise the block.
#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <math_constants.h>
#include <stdint.h>
#include <string.h>

#ifdef CUSIM
#include "cusim_mma.h"
#else
#define CUDA_KERNEL(name)
#endif

// Dynamic shared memory has this one name in all kernels; its size is the launch's.
extern __shared__ __align__(128) unsigned char smem[];

// The sum over the warp, in every lane; bit for bit the same everywhere.
static __device__ __forceinline__ float warp_sum(float value) {
#ifdef CUSIM
    return cusim::butterfly(value, [](float a, float b) { return a + b; });
#else
#pragma unroll
    for (int lanes = 16; lanes > 0; lanes >>= 1) {
        value += __shfl_xor_sync(0xffffffffu, value, lanes);
    }
    return value;
#endif
}

// The largest value of the warp, in every lane.
static __device__ __forceinline__ float warp_max(float value) {
#ifdef CUSIM
    return cusim::butterfly(value, [](float a, float b) { return fmaxf(a, b); });
#else
#pragma unroll
    for (int lanes = 16; lanes > 0; lanes >>= 1) {
        value = fmaxf(value, __shfl_xor_sync(0xffffffffu, value, lanes));
    }
    return value;
#endif
}

// The sum over a block of one dimension, in every thread.
static __device__ __forceinline__ float block_sum(float value) {
    __shared__ float parts[32];
    int warps = (int)blockDim.x >> 5;
    value = warp_sum(value);
    // A former call's parts may still be read.
    __syncthreads();
    if ((threadIdx.x & 31) == 0) {
        parts[threadIdx.x >> 5] = value;
    }
    __syncthreads();
    float sum = parts[0];
    for (int warp = 1; warp < warps; warp++) {
        sum += parts[warp];
    }
    return sum;
}

// The largest value of a block of one dimension, in every thread.
static __device__ __forceinline__ float block_max(float value) {
    __shared__ float parts[32];
    int warps = (int)blockDim.x >> 5;
    value = warp_max(value);
    // A former call's parts may still be read.
    __syncthreads();
    if ((threadIdx.x & 31) == 0) {
        parts[threadIdx.x >> 5] = value;
    }
    __syncthreads();
    float largest = parts[0];
    for (int warp = 1; warp < warps; warp++) {
        largest = fmaxf(largest, parts[warp]);
    }
    return largest;
}

// Conversions by type, for kernels that are templates of the element type.
static __device__ __forceinline__ float to_float(float value) {
    return value;
}

static __device__ __forceinline__ float to_float(__nv_bfloat16 value) {
    return __bfloat162float(value);
}

static __device__ __forceinline__ float to_float(__half value) {
    return __half2float(value);
}

template <class T>
static __device__ __forceinline__ T from_float(float value);

template <>
__device__ __forceinline__ float from_float<float>(float value) {
    return value;
}

template <>
__device__ __forceinline__ __nv_bfloat16 from_float<__nv_bfloat16>(float value) {
    return __float2bfloat16_rn(value);
}

template <>
__device__ __forceinline__ __half from_float<__half>(float value) {
    return __float2half_rn(value);
}

template <class T>
struct is_bfloat16 {
    static constexpr bool value = false;
};

template <>
struct is_bfloat16<__nv_bfloat16> {
    static constexpr bool value = true;
};

// Two values as one register of a fragment, the first in the low half.
template <class T>
static __device__ __forceinline__ unsigned pack_pair(float first, float second) {
    T low = from_float<T>(first);
    T high = from_float<T>(second);
    unsigned short low_bits;
    unsigned short high_bits;
    memcpy(&low_bits, &low, sizeof low_bits);
    memcpy(&high_bits, &high, sizeof high_bits);
    return (unsigned)low_bits | (unsigned)high_bits << 16;
}

// The difference of two pairs of bfloat16, rounded.
static __device__ __forceinline__ unsigned subtract_pairs(unsigned a, unsigned b) {
    __nv_bfloat162 first;
    __nv_bfloat162 second;
    memcpy(&first, &a, sizeof first);
    memcpy(&second, &b, sizeof second);
    __nv_bfloat162 difference = __hsub2(first, second);
    memcpy(&a, &difference, sizeof a);
    return a;
}

// Two floats as sums of two bfloat16, to 2^-17 of themselves.
static __device__ __forceinline__ void split_pair(float first, float second, unsigned *high, unsigned *low) {
    *high = pack_pair<__nv_bfloat16>(first, second);
    float first_rest = first - __uint_as_float(*high << 16);
    float second_rest = second - __uint_as_float(*high & 0xffff0000u);
    *low = pack_pair<__nv_bfloat16>(first_rest, second_rest);
}

// d[16, 8] += a[16, 16] * b[16, 8] of bfloat16 or float16, accumulated in float32. Layouts: PTX ISA,
// "Matrix Fragments for mma.m16n8k16". T is the type of a and b.
template <class T>
static __device__ __forceinline__ void mma_m16n8k16(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
#ifdef CUSIM
    cusim::mma<T>(d, a, b);
#else
    if constexpr (is_bfloat16<T>::value) {
        asm volatile(
                "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, "
                "{%0,%1,%2,%3};\n"
                : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
                : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
    } else {
        asm volatile(
                "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, "
                "{%0,%1,%2,%3};\n"
                : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
                : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
    }
#endif
}

#ifndef CUSIM
static __device__ __forceinline__ unsigned shared_address(const void *pointer) {
    return (unsigned)__cvta_generic_to_shared(pointer);
}
#endif

// Loads four 8x8 matrices of 16-bit elements; lane 8 * m + r gives the address of row r of matrix m.
static __device__ __forceinline__ void ldmatrix_x4(unsigned (&registers)[4], const void *row) {
#ifdef CUSIM
    cusim::ldmatrix<4, false>(registers, row);
#else
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];\n"
                 : "=r"(registers[0]), "=r"(registers[1]), "=r"(registers[2]), "=r"(registers[3])
                 : "r"(shared_address(row))
                 : "memory");
#endif
}

// As ldmatrix_x4, each matrix transposed.
static __device__ __forceinline__ void ldmatrix_x4_trans(unsigned (&registers)[4], const void *row) {
#ifdef CUSIM
    cusim::ldmatrix<4, true>(registers, row);
#else
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];\n"
                 : "=r"(registers[0]), "=r"(registers[1]), "=r"(registers[2]), "=r"(registers[3])
                 : "r"(shared_address(row))
                 : "memory");
#endif
}

// Loads two matrices; the addresses of lanes 16 to 31 are not used, but must be valid.
static __device__ __forceinline__ void ldmatrix_x2(unsigned (&registers)[2], const void *row) {
#ifdef CUSIM
    cusim::ldmatrix<2, false>(registers, row);
#else
    asm volatile("ldmatrix.sync.aligned.m8n8.x2.shared.b16 {%0,%1}, [%2];\n"
                 : "=r"(registers[0]), "=r"(registers[1])
                 : "r"(shared_address(row))
                 : "memory");
#endif
}

// As ldmatrix_x2, each matrix transposed.
static __device__ __forceinline__ void ldmatrix_x2_trans(unsigned (&registers)[2], const void *row) {
#ifdef CUSIM
    cusim::ldmatrix<2, true>(registers, row);
#else
    asm volatile("ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {%0,%1}, [%2];\n"
                 : "=r"(registers[0]), "=r"(registers[1])
                 : "r"(shared_address(row))
                 : "memory");
#endif
}

// Copies 16 bytes from global to shared memory; done after cp_async_wait and a barrier. Both aligned to 16.
static __device__ __forceinline__ void cp_async16(void *shared, const void *global) {
#ifdef CUSIM
    cusim::copyLater(shared, global, 16, 0);
#else
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16;\n" ::"r"(shared_address(shared)), "l"(global)
                 : "memory");
#endif
}

// As cp_async16; writes zeros and reads nothing where valid is false.
static __device__ __forceinline__ void cp_async16_or_zero(void *shared, const void *global, bool valid) {
#ifdef CUSIM
    cusim::copyLater(shared, global, valid ? 16 : 0, valid ? 0 : 16);
#else
    int bytes = valid ? 16 : 0;
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;\n" ::"r"(shared_address(shared)), "l"(global),
                 "r"(bytes)
                 : "memory");
#endif
}

// Ends a group of copies.
static __device__ __forceinline__ void cp_async_commit() {
#ifdef CUSIM
    cusim::commitCopies();
#else
    asm volatile("cp.async.commit_group;\n" ::: "memory");
#endif
}

// Waits until at most groups_left of this thread's groups are under way.
template <int groups_left>
static __device__ __forceinline__ void cp_async_wait() {
#ifdef CUSIM
    cusim::waitForCopies(groups_left);
#else
    asm volatile("cp.async.wait_group %0;\n" ::"n"(groups_left) : "memory");
#endif
}
