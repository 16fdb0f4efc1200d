/* GGUF's quantised blocks, and bytes. Little-endian, no alignment. */
#include "gguf.h"

#include "scalar.h"

static const struct source_type TYPES[] = {
    [SL_F32] = {1, 4, SL_FORMAT_F32, 0, 0, 0},
    [SL_F16] = {1, 2, SL_FORMAT_F16, 0, 0, 0},
    [SL_BF16] = {1, 2, SL_FORMAT_BF16, 0, 0, 0},
    [SL_Q4_0] = {32, 18, SL_FORMAT_INT4, 32, 16, 0},
    [SL_Q4_1] = {32, 20, SL_FORMAT_INT4, 32, 16, 1},
    [SL_Q5_0] = {32, 22, SL_FORMAT_INT8, 32, 16, 0},
    [SL_Q5_1] = {32, 24, SL_FORMAT_INT8, 32, 16, 1},
    [SL_Q8_0] = {32, 34, SL_FORMAT_INT8, 32, 16, 0},
    [SL_Q4_K] = {256, 144, SL_FORMAT_INT4, 32, 32, 1},
    [SL_Q5_K] = {256, 176, SL_FORMAT_INT8, 32, 32, 1},
    [SL_Q6_K] = {256, 210, SL_FORMAT_INT8, 16, 32, 0},
    [SL_I8] = {32, 32, SL_FORMAT_INT8_ROW, 0, 32, 0},
};

const struct source_type *SL_FN(source_type)(int64_t type) { return &TYPES[type]; }

static uint16_t read16(const uint8_t *p) {
    uint16_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

static uint32_t read32(const uint8_t *p) {
    uint32_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

static void set_scale(struct quant_group *out, float scale, float min) {
    out->scale[0] = scale;
    out->scale[1] = scale;
    out->min = min;
}

static void set_scale16(struct quant_group *out, uint16_t scale, uint16_t min) {
    out->scale16 = scale;
    out->min16 = min;
    set_scale(out, f16_to_f32(scale), f16_to_f32(min));
}

static void read_q4(const uint8_t *codes, int offset, struct quant_group *out) {
    for (int i = 0; i < 16; i++) {
        out->q[i] = (int8_t)((codes[i] & 15) - offset);
        out->q[i + 16] = (int8_t)((codes[i] >> 4) - offset);
    }
}

static void read_q5(const uint8_t *high, const uint8_t *codes, int offset,
                    struct quant_group *out) {
    uint32_t bits = read32(high);
    for (int i = 0; i < 16; i++) {
        out->q[i] = (int8_t)((int)((codes[i] & 15) | ((bits >> i & 1) << 4)) - offset);
        out->q[i + 16] = (int8_t)((int)((codes[i] >> 4) | ((bits >> (i + 16) & 1) << 4)) - offset);
    }
}

/* Scale and min of sub-block s of a K block with packed 6-bit numbers. */
static void read_k_scales(const uint8_t *block, int64_t s, struct quant_group *out) {
    const uint8_t *packed = block + 4;
    int scale, min;
    if (s < 4) {
        scale = packed[s] & 63;
        min = packed[s + 4] & 63;
    } else {
        scale = (packed[s + 4] & 15) | ((packed[s - 4] >> 6) << 4);
        min = (packed[s + 4] >> 4) | ((packed[s] >> 6) << 4);
    }
    set_scale(out, f16_to_f32(read16(block)) * (float)scale,
              -(f16_to_f32(read16(block + 2)) * (float)min));
}

static void read_q4_k(const uint8_t *block, int64_t s, struct quant_group *out) {
    const uint8_t *codes = block + 16 + (s / 2) * 32;
    int shift = s % 2 ? 4 : 0;
    read_k_scales(block, s, out);
    for (int i = 0; i < 32; i++) {
        out->q[i] = (int8_t)(codes[i] >> shift & 15);
    }
}

static void read_q5_k(const uint8_t *block, int64_t s, struct quant_group *out) {
    const uint8_t *high = block + 16;
    const uint8_t *codes = block + 48 + (s / 2) * 32;
    int shift = s % 2 ? 4 : 0;
    read_k_scales(block, s, out);
    for (int i = 0; i < 32; i++) {
        out->q[i] = (int8_t)((codes[i] >> shift & 15) | ((high[i] >> s & 1) << 4));
    }
}

static void read_q6_k(const uint8_t *block, int64_t s, struct quant_group *out) {
    const uint8_t *low = block + (s / 4) * 64 + (s % 2) * 32;
    const uint8_t *high = block + 128 + (s / 4) * 32;
    const int8_t *scales = (const int8_t *)block + 192 + s * 2;
    float d = f16_to_f32(read16(block + 208));
    int low_shift = s % 4 >= 2 ? 4 : 0;
    int high_shift = (int)(s % 4) * 2;
    for (int i = 0; i < 32; i++) {
        int code = (low[i] >> low_shift & 15) | ((high[i] >> high_shift & 3) << 4);
        out->q[i] = (int8_t)(code - 32);
    }
    out->scale[0] = d * (float)scales[0];
    out->scale[1] = d * (float)scales[1];
    out->min = 0;
}

void SL_FN(read_group)(int64_t type, const uint8_t *row, int64_t g, struct quant_group *out) {
    const struct source_type *t = &TYPES[type];
    int64_t per_block = t->block / SL_GROUP;
    const uint8_t *block = row + g / per_block * t->block_bytes;
    switch (type) {
        case SL_Q4_0:
            set_scale16(out, read16(block), 0);
            read_q4(block + 2, 8, out);
            break;
        case SL_Q4_1:
            set_scale16(out, read16(block), read16(block + 2));
            read_q4(block + 4, 0, out);
            break;
        case SL_Q5_0:
            set_scale16(out, read16(block), 0);
            read_q5(block + 2, block + 6, 16, out);
            break;
        case SL_Q5_1:
            set_scale16(out, read16(block), read16(block + 2));
            read_q5(block + 4, block + 8, 0, out);
            break;
        case SL_Q8_0:
            set_scale16(out, read16(block), 0);
            memcpy(out->q, block + 2, 32);
            break;
        case SL_I8:
            memcpy(out->q, block, SL_GROUP);
            break;
        case SL_Q4_K:
            read_q4_k(block, g % 8, out);
            break;
        case SL_Q5_K:
            read_q5_k(block, g % 8, out);
            break;
        default:
            read_q6_k(block, g % 8, out);
            break;
    }
}
