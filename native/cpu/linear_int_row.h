/* What the INT8_ROW kernels of all levels share. */
#ifndef SLUICE_LINEAR_INT_ROW_H
#define SLUICE_LINEAR_INT_ROW_H

#include "kernels.h"

/* One panel times n prepared rows, row_stride bytes apart. */
struct int_row_job {
    const uint8_t *codes;
    const float *weight_scales; /* [32] */
    int64_t groups;
    const char *q; /* int8 [groups][32], then the row's scale and start */
    int64_t row_stride;
    int64_t n;
    float *out; /* f32 [n, 32] */
    int64_t out_stride;
    struct sl_pieces ahead;
};

SL_INLINE struct int_row_job sl_int_row_job(const struct panel_job *job) {
    int64_t padded = sl_padded(job->w->cols);
    return (struct int_row_job){
        .codes = job->panel,
        .weight_scales = (const float *)(job->panel + padded * SL_PANEL),
        .groups = padded / SL_GROUP,
        .q = job->rows,
        .row_stride = job->row_stride,
        .n = job->n,
        .out = job->out,
        .out_stride = job->out_stride,
        .ahead = job->ahead,
    };
}

/* The scale of a row, and what its sums of products with codes begin at. */
SL_INLINE float sl_row_scale(const struct int_row_job *job, int64_t row) {
    float scale;
    memcpy(&scale, job->q + row * job->row_stride + job->groups * SL_GROUP, sizeof scale);
    return scale;
}
SL_INLINE int32_t sl_row_start(const struct int_row_job *job, int64_t row) {
    int32_t start;
    memcpy(&start, job->q + row * job->row_stride + job->groups * SL_GROUP + 4, sizeof start);
    return start;
}

#endif
