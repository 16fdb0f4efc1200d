// Rows of packed weights: the twin of RowLayout.java.
//
// A row of floats is w[cols]. A row of integers is codes[padded cols], scales[padded cols / group],
// minima[padded cols / 32], padded to whole groups of 32 columns; w = scale * code + minimum. Rows
// begin at multiples of 16 bytes and are `row_bytes` apart.
#pragma once

#include "common.cuh"

// Where the rows of a matrix of integers lie.
struct PackedRows {
    const unsigned char *data;
    long long row_bytes;
    int scale_offset;
    int min_offset;
    int rows;
    int cols;
};

static __device__ __forceinline__ int padded_cols(int cols) {
    return (cols + 31) / 32 * 32;
}

// A number from 0 to 255 as a float, by the bits of 2^23: conversions are slow on GPUs. `zero` is
// what stands for 0.
static __device__ __forceinline__ float small_float(unsigned number, int zero) {
    return __uint_as_float(number | 0x4b000000u) - (float)(0x800000 + zero);
}

// A format of integers. Sixteen bytes of codes never cross a scale's group.
template <int code_bits, int group, class Scale, bool with_min>
struct Integers {
    using ScaleType = Scale;
    static constexpr int bits = code_bits;
    static constexpr int group_size = group;
    static constexpr bool has_min = with_min;
    // Codes in 16 bytes.
    static constexpr int per_load = 128 / code_bits;

    static __device__ __forceinline__ float scale(const unsigned char *row, const PackedRows &w, int k) {
        return to_float(((const Scale *)(row + w.scale_offset))[k / group]);
    }

    static __device__ __forceinline__ float minimum(const unsigned char *row, const PackedRows &w, int k) {
        return with_min ? to_float(((const Scale *)(row + w.min_offset))[k / 32]) : 0.0f;
    }

    // Bytes from the beginning of a row to the code of column k, which is even.
    static __device__ __forceinline__ int offset(int k) {
        return k * code_bits / 8;
    }

    // Part s of 16 bytes of codes: eight weights. The product is exact but for groups of 16, so a
    // fused sum changes nothing.
    static __device__ __forceinline__ void weights(uint4 codes, int s, float scale, float min, float (&w)[8]) {
        const unsigned words[4] = {codes.x, codes.y, codes.z, codes.w};
        if constexpr (code_bits == 8) {
#pragma unroll
            for (int i = 0; i < 8; i++) {
                // A signed byte plus 128.
                unsigned word = words[2 * s + i / 4] ^ 0x80808080u;
                w[i] = scale * small_float(word >> (i % 4 * 8) & 255u, 128);
            }
        } else {
#pragma unroll
            for (int i = 0; i < 8; i++) {
                w[i] = scale * small_float(words[s] >> (4 * i) & 15u, with_min ? 0 : 8);
            }
        }
        if constexpr (with_min) {
#pragma unroll
            for (int i = 0; i < 8; i++) {
                w[i] += min;
            }
        }
    }
};

// The formats that WeightFormat.java makes of its sources.
using Int8 = Integers<8, 32, __half, false>;
using Int8Min = Integers<8, 32, __half, true>;
using Int8Min32 = Integers<8, 32, float, true>;
using Int8Group16 = Integers<8, 16, float, false>;
using Int4 = Integers<4, 32, __half, false>;
using Int4Min = Integers<4, 32, __half, true>;
using Int4Min32 = Integers<4, 32, float, true>;

// MACRO(suffix of the kernel, format) for each.
#define FOR_INTEGERS(MACRO)          \
    MACRO(int8, Int8)                \
    MACRO(int8_min, Int8Min)         \
    MACRO(int8_min32, Int8Min32)     \
    MACRO(int8_group16, Int8Group16) \
    MACRO(int4, Int4)                \
    MACRO(int4_min, Int4Min)         \
    MACRO(int4_min32, Int4Min32)
