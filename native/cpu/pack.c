/* Packing of stored rows into panels. */
#include "pack.h"
#include "scalar.h"

#include <math.h>

static int keeps_source(const struct sl_matrix *m, const struct source_type *t) {
    return m->format == t->format && m->group == t->group && m->scale_bits == t->scale_bits
           && m->has_min == t->has_min;
}

static float read_float(const void *src, int64_t type, int64_t i) {
    if (type == SL_F32) {
        return ((const float *)src)[i];
    }
    uint16_t bits = ((const uint16_t *)src)[i];
    return type == SL_F16 ? f16_to_f32(bits) : bf16_to_f32(bits);
}

static void dequantise(const struct quant_group *group, float *w) {
    for (int i = 0; i < SL_GROUP; i++) {
        w[i] = group->scale[i / 16] * (float)group->q[i] + group->min;
    }
}

/* Where stored row `row` begins. */
static const uint8_t *stored_row(const struct packing *p, int64_t row) {
    return (const uint8_t *)p->args->src + row * p->row_bytes;
}

/* Group g of a quantised row. */
static void read_quantised(const struct packing *p, int64_t row, int64_t g,
                           struct quant_group *group) {
    int64_t first = p->args->first_col / SL_GROUP;
    SL_FN(read_group)(p->args->src_type, stored_row(p, row), first + g, group);
    if (p->args->src_type == SL_I8) {
        group->scale[0] = group->scale[1] = p->args->row_scales[row];
        group->min = 0;
    }
}

/* The float32 values of inputs 32 g .. of a stored row; those beyond the last are 0. */
static void read_floats(const struct packing *p, int64_t row, int64_t g, int64_t count, float *w) {
    const struct sl_pack_args *args = p->args;
    if (p->source->block > 1) {
        struct quant_group group;
        read_quantised(p, row, g, &group);
        dequantise(&group, w);
    } else if (args->transposed) {
        for (int64_t i = 0; i < count; i++) {
            int64_t k = g * SL_GROUP + i;
            w[i] = read_float(args->src, args->src_type, k * args->row_stride + row);
        }
    } else {
        const uint8_t *src = stored_row(p, row) + g * SL_GROUP * p->source->block_bytes;
        for (int64_t i = 0; i < count; i++) {
            w[i] = read_float(src, args->src_type, i);
        }
    }
    for (int64_t i = count; i < SL_GROUP; i++) {
        w[i] = 0;
    }
}

static void write_f32(uint8_t *panel, int64_t n, int64_t g, int64_t count, const float *w) {
    float *to = (float *)panel + g * SL_GROUP * SL_PANEL + n;
    for (int64_t i = 0; i < count; i++) {
        to[i * SL_PANEL] = w[i];
    }
}

static void write_f16(uint8_t *panel, int64_t n, int64_t g, int64_t count, const float *w) {
    uint16_t *to = (uint16_t *)panel + g * SL_GROUP * SL_PANEL + n;
    for (int64_t i = 0; i < count; i++) {
        to[i * SL_PANEL] = f32_to_f16(w[i]);
    }
}

static void write_bf16(uint8_t *panel, int64_t n, int64_t g, int64_t count, const float *w) {
    uint16_t *to = (uint16_t *)panel + g * SL_GROUP * SL_PANEL + n * 2;
    for (int64_t i = 0; i < count; i++) {
        to[i / 2 * 2 * SL_PANEL + i % 2] = f32_to_bf16(w[i]);
    }
}

/* Copies 16-bit numbers that are already of the panel's type. */
static void copy_16(const struct packing *p, uint8_t *panel, int64_t n, int64_t row, int64_t g,
                    int64_t count) {
    const struct sl_pack_args *args = p->args;
    uint16_t *to = (uint16_t *)panel + g * SL_GROUP * SL_PANEL;
    const uint16_t *src = args->src;
    int64_t step = args->transposed ? args->row_stride : 1;
    src += args->transposed ? g * SL_GROUP * step + row : row * args->row_stride + g * SL_GROUP;
    if (args->dst.format == SL_FORMAT_F16) {
        for (int64_t i = 0; i < count; i++) {
            to[i * SL_PANEL + n] = src[i * step];
        }
        return;
    }
    for (int64_t i = 0; i < count; i++) {
        to[i / 2 * 2 * SL_PANEL + n * 2 + i % 2] = src[i * step];
    }
}

static void write_scale(uint8_t *block, const struct sl_matrix *m, int64_t slot, float f,
                        uint16_t f16) {
    if (m->scale_bits == 16) {
        memcpy(block + 2 * slot, &f16, 2);
    } else {
        memcpy(block + 4 * slot, &f, 4);
    }
}

/* Codes of output n of one block, a byte each. */
static void write_bytes(uint8_t *codes, int64_t n, int64_t count, const struct quant_group *group) {
    for (int64_t i = 0; i < count; i++) {
        codes[i / 4 * 128 + n * 4 + i % 4] = (uint8_t)(group->q[i] + 128);
    }
}

/* Scales, min and codes of output n of one block; count: inputs that the matrix has. */
static void write_quantised(uint8_t *block, const struct sl_matrix *m, int64_t n, int64_t count,
                            const struct quant_group *group) {
    if (m->format == SL_FORMAT_INT8_ROW) {
        write_bytes(block, n, count, group);
        return;
    }
    int64_t scales = SL_GROUP / m->group;
    for (int64_t s = 0; s < scales; s++) {
        write_scale(block, m, s * SL_PANEL + n, group->scale[s], group->scale16);
    }
    if (m->has_min) {
        write_scale(block, m, scales * SL_PANEL + n, group->min, group->min16);
    }
    uint8_t *codes = block + (scales + m->has_min) * SL_PANEL * (m->scale_bits / 8);
    if (m->format == SL_FORMAT_INT8) {
        write_bytes(codes, n, count, group);
        return;
    }
    int offset = m->has_min ? 0 : 8;
    for (int64_t i = 0; i < count; i++) {
        if (i % 8 < 4) {
            int high = i + 4 < count ? group->q[i + 4] + offset : 0;
            codes[i / 8 * 128 + n * 4 + i % 4] = (uint8_t)((group->q[i] + offset) | (high << 4));
        }
    }
}

/* NaN becomes `low`. */
static int clamp_round(float x, float low, float high) {
    x = x > low ? x : low;
    return (int)lrintf(x < high ? x : high);
}

static void quantise_int8(const float *w, struct quant_group *group) {
    float largest = 0;
    for (int i = 0; i < SL_GROUP; i++) {
        float a = fabsf(w[i]);
        largest = a > largest ? a : largest;
    }
    group->scale16 = f32_to_f16(largest / 127);
    float d = f16_to_f32(group->scale16);
    float inverse = d == 0 ? 0 : 1 / d;
    for (int i = 0; i < SL_GROUP; i++) {
        group->q[i] = (int8_t)clamp_round(w[i] * inverse, -127, 127);
    }
}

static void quantise_int4(const float *w, struct quant_group *group) {
    float largest = 0, value = 0;
    for (int i = 0; i < SL_GROUP; i++) {
        float a = fabsf(w[i]);
        if (a > largest) {
            largest = a;
            value = w[i];
        }
    }
    group->scale16 = f32_to_f16(value / -8);
    float d = f16_to_f32(group->scale16);
    float inverse = d == 0 ? 0 : 1 / d;
    for (int i = 0; i < SL_GROUP; i++) {
        group->q[i] = (int8_t)clamp_round(w[i] * inverse, -8, 7);
    }
}

static void pack_group(const struct packing *p, uint8_t *panel, int64_t n, int64_t row, int64_t g) {
    const struct sl_matrix *m = &p->args->dst;
    int64_t count = sl_min(SL_GROUP, m->cols - g * SL_GROUP);
    int quantised = m->format >= SL_FORMAT_INT8;
    struct quant_group group;
    float w[SL_GROUP];
    if (p->carried && quantised) {
        read_quantised(p, row, g, &group);
    } else if (p->carried && m->format != SL_FORMAT_F32) {
        copy_16(p, panel, n, row, g, count);
        return;
    } else {
        read_floats(p, row, g, count, w);
    }
    switch (m->format) {
        case SL_FORMAT_F32:
            write_f32(panel, n, g, count, w);
            return;
        case SL_FORMAT_F16:
            write_f16(panel, n, g, count, w);
            return;
        case SL_FORMAT_BF16:
            write_bf16(panel, n, g, count, w);
            return;
        default:
            break;
    }
    if (!p->carried && m->format == SL_FORMAT_INT8) {
        quantise_int8(w, &group);
    } else if (!p->carried) {
        quantise_int4(w, &group);
    }
    write_quantised(panel + g * p->group_bytes, m, n, count, &group);
}

/* Outputs n .. end - 1 of a panel; rows: the stored row of each output. */
static void pack_outputs(const struct packing *p, uint8_t *panel, int64_t n, int64_t end,
                         const int64_t *rows) {
    int64_t groups = sl_padded(p->args->dst.cols) / SL_GROUP;
    int64_t whole = p->args->transposed ? 0 : p->args->dst.cols / SL_GROUP;
    const uint8_t *stored[SL_PANEL];
    for (int64_t i = n; i < end; i++) {
        stored[i] = stored_row(p, rows[i]);
        if (p->args->dst.format == SL_FORMAT_INT8_ROW) {
            memcpy(sl_panel_scale(&p->args->dst, panel, i), &p->args->row_scales[rows[i]], 4);
        }
    }
    /* Groups outside, outputs inside: the 32 outputs of a group lie close together. */
    for (int64_t g = 0; g < groups; g++) {
        for (int64_t i = n; i < end;) {
            if (g < whole && i % SL_PACK_LANES == 0 && i + SL_PACK_LANES <= end) {
                SL_FN(pack_lanes)(p, stored + i, rows + i, panel, i, g);
                i += SL_PACK_LANES;
            } else {
                pack_group(p, panel, i, rows[i], g);
                i++;
            }
        }
    }
}

void SL_FN(pack)(const struct sl_pack_args *args, int64_t begin, int64_t end) {
    const struct source_type *source = SL_FN(source_type)(args->src_type);
    const struct sl_matrix *m = &args->dst;
    struct packing p = {args, source, keeps_source(m, source),
                        args->row_stride / source->block * source->block_bytes,
                        sl_block_bytes(m)};
    for (int64_t unit = begin; unit < end; unit++) {
        int64_t first = sl_max(unit * SL_PANEL, args->dst_row);
        int64_t last = sl_min((unit + 1) * SL_PANEL, args->dst_row + args->rows);
        int64_t rows[SL_PANEL];
        for (int64_t r = first; r < last; r++) {
            int64_t row = r - args->dst_row;
            rows[r % SL_PANEL] = args->row_order ? args->row_order[row] : row;
        }
        pack_outputs(&p, (uint8_t *)m->panels + unit * m->panel_bytes, first - unit * SL_PANEL,
                     last - unit * SL_PANEL, rows);
    }
}
