/* What the INT8 and INT4 kernels of all levels share. */
#ifndef SLUICE_LINEAR_INT_H
#define SLUICE_LINEAR_INT_H

#include "kernels.h"

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
    struct sl_pieces ahead;
};

SL_INLINE struct int_job sl_int_job(const struct panel_job *job) {
    const struct sl_matrix *w = job->w;
    int64_t padded = sl_padded(w->cols);
    int64_t groups = padded / SL_GROUP;
    const char *rows = job->rows;
    int64_t start = w->format == SL_FORMAT_INT4 ? 8 : w->group == 16 ? 16 : 4;
    return (struct int_job){
        .blocks = job->panel,
        .block_bytes = sl_block_bytes(w),
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
        .ahead = job->ahead,
    };
}

#endif
