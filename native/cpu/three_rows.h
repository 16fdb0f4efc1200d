/*
 * Sums of products for three rows and four vectors with AVX2. With 12 sums all 16 registers are in
 * use, for which compilers find no order without moving sums to and from memory.
 */
#ifndef SLUICE_THREE_ROWS_H
#define SLUICE_THREE_ROWS_H

#include "simd.h"

#if SL_LEVEL == 1

#define SL_INPUTS_3(at)                                                                            \
    "vbroadcastss " at "(%[x]), %%ymm12\n\t"                                                       \
    "vbroadcastss " at "(%[x], %[row]), %%ymm13\n\t"                                               \
    "vbroadcastss " at "(%[x], %[row], 2), %%ymm14\n\t"
#define SL_MEET(v)                                                                                 \
    "vfmadd231ps %%ymm15, %%ymm12, %[a" v "]\n\t"                                                  \
    "vfmadd231ps %%ymm15, %%ymm13, %[b" v "]\n\t"                                                  \
    "vfmadd231ps %%ymm15, %%ymm14, %[c" v "]\n\t"

#define SL_SUMS_OF_ROW(name, sum)                                                                  \
    [name##0] "+x"((sum)[0]), [name##1] "+x"((sum)[1]), [name##2] "+x"((sum)[2]),                  \
        [name##3] "+x"((sum)[3])
#define SL_ADD_3X4(instructions, sum, apart, x, x_stride, w)                                       \
    __asm__(instructions                                                                           \
            : SL_SUMS_OF_ROW(a, sum), SL_SUMS_OF_ROW(b, (sum) + (apart)),                          \
              SL_SUMS_OF_ROW(c, (sum) + 2 * (apart))                                               \
            : [x] "r"(x), [row] "r"(4 * (x_stride)), [w] "r"(w)                                    \
            : "xmm12", "xmm13", "xmm14", "xmm15", "memory")

#define SL_LOW_HALF(v) "vmovdqu " v "(%[w]), %%ymm15\n\tvpslld $16, %%ymm15, %%ymm15\n\t"
#define SL_HIGH_HALF(v)                                                                            \
    "vpxor %%xmm15, %%xmm15, %%xmm15\n\tvpblendw $0xaa, " v "(%[w]), %%ymm15, %%ymm15\n\t"
#define SL_ALL_MEET(HALF)                                                                          \
    HALF("0") SL_MEET("0") HALF("32") SL_MEET("1") HALF("64") SL_MEET("2") HALF("96") SL_MEET("3")

/*
 * sum[r * apart + v] += x[r * x_stride] * low[v] + x[r * x_stride + 1] * high[v] for rows r and
 * vectors v, where w holds 32 pairs of bfloat16, low and high.
 */
SL_INLINE void sl_add_pairs_3x4(vf *sum, int apart, const float *x, int64_t x_stride,
                                const void *w) {
    SL_ADD_3X4(SL_INPUTS_3("0") SL_ALL_MEET(SL_LOW_HALF) SL_INPUTS_3("4") SL_ALL_MEET(SL_HIGH_HALF),
               sum, apart, x, x_stride, w);
}

/*
 * Pairs first .. end - 1 of bfloat16 in rows of 32, which are `stride` pairs apart, as float32: rows
 * of 32 as well, those of the low halves and of the high ones in turns.
 */
SL_INLINE void sl_widen_pairs(const void *pairs, int64_t stride, int64_t first, int64_t end,
                              float *w) {
    enum { WIDTH = 32 };
    for (int64_t k = first; k < end; k++) {
        SL_UNROLL for (int v = 0; v < WIDTH; v += VW) {
            vi both = vi_load((const uint32_t *)pairs + k * stride + v);
            vf_store(w + 2 * k * WIDTH + v, vf_bf16_low(both));
            vf_store(w + (2 * k + 1) * WIDTH + v, vf_bf16_high(both));
        }
    }
}

enum { SL_FLOATS_STEP = 8 };

#define SL_FLOATS_OF(k, v) "vmovups 128*" #k "+32*" v "(%[w]), %%ymm15\n\t" SL_MEET(v)
#define SL_FLOATS(k)                                                                               \
    SL_INPUTS_3("4*" #k)                                                                           \
    SL_FLOATS_OF(k, "0") SL_FLOATS_OF(k, "1") SL_FLOATS_OF(k, "2") SL_FLOATS_OF(k, "3")

/* sum[r * apart + v] += x[r * x_stride + k] * w[32 * k + 8 * v ..] for SL_FLOATS_STEP inputs k. */
SL_INLINE void sl_add_floats_3x4(vf *sum, int apart, const float *x, int64_t x_stride,
                                 const float *w) {
    SL_ADD_3X4(SL_FLOATS(0) SL_FLOATS(1) SL_FLOATS(2) SL_FLOATS(3) SL_FLOATS(4) SL_FLOATS(5)
                   SL_FLOATS(6) SL_FLOATS(7),
               sum, apart, x, x_stride, w);
}

#endif
#endif
