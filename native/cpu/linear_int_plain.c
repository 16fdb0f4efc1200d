/*
 * INT8 and INT4 matrices in portable C: a group's codes and inputs are widened to float32, in
 * which sums of 32 products of 8-bit numbers are exact.
 */
#include "linear_int.h"
#include "simd.h"

/* Codes as whole numbers w[32 inputs][32 outputs] with their offset taken off. */
static void widen_codes(const uint8_t *codes, int int4, float offset, float *w) {
    for (int i = 0; i < SL_GROUP; i++) {
        const uint8_t *at = codes + (int4 ? i / 8 : i / 4) * 128 + i % 4;
        int shift = int4 && i % 8 >= 4 ? 4 : 0;
        int mask = int4 ? 15 : 255;
        for (int n = 0; n < SL_PANEL; n++) {
            w[i * SL_PANEL + n] = (float)(at[n * 4] >> shift & mask) - offset;
        }
    }
}

static void widen_scales(const uint8_t *row, int64_t bits, float *to) {
    if (bits == 32) {
        memcpy(to, row, SL_PANEL * sizeof(float));
        return;
    }
    for (int n = 0; n < SL_PANEL; n += VW) {
        vf_store(to + n, vf_load_f16((const uint16_t *)row + n));
    }
}

/* One block, widened. */
struct wide_block {
    float w[SL_GROUP * SL_PANEL];
    float scale[2 * SL_PANEL];
    float min[SL_PANEL];
};

static void widen(const struct int_job *job, const struct sl_matrix *m, int64_t g,
                  struct wide_block *to) {
    const uint8_t *block = job->blocks + g * job->block_bytes;
    const int64_t scale_bytes = job->scale_bits / 8 * SL_PANEL;
    int scales = m->group == 16 ? 2 : 1;
    int int4 = m->format == SL_FORMAT_INT4;
    for (int s = 0; s < scales; s++) {
        widen_scales(block + s * scale_bytes, job->scale_bits, to->scale + s * SL_PANEL);
    }
    if (m->has_min) {
        widen_scales(block + scales * scale_bytes, job->scale_bits, to->min);
    }
    float offset = !int4 ? 128.0f : m->has_min ? 0.0f : 8.0f;
    widen_codes(block + (scales + m->has_min) * scale_bytes, int4, offset, to->w);
}

/* out[32] of one row += the block's inputs first .. first + count - 1. */
static void add_part(const struct wide_block *b, const float *x, int first, int count,
                     const float *weight_scale, float input_scale, float *out) {
    for (int n = 0; n < SL_PANEL; n += 4 * VW) {
        vf t[4] = {vf_zero(), vf_zero(), vf_zero(), vf_zero()};
        for (int i = first; i < first + count; i++) {
            vf xi = vf_set1(x[i]);
            for (int v = 0; v < 4; v++) {
                t[v] = vf_fma(xi, vf_load(b->w + i * SL_PANEL + n + v * VW), t[v]);
            }
        }
        for (int v = 0; v < 4; v++) {
            float *at = out + n + v * VW;
            vf scale = vf_mul(vf_load(weight_scale + n + v * VW), vf_set1(input_scale));
            vf_store(at, vf_fma(t[v], scale, vf_load(at)));
        }
    }
}

static float float_at(const char *base, int64_t stride, int64_t row, int64_t g) {
    return ((const float *)(base + row * stride))[g];
}

static void add_block(const struct int_job *job, const struct sl_matrix *m,
                      const struct wide_block *b, int64_t row, int64_t g) {
    float *out = job->out + row * job->out_stride;
    const int8_t *q = (const int8_t *)job->q + row * job->row_stride + g * SL_GROUP;
    float input_scale = float_at(job->scale, job->row_stride, row, g);
    float x[SL_GROUP];
    for (int i = 0; i < SL_GROUP; i++) {
        x[i] = q[i];
    }
    if (m->group == 16) {
        add_part(b, x, 0, 16, b->scale, input_scale, out);
        add_part(b, x, 16, 16, b->scale + SL_PANEL, input_scale, out);
    } else {
        add_part(b, x, 0, 32, b->scale, input_scale, out);
    }
    if (m->has_min) {
        vf wsum = vf_set1(float_at(job->wsum, job->row_stride, row, g));
        for (int n = 0; n < SL_PANEL; n += VW) {
            vf_store(out + n, vf_fma(vf_load(b->min + n), wsum, vf_load(out + n)));
        }
    }
}

static void panel_int(const struct panel_job *job) {
    struct int_job ints = sl_int_job(job);
    struct wide_block block;
    for (int64_t row = 0; row < job->n; row++) {
        memset(job->out + row * job->out_stride, 0, SL_PANEL * sizeof(float));
    }
    for (int64_t g = 0; g < ints.groups; g++) {
        widen(&ints, job->w, g, &block);
        for (int64_t row = 0; row < job->n; row++) {
            add_block(&ints, job->w, &block, row, g);
        }
    }
}

void SL_FN(panel_int8)(const struct panel_job *job) { panel_int(job); }

void SL_FN(panel_int4)(const struct panel_job *job) { panel_int(job); }
