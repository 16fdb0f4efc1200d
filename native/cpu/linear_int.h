/* What the INT8 and INT4 kernels of all levels share. */
#ifndef SLUICE_LINEAR_INT_H
#define SLUICE_LINEAR_INT_H

#include "kernels.h"
#include "tiles.h"

/* One panel times n prepared rows. The pointers are those of row 0, row_stride bytes apart. */
struct int_job {
    const uint8_t *blocks;
    int64_t block_bytes;
    int64_t groups;
    int64_t scale_bits;
    const char *q;     /* int8 [groups][32] */
    const char *scale; /* float32 [groups] */
    const char *start; /* int32 [groups]; group 16: int32 [groups][2] */
    const char *wsum;  /* float32 [groups] */
    int64_t row_stride;
    int64_t n;
    float *out; /* f32 [n, 32] */
    int64_t out_stride;
};

SL_INLINE struct int_job sl_int_job(const struct panel_job *job) {
    const struct sl_matrix *w = job->w;
    int64_t padded = sl_padded(w->cols);
    int64_t groups = padded / SL_GROUP;
    const char *rows = job->rows;
    int64_t start = w->format == SL_FORMAT_INT4 ? 8 : w->group == 16 ? 16 : 4;
    return (struct int_job){
        .blocks = job->panel,
        .block_bytes = w->panel_bytes / groups,
        .groups = groups,
        .scale_bits = w->scale_bits,
        .q = rows,
        .scale = rows + padded,
        .start = rows + padded + start * groups,
        .wsum = rows + padded + 12 * groups,
        .row_stride = job->row_stride,
        .n = job->n,
        .out = job->out,
        .out_stride = job->out_stride,
    };
}

/* Groups whose inputs a tile copies at a time. */
enum { SL_CHUNK_GROUPS = 16 };

/*
 * The inputs of a tile's rows for some groups, at distances that the compiler knows: addresses of
 * a dozen rows far apart would not fit into the registers.
 */
struct int_chunk {
    int8_t q[SL_MAX_TILE][SL_CHUNK_GROUPS * SL_GROUP];
    float scale[SL_MAX_TILE][SL_CHUNK_GROUPS];
    float wsum[SL_MAX_TILE][SL_CHUNK_GROUPS];
    int32_t start[SL_MAX_TILE][2 * SL_CHUNK_GROUPS];
} SL_ALIGNED;

/*
 * Copies a number of bytes that is known and a multiple of 32. Compilers make REP MOVS of a memcpy
 * of some hundred bytes, and that takes longer to begin than all of this.
 */
SL_INLINE void sl_copy(void *to, const void *from, size_t bytes) {
    for (size_t at = 0; at < bytes; at += 32) {
        memcpy((char *)to + at, (const char *)from + at, 32);
        __asm__ volatile("" : : : "memory");
    }
}

/* Copies `groups` groups, beginning with `first`; starts: numbers per group in `start`. */
SL_INLINE void sl_load_chunk(struct int_chunk *c, int rows, const struct int_job *job, int64_t row,
                             int64_t first, int64_t groups, int starts, int has_min) {
    for (int i = 0; i < rows; i++) {
        const char *q = job->q + (row + i) * job->row_stride + first * SL_GROUP;
        const char *scale = job->scale + (row + i) * job->row_stride + first * 4;
        const char *wsum = job->wsum + (row + i) * job->row_stride + first * 4;
        const char *start = job->start + (row + i) * job->row_stride + first * 4 * starts;
        if (groups == SL_CHUNK_GROUPS) {
            sl_copy(c->q[i], q, SL_CHUNK_GROUPS * SL_GROUP);
            sl_copy(c->scale[i], scale, SL_CHUNK_GROUPS * 4);
            sl_copy(c->start[i], start, (size_t)(SL_CHUNK_GROUPS * 4 * starts));
            if (has_min) {
                sl_copy(c->wsum[i], wsum, SL_CHUNK_GROUPS * 4);
            }
            continue;
        }
        for (int64_t g = 0; g < groups; g++) {
            memcpy(c->q[i] + g * SL_GROUP, q + g * SL_GROUP, SL_GROUP);
            memcpy(c->scale[i] + g, scale + g * 4, 4);
            memcpy(c->start[i] + g * starts, start + g * 4 * starts, (size_t)(4 * starts));
            if (has_min) {
                memcpy(c->wsum[i] + g, wsum + g * 4, 4);
            }
        }
    }
}

/* Four inputs of a row, as they meet four codes of one output. */
SL_INLINE int32_t sl_quad_at(const struct int_chunk *c, int row, int64_t g, int64_t quad) {
    int32_t v;
    memcpy(&v, c->q[row] + g * SL_GROUP + quad * 4, 4);
    return v;
}

#endif
