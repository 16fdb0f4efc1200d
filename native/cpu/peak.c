/*
 * What a level can do at most: arithmetic (chains of one instruction, independent of one another)
 * and reading.
 */
#include "simd.h"

enum { LINES = 4, LINE = 64, STREAM_AHEAD = 1024 };

/* Four lines at a time, `apart` bytes from each other, then those `step` bytes behind them. */
SL_INLINE int64_t read_lines(const char *p, int64_t times, int64_t apart, int64_t step,
                             int64_t ahead) {
    vf sum[LINES];
    SL_UNROLL for (int i = 0; i < LINES; i++) { sum[i] = vf_zero(); }
    for (; times > 0; times--, p += step) {
        SL_UNROLL for (int i = 0; i < LINES; i++) {
            const char *line = p + i * apart;
            if (ahead > 0) {
                __builtin_prefetch(line + ahead, 0, 3);
            }
            SL_UNROLL for (int v = 0; v < LINE / 4; v += VW) {
                sum[i] = vf_add(sum[i], vf_load((const float *)line + v));
            }
        }
    }
    return vf_hsum(vf_add(vf_add(sum[0], sum[1]), vf_add(sum[2], sum[3]))) > 0;
}

int64_t SL_FN(read)(const void *data, int64_t bytes, int64_t order) {
    int64_t times = bytes / (LINES * LINE);
    if (order == SL_READ_IN_ORDER) {
        return read_lines(data, times, LINE, LINES * LINE, SL_PREFETCH);
    }
    return order == SL_READ_STREAMS ? read_lines(data, times, times * LINE, LINE, 0)
                                    : read_lines(data, times, times * LINE, LINE, STREAM_AHEAD);
}

#if SL_LEVEL == 0

int64_t SL_FN(peak)(int64_t format, int64_t rounds) {
    (void)format;
    (void)rounds;
    return 0;
}

#else

enum { CHAINS = 12 };

#if SL_LEVEL == 2
#define REGISTER "%%zmm"
enum { LANES = 16 };
#else
#define REGISTER "%%ymm"
enum { LANES = 8 };
#endif

#define ON(instruction, r) instruction " " REGISTER r ", " REGISTER r ", " REGISTER r "\n\t"

#define RUN(instruction)                                                                           \
    for (int64_t i = 0; i < rounds; i++) {                                                         \
        __asm__ volatile(ON(instruction, "0") ON(instruction, "1") ON(instruction, "2")            \
                         ON(instruction, "3") ON(instruction, "4") ON(instruction, "5")            \
                         ON(instruction, "6") ON(instruction, "7") ON(instruction, "8")            \
                         ON(instruction, "9") ON(instruction, "10") ON(instruction, "11")          \
                         :                                                                         \
                         :                                                                         \
                         : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", \
                           "xmm9", "xmm10", "xmm11");                                              \
    }

static SL_NOINLINE int64_t multiply_floats(int64_t rounds) {
    RUN("vfmadd231ps")
    return rounds * CHAINS * 2 * LANES;
}

#if SL_LEVEL == 2

static SL_NOINLINE int64_t multiply_bf16(int64_t rounds) {
    RUN("vdpbf16ps")
    return rounds * CHAINS * 4 * LANES;
}

static SL_NOINLINE int64_t multiply_bytes(int64_t rounds) {
    RUN("vpdpbusd")
    return rounds * CHAINS * 8 * LANES;
}

#else

static SL_NOINLINE int64_t multiply_bytes(int64_t rounds) {
    RUN("vpmaddubsw")
    return rounds * CHAINS * 8 * LANES;
}

#endif

int64_t SL_FN(peak)(int64_t format, int64_t rounds) {
    __asm__ volatile("vzeroall" ::: "memory");
    int64_t operations;
    if (format >= SL_FORMAT_INT8) {
        operations = multiply_bytes(rounds);
#if SL_LEVEL == 2 && SL_TOP_LEVEL >= 3
    } else if (format == SL_FORMAT_BF16 && sl_use_amx) {
        operations = sl_amx_peak(rounds);
#endif
#if SL_LEVEL == 2
    } else if (format == SL_FORMAT_BF16 && !sl_intel) {
        operations = multiply_bf16(rounds);
#endif
    } else {
        operations = multiply_floats(rounds);
    }
    __asm__ volatile("vzeroupper");
    return operations;
}

#endif
