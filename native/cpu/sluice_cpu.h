/*
 * The native kernels of Sluice's CPU device: the contract between Java (dev.sluice.compute.cpu)
 * and C.
 *
 * Calls. Every operation is
 *
 *     void sl_OP(const struct sl_OP_args *args, int64_t begin, int64_t end);
 *
 * and does the work units [begin, end) of the operation; the comment above each struct says what a
 * unit is and how many there are. Units are independent: threads may take them in any order and in
 * any partition, and every bit of the result is the same. Kernels start no threads, allocate
 * nothing, keep nothing and check nothing: shapes are the caller's duty.
 *
 * Structs. Every field is 8 bytes wide (pointer, int64_t or double), so field i lies at offset
 * 8 * i; the offsets are written beside the fields and asserted in dispatch.c. A nested struct
 * sl_matrix is 8 fields (64 bytes).
 *
 * Tensors. "f32 [n, c], stride s" is row-major float32 whose rows begin s elements apart (s >= c).
 * Activations need no alignment. Panels and prepared rows begin at a multiple of 64 bytes.
 *
 * Results. One output value is computed in the same order of additions whatever the number of rows
 * and whichever unit it belongs to: batched equals single, bit for bit, at one ISA level. Levels
 * agree with one another and with the plain Java twin within rounding; the operations marked
 * "exact" agree bit for bit.
 */
#ifndef SLUICE_CPU_H
#define SLUICE_CPU_H

#include <stdint.h>

#if defined(__GNUC__)
#define SL_API __attribute__((visibility("default")))
#else
#define SL_API
#endif

/* Changes whenever a struct, a layout or the meaning of a call changes. */
#define SL_ABI_VERSION 11

/* ISA levels; each includes the ones below it. */
enum {
    SL_ISA_PLAIN = 0,  /* portable C */
    SL_ISA_AVX2 = 1,   /* AVX2, FMA, F16C */
    SL_ISA_AVX512 = 2, /* AVX-512 F, BW, DQ, VL, VNNI and BF16 */
    SL_ISA_AMX = 3     /* AMX TILE, BF16 and INT8 */
};

/* SL_ABI_VERSION of the library. */
SL_API int64_t sl_abi_version(void);

/* The highest level that this processor and operating system can run. */
SL_API int64_t sl_isa_supported(void);

/* The level in use; the highest supported one after loading. */
SL_API int64_t sl_isa_level(void);

/*
 * Chooses the level of all later calls (clamped to 0 .. sl_isa_supported()) and returns it. For
 * tests and start-up: call while no operation runs.
 */
SL_API int64_t sl_isa_set(int64_t level);

/* A static C string: "plain", "avx2", "avx512-bf16-vnni" or "amx-bf16"; "unknown" for any other number. */
SL_API const char *sl_isa_name(int64_t level);

/*
 * Does nothing but arithmetic, with the fastest instruction that the level's kernels have for a
 * SL_FORMAT_*: for measuring what share of it they reach. Returns the number of operations done
 * (a multiplication and an addition are two), in proportion to `rounds`; 0 at level "plain".
 */
SL_API int64_t sl_peak(int64_t format, int64_t rounds);

/* Orders of reading: from the first line to the last, or four streams in turns. */
enum { SL_READ_IN_ORDER, SL_READ_STREAMS, SL_READ_STREAMS_AHEAD };

/*
 * Does nothing but read memory, for the same purpose, in an order SL_READ_*; in the first and the
 * last what comes next is fetched ahead by software. The result says whether the sum of the bytes,
 * taken as float32, is positive. data begins at a multiple of 64.
 */
SL_API int64_t sl_read(const void *data, int64_t bytes, int64_t order);

/* ------------------------------------------------------------------------------- element types */

/*
 * Types of rows in files and of the key/value cache; Q4_0 to Q6_K are GGUF's blocks. I8 are signed
 * bytes whose scales, one float32 a row, lie elsewhere; a row is a whole number of groups of 32.
 */
enum {
    SL_F32 = 0,
    SL_F16 = 1,
    SL_BF16 = 2,
    SL_Q4_0 = 3,
    SL_Q4_1 = 4,
    SL_Q5_0 = 5,
    SL_Q5_1 = 6,
    SL_Q8_0 = 7,
    SL_Q4_K = 8,
    SL_Q5_K = 9,
    SL_Q6_K = 10,
    SL_I8 = 11
};

/* Number formats of packed matrices. */
enum {
    SL_FORMAT_F32 = 0,
    SL_FORMAT_F16 = 1,
    SL_FORMAT_BF16 = 2,
    SL_FORMAT_INT8 = 3,
    SL_FORMAT_INT4 = 4,
    SL_FORMAT_INT8_ROW = 5
};

/* ------------------------------------------------------------------------------ packed matrices
 *
 * A packed matrix holds W [rows, cols] (outputs by inputs, out = x W^T) as ceil(rows / 32) panels
 * of 32 outputs, one after the other; a panel is one contiguous stream that holds its scales too.
 * cols is padded to C = 32 * ceil(cols / 32). Padding (outputs beyond rows, inputs beyond cols) is
 * whatever the memory held before packing: the caller hands over ZEROED memory. Let
 *
 *     n = output within the panel, 0..31       k = input, 0..C-1       g = k / 32, i = k % 32
 *
 * F32   panel: float32 [C][32]                 w(n, k) at element k * 32 + n
 * F16   panel: float16 [C][32]                 w(n, k) at element k * 32 + n
 * BF16  panel: bfloat16 [C / 2][32][2]         w(n, k) at element (k / 2) * 64 + n * 2 + k % 2
 *
 * INT8  panel: C / 32 blocks, block g =        S = 2 or 4 bytes (scale_bits / 8), little-endian
 *         scales  [32 / group][32]  f16 or f32   scale of (n, i) at S * ((i / group) * 32 + n)
 *         mins    [32]              same type    only with has_min (then group is 32), at S * n
 *         codes   [8][32][4]        uint8        code of (n, i) at (i / 4) * 128 + n * 4 + i % 4
 *       q = code - 128, -128..127;  w = scale * q, or scale * q + min
 *
 * INT4  panel: C / 32 blocks, block g =
 *         scales  [32]              f16 or f32   at S * n
 *         mins    [32]              same type    only with has_min, at S * n
 *         codes   [4][32][4]        uint8        byte of (n, i) at (i / 8) * 128 + n * 4 + i % 4;
 *                                                low nibble when i % 8 < 4, else high nibble
 *       without min: q = nibble - 8, w = scale * q;  with min: q = nibble, w = scale * q + min
 *
 * INT8_ROW panel:
 *         codes   [C / 4][32][4]    uint8        code of (n, k) at (k / 4) * 128 + n * 4 + k % 4
 *         scales  [32]              f32          at 32 * C + 4 * n
 *       q = code - 128;  w = scale * q
 *
 * group is 32 or 16 for INT8 (16: no min), 32 for INT4. The product scale * q is exact in float32
 * and the sum is rounded once, so w is ggml's dequantised value, bit for bit.
 *
 * Formats that keep a source's precision (SOURCE packing):
 *
 *   F32, F16, BF16   the same type                     Q8_0   INT8 group 32, f16
 *   Q4_0             INT4, f16                         Q5_0   INT8 group 32, f16
 *   Q4_1             INT4, f16, min                    Q5_1   INT8 group 32, f16, min
 *   Q4_K             INT4, f32, min (= -dmin * m)      Q5_K   INT8 group 32, f32, min
 *   I8               INT8_ROW                          Q6_K   INT8 group 16, f32
 */
struct sl_matrix {
    void *panels;        /*  0 */
    int64_t format;      /*  8  SL_FORMAT_* */
    int64_t rows;        /* 16  outputs, without padding */
    int64_t cols;        /* 24  inputs, without padding */
    int64_t panel_bytes; /* 32  from one panel to the next: sl_panel_bytes */
    int64_t group;       /* 40  INT8: 32 or 16; INT4: 32; else 0 */
    int64_t scale_bits;  /* 48  INT8, INT4: 16 or 32; else 0 */
    int64_t has_min;     /* 56  INT8, INT4: 0 or 1; else 0 */
};

/*
 * Bytes of one panel, a multiple of 64:
 *   F32 C * 128;  F16 and BF16 C * 64;
 *   INT8 (C / 32) * (1024 + 32 * S * (32 / group + has_min));
 *   INT4 (C / 32) * (512 + 32 * S * (1 + has_min));
 *   INT8_ROW C * 32 + 128.
 */
SL_API int64_t sl_panel_bytes(int64_t format, int64_t cols, int64_t group, int64_t scale_bits,
                              int64_t has_min);

/*
 * Packs the rows of one source below one another into a matrix. Unit: a panel of the MATRIX; a part
 * concerns the panels dst_row / 32 .. (dst_row + rows - 1) / 32. Two parts that share a panel may
 * be packed at the same time (they write different bytes). Exact.
 *
 * Any source type goes into F32, F16 (round to nearest even), BF16 (round to nearest even), INT8
 * and INT4. Into its own SOURCE format, as listed above (with exactly these group, scale_bits and
 * has_min), the codes and scales are carried over. Otherwise the row is dequantised to float32 and
 *   INT8 (group 32, f16, no min):  d = f16(max|w| / 127), q = clamp(rint(w * (1 / d)), -127, 127)
 *   INT4 (f16, no min):            d = f16(m / -8) with m the value of largest magnitude (the
 *                                  first of equals), q = clamp(rint(w * (1 / d)), -8, 7)
 * per group of 32, where f16() rounds to nearest even, rint to nearest even, 1 / d is a float32
 * and all q are 0 when d is 0. Inputs beyond cols count as 0. No other INT8 or INT4 target exists,
 * and only I8 goes into INT8_ROW.
 */
struct sl_pack_args {
    struct sl_matrix dst;     /*   0 */
    const void *src;          /*  64  first block of stored row 0 */
    int64_t src_type;         /*  72  SL_F32 .. SL_I8 */
    int64_t rows;             /*  80  logical rows of this part */
    int64_t row_stride;       /*  88  elements between stored rows (transposed: between the stored
                                      rows of [cols, rows]); a whole number of blocks */
    int64_t transposed;       /*  96  1: stored as [cols, rows]; F32, F16 and BF16 only */
    const int32_t *row_order; /* 104  logical row r of the part is stored row row_order[r]; or NULL */
    int64_t dst_row;          /* 112  row of dst that receives logical row 0 of the part */
    int64_t first_col;        /* 120  elements of each stored row before column 0; a multiple of 32;
                                      0 for F32, F16 and BF16 */
    const float *row_scales;  /* 128  I8: of each stored row; else not read */
};
SL_API void sl_pack(const struct sl_pack_args *args, int64_t begin, int64_t end);

/*
 * Looks rows up: out[t] = scale * W[ids[t]], or zeros where ids[t] is negative. Unit: a token t.
 * Exact (the product by scale is one float32 multiplication of the dequantised weight).
 */
struct sl_embedding_args {
    struct sl_matrix table; /*   0 */
    const int32_t *ids;     /*  64  int32 [tokens], each below table.rows */
    double scale;           /*  72  used as float32 */
    float *out;             /*  80  f32 [tokens, table.cols] */
    int64_t out_stride;     /*  88 */
};
SL_API void sl_embedding(const struct sl_embedding_args *args, int64_t begin, int64_t end);

/* ---------------------------------------------------------------------------------------- linear
 *
 * Activations are prepared once per input and used by any number of matrices:
 *   F32 and F16 matrices read the float32 activations themselves;
 *   BF16 matrices read prepared BF16 rows; INT8 and INT4 matrices read prepared INT8 rows;
 *   INT8_ROW matrices read prepared INT8_ROW rows.
 *
 * Prepared rows, C = 32 * ceil(cols / 32), G = C / 32; values beyond cols are 0:
 *
 * BF16  bfloat16 [C], rounded to nearest even (NaN stays NaN)
 *
 * INT8  quantised per group of 32, symmetric: m = max|x| of what is a number (a NaN has any q);
 *       when m < 1e-30 all is 0, else
 *       scale = m / 127, q = rint(x * (127 / m)) in float32, to nearest even. One row is
 *         at 0           int8    q      [C]
 *         at C           float32 scale  [G]
 *         at C + 4 G     int32   start8 [G]      -128 * sum of the group's q
 *         at C + 8 G     int32   start4 [G]      -8 * sum of the group's q
 *         at C + 12 G    float32 wsum   [G]      scale * (float) sum of the group's q
 *         at C + 16 G    int32   half8  [G][2]   -128 * sum of q over inputs 0..15 and 16..31
 *
 * INT8_ROW  the same with the whole row as one group, m being its largest magnitude:
 *         at 0           int8    q      [C]
 *         at C           float32 scale
 *         at C + 4       int32   start  -128 * sum of q
 *
 * Row stride in bytes: sl_prepared_stride, a multiple of 64.
 */
enum { SL_PREPARED_BF16 = 0, SL_PREPARED_INT8 = 1, SL_PREPARED_INT8_ROW = 2 };

/* Bytes from one prepared row to the next: 2 C, C + 24 G or C + 8, in whole 64. */
SL_API int64_t sl_prepared_stride(int64_t kind, int64_t cols);

/* Unit: a row. Exact. */
struct sl_prepare_args {
    const float *x;     /*  0  f32 [n, cols] */
    int64_t x_stride;   /*  8 */
    int64_t cols;       /* 16 */
    int64_t kind;       /* 24  SL_PREPARED_* */
    void *out;          /* 32 */
    int64_t out_stride; /* 40  bytes, sl_prepared_stride */
};
SL_API void sl_prepare(const struct sl_prepare_args *args, int64_t begin, int64_t end);

/* Bytes of a piece of keys and values that a product fetches. */
enum { SL_PIECE = 4096 };

/*
 * out = x W^T. Unit: a panel of 32 outputs, all n rows of x. With more than one stream q units are
 * as many panels, u, q + u, 2 q + u .., where q = whole panels / streams; those that are left are a
 * unit each, spread evenly: of all U units r are such, and before unit i come i r / U (rounded down)
 * of them. With more than one part of the rows, and one stream, P panels are parts * P units: unit i
 * is panel i % P and rows [n p / parts, n (p + 1) / parts) with p = i / P. Nothing is written beyond
 * column w.rows of out.
 *
 * F32, F16: float32 products of w (as float32) and x, added over k = 0, 1, ... in one chain.
 * BF16: products of bfloat16 values, float32 accumulation, k in order (in pairs on AVX-512).
 * INT8, INT4: per group the exact integer t = sum of q_w * q_x; then, group by group,
 *     acc = acc + t * (scale_w * scale_x)   and with has_min   acc = acc + min_w * wsum_x.
 *   (group 16: two such steps per group of 32, both with the group's scale_x.)
 * INT8_ROW: t * (scale_w * scale_x) with the exact integer t = sum of q_w * q_x over all inputs, at
 *   most 65,536. Exact.
 */
struct sl_linear_args {
    struct sl_matrix w;      /*   0 */
    const float *x;          /*  64  f32 [n, w.cols]; read for F32 and F16 only */
    int64_t x_stride;        /*  72 */
    const void *prepared;    /*  80  prepared rows; not read for F32 and F16 */
    int64_t prepared_stride; /*  88  bytes */
    int64_t n;               /*  96  rows of x */
    float *out;              /* 104  f32 [n, w.rows] */
    int64_t out_stride;      /* 112 */
    int64_t streams;         /* 120  1, or what sl_linear_streams says */
    int64_t parts;           /* 128  of the rows, 1 .. n */
    const void *ahead_kv;    /* 136  keys and values of a layer .. */
    const int64_t *ahead_offsets; /* 144  .. pieces of which, SL_PIECE bytes each from these offsets
                                     on, are fetched meanwhile if the kernel has time for it .. */
    int64_t ahead_pieces;    /* 152  .. their number for each part of the rows: the caller's 0,
                                     sl_team_begin's plan .. */
    int64_t ahead_apart;     /* 160  .. and how many entries of ahead_offsets after those of one
                                     part the next one's come */
};
SL_API void sl_linear(const struct sl_linear_args *args, int64_t begin, int64_t end);

/*
 * How many streams of panels suit one row of x; more rows take 1. A core fetches more from several
 * pages at once than it does from one (bench/results/avx2.md).
 */
SL_API int64_t sl_linear_streams(int64_t format);

/*
 * How many rows at least each thread should have for itself, if each is to get a part of them, or 0
 * where that does not pay. What a thread computes, it then reads itself, and not from another core's
 * cache, while all threads read all weights (bench/results/zen4.md).
 */
SL_API int64_t sl_linear_part_rows(int64_t format);

/* ---------------------------------------------------------------------------- row by row, unit: a row */

/*
 * Per group of `group` columns: out = weight * (x * (1 / sqrt(mean(x^2) + eps))). The sum of
 * squares is float32 in lanes. out may be x.
 */
struct sl_rms_norm_args {
    const float *x;      /*  0  f32 [n, cols] */
    int64_t x_stride;    /*  8 */
    const float *weight; /* 16  f32 [group] */
    int64_t group;       /* 24  divides cols */
    int64_t cols;        /* 32 */
    double eps;          /* 40  used as float32 */
    float *out;          /* 48  f32 [n, cols] */
    int64_t out_stride;  /* 56 */
};
SL_API void sl_rms_norm(const struct sl_rms_norm_args *args, int64_t begin, int64_t end);

/* residual += x, then out = rms_norm(residual). out may be x. */
struct sl_add_rms_norm_args {
    float *residual;         /*  0  f32 [n, cols], modified */
    int64_t residual_stride; /*  8 */
    const float *x;          /* 16  f32 [n, cols] */
    int64_t x_stride;        /* 24 */
    const float *weight;     /* 32  f32 [group] */
    int64_t group;           /* 40 */
    int64_t cols;            /* 48 */
    double eps;              /* 56  used as float32 */
    float *out;              /* 64  f32 [n, cols] */
    int64_t out_stride;      /* 72 */
};
SL_API void sl_add_rms_norm(const struct sl_add_rms_norm_args *args, int64_t begin, int64_t end);

/* x += y; a y_stride of 0 adds one vector to every row (a bias). Exact. */
struct sl_add_args {
    float *x;         /*  0  f32 [n, cols], modified */
    int64_t x_stride; /*  8 */
    const float *y;   /* 16  f32 [n, cols] */
    int64_t y_stride; /* 24  0: f32 [cols] */
    int64_t cols;     /* 32 */
};
SL_API void sl_add(const struct sl_add_args *args, int64_t begin, int64_t end);

enum { SL_SILU = 0, SL_GELU_TANH = 1 };

/*
 * out = f(gate_up[:, :cols]) * gate_up[:, cols:]. SILU: x / (1 + exp(-x)). GELU_TANH:
 * 0.5 x (1 + tanh(u)) = x / (1 + exp(-2 u)), u = sqrt(2 / pi) * (x + 0.044715 x^3). Relative error
 * about 1e-6. out must not overlap gate_up.
 */
struct sl_gated_activation_args {
    const float *gate_up;   /*  0  f32 [n, 2 cols] */
    int64_t gate_up_stride; /*  8 */
    int64_t cols;           /* 16 */
    int64_t activation;     /* 24  SL_SILU, SL_GELU_TANH */
    float *out;             /* 32  f32 [n, cols] */
    int64_t out_stride;     /* 40 */
};
SL_API void sl_gated_activation(const struct sl_gated_activation_args *args, int64_t begin,
                                int64_t end);

/* out[i] = x[rows[i]]. Exact. */
struct sl_gather_rows_args {
    const float *x;      /*  0  f32 [*, cols] */
    int64_t x_stride;    /*  8 */
    const int32_t *rows; /* 16  int32 [n] */
    int64_t cols;        /* 24 */
    float *out;          /* 32  f32 [n, cols] */
    int64_t out_stride;  /* 40 */
};
SL_API void sl_gather_rows(const struct sl_gather_rows_args *args, int64_t begin, int64_t end);

/*
 * ids[i] = index of the largest value of row i, the lowest among equals. NaN never wins; a row of
 * NaN only gives -1. Exact.
 */
struct sl_argmax_args {
    const float *x;   /*  0  f32 [n, cols] */
    int64_t x_stride; /*  8 */
    int64_t cols;     /* 16 */
    int32_t *ids;     /* 24  int32 [n] */
};
SL_API void sl_argmax(const struct sl_argmax_args *args, int64_t begin, int64_t end);

/*
 * Draws a token from each row of logits that a batch names, and tells how likely tokens are. Unit: a
 * row of the batch. The layout of input and results is that of dev.sluice.compute.SamplingLayout, the
 * rules are those of SamplingBatch. The rows of logits and the edits are changed.
 */
struct sl_sample_args {
    float *logits;         /*  0  f32 [rows, at least n] */
    int64_t logits_stride; /*  8 */
    int64_t n;             /* 16  ids that count, at most 2^20 */
    void *input;           /* 24  header and rows; .. */
    int64_t pool_at;       /* 32  .. from so many bytes on masks and edits */
    int32_t *results;      /* 40 */
};
SL_API void sl_sample(const struct sl_sample_args *args, int64_t begin, int64_t end);

/* ------------------------------------------------------------------------ positions and attention */

/*
 * out[t] = factor * [cos(a_0) .. cos(a_{h-1}), sin(a_0) .. sin(a_{h-1})] with
 * a_i = (float) positions[t] * frequencies[i], one float32 product. Unit: a token. The cosine and
 * sine of the float32 a_i are computed in double and rounded once (|a_i| up to 1e6), then
 * multiplied by factor in float32.
 */
struct sl_rotary_table_args {
    const int32_t *positions; /*  0  int32 [tokens] */
    const float *frequencies; /*  8  f32 [half] */
    int64_t half;             /* 16  h */
    double factor;            /* 24  used as float32 */
    float *out;               /* 32  f32 [tokens, 2 h] */
    int64_t out_stride;       /* 40 */
};
SL_API void sl_rotary_table(const struct sl_rotary_table_args *args, int64_t begin, int64_t end);

/*
 * The key/value cache of one layer is [num_blocks, 2, num_kv_heads, block_size, head_dim] elements
 * of float32, float16 or bfloat16. Keys of (block b, kv head h) begin at element
 * ((2 b) * num_kv_heads + h) * block_size * head_dim, values at ((2 b + 1) * num_kv_heads + h) *
 * block_size * head_dim. Inside, for the token in slot t = position % block_size and element d:
 *
 *   F32, F16   key   [head_dim][block_size]         at d * block_size + t
 *              value [block_size][head_dim]         at t * head_dim + d
 *   BF16       key   [head_dim / 2][block_size][2]  at (d / 2) * 2 * block_size + 2 t + d % 2
 *              value [block_size / 2][head_dim][2]  at (t / 2) * 2 * head_dim + 2 d + t % 2
 *
 * block_size is even, 2..256 (64 is fastest); head_dim is a multiple of 8, 8..512. Slots that hold
 * no token may hold anything.
 */
enum { SL_MAX_BLOCK_SIZE = 256, SL_MAX_HEAD_DIM = 512 };

/*
 * Rotates q in place, rotates k and writes k and v into the cache. Unit: a token. Pairs (x, y) of
 * the first rotary_dim elements of each head become (x c - y s, y c + x s), each product rounded
 * (no fused operation); half-split pairs are (i, i + rotary_dim / 2), interleaved ones (2 i, 2 i + 1).
 * Stores round to nearest even; F16 saturates at +-65504 (NaN stays NaN). k is left unchanged.
 * Exact.
 */
struct sl_rotary_store_args {
    float *q;                    /*   0  f32 [tokens, num_heads * head_dim], modified */
    int64_t q_stride;            /*   8 */
    const float *k;              /*  16  f32 [tokens, num_kv_heads * head_dim] */
    int64_t k_stride;            /*  24 */
    const float *v;              /*  32  f32 [tokens, num_kv_heads * head_dim] */
    int64_t v_stride;            /*  40 */
    const float *rotary;         /*  48  from sl_rotary_table, f32 [tokens, rotary_dim] */
    int64_t rotary_stride;       /*  56 */
    int64_t num_heads;           /*  64 */
    int64_t num_kv_heads;        /*  72 */
    int64_t head_dim;            /*  80 */
    int64_t rotary_dim;          /*  88  even, 0..head_dim */
    int64_t interleaved;         /*  96  0 or 1 */
    const int32_t *positions;    /* 104  int32 [tokens] */
    const int32_t *sequences;    /* 112  int32 [tokens], row of block_tables */
    const int32_t *block_tables; /* 120  int32 [num_sequences, max_blocks] */
    int64_t max_blocks;          /* 128  entries between two block tables */
    int64_t block_size;          /* 136 */
    void *kv;                    /* 144  one layer */
    int64_t kv_type;             /* 152  SL_F32, SL_F16 or SL_BF16 */
};
SL_API void sl_rotary_store(const struct sl_rotary_store_args *args, int64_t begin, int64_t end);

/*
 * Causal attention over paged keys and values, prompt chunks and decoding tokens alike.
 *
 * The caller cuts the tokens of each sequence into tiles of at most tile_tokens adjacent tokens (a
 * decoding sequence is one tile of one token). Unit: unit = tile * (num_heads / heads_per_unit) +
 * part, where part covers the query heads [part * heads_per_unit, (part + 1) * heads_per_unit);
 * heads_per_unit divides num_heads / num_kv_heads, so one unit reads one key/value head.
 * sl_attention_tile gives a good tile_tokens. A small heads_per_unit gives more units when there
 * are few sequences; a large one reads keys and values less often.
 *
 * A token at position p sees keys max(0, p - window + 1) .. p. Float32 accumulation; the softmax is
 * computed online over the cache blocks of a segment in order, and segments of SL_ATTENTION_SEGMENT
 * positions (the blocks that begin there) are merged in order, so a query's result depends on
 * neither tile nor batch as long as all values are finite (one that is not may also reach the other
 * tokens of its tile, and those whose window begins behind it in its group of 32). A tile may be
 * one segment's part only: then each of its tokens' heads leaves a record in `partials`, and
 * sl_merge_attention makes the output of the records. With a BF16 cache queries and probabilities
 * are rounded to bfloat16 before they meet keys and values.
 */
struct sl_attention_args {
    const float *q;                 /*   0  f32 [tokens, num_heads * head_dim], rotated */
    int64_t q_stride;               /*   8 */
    const void *kv;                 /*  16  one layer, holds this step's tokens */
    int64_t kv_type;                /*  24  SL_F32, SL_F16 or SL_BF16 */
    int64_t block_size;             /*  32 */
    int64_t num_heads;              /*  40 */
    int64_t num_kv_heads;           /*  48 */
    int64_t head_dim;               /*  56 */
    double scale;                   /*  64  used as float32 */
    int64_t window;                 /*  72  sliding window, 0 for none */
    const int32_t *seq_starts;      /*  80  int32 [num_sequences + 1], first token row of each */
    const int32_t *context_lengths; /*  88  int32 [num_sequences], with this step's tokens */
    const int32_t *block_tables;    /*  96  int32 [num_sequences, max_blocks] */
    int64_t max_blocks;             /* 104 */
    const int32_t *tiles;           /* 112  int32 [num_tiles, 5]: sequence, first token row in the
                                            batch, number of tokens (1 .. tile_tokens), segment or
                                            -1 for all, first row of partials */
    int64_t heads_per_unit;         /* 120 */
    float *out;                     /* 128  f32 [tokens, num_heads * head_dim] */
    int64_t out_stride;             /* 136 */
    float *partials;                /* 144  f32 [rows, num_heads, partial_stride], a row for each
                                            token of each part; unused without parts */
    int64_t partial_stride;         /* 152  32 + head_dim, in whole 16 */
};
SL_API void sl_attention(const struct sl_attention_args *args, int64_t begin, int64_t end);

/* Positions of a segment. */
enum { SL_ATTENTION_SEGMENT = 256 };
SL_API int64_t sl_attention_segment(void);

/*
 * Merges what the parts of tokens left. Unit: head + num_heads * i for row i of `rows`.
 */
struct sl_merge_attention_args {
    float *partials;        /*   0  as above; the first part's record is used up */
    int64_t partial_stride; /*   8 */
    const int32_t *rows;    /*  16  int32 [n, 4]: token row, first of its rows of partials, number
                                    of them, and how far apart they are */
    int64_t num_heads;      /*  24 */
    int64_t head_dim;       /*  32 */
    float *out;             /*  40  f32 [tokens, num_heads * head_dim] */
    int64_t out_stride;     /*  48 */
};
SL_API void sl_merge_attention(const struct sl_merge_attention_args *args, int64_t begin,
                               int64_t end);

/*
 * 1 where query rows meet a BF16 cache in tiles, else 0. With tiles the heads of a unit cost hardly
 * more than one of them.
 */
SL_API int64_t sl_attention_by_tiles(int64_t block_size, int64_t head_dim);

/* Tokens of one tile that suit the kernel, for heads_per_unit query heads; by_tiles as above. */
SL_API int64_t sl_attention_tile(int64_t heads_per_unit, int64_t by_tiles);

/* ------------------------------------------------------------------------------- lists of operations
 *
 * The threads of a device run a list of operations in one call each: between two operations no
 * thread leaves C. Each thread has a part of an operation, in chunks. A thread that has done its own
 * takes some of what the others have before them, so that one that lost its core keeps the others
 * waiting for the units that it has begun, and for no more; a thread that had its core for a while
 * offers it to other programs where it has begun none. A part of the next operation begins when all
 * units of the one before are done, or only those of the same part (`groups`). Who waits fetches the
 * beginning of the weights that it will read next into its second-level cache; products that leave
 * memory time for it fetch the keys and values that the next attention reads. No result depends on
 * who did what.
 */

/*
 * What an operation reads: nothing that is worth fetching ahead; if it is an sl_linear, weights of
 * which each byte meets few rows, so that fetching them ahead gains time (the rows are one part
 * then), or many, so that it gains none; if it is an sl_attention, keys and values.
 */
enum {
    SL_WEIGHTS_NONE = 0,
    SL_WEIGHTS_FEW_ROWS = 1,
    SL_WEIGHTS_MANY_ROWS = 2,
    SL_KEYS_AND_VALUES = 3
};

struct sl_op {
    void *function;     /*  0  an operation above */
    void *args;         /*  8  its argument struct */
    int64_t units;      /* 16  to do, [0, units) */
    int64_t chunk;      /* 24  units that a thread takes at a time; that few one thread does alone,
                               unless parts go on with it */
    int64_t reads;      /* 32  SL_WEIGHTS_* or SL_KEYS_AND_VALUES */
    int64_t wall_nanos; /* 40  written if the list is timed: what passed from when a part began it
                               until it went on, the mean of all parts, .. */
    int64_t busy_nanos; /* 48  .. and what the threads spent on it, all together: who waits for
                               other parts may help with one of their operations, so that it can be
                               more than all threads' wall_nanos of one and less of another */
    int64_t groups;     /* 56  0: parts are whole chunks, about as many for each thread, and begin
                               when all of the operation before is done. Else the units fall into so
                               many groups of one size, and part p of P is the groups [g p / P,
                               g (p + 1) / P). Where it is negative, parts begin when all before is
                               done; where it is positive, each begins when that part of the
                               operation before is done, which has groups, too. */
};

/*
 * What threads share: so many bytes of the caller's memory, zeroed, from a multiple of 128 on, in
 * which sl_team_init writes how many they are. It needs no end.
 */
struct sl_team;
SL_API int64_t sl_team_bytes(int64_t threads);
SL_API void sl_team_init(struct sl_team *team, int64_t threads);

/*
 * Begins a list, and plans what its products fetch ahead, in their arguments. Returns 1 where
 * thread 0, the caller, has to call sl_team_work and the others may, and 0 where all is done
 * already. The list and what its operations use stay as they are until thread 0 comes back.
 */
SL_API int64_t sl_team_begin(struct sl_team *team, struct sl_op *ops, int64_t count, int64_t timed);

/*
 * Works until the list is done. Thread 0 once after each sl_team_begin that returned 1, any other
 * whenever it likes: it comes back at once where no list is under way.
 */
SL_API void sl_team_work(struct sl_team *team, int64_t thread);

#endif
