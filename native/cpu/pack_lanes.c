/*
 * Packing of whole groups of several outputs at a time. A panel is a transposition of words of four
 * bytes, so words are read along the rows, turned so that each lane holds an output, converted
 * there and stored as they are.
 */
#include "lanes.h"

/* Bytes, of each row. */
enum { FETCH_AHEAD = 192 };

/* A group of 32 inputs: w = scale * (code - zero) + min, as in struct quant_group. */
struct codes {
    lu bytes[8]; /* codes of inputs 4 j .. 4 j + 3 */
    int32_t zero;
    lf scale[2];
    lf min;
    lu scale16; /* instead of scale and min, for types whose scales are f16 */
    lu min16;
};

static void read_halves(const uint8_t *const *rows, int64_t at, int has_min, struct codes *out) {
    lu head = lu_gather(rows, at);
    out->scale16 = head & 0xffff;
    out->min16 = has_min ? head >> 16 : (lu){0};
}

/* 32 inputs of which those of the first half are in the low nibbles. */
static void read_nibbles(const uint8_t *const *rows, int64_t at, struct codes *out) {
    lu words[4];
    lu_gather_4(rows, at, words);
    for (int j = 0; j < 4; j++) {
        out->bytes[j] = words[j] & 0x0f0f0f0f;
        out->bytes[j + 4] = words[j] >> 4 & 0x0f0f0f0f;
    }
}

/* Adds bit i of a word as the fifth bit of input i. */
static void add_fifth_bits(const uint8_t *const *rows, int64_t at, struct codes *out) {
    lu bits = lu_gather(rows, at);
    for (int j = 0; j < 8; j++) {
        lu four = bits >> 4 * j & 15;
        lu spread = (four | four << 7 | four << 14 | four << 21) & 0x01010101;
        out->bytes[j] |= spread << 4;
    }
}

/* (words >> shift & mask) << to for each of the 32 bytes at a place of the rows. */
static void read_bytes(const uint8_t *const *rows, int64_t at, int64_t shift, uint32_t mask,
                       lu *bytes) {
    lu_gather_4(rows, at, bytes);
    lu_gather_4(rows, at + 16, bytes + 4);
    for (int j = 0; j < 8; j++) {
        bytes[j] = bytes[j] >> (int)shift & mask;
    }
}

static void add_high_bits(const uint8_t *const *rows, int64_t at, int64_t shift, uint32_t mask,
                          struct codes *out) {
    lu high[8];
    read_bytes(rows, at, shift, mask, high);
    for (int j = 0; j < 8; j++) {
        out->bytes[j] |= high[j] << 4;
    }
}

static void read_k_scales(const uint8_t *const *rows, int64_t at, int64_t s, struct codes *out) {
    lu head[4], scale, min;
    lu_gather_4(rows, at, head);
    int shift = (int)(s % 4) * 8;
    if (s < 4) {
        scale = head[1] >> shift & 63;
        min = head[2] >> shift & 63;
    } else {
        scale = (head[3] >> shift & 15) | (head[1] >> (shift + 6) & 3) << 4;
        min = (head[3] >> (shift + 4) & 15) | (head[2] >> (shift + 6) & 3) << 4;
    }
    out->scale[0] = out->scale[1] = lf_from_f16(head[0] & 0xffff) * lf_of(scale);
    out->min = -(lf_from_f16(head[0] >> 16) * lf_of(min));
}

static void read_q6_k_scales(const uint8_t *const *rows, int64_t at, int64_t s,
                             struct codes *out) {
    lu scales = lu_gather(rows, at + 192 + 2 * s);
    /* From the word that the block ends with. */
    lf d = lf_from_f16(lu_gather(rows, at + 206) >> 16);
    out->scale[0] = d * lf_of((lu)((li)(scales << 24) >> 24));
    out->scale[1] = d * lf_of((lu)((li)(scales << 16) >> 24));
    out->min = (lf){0};
}

/* Scales that lie beside the rows. */
static void gather_row_scales(const float *scales, const int64_t *rows, struct codes *out) {
    for (int i = 0; i < SL_PACK_LANES; i++) {
        out->scale[0][i] = out->scale[1][i] = scales[rows[i]];
    }
    out->min = (lf){0};
}

/* Sub-block s of the blocks at a place of the rows; of SL_I8 the codes only. */
static void read_codes(int64_t type, const uint8_t *const *rows, int64_t at, int64_t s,
                       struct codes *out) {
    out->zero = 0;
    switch (type) {
        case SL_Q4_0:
            read_halves(rows, at, 0, out);
            read_nibbles(rows, at + 2, out);
            out->zero = 8;
            break;
        case SL_Q4_1:
            read_halves(rows, at, 1, out);
            read_nibbles(rows, at + 4, out);
            break;
        case SL_Q5_0:
            read_halves(rows, at, 0, out);
            read_nibbles(rows, at + 6, out);
            add_fifth_bits(rows, at + 2, out);
            out->zero = 16;
            break;
        case SL_Q5_1:
            read_halves(rows, at, 1, out);
            read_nibbles(rows, at + 8, out);
            add_fifth_bits(rows, at + 4, out);
            break;
        case SL_Q8_0:
            read_halves(rows, at, 0, out);
            read_bytes(rows, at + 2, 0, 0xffffffff, out->bytes);
            for (int j = 0; j < 8; j++) {
                out->bytes[j] ^= 0x80808080;
            }
            out->zero = 128;
            break;
        case SL_I8:
            read_bytes(rows, at, 0, 0xffffffff, out->bytes);
            for (int j = 0; j < 8; j++) {
                out->bytes[j] ^= 0x80808080;
            }
            out->zero = 128;
            break;
        case SL_Q4_K:
            read_k_scales(rows, at, s, out);
            read_bytes(rows, at + 16 + s / 2 * 32, s % 2 * 4, 0x0f0f0f0f, out->bytes);
            break;
        case SL_Q5_K:
            read_k_scales(rows, at, s, out);
            read_bytes(rows, at + 48 + s / 2 * 32, s % 2 * 4, 0x0f0f0f0f, out->bytes);
            add_high_bits(rows, at + 16, s, 0x01010101, out);
            break;
        default:
            read_q6_k_scales(rows, at, s, out);
            read_bytes(rows, at + s / 4 * 64 + s % 2 * 32, s % 4 / 2 * 4, 0x0f0f0f0f, out->bytes);
            add_high_bits(rows, at + 128 + s / 4 * 32, s % 4 * 2, 0x03030303, out);
            out->zero = 32;
            break;
    }
}

static void dequantise(const struct source_type *source, struct codes *codes, lf *w) {
    if (source->scale_bits == 16) {
        codes->scale[0] = codes->scale[1] = lf_from_f16(codes->scale16);
        codes->min = lf_from_f16(codes->min16);
    }
    for (int i = 0; i < SL_GROUP; i++) {
        lu code = codes->bytes[i / 4] >> 8 * (i % 4) & 255;
        w[i] = codes->scale[i / 16] * lf_of(code - (uint32_t)codes->zero) + codes->min;
    }
}

static void read_floats(int64_t type, const uint8_t *const *rows, int64_t at, lf *w) {
    lu words[SL_GROUP];
    int count = type == SL_F32 ? SL_GROUP : SL_GROUP / 2;
    for (int i = 0; i < count; i += 4) {
        lu_gather_4(rows, at + 4 * i, words + i);
    }
    for (int i = 0; i < count; i++) {
        if (type == SL_F32) {
            w[i] = (lf)words[i];
        } else if (type == SL_F16) {
            w[2 * i] = lf_from_f16(words[i] & 0xffff);
            w[2 * i + 1] = lf_from_f16(words[i] >> 16);
        } else {
            w[2 * i] = (lf)(words[i] << 16);
            w[2 * i + 1] = (lf)(words[i] & 0xffff0000);
        }
    }
}

/* `to`: where the panel holds the first input of the first output. */
static void write_floats(int64_t format, const lf *w, uint8_t *to) {
    for (int i = 0; i < SL_GROUP; i++) {
        if (format == SL_FORMAT_F32) {
            lu_store(to + i * 4 * SL_PANEL, (lu)w[i]);
        } else if (format == SL_FORMAT_F16) {
            lu_store_halves(to + i * 2 * SL_PANEL, lf_to_f16(w[i]));
        } else if (i % 2 == 0) {
            lu_store(to + i * 2 * SL_PANEL, lf_to_bf16(w[i]) | lf_to_bf16(w[i + 1]) << 16);
        }
    }
}

static void copy_16(int64_t type, const uint8_t *const *rows, int64_t at, uint8_t *to) {
    for (int i = 0; i < SL_GROUP; i += 8) {
        lu words[4];
        lu_gather_4(rows, at + 2 * i, words);
        for (int j = 0; j < 4; j++) {
            uint8_t *pair = to + (i + 2 * j) * 2 * SL_PANEL;
            if (type == SL_BF16) {
                lu_store(pair, words[j]);
            } else {
                lu_store_halves(pair, words[j] & 0xffff);
                lu_store_halves(pair + 2 * SL_PANEL, words[j] >> 16);
            }
        }
    }
}

/* The number of largest magnitude, the first of equals. */
static lf largest(const lf *w) {
    lf magnitude = {0}, value = {0};
    for (int i = 0; i < SL_GROUP; i++) {
        lf a = (lf)((lu)w[i] & 0x7fffffff);
        value = lf_select(a > magnitude, w[i], value);
        magnitude = lf_max(a, magnitude);
    }
    return value;
}

static void quantise(int64_t format, const lf *w, struct codes *out) {
    lf value = largest(w);
    int eight = format == SL_FORMAT_INT8;
    lf low = lf_all(eight ? -127 : -8), high = lf_all(eight ? 127 : 7);
    out->zero = eight ? 128 : 8;
    out->scale16 = lf_to_f16(eight ? (lf)((lu)value & 0x7fffffff) / 127 : value / -8);
    lf d = lf_from_f16(out->scale16);
    lf inverse = (lf)((lu)(1 / d) & (lu)(d != 0));
    /* Added to a number below 2^22, it rounds it to a whole one, which the low bits then hold. */
    float rounding = 0x1.8p23f + (float)out->zero;
    for (int j = 0; j < 8; j++) {
        lu byte[4];
        for (int b = 0; b < 4; b++) {
            lf x = lf_min(lf_max(w[4 * j + b] * inverse, low), high);
            byte[b] = (lu)(x + rounding) & 255;
        }
        out->bytes[j] = byte[0] | byte[1] << 8 | byte[2] << 16 | byte[3] << 24;
    }
}

/* `to`: where the first output's are. */
static void write_bytes(const struct codes *codes, uint8_t *to) {
    uint32_t up = (uint32_t)(128 - codes->zero) * 0x01010101;
    for (int j = 0; j < 8; j++) {
        lu_store(to + j * 128, codes->bytes[j] + up);
    }
}

static void write_codes(const struct sl_matrix *m, const struct codes *codes, uint8_t *block,
                        int64_t n) {
    if (m->format == SL_FORMAT_INT8_ROW) {
        write_bytes(codes, block + 4 * n);
        return;
    }
    int64_t scales = SL_GROUP / m->group;
    int64_t size = m->scale_bits / 8 * SL_PANEL;
    if (m->scale_bits == 16) {
        lu_store_halves(block + 2 * n, codes->scale16);
        if (m->has_min) {
            lu_store_halves(block + size + 2 * n, codes->min16);
        }
    } else {
        for (int64_t s = 0; s < scales; s++) {
            lu_store(block + s * size + 4 * n, (lu)codes->scale[s]);
        }
        if (m->has_min) {
            lu_store(block + scales * size + 4 * n, (lu)codes->min);
        }
    }
    uint8_t *to = block + (scales + m->has_min) * size + 4 * n;
    if (m->format == SL_FORMAT_INT8) {
        write_bytes(codes, to);
        return;
    }
    for (int j = 0; j < 4; j++) {
        lu_store(to + j * 128, codes->bytes[2 * j] | codes->bytes[2 * j + 1] << 4);
    }
}

/*
 * The rows of a panel are too many for the processor to foresee what is read of them. Behind the
 * last row this is no memory of ours, which does no harm.
 */
static void fetch_ahead(const uint8_t *const *rows, int64_t at) {
    for (int i = 0; i < SL_PACK_LANES; i++) {
        __builtin_prefetch(rows[i] + at + FETCH_AHEAD);
    }
}

void SL_FN(pack_lanes)(const struct packing *p, const uint8_t *const *stored, const int64_t *rows,
                       uint8_t *panel, int64_t n, int64_t g) {
    const struct sl_matrix *m = &p->args->dst;
    const struct source_type *source = p->source;
    int64_t type = p->args->src_type;
    int64_t first = p->args->first_col + g * SL_GROUP;
    int64_t at = first / source->block * source->block_bytes;
    uint8_t *block = panel + g * p->group_bytes;
    uint8_t *to = block + n * (m->format == SL_FORMAT_F16 ? 2 : 4);
    struct codes codes;
    lf w[SL_GROUP];
    fetch_ahead(stored, first * source->block_bytes / source->block);
    if (source->block > 1) {
        read_codes(type, stored, at, first % source->block / SL_GROUP, &codes);
        if (!p->carried) {
            if (type == SL_I8) {
                gather_row_scales(p->args->row_scales, rows, &codes);
            }
            dequantise(source, &codes, w);
        }
    } else if (p->carried && type != SL_F32) {
        copy_16(type, stored, at, to);
        return;
    } else {
        read_floats(type, stored, at, w);
    }
    if (m->format <= SL_FORMAT_BF16) {
        write_floats(m->format, w, to);
        return;
    }
    if (!p->carried) {
        quantise(m->format, w, &codes);
    }
    write_codes(m, &codes, block, n);
}
