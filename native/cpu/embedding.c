/* Rows of a packed matrix, dequantised. */
#include "scalar.h"

static float scale_at(const uint8_t *block, int64_t bits, int64_t slot) {
    if (bits == 16) {
        uint16_t h;
        memcpy(&h, block + 2 * slot, 2);
        return f16_to_f32(h);
    }
    float f;
    memcpy(&f, block + 4 * slot, 4);
    return f;
}

/* Dequantises group g of output n into w[32]. */
static void read_block(const struct sl_matrix *m, const uint8_t *block, int64_t n, float *w) {
    int64_t scales = SL_GROUP / m->group;
    float scale[2], min = 0;
    for (int64_t s = 0; s < 2; s++) {
        scale[s] = scale_at(block, m->scale_bits, (scales == 2 ? s : 0) * SL_PANEL + n);
    }
    if (m->has_min) {
        min = scale_at(block, m->scale_bits, scales * SL_PANEL + n);
    }
    const uint8_t *codes = block + (scales + m->has_min) * SL_PANEL * (m->scale_bits / 8) + n * 4;
    if (m->format == SL_FORMAT_INT8) {
        for (int i = 0; i < SL_GROUP; i++) {
            w[i] = scale[i / 16] * (float)(codes[i / 4 * 128 + i % 4] - 128) + min;
        }
        return;
    }
    int offset = m->has_min ? 0 : 8;
    for (int i = 0; i < SL_GROUP; i++) {
        int code = codes[i / 8 * 128 + i % 4] >> (i % 8 < 4 ? 0 : 4) & 15;
        w[i] = scale[0] * (float)(code - offset) + min;
    }
}

static void read_quantised(const struct sl_matrix *m, const uint8_t *panel, int64_t n, float factor,
                           float *out) {
    int64_t groups = sl_padded(m->cols) / SL_GROUP;
    int64_t block_bytes = m->panel_bytes / groups;
    for (int64_t g = 0; g < groups; g++) {
        float w[SL_GROUP];
        int64_t count = sl_min(SL_GROUP, m->cols - g * SL_GROUP);
        read_block(m, panel + g * block_bytes, n, w);
        for (int64_t i = 0; i < count; i++) {
            out[g * SL_GROUP + i] = factor * w[i];
        }
    }
}

static void read_row(const struct sl_matrix *m, int64_t row, float factor, float *out) {
    const uint8_t *panel = (const uint8_t *)m->panels + row / SL_PANEL * m->panel_bytes;
    int64_t n = row % SL_PANEL;
    const float *f32 = (const float *)panel + n;
    const uint16_t *f16 = (const uint16_t *)panel + n;
    const uint16_t *bf16 = (const uint16_t *)panel + 2 * n;
    switch (m->format) {
        case SL_FORMAT_F32:
            for (int64_t k = 0; k < m->cols; k++) {
                out[k] = factor * f32[k * SL_PANEL];
            }
            break;
        case SL_FORMAT_F16:
            for (int64_t k = 0; k < m->cols; k++) {
                out[k] = factor * f16_to_f32(f16[k * SL_PANEL]);
            }
            break;
        case SL_FORMAT_BF16:
            for (int64_t k = 0; k < m->cols; k++) {
                out[k] = factor * bf16_to_f32(bf16[k / 2 * 2 * SL_PANEL + k % 2]);
            }
            break;
        default:
            read_quantised(m, panel, n, factor, out);
            break;
    }
}

void SL_FN(embedding)(const struct sl_embedding_args *args, int64_t begin, int64_t end) {
    for (int64_t t = begin; t < end; t++) {
        float *out = args->out + t * args->out_stride;
        if (args->ids[t] < 0) {
            memset(out, 0, (size_t)args->table.cols * sizeof(float));
        } else {
            read_row(&args->table, args->ids[t], (float)args->scale, out);
        }
    }
}
