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

/* Bytes from four codes of an output, or from eight of 4 bits, to the next ones. */
enum { CODES_APART = 4 * SL_PANEL };

/* The codes of an output, one a byte: INT8 as they lie, four at a time; INT4 eight at a time. */
SL_INLINE void read_codes(const uint8_t *from, int64_t format, uint8_t codes[SL_GROUP]) {
    if (format == SL_FORMAT_INT8) {
        for (int i = 0; i < SL_GROUP; i += 4) {
            memcpy(codes + i, from + i / 4 * CODES_APART, 4);
        }
        return;
    }
    for (int i = 0; i < SL_GROUP; i += 8) {
        uint32_t both;
        memcpy(&both, from + i / 8 * CODES_APART, 4);
        uint32_t low = both & 0x0f0f0f0fu, high = both >> 4 & 0x0f0f0f0fu;
        memcpy(codes + i, &low, 4);
        memcpy(codes + i + 4, &high, 4);
    }
}

/* Where the codes of output n begin in a group's block, behind the scales and minima. */
SL_INLINE int64_t codes_at(const struct sl_matrix *m, int64_t n) {
    return (SL_GROUP / m->group + m->has_min) * SL_PANEL * (m->scale_bits / 8) + n * 4;
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
    uint8_t codes[SL_GROUP];
    read_codes(block + codes_at(m, n), m->format, codes);
    int offset = m->format == SL_FORMAT_INT8 ? 128 : m->has_min ? 0 : 8;
    for (int s = 0; s < 2; s++) {
        for (int i = 16 * s; i < 16 * s + 16; i++) {
            w[i] = scale[s] * (float)(codes[i] - offset) + min;
        }
    }
}

/*
 * Begins to fetch a quantised row: its numbers lie in five to ten lines of each group, in several
 * pages, which take longer one after the other than all that is done with them.
 */
SL_INLINE void fetch_table_row(const struct sl_matrix *m, int64_t row) {
    int quantised = m->format == SL_FORMAT_INT8 || m->format == SL_FORMAT_INT4;
    if (row < 0 || !quantised) {
        return;
    }
    const uint8_t *panel = (const uint8_t *)m->panels + row / SL_PANEL * m->panel_bytes;
    const int64_t bytes = sl_block_bytes(m), n = row % SL_PANEL, scale_bytes = m->scale_bits / 8;
    const int64_t codes = codes_at(m, n);
    for (int64_t g = 0; g < m->panel_bytes; g += bytes) {
        for (int64_t at = n * scale_bytes; at < codes - n * 4; at += SL_PANEL * scale_bytes) {
            __builtin_prefetch(panel + g + at, 0, 2);
        }
        for (int64_t at = codes; at < bytes; at += CODES_APART) {
            __builtin_prefetch(panel + g + at, 0, 2);
        }
    }
}

static void read_quantised(const struct sl_matrix *m, const uint8_t *panel, int64_t n, float factor,
                           float *out) {
    int64_t groups = sl_padded(m->cols) / SL_GROUP, bytes = sl_block_bytes(m);
    for (int64_t g = 0; g < groups; g++) {
        float w[SL_GROUP];
        int64_t count = sl_min(SL_GROUP, m->cols - g * SL_GROUP);
        read_block(m, panel + g * bytes, n, w);
        for (int64_t i = 0; i < count; i++) {
            out[g * SL_GROUP + i] = factor * w[i];
        }
    }
}

static void read_bytes(const struct sl_matrix *m, const uint8_t *panel, int64_t n, float factor,
                       float *out) {
    const float scale = scale_at(panel + sl_padded(m->cols) * SL_PANEL, 32, n);
    for (int64_t k = 0; k < m->cols; k++) {
        int code = panel[k / 4 * CODES_APART + n * 4 + k % 4];
        out[k] = factor * (scale * (float)(code - 128));
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
        case SL_FORMAT_INT8_ROW:
            read_bytes(m, panel, n, factor, out);
            break;
        default:
            read_quantised(m, panel, n, factor, out);
            break;
    }
}

void SL_FN(embedding)(const struct sl_embedding_args *args, int64_t begin, int64_t end) {
    for (int64_t t = begin; t < end; t++) {
        if (t == begin) {
            fetch_table_row(&args->table, args->ids[t]);
        }
        if (t + 1 < end) {
            fetch_table_row(&args->table, args->ids[t + 1]);
        }
        float *out = args->out + t * args->out_stride;
        if (args->ids[t] < 0) {
            memset(out, 0, (size_t)args->table.cols * sizeof(float));
        } else {
            read_row(&args->table, args->ids[t], (float)args->scale, out);
        }
    }
}
