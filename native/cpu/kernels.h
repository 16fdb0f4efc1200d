/*
 * What the kernel sources share. Every file but ahead.c, dispatch.c and team.c is compiled once per
 * ISA level with SL_LEVEL set to SL_ISA_PLAIN, SL_ISA_AVX2 or SL_ISA_AVX512 and the compiler flags
 * of that level; SL_FN gives its functions the level's suffix.
 *
 * All files are compiled with -ffp-contract=off: a multiplication and an addition are fused only
 * where the source says vf_fma.
 */
#ifndef SLUICE_KERNELS_H
#define SLUICE_KERNELS_H

#include "sluice_cpu.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define SL_OPS(X)                                                                                  \
    X(pack)                                                                                        \
    X(embedding)                                                                                   \
    X(prepare)                                                                                     \
    X(linear)                                                                                      \
    X(rms_norm)                                                                                    \
    X(add_rms_norm)                                                                                \
    X(add)                                                                                         \
    X(gated_activation)                                                                            \
    X(gather_rows)                                                                                 \
    X(argmax)                                                                                      \
    X(sample)                                                                                      \
    X(rotary_table)                                                                                \
    X(rotary_store)                                                                                \
    X(attention)                                                                                   \
    X(merge_attention)

/* The operations of one level. */
struct sl_kernels {
#define SL_MEMBER(op) void (*op)(const struct sl_##op##_args *, int64_t, int64_t);
    SL_OPS(SL_MEMBER)
#undef SL_MEMBER
    int64_t (*peak)(int64_t format, int64_t rounds);
    int64_t (*read)(const void *data, int64_t bytes, int64_t order);
};

/*
 * Whether the processor is one of Intel's, which with AVX-512 want other ways than AMD's, as which
 * all others are taken:
 *   VDPBF16PS is half as fast as two FMAs on widened numbers (one in two cycles on Sapphire
 *     Rapids), on AMD's twice as fast;
 *   weights of INT8 and INT4 are asked for SL_PREFETCH bytes ahead, while AMD's fetch quicker if
 *     nobody asks;
 *   attention asks for the beginning of each page, on AMD's for all of it, as it goes.
 */
extern int sl_intel;

/* Bytes between the weights in use and those being fetched. */
enum { SL_PREFETCH = 4096 };

/* Whether the AVX-512 kernels leave bfloat16 matrices to AMX. */
extern int sl_use_amx;

/* Whether the kernels of linear operations look at what they are to fetch for attention: those for
   AVX-512 without Intel's ways. */
int64_t sl_fetches_keys(void);

/* Rows up to which they are one tile, which waits for memory and fetches nothing. */
enum { SL_INT_ROWS_ALONE = 6, SL_BF16_ROWS_ALONE = 8 };

/* With AVX-512: rows of its own for which a thread reads all weights. 8 of bfloat16 lose by it, 12 and
   16 gain. Kernels for AVX2 and AMX lay weights out before they meet rows, which each thread would
   have to do for itself; plain ones were not measured. */
enum { SL_PART_ROWS = 12 };

enum { SL_PANEL = 32, SL_GROUP = 32 };

/* Panels that one row of inputs meets at a time, each a stream of its own, where that is quicker. */
enum { SL_STREAMS = 4 };

/* Query rows (tokens times heads) that attention handles at a time, in vectors or in tiles. */
enum { SL_ATTENTION_ROWS = 24, SL_TILED_ROWS = 64, SL_TILED_HEAD_DIM = 256 };

#define SL_INLINE static inline __attribute__((always_inline))
#define SL_NOINLINE __attribute__((noinline))
#define SL_ALIGNED __attribute__((aligned(64)))

SL_INLINE int64_t sl_min(int64_t a, int64_t b) { return a < b ? a : b; }
SL_INLINE int64_t sl_max(int64_t a, int64_t b) { return a > b ? a : b; }
SL_INLINE int64_t sl_round_up(int64_t a, int64_t to) { return (a + to - 1) / to * to; }

/* Bytes of an element of the key/value cache. */
SL_INLINE int64_t sl_kv_bytes(int64_t kv_type) { return kv_type == SL_F32 ? 4 : 2; }

/* Whether AMX, where it is in use, serves attention over such a cache. */
SL_INLINE int sl_tiled_attention(int64_t kv_type, int64_t block_size, int64_t head_dim) {
    return kv_type == SL_BF16 && block_size % SL_GROUP == 0 && head_dim % SL_GROUP == 0
           && head_dim <= SL_TILED_HEAD_DIM;
}

/* Panels of a matrix, the last of which may be a part of one. */
SL_INLINE int64_t sl_panels(const struct sl_matrix *w) {
    return (w->rows + SL_PANEL - 1) / SL_PANEL;
}

/*
 * The units of a matrix: `together` of several panels, one from each stream, and `single` ones. With
 * one stream they are the same panel by panel.
 */
struct sl_units {
    int64_t together;
    int64_t single;
};

SL_INLINE struct sl_units sl_units(const struct sl_matrix *w, int64_t streams) {
    int64_t panels = sl_panels(w);
    int64_t together = streams == 1 ? panels : w->rows / SL_PANEL / streams;
    return (struct sl_units){together, panels - together * streams};
}

/* Single units before a unit. */
SL_INLINE int64_t sl_single_before(const struct sl_units *units, int64_t unit) {
    return unit * units->single / (units->together + units->single);
}

/* Inputs padded to whole groups. */
SL_INLINE int64_t sl_padded(int64_t cols) { return sl_round_up(cols, SL_GROUP); }

/* Bytes of a panel's block of 32 inputs; the scales of INT8_ROW come behind the last one. */
SL_INLINE int64_t sl_block_bytes(const struct sl_matrix *m) {
    int64_t blocks = sl_max(1, sl_padded(m->cols) / SL_GROUP);
    return m->format == SL_FORMAT_INT8_ROW ? SL_GROUP * SL_PANEL : m->panel_bytes / blocks;
}

#ifdef SL_LEVEL

#if SL_LEVEL == 0
#define SL_FN(name) name##_plain
#elif SL_LEVEL == 1
#define SL_FN(name) name##_avx2
#else
#define SL_FN(name) name##_avx512
#endif

#define SL_DECLARE(op) void SL_FN(op)(const struct sl_##op##_args *, int64_t, int64_t);
SL_OPS(SL_DECLARE)
#undef SL_DECLARE
int64_t SL_FN(peak)(int64_t format, int64_t rounds);
int64_t SL_FN(read)(const void *data, int64_t bytes, int64_t order);

/* The sections of a prepared INT8 row. */
struct sl_int8_row {
    int8_t *q;
    float *scale;
    int32_t *start8;
    int32_t *start4;
    float *wsum;
    int32_t *half8;
};

/* Writes what goes with the codes of a group: its scale, and the sums of the codes' halves. */
SL_INLINE void sl_finish_group(const struct sl_int8_row *row, int64_t g, float scale, int32_t low,
                               int32_t high) {
    int32_t total = low + high;
    row->scale[g] = scale;
    row->start8[g] = -128 * total;
    row->start4[g] = -8 * total;
    row->wsum[g] = scale * (float)total;
    row->half8[2 * g] = -128 * low;
    row->half8[2 * g + 1] = -128 * high;
}

/*
 * Begins to fetch a row of floats. What another thread has written lies in its cache, from which
 * lines come one after the other unless they are asked for before.
 */
SL_INLINE void sl_fetch_row(const float *row, int64_t cols) {
    enum { LINE_FLOATS = 16 };
    for (int64_t i = 0; i < cols; i += LINE_FLOATS) {
        __builtin_prefetch(row + i, 0, 3);
    }
}

/* Groups first .. first + count - 1 of a row, whose inputs begin at x. */
void SL_FN(prepare_groups)(const float *x, int64_t first, int64_t count,
                           const struct sl_int8_row *row);

/* A row of INT8_ROW, whose inputs begin at x: its codes at q, and what comes behind them. */
void SL_FN(prepare_row)(const float *x, int64_t cols, int8_t *q);

/* Writes what comes behind the codes of such a row; `sum` is theirs. */
SL_INLINE void sl_finish_row(int8_t *q, int64_t cols, float scale, int32_t sum) {
    const int64_t padded = sl_padded(cols);
    const int32_t start = -128 * sum;
    memset(q + cols, 0, (size_t)(padded - cols));
    memcpy(q + padded, &scale, sizeof scale);
    memcpy(q + padded + 4, &start, sizeof start);
}

/* Pieces of keys and values that are fetched meanwhile. */
struct sl_pieces {
    const char *kv;
    const int64_t *offsets;
    int64_t count;
};

/* Part i of so many nearly equal ones. */
SL_INLINE struct sl_pieces sl_part(const struct sl_pieces *of, int64_t i, int64_t parts) {
    int64_t first = of->count * i / parts;
    return (struct sl_pieces){of->kv, of->offsets + first, of->count * (i + 1) / parts - first};
}

/* One panel of a linear operation: out[0 .. n) [32] = rows times the panel. */
struct panel_job {
    const uint8_t *panel;
    const struct sl_matrix *w;
    const void *rows;   /* float32 activations or prepared rows */
    int64_t row_stride; /* bytes */
    int64_t n;
    float *out; /* f32 [n, 32] */
    int64_t out_stride;
    struct sl_pieces ahead;
};

void SL_FN(panel_float)(const struct panel_job *job);
void SL_FN(panel_bf16)(const struct panel_job *job);
void SL_FN(panel_int8)(const struct panel_job *job);
void SL_FN(panel_int4)(const struct panel_job *job);
void SL_FN(panel_int8_row)(const struct panel_job *job);

#if SL_LEVEL == 1
/* One row times SL_STREAMS whole panels, the first and those `apart`, 2 * `apart` .. behind. */
struct stream_job {
    struct panel_job first;
    int64_t apart;
};

void sl_streams_bf16(const struct stream_job *job);
void sl_streams_int(const struct stream_job *job);

/* Bytes from the beginning of one stream to that of the next. */
SL_INLINE int64_t sl_stream_bytes(const struct stream_job *job) {
    return job->apart * job->first.w->panel_bytes;
}

/* Where stream s begins, and its outputs. */
SL_INLINE const uint8_t *sl_stream(const struct stream_job *job, int64_t s) {
    return job->first.panel + s * sl_stream_bytes(job);
}
SL_INLINE float *sl_stream_out(const struct stream_job *job, int64_t s) {
    return job->first.out + s * job->apart * SL_PANEL;
}

/*
 * What is fetched while something is computed: SL_STREAMS lines at a time, `apart` from each other,
 * the first at first + at, and `step` further next time, as long as `at` is below `end`.
 */
struct sl_ahead {
    const uint8_t *first;
    int64_t apart;
    int64_t step;
    int64_t at;
    int64_t end;
};

/*
 * Called here and there between products, for the processor drops what it is asked for while it
 * waits for as much as it can: of a burst much is lost. Lines of streams in turns come as from
 * several streams, however long the pieces are in which they are used.
 */
SL_INLINE void sl_fetch_lines(struct sl_ahead *ahead) {
    if (ahead->at >= ahead->end) {
        return;
    }
    const uint8_t *p = ahead->first + ahead->at;
    for (int s = 0; s < SL_STREAMS; s++) {
        __builtin_prefetch(p + s * ahead->apart, 0, 3);
    }
    ahead->at += ahead->step;
}

/* In linear_bf16_avx2.c: whole panels, of which `job` has the first, and any number of rows. */
void sl_wide_panels_bf16(const struct panel_job *job, int64_t panels);
/*
 * In linear_int_lanes_avx2.c: whole panels of a matrix whose group is 32, of which `job` has the
 * first. Returns how many rows are done, from the first on; fewer than 16 are left.
 */
int64_t sl_lanes_panels_int(const struct panel_job *job, int64_t panels);
#endif

#if SL_LEVEL == 2
/* In linear_bf16_avx512.c, for processors with a fast VDPBF16PS. */
void sl_dot_panel_bf16(const struct panel_job *job);
/*
 * In linear_amx.c, linear_int_row_amx.c and linear_int_amx.c. A thread that has called one of the
 * first three calls the last one when it is done.
 */
void sl_amx_panel_bf16(const struct panel_job *job);
/* For 16 rows or more, and a multiple of 64 inputs. */
void sl_amx_panel_int8_row(const struct panel_job *job);
/* For 16 rows or more and whole panels, of which `job` has the first. */
void sl_amx_panels_int(const struct panel_job *job, int64_t panels);
int64_t sl_amx_peak(int64_t rounds);
void sl_amx_release(void);
#endif

#endif
#endif
