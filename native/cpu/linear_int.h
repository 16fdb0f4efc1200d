/* What the INT8 and INT4 kernels of all levels share. */
#ifndef SLUICE_LINEAR_INT_H
#define SLUICE_LINEAR_INT_H

#include "kernels.h"

/*
 * A run of groups of one panel times n prepared rows. The row pointers are those of row 0 at the
 * first group of the run; all advance by row_stride bytes per row.
 */
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
    int64_t start_stride; /* row_stride, or 0 where all rows start alike */
    int64_t n;
    float *out; /* f32 [n, 32] */
    int64_t out_stride;
    int accumulate; /* add to what `out` holds */
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
        .start_stride = job->row_stride,
        .n = job->n,
        .out = job->out,
        .out_stride = job->out_stride,
    };
}

SL_INLINE float sl_float_at(const char *base, int64_t stride, int64_t i, int64_t g) {
    return ((const float *)(base + i * stride))[g];
}

SL_INLINE int32_t sl_int_at(const char *base, int64_t stride, int64_t i, int64_t g) {
    return ((const int32_t *)(base + i * stride))[g];
}

/* Four prepared inputs, as they meet four codes of one output. */
SL_INLINE int32_t sl_quad_at(const struct int_job *job, int64_t row, int64_t g, int64_t quad) {
    int32_t v;
    memcpy(&v, job->q + row * job->row_stride + g * SL_GROUP + quad * 4, 4);
    return v;
}

#endif
