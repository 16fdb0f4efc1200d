/* The library's entry points: which processor this is, and the calls into its level's kernels. */
#include "kernels.h"

/* The build says which levels it compiles: 0 .. SL_TOP_LEVEL. */
#ifndef SL_TOP_LEVEL
#error "SL_TOP_LEVEL is not defined"
#endif

#if defined(__x86_64__)
#include <cpuid.h>
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif
#endif

/* Struct layouts, as Java writes them. */
#define AT(type, field, offset)                                                                    \
    _Static_assert(offsetof(struct type, field) == (offset), #type "." #field);
AT(sl_matrix, panels, 0)
AT(sl_matrix, format, 8)
AT(sl_matrix, rows, 16)
AT(sl_matrix, cols, 24)
AT(sl_matrix, panel_bytes, 32)
AT(sl_matrix, group, 40)
AT(sl_matrix, scale_bits, 48)
AT(sl_matrix, has_min, 56)
AT(sl_pack_args, dst, 0)
AT(sl_pack_args, src, 64)
AT(sl_pack_args, src_type, 72)
AT(sl_pack_args, rows, 80)
AT(sl_pack_args, row_stride, 88)
AT(sl_pack_args, transposed, 96)
AT(sl_pack_args, row_order, 104)
AT(sl_pack_args, dst_row, 112)
AT(sl_pack_args, first_col, 120)
AT(sl_pack_args, row_scales, 128)
AT(sl_embedding_args, table, 0)
AT(sl_embedding_args, ids, 64)
AT(sl_embedding_args, scale, 72)
AT(sl_embedding_args, out, 80)
AT(sl_embedding_args, out_stride, 88)
AT(sl_prepare_args, x, 0)
AT(sl_prepare_args, x_stride, 8)
AT(sl_prepare_args, cols, 16)
AT(sl_prepare_args, kind, 24)
AT(sl_prepare_args, out, 32)
AT(sl_prepare_args, out_stride, 40)
AT(sl_linear_args, w, 0)
AT(sl_linear_args, x, 64)
AT(sl_linear_args, x_stride, 72)
AT(sl_linear_args, prepared, 80)
AT(sl_linear_args, prepared_stride, 88)
AT(sl_linear_args, n, 96)
AT(sl_linear_args, out, 104)
AT(sl_linear_args, out_stride, 112)
AT(sl_linear_args, streams, 120)
AT(sl_linear_args, parts, 128)
AT(sl_linear_args, ahead_kv, 136)
AT(sl_linear_args, ahead_offsets, 144)
AT(sl_linear_args, ahead_pieces, 152)
AT(sl_linear_args, ahead_apart, 160)
AT(sl_rms_norm_args, x, 0)
AT(sl_rms_norm_args, x_stride, 8)
AT(sl_rms_norm_args, weight, 16)
AT(sl_rms_norm_args, group, 24)
AT(sl_rms_norm_args, cols, 32)
AT(sl_rms_norm_args, eps, 40)
AT(sl_rms_norm_args, out, 48)
AT(sl_rms_norm_args, out_stride, 56)
AT(sl_add_rms_norm_args, residual, 0)
AT(sl_add_rms_norm_args, residual_stride, 8)
AT(sl_add_rms_norm_args, x, 16)
AT(sl_add_rms_norm_args, x_stride, 24)
AT(sl_add_rms_norm_args, weight, 32)
AT(sl_add_rms_norm_args, group, 40)
AT(sl_add_rms_norm_args, cols, 48)
AT(sl_add_rms_norm_args, eps, 56)
AT(sl_add_rms_norm_args, out, 64)
AT(sl_add_rms_norm_args, out_stride, 72)
AT(sl_add_args, x, 0)
AT(sl_add_args, x_stride, 8)
AT(sl_add_args, y, 16)
AT(sl_add_args, y_stride, 24)
AT(sl_add_args, cols, 32)
AT(sl_gated_activation_args, gate_up, 0)
AT(sl_gated_activation_args, gate_up_stride, 8)
AT(sl_gated_activation_args, cols, 16)
AT(sl_gated_activation_args, activation, 24)
AT(sl_gated_activation_args, out, 32)
AT(sl_gated_activation_args, out_stride, 40)
AT(sl_gather_rows_args, x, 0)
AT(sl_gather_rows_args, x_stride, 8)
AT(sl_gather_rows_args, rows, 16)
AT(sl_gather_rows_args, cols, 24)
AT(sl_gather_rows_args, out, 32)
AT(sl_gather_rows_args, out_stride, 40)
AT(sl_argmax_args, x, 0)
AT(sl_argmax_args, x_stride, 8)
AT(sl_argmax_args, cols, 16)
AT(sl_argmax_args, ids, 24)
AT(sl_sample_args, logits, 0)
AT(sl_sample_args, logits_stride, 8)
AT(sl_sample_args, n, 16)
AT(sl_sample_args, input, 24)
AT(sl_sample_args, pool_at, 32)
AT(sl_sample_args, results, 40)
AT(sl_rotary_table_args, positions, 0)
AT(sl_rotary_table_args, frequencies, 8)
AT(sl_rotary_table_args, half, 16)
AT(sl_rotary_table_args, factor, 24)
AT(sl_rotary_table_args, out, 32)
AT(sl_rotary_table_args, out_stride, 40)
AT(sl_rotary_store_args, q, 0)
AT(sl_rotary_store_args, q_stride, 8)
AT(sl_rotary_store_args, k, 16)
AT(sl_rotary_store_args, k_stride, 24)
AT(sl_rotary_store_args, v, 32)
AT(sl_rotary_store_args, v_stride, 40)
AT(sl_rotary_store_args, rotary, 48)
AT(sl_rotary_store_args, rotary_stride, 56)
AT(sl_rotary_store_args, num_heads, 64)
AT(sl_rotary_store_args, num_kv_heads, 72)
AT(sl_rotary_store_args, head_dim, 80)
AT(sl_rotary_store_args, rotary_dim, 88)
AT(sl_rotary_store_args, interleaved, 96)
AT(sl_rotary_store_args, positions, 104)
AT(sl_rotary_store_args, sequences, 112)
AT(sl_rotary_store_args, block_tables, 120)
AT(sl_rotary_store_args, max_blocks, 128)
AT(sl_rotary_store_args, block_size, 136)
AT(sl_rotary_store_args, kv, 144)
AT(sl_rotary_store_args, kv_type, 152)
AT(sl_attention_args, q, 0)
AT(sl_attention_args, q_stride, 8)
AT(sl_attention_args, kv, 16)
AT(sl_attention_args, kv_type, 24)
AT(sl_attention_args, block_size, 32)
AT(sl_attention_args, num_heads, 40)
AT(sl_attention_args, num_kv_heads, 48)
AT(sl_attention_args, head_dim, 56)
AT(sl_attention_args, scale, 64)
AT(sl_attention_args, window, 72)
AT(sl_attention_args, seq_starts, 80)
AT(sl_attention_args, context_lengths, 88)
AT(sl_attention_args, block_tables, 96)
AT(sl_attention_args, max_blocks, 104)
AT(sl_attention_args, tiles, 112)
AT(sl_attention_args, heads_per_unit, 120)
AT(sl_attention_args, out, 128)
AT(sl_attention_args, out_stride, 136)
AT(sl_attention_args, partials, 144)
AT(sl_attention_args, partial_stride, 152)
AT(sl_merge_attention_args, partials, 0)
AT(sl_merge_attention_args, partial_stride, 8)
AT(sl_merge_attention_args, rows, 16)
AT(sl_merge_attention_args, num_heads, 24)
AT(sl_merge_attention_args, head_dim, 32)
AT(sl_merge_attention_args, out, 40)
AT(sl_merge_attention_args, out_stride, 48)
AT(sl_op, function, 0)
AT(sl_op, args, 8)
AT(sl_op, units, 16)
AT(sl_op, chunk, 24)
AT(sl_op, reads, 32)
AT(sl_op, wall_nanos, 40)
AT(sl_op, busy_nanos, 48)
AT(sl_op, groups, 56)
_Static_assert(sizeof(struct sl_matrix) == 64, "sl_matrix");
_Static_assert(sizeof(struct sl_op) == 64, "sl_op");
_Static_assert(sizeof(struct sl_pack_args) == 136, "sl_pack_args");
_Static_assert(sizeof(struct sl_embedding_args) == 96, "sl_embedding_args");
_Static_assert(sizeof(struct sl_prepare_args) == 48, "sl_prepare_args");
_Static_assert(sizeof(struct sl_linear_args) == 168, "sl_linear_args");
_Static_assert(sizeof(struct sl_rms_norm_args) == 64, "sl_rms_norm_args");
_Static_assert(sizeof(struct sl_add_rms_norm_args) == 80, "sl_add_rms_norm_args");
_Static_assert(sizeof(struct sl_add_args) == 40, "sl_add_args");
_Static_assert(sizeof(struct sl_gated_activation_args) == 48, "sl_gated_activation_args");
_Static_assert(sizeof(struct sl_gather_rows_args) == 48, "sl_gather_rows_args");
_Static_assert(sizeof(struct sl_argmax_args) == 32, "sl_argmax_args");
_Static_assert(sizeof(struct sl_sample_args) == 48, "sl_sample_args");
_Static_assert(sizeof(struct sl_rotary_table_args) == 48, "sl_rotary_table_args");
_Static_assert(sizeof(struct sl_rotary_store_args) == 160, "sl_rotary_store_args");
_Static_assert(sizeof(struct sl_attention_args) == 160, "sl_attention_args");
_Static_assert(sizeof(struct sl_merge_attention_args) == 56, "sl_merge_attention_args");

#define DECLARE(op, level) void op##_##level(const struct sl_##op##_args *, int64_t, int64_t);
#define DECLARE_PLAIN(op) DECLARE(op, plain)
#define DECLARE_AVX2(op) DECLARE(op, avx2)
#define DECLARE_AVX512(op) DECLARE(op, avx512)
#define ENTRY_PLAIN(op) .op = op##_plain,
#define ENTRY_AVX2(op) .op = op##_avx2,
#define ENTRY_AVX512(op) .op = op##_avx512,

#define DECLARE_LIMITS(level)                                                                      \
    int64_t peak_##level(int64_t, int64_t);                                                        \
    int64_t read_##level(const void *, int64_t, int64_t);
#define LIMITS(level) .peak = peak_##level, .read = read_##level

SL_OPS(DECLARE_PLAIN)
DECLARE_LIMITS(plain)
#if SL_TOP_LEVEL >= 1
SL_OPS(DECLARE_AVX2)
DECLARE_LIMITS(avx2)
#endif
#if SL_TOP_LEVEL >= 2
SL_OPS(DECLARE_AVX512)
DECLARE_LIMITS(avx512)
#endif

static const struct sl_kernels LEVELS[] = {
    [SL_ISA_PLAIN] = {SL_OPS(ENTRY_PLAIN)LIMITS(plain)},
#if SL_TOP_LEVEL >= 1
    [SL_ISA_AVX2] = {SL_OPS(ENTRY_AVX2)LIMITS(avx2)},
#endif
#if SL_TOP_LEVEL >= 2
    [SL_ISA_AVX512] = {SL_OPS(ENTRY_AVX512)LIMITS(avx512)},
    [SL_ISA_AMX] = {SL_OPS(ENTRY_AVX512)LIMITS(avx512)},
#endif
};

/* Written while loading and by sl_isa_set, when no operation runs. */
static int64_t level;
int sl_intel;
int sl_use_amx;
static const struct sl_kernels *kernels = &LEVELS[SL_ISA_PLAIN];

#if defined(__x86_64__)

static int has(uint32_t bits, uint32_t wanted) { return (bits & wanted) == wanted; }

/* The registers that the operating system saves. */
static uint32_t saved_state(void) {
    uint32_t low, high;
    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low;
}

/*
 * Linux gives the tiles' registers to processes that ask for them. Other systems may not have them
 * or want to be asked in another way.
 */
static int allowed_amx(void) {
#if defined(__linux__)
    const long request_permission = 0x1023, tile_data = 18;
    return syscall(SYS_arch_prctl, request_permission, tile_data) == 0;
#else
    return 0;
#endif
}

/* The highest level of this processor, whether it was compiled or not. */
static int64_t processor_level(void) {
    uint32_t a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d)
        || !has(c, bit_OSXSAVE | bit_AVX | bit_FMA | bit_F16C)) {
        return SL_ISA_PLAIN;
    }
    uint32_t state = saved_state();
    if (!has(state, 0x06) || !__get_cpuid_count(7, 0, &a, &b, &c, &d) || !has(b, bit_AVX2)) {
        return SL_ISA_PLAIN;
    }
    uint32_t avx512 = bit_AVX512F | bit_AVX512BW | bit_AVX512DQ | bit_AVX512VL;
    if (!has(state, 0xe6) || !has(b, avx512) || !has(c, bit_AVX512VNNI) || a < 1) {
        return SL_ISA_AVX2;
    }
    const uint32_t amx = 1u << 22 | 1u << 24 | 1u << 25, bf16 = 1u << 5;
    int has_amx = has(d, amx) && has(state, 0x60000) && allowed_amx();
    if (!__get_cpuid_count(7, 1, &a, &b, &c, &d) || !has(a, bf16)) {
        return SL_ISA_AVX2;
    }
#ifdef SL_EMULATED_TILES
    has_amx = 1;
#endif
    return has_amx ? SL_ISA_AMX : SL_ISA_AVX512;
}

static int is_intel(void) {
    uint32_t a, b = 0, c = 0, d = 0;
    return __get_cpuid(0, &a, &b, &c, &d) && b == signature_INTEL_ebx && c == signature_INTEL_ecx
           && d == signature_INTEL_edx;
}

#else

static int64_t processor_level(void) { return SL_ISA_PLAIN; }

static int is_intel(void) { return 0; }

#endif

int64_t sl_isa_supported(void) { return sl_min(SL_TOP_LEVEL, processor_level()); }

int64_t sl_abi_version(void) { return SL_ABI_VERSION; }

int64_t sl_isa_level(void) { return level; }

int64_t sl_isa_set(int64_t wanted) {
    level = sl_max(SL_ISA_PLAIN, sl_min(wanted, sl_isa_supported()));
    kernels = &LEVELS[level];
    sl_use_amx = level == SL_ISA_AMX;
    return level;
}

__attribute__((constructor)) static void choose_level(void) {
    sl_intel = is_intel();
    sl_isa_set(SL_TOP_LEVEL);
}

const char *sl_isa_name(int64_t which) {
    static const char *const names[] = {"plain", "avx2", "avx512-bf16-vnni", "amx-bf16"};
    return which >= SL_ISA_PLAIN && which <= SL_ISA_AMX ? names[which] : "unknown";
}

int64_t sl_peak(int64_t format, int64_t rounds) { return kernels->peak(format, rounds); }

int64_t sl_read(const void *data, int64_t bytes, int64_t order) {
    return kernels->read(data, bytes, order);
}

int64_t sl_panel_bytes(int64_t format, int64_t cols, int64_t group, int64_t scale_bits,
                       int64_t has_min) {
    int64_t padded = sl_padded(cols);
    int64_t scale_row = SL_PANEL * (scale_bits / 8);
    switch (format) {
        case SL_FORMAT_F32:
            return padded * 128;
        case SL_FORMAT_F16:
        case SL_FORMAT_BF16:
            return padded * 64;
        case SL_FORMAT_INT8:
            return padded / SL_GROUP * (1024 + scale_row * (SL_GROUP / group + has_min));
        case SL_FORMAT_INT8_ROW:
            return padded * SL_PANEL + scale_row;
        default:
            return padded / SL_GROUP * (512 + scale_row * (1 + has_min));
    }
}

int64_t sl_prepared_stride(int64_t kind, int64_t cols) {
    int64_t padded = sl_padded(cols);
    int64_t groups = padded / SL_GROUP;
    switch (kind) {
        case SL_PREPARED_BF16:
            return sl_round_up(2 * padded, 64);
        case SL_PREPARED_INT8:
            return sl_round_up(padded + 24 * groups, 64);
        default:
            return sl_round_up(padded + 8, 64);
    }
}

int64_t sl_fetches_keys(void) { return level == SL_ISA_AVX512 && !sl_intel; }

static int is_float(int64_t format) { return format == SL_FORMAT_F32 || format == SL_FORMAT_F16; }

int64_t sl_linear_streams(int64_t format) {
    int in_streams = !is_float(format) && format != SL_FORMAT_INT8_ROW;
    return level == SL_ISA_AVX2 && in_streams ? SL_STREAMS : 1;
}

int64_t sl_linear_part_rows(int64_t format) {
    return level == SL_ISA_AVX512 && !is_float(format) ? SL_PART_ROWS : 0;
}

int64_t sl_attention_segment(void) { return SL_ATTENTION_SEGMENT; }

int64_t sl_attention_by_tiles(int64_t block_size, int64_t head_dim) {
    return sl_use_amx && sl_tiled_attention(SL_BF16, block_size, head_dim);
}

int64_t sl_attention_tile(int64_t heads_per_unit, int64_t by_tiles) {
    return sl_max(1, (by_tiles ? SL_TILED_ROWS : SL_ATTENTION_ROWS) / heads_per_unit);
}

#define FORWARD(op)                                                                                \
    void sl_##op(const struct sl_##op##_args *args, int64_t begin, int64_t end) {                  \
        kernels->op(args, begin, end);                                                             \
    }
SL_OPS(FORWARD)
