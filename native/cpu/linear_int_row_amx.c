/*
 * INT8_ROW matrices with AMX: tiles of 16 rows times 16 outputs, 64 inputs at a time. Nothing
 * stands between two products, so that sums stay in their tiles until the panel is done.
 */
#include "amx.h"
#include "linear_int_row.h"
#include "simd.h"

enum { TILE = 16, STEP = 64 };

/* Outputs of 16 rows: whole numbers that became sums of products with codes, to be scaled. */
static void finish(const struct int_row_job *job, int64_t row, float *out) {
    const vf scale[2] = {vf_load(job->weight_scales), vf_load(job->weight_scales + VW)};
    for (int64_t i = 0; i < TILE; i++, out += job->out_stride) {
        const vf x = vf_set1(sl_row_scale(job, row + i));
        const vi start = _mm512_set1_epi32(sl_row_start(job, row + i));
        SL_UNROLL for (int v = 0; v < 2; v++) {
            const vi sum = _mm512_add_epi32(vi_load(out + v * VW), start);
            vf_store(out + v * VW, vf_mul(_mm512_cvtepi32_ps(sum), vf_mul(scale[v], x)));
        }
    }
}

static void rows_16(const struct int_row_job *job, int64_t row) {
    const char *x = job->q + row * job->row_stride;
    const uint8_t *codes = job->codes, *end = codes + job->groups * SL_GROUP * SL_PANEL;
    float *out = job->out + row * job->out_stride;
    _tile_zero(0);
    _tile_zero(1);
    for (; codes < end; codes += STEP * SL_PANEL, x += STEP) {
        _tile_loadd(4, x, job->row_stride);
        _tile_loadd(6, codes, 128);
        _tile_dpbsud(0, 4, 6);
        _tile_loadd(7, codes + 64, 128);
        _tile_dpbsud(1, 4, 7);
    }
    _tile_stored(0, out, job->out_stride * 4);
    _tile_stored(1, out + TILE, job->out_stride * 4);
    finish(job, row, out);
}

static void rows_32(const struct int_row_job *job, int64_t row) {
    const char *x = job->q + row * job->row_stride;
    const uint8_t *codes = job->codes, *end = codes + job->groups * SL_GROUP * SL_PANEL;
    float *out = job->out + row * job->out_stride, *lower = out + TILE * job->out_stride;
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    for (; codes < end; codes += STEP * SL_PANEL, x += STEP) {
        _tile_loadd(4, x, job->row_stride);
        _tile_loadd(6, codes, 128);
        _tile_dpbsud(0, 4, 6);
        _tile_loadd(7, codes + 64, 128);
        _tile_dpbsud(1, 4, 7);
        _tile_loadd(5, x + TILE * job->row_stride, job->row_stride);
        _tile_dpbsud(2, 5, 6);
        _tile_dpbsud(3, 5, 7);
    }
    _tile_stored(0, out, job->out_stride * 4);
    _tile_stored(1, out + TILE, job->out_stride * 4);
    _tile_stored(2, lower, job->out_stride * 4);
    _tile_stored(3, lower + TILE, job->out_stride * 4);
    finish(job, row, out);
    finish(job, row + TILE, lower);
}

void sl_amx_panel_int8_row(const struct panel_job *job) {
    const struct int_row_job ints = sl_int_row_job(job);
    int64_t row = 0;
    amx_configure(TILE, STEP);
    for (; ints.n - row >= 2 * TILE; row += 2 * TILE) {
        rows_32(&ints, row);
    }
    /* The last tiles reach back over rows that are done already. */
    for (; row < ints.n; row += TILE) {
        rows_16(&ints, sl_min(row, ints.n - TILE));
    }
}
