/* Packing, looking up, preparing and multiplying. */
#include "test_support.h"

void packs_every_type_without_loss(void) {
    for (int f = 0; f < NUM_FORMATS; f++) {
        int type = FORMATS[f].source;
        int64_t rows = 75, cols = BLOCK[type] == 256 ? 512 : BLOCK[type] == 32 ? 96 : 77;
        int64_t stride = cols + (BLOCK[type] == 1 ? 3 : BLOCK[type]);
        int64_t row_bytes = stride / BLOCK[type] * BLOCK_BYTES[type];
        uint8_t *src = allocate((size_t)(rows * row_bytes));
        int32_t order[75], ids[75];
        for (int64_t r = 0; r < rows; r++) {
            random_row(type, src + r * row_bytes, stride);
            order[r] = (int32_t)((r * 7 + 3) % rows);
            ids[r] = (int32_t)(rows - 1 - r);
        }
        struct sl_matrix m = new_matrix(&FORMATS[f], rows, cols);
        /* Two parts that share the second panel, packed panel by panel. */
        float *scales = row_scales(src, rows, row_bytes);
        struct sl_pack_args top = {m, src, type, 45, stride, 0, NULL, 0, 0, scales};
        struct sl_pack_args bottom = {m, src, type, 30, stride, 0, order, 45, 0, scales};
        sl_pack(&bottom, 2, 3);
        sl_pack(&top, 0, 1);
        sl_pack(&top, 1, 2);
        sl_pack(&bottom, 1, 2);
        float *out = allocate((size_t)(rows * (cols + 5)) * 4);
        struct sl_embedding_args e = {m, ids, 1.5, out, cols + 5};
        sl_embedding(&e, 10, rows);
        sl_embedding(&e, 0, 10);
        int bad = 0;
        for (int64_t t = 0; t < rows; t++) {
            float expected[512 + 256];
            int64_t r = ids[t];
            reference_row(type, src + (r < 45 ? r : order[r - 45]) * row_bytes, stride, expected);
            for (int64_t k = 0; k < cols; k++) {
                bad += out[t * (cols + 5) + k] != 1.5f * expected[k];
            }
            for (int64_t k = cols; k < cols + 5; k++) {
                bad += out[t * (cols + 5) + k] != 0;
            }
        }
        CHECK(bad == 0, "%s: %d wrong weights", TYPE_NAME[type], bad);
        free(out);
        free(m.panels);
        free(scales);
        free(src);
    }
}

static float reference_int8(const float *w, int i) {
    float largest = 0;
    for (int j = 0; j < 32; j++) {
        largest = fmaxf(largest, fabsf(w[j]));
    }
    float d = half_value(half_bits(largest / 127));
    float q = d == 0 ? 0 : fminf(127, fmaxf(-127, rintf(w[i] * (1 / d))));
    return d * q;
}

static float reference_int4(const float *w, int i) {
    float largest = 0;
    for (int j = 0; j < 32; j++) {
        largest = fabsf(w[j]) > fabsf(largest) ? w[j] : largest;
    }
    float d = half_value(half_bits(largest / -8));
    float q = d == 0 ? 0 : fminf(7, fmaxf(-8, rintf(w[i] * (1 / d))));
    return d * q;
}

static float converted(int64_t format, const float *row, int64_t k) {
    switch (format) {
        case SL_FORMAT_F32: return row[k];
        case SL_FORMAT_F16: return half_value(half_bits(row[k]));
        case SL_FORMAT_BF16: return bfloat_value(bfloat_bits(row[k]));
        case SL_FORMAT_INT8: return reference_int8(row + k / 32 * 32, (int)(k % 32));
        default: return reference_int4(row + k / 32 * 32, (int)(k % 32));
    }
}

void converts_every_type_to_every_format(void) {
    static const int targets[] = {0, 1, 2, 3, 8};
    for (int type = 0; type <= SL_I8; type++) {
        for (int t = 0; t < 5; t++) {
            const struct format *f = &FORMATS[targets[t]];
            int64_t rows = 37, cols = BLOCK[type] == 256 ? 256 : BLOCK[type] == 32 ? 64 : 77;
            int64_t row_bytes = cols / BLOCK[type] * BLOCK_BYTES[type];
            uint8_t *src = allocate((size_t)(rows * row_bytes));
            for (int64_t r = 1; r < rows; r++) {
                random_row(type, src + r * row_bytes, cols);
            }
            struct sl_matrix m = new_matrix(f, rows, cols);
            float *scales = row_scales(src, rows, row_bytes);
            struct sl_pack_args a = {m, src, type, rows, cols, 0, NULL, 0, 0, scales};
            sl_pack(&a, 0, 2);
            free(scales);
            float *w = all_weights(&m);
            int bad = 0;
            for (int64_t r = 0; r < rows; r++) {
                float row[512] = {0};
                reference_row(type, src + r * row_bytes, cols, row);
                int kept = f->source == type || (type == SL_Q5_0 && f->source == SL_Q8_0);
                for (int64_t k = 0; k < cols; k++) {
                    float expected = kept ? row[k] : converted(f->format, row, k);
                    bad += w[r * cols + k] != expected;
                }
            }
            CHECK(bad == 0, "%s to format %d: %d wrong", TYPE_NAME[type], (int)f->format, bad);
            free(w);
            free(m.panels);
            free(src);
        }
    }
}

void packs_transposed_sources(void) {
    for (int type = 0; type <= SL_BF16; type++) {
        for (int f = 0; f < 4; f++) {
            int64_t rows = 45, cols = 70, stride = 50;
            uint8_t *src = allocate((size_t)(cols * stride * BLOCK_BYTES[type]));
            float all[70 * 50], row[96];
            random_row(type, src, cols * stride);
            reference_row(type, src, cols * stride, all);
            int32_t order[45];
            for (int r = 0; r < rows; r++) {
                order[r] = (r + 11) % 45;
            }
            struct sl_matrix m = new_matrix(&FORMATS[f], rows, cols);
            struct sl_pack_args a = {m, src, type, rows, stride, 1, order, 0, 0, NULL};
            sl_pack(&a, 0, 2);
            float *w = all_weights(&m);
            int bad = 0;
            for (int64_t r = 0; r < rows; r++) {
                memset(row, 0, sizeof row);
                for (int64_t k = 0; k < cols; k++) {
                    row[k] = all[k * stride + order[r]];
                }
                for (int64_t k = 0; k < cols; k++) {
                    bad += w[r * cols + k] != converted(FORMATS[f].format, row, k);
                }
            }
            CHECK(bad == 0, "transposed %s to format %d: %d wrong", TYPE_NAME[type], f, bad);
            free(w);
            free(m.panels);
            free(src);
        }
    }
}

/* The type's own format, and those that any type is converted to. */
static int is_target(const struct format *f, int type) {
    int converts = f->source == SL_Q8_0 || f->source == SL_Q4_0 || f->source <= SL_BF16;
    return f->source == type || converts;
}

/* Numbers of every kind in a row of plain floats. */
static void random_bits(int type, uint8_t *row, int64_t cols) {
    static const float odd[] = {0, -0.0f, NAN, INFINITY, 127, -127, 2.5f, -2.5f, 65519, 1e-8f};
    for (int64_t i = 0; i < cols * BLOCK_BYTES[type]; i++) {
        row[i] = (uint8_t)random32();
    }
    for (int64_t k = 0; type == SL_F32 && k < cols; k += 1 + random_below(9)) {
        memcpy(row + k * 4, &odd[random_below(10)], 4);
    }
}

static void check_together(int type, const struct format *f, int64_t first_row, int64_t first_col) {
    int64_t block = BLOCK[type], rows = 75, stored = 60;
    int64_t cols = block == 256 ? 416 : block == 32 ? 96 : 77;
    int64_t stride = (first_col + cols + 2 * block - 1) / block * block;
    int64_t bytes = stride / block * BLOCK_BYTES[type];
    uint8_t *src = allocate((size_t)(stored * bytes));
    int32_t order[75];
    for (int64_t r = 0; r < stored; r++) {
        (block == 1 && r % 3 == 0 ? random_bits : random_row)(type, src + r * bytes, stride);
    }
    for (int64_t r = 0; r < rows; r++) {
        order[r] = (int32_t)random_below(stored);
    }
    struct sl_matrix m = new_matrix(f, first_row + rows + 3, cols), alone = m;
    int64_t size = panels_of(&m) * m.panel_bytes;
    for (int64_t i = 0; i < size; i++) {
        ((uint8_t *)m.panels)[i] = (uint8_t)random32();
    }
    alone.panels = allocate((size_t)size);
    memcpy(alone.panels, m.panels, (size_t)size);
    float *scales = row_scales(src, stored, bytes);
    struct sl_pack_args a = {m, src, type, rows, stride, 0, order, first_row, first_col, scales};
    sl_pack(&a, first_row / 32, (first_row + rows - 1) / 32 + 1);
    for (int64_t r = 0; r < rows; r++) {
        struct sl_pack_args one = {alone, src, type, 1, stride, 0, order + r, first_row + r,
                                   first_col, scales};
        sl_pack(&one, (first_row + r) / 32, (first_row + r) / 32 + 1);
    }
    CHECK(memcmp(m.panels, alone.panels, (size_t)size) == 0,
          "%s to format %d of %s, from row %d, column %d: panels differ", TYPE_NAME[type],
          (int)f->format, TYPE_NAME[f->source], (int)first_row, (int)first_col);
    free(alone.panels);
    free(m.panels);
    free(scales);
    free(src);
}

/* Whole vectors of outputs are packed in another way than outputs that lack neighbours. */
void packs_outputs_together_as_alone(void) {
    for (int type = 0; type <= SL_I8; type++) {
        for (int f = 0; f < NUM_FORMATS; f++) {
            if (!is_target(&FORMATS[f], type)) {
                continue;
            }
            check_together(type, &FORMATS[f], 0, 0);
            check_together(type, &FORMATS[f], 13, BLOCK[type] == 1 ? 0 : 96);
        }
    }
}

/* ---- linear */

struct prepared {
    void *data;
    int64_t stride;
    float *x; /* the values that the prepared rows stand for */
};

static int64_t prepared_kind(int64_t format) {
    switch (format) {
        case SL_FORMAT_BF16: return SL_PREPARED_BF16;
        case SL_FORMAT_INT8_ROW: return SL_PREPARED_INT8_ROW;
        default: return SL_PREPARED_INT8;
    }
}

static struct prepared prepare(const float *x, int64_t n, int64_t cols, int64_t format) {
    struct prepared p = {NULL, 0, allocate((size_t)(n * cols) * 4)};
    memcpy(p.x, x, (size_t)(n * cols) * 4);
    if (format <= SL_FORMAT_F16) {
        return p;
    }
    int64_t kind = prepared_kind(format);
    p.stride = sl_prepared_stride(kind, cols);
    p.data = allocate((size_t)(n * p.stride));
    struct sl_prepare_args a = {x, cols, cols, kind, p.data, p.stride};
    sl_prepare(&a, n / 2, n);
    sl_prepare(&a, 0, n / 2);
    int64_t padded = (cols + 31) / 32 * 32;
    for (int64_t r = 0; r < n; r++) {
        const char *row = (const char *)p.data + r * p.stride;
        const int8_t *q = (const int8_t *)row;
        const float *scale = (const float *)(row + padded);
        const int rowwise = kind == SL_PREPARED_INT8_ROW;
        for (int64_t k = 0; k < cols; k++) {
            const int64_t group = rowwise ? 0 : k / 32;
            p.x[r * cols + k] = kind == SL_PREPARED_BF16 ? bfloat_value(((const uint16_t *)row)[k])
                                                         : (float)q[k] * scale[group];
        }
    }
    return p;
}

static void check_prepared(int64_t cols) {
    int64_t padded = (cols + 31) / 32 * 32, groups = padded / 32;
    float *x = random_floats((size_t)(3 * cols));
    memset(x + cols, 0, 40 * 4);
    x[5] = 0x1.8p-130f;
    /* The largest of a group, and what is no number where it may be lost. */
    x[35] = 7;
    x[43] = x[50] = NAN;
    struct prepared p = prepare(x, 3, cols, SL_FORMAT_INT8);
    for (int r = 0; r < 3; r++) {
        const char *row = (const char *)p.data + r * p.stride;
        const int8_t *q = (const int8_t *)row;
        const float *scale = (const float *)(row + padded), *wsum = scale + 3 * groups;
        const int32_t *start8 = (const int32_t *)(scale + groups), *start4 = start8 + groups;
        const int32_t *half8 = start4 + 2 * groups;
        for (int64_t g = 0; g < groups; g++) {
            float m = 0;
            int sum[2] = {0, 0};
            for (int64_t k = g * 32; k < g * 32 + 32; k++) {
                m = fmaxf(m, k < cols ? fabsf(x[r * cols + k]) : 0);
            }
            for (int64_t k = g * 32; k < g * 32 + 32; k++) {
                float v = k < cols && !isnan(x[r * cols + k]) ? x[r * cols + k] : 0;
                int expected = m < 1e-30f ? 0 : (int)rintf(v * (127 / m));
                CHECK(q[k] == expected, "q[%d] %d not %d", (int)k, q[k], expected);
                sum[k % 32 / 16] += expected;
            }
            CHECK(scale[g] == (m < 1e-30f ? 0 : m / 127), "scale");
            CHECK(start8[g] == -128 * (sum[0] + sum[1]), "start8");
            CHECK(start4[g] == -8 * (sum[0] + sum[1]), "start4");
            CHECK(wsum[g] == scale[g] * (float)(sum[0] + sum[1]), "wsum");
            CHECK(half8[2 * g] == -128 * sum[0] && half8[2 * g + 1] == -128 * sum[1], "half8");
        }
    }
    free(p.data);
    free(p.x);
    p = prepare(x, 3, cols, SL_FORMAT_BF16);
    const uint16_t *b = p.data;
    for (int64_t k = 0; k < padded; k++) {
        uint16_t expected = k < cols ? bfloat_bits(x[k]) : 0;
        CHECK(k < cols && isnan(x[k]) ? isnan(bfloat_value(b[k])) : b[k] == expected, "bf16[%d]",
              (int)k);
    }
    free(p.data);
    free(p.x);
    free(x);
}

static void check_prepared_whole(int64_t cols, float largest) {
    const int64_t padded = (cols + 31) / 32 * 32;
    float *x = random_floats((size_t)cols);
    x[cols - 1] = largest;
    x[2] = NAN;
    struct prepared p = prepare(x, 1, cols, SL_FORMAT_INT8_ROW);
    float m = 0, scale;
    for (int64_t k = 0; k < cols; k++) {
        m = fmaxf(m, fabsf(x[k]));
    }
    int32_t sum = 0, start;
    for (int64_t k = 0; k < padded; k++) {
        float v = k < cols && !isnan(x[k]) ? x[k] : 0;
        int expected = (int)rintf(v * (127 / m)), q = ((const int8_t *)p.data)[k];
        CHECK(q == expected, "q[%d] %d not %d", (int)k, q, expected);
        sum += expected;
    }
    memcpy(&scale, (const char *)p.data + padded, 4);
    memcpy(&start, (const char *)p.data + padded + 4, 4);
    CHECK(scale == m / 127, "scale %g", scale);
    CHECK(start == -128 * sum, "start %d not %d", start, -128 * sum);
    free(p.data);
    free(p.x);
    free(x);
}

void prepares_rows(void) {
    check_prepared_whole(77, -3);
    check_prepared_whole(576, 100);
    check_prepared_whole(3, 0.5f);
    float zeros[40] = {0};
    struct prepared none = prepare(zeros, 1, 40, SL_FORMAT_INT8_ROW);
    for (int i = 0; i < 64 + 8; i++) {
        CHECK(((const char *)none.data)[i] == 0, "zeros are zeros");
    }
    free(none.data);
    free(none.x);
    check_prepared(77);
    check_prepared(256);
    check_prepared(365);
}

static void run_linear(const struct sl_matrix *m, const struct prepared *p, const float *x,
                       int64_t n, float *out, int64_t out_stride, int64_t streams, int by_unit) {
    /* What is fetched meanwhile changes nothing, wherever it lies. */
    int64_t offsets[] = {SL_PIECE, 2 * SL_PIECE, 0, 9 * SL_PIECE};
    int64_t parts = streams == 1 ? 1 + random_below(n < 4 ? n : 4) : 1;
    int64_t apart = random_below(4 / parts + 1), pieces = random_below(apart + 1);
    struct sl_linear_args a = {*m, x, m->cols, p->data, p->stride, n, out, out_stride, streams, parts,
                               x, offsets, pieces, apart};
    int64_t units = parts * panels_of(m) - (streams - 1) * (m->rows / 32 / streams);
    if (!by_unit) {
        int64_t middle = random_below(units + 1);
        sl_linear(&a, 0, middle);
        sl_linear(&a, middle, units);
        return;
    }
    for (int64_t i = units - 1; i >= 0; i--) {
        sl_linear(&a, i, i + 1);
    }
}

static void check_linear(const struct format *f, int64_t rows, int64_t cols, int64_t n) {
    struct sl_matrix m = random_matrix(f, rows, cols);
    float *w = all_weights(&m);
    float *x = random_floats((size_t)(n * cols));
    struct prepared p = prepare(x, n, cols, f->format);
    int64_t stride = rows + 3;
    float *out = allocate((size_t)(n * stride) * 4), *again = allocate((size_t)(n * stride) * 4);
    for (int64_t i = 0; i < n * stride; i++) {
        out[i] = again[i] = 12345;
    }
    run_linear(&m, &p, x, n, out, stride, 1, 0);
    double worst = 0;
    int touched = 0;
    for (int64_t i = 0; i < n; i++) {
        for (int64_t r = 0; r < rows; r++) {
            double sum = 0, size = 0;
            for (int64_t k = 0; k < cols; k++) {
                double product = (double)w[r * cols + k] * p.x[i * cols + k];
                sum += product;
                size += fabs(product);
            }
            double error = fabs(out[i * stride + r] - sum) / (size + 1e-30);
            worst = error > worst || isnan(error) ? error : worst;
        }
        for (int64_t r = rows; r < stride; r++) {
            touched += out[i * stride + r] != 12345;
        }
    }
    CHECK(worst < 1e-6, "%s %dx%d n=%d: error %g", TYPE_NAME[f->source], (int)rows, (int)cols,
          (int)n, worst);
    CHECK(touched == 0, "%d numbers beyond the rows were written", touched);
    run_linear(&m, &p, x, n, again, stride, 1, 1);
    CHECK(memcmp(out, again, (size_t)(n * stride) * 4) == 0, "%s n=%d: partition changes bits",
          TYPE_NAME[f->source], (int)n);
    int64_t streams = sl_linear_streams(f->format);
    for (int64_t i = 0; i < n; i++) {
        struct prepared one = {(char *)p.data + i * p.stride, p.stride, NULL};
        run_linear(&m, &one, x + i * cols, 1, again + i * stride, stride, streams, i % 2);
    }
    CHECK(memcmp(out, again, (size_t)(n * stride) * 4) == 0, "%s n=%d: batched is not single",
          TYPE_NAME[f->source], (int)n);
    free(out);
    free(again);
    free(p.data);
    free(p.x);
    free(x);
    free(w);
    free(m.panels);
}

void multiplies_in_every_format(void) {
    for (int f = 0; f < NUM_FORMATS; f++) {
        int block = BLOCK[FORMATS[f].source];
        for (int64_t n = 1; n <= 34; n++) {
            check_linear(&FORMATS[f], 32 + n, block == 1 ? 50 + n : block == 32 ? 96 : 256, n);
        }
        for (int64_t n = 42; n <= 97; n += 11) {
            check_linear(&FORMATS[f], 64, block == 1 ? 70 : block == 32 ? 96 : 256, n);
        }
        check_linear(&FORMATS[f], 77, block == 1 ? 1001 : 1280, 53);
        check_linear(&FORMATS[f], 77, block == 1 ? 300 : 512, 101);
        /* 14 whole panels: several at a time for one row, and some left. */
        check_linear(&FORMATS[f], 453, block == 1 ? 90 : 768, 2);
        /* Six whole panels, more rows than are laid out at a time, and 11 groups, 8 and some. */
        check_linear(&FORMATS[f], 197, block == 1 ? 90 : block == 32 ? 352 : 768, 122);
        check_linear(&FORMATS[f], 5, block == 1 ? 1 : block, 3);
    }
}

/* The largest codes and inputs: nothing may saturate on the way. */
void multiplies_extreme_codes(void) {
    static const int sources[] = {3, 5, 7, 8, 9, 11};
    enum { N = 51 };
    for (int f = 0; f < 6; f++) {
        const struct format *format = &FORMATS[sources[f]];
        struct sl_matrix m = random_matrix(format, 32, 256);
        int64_t codes = format->format == SL_FORMAT_INT4 ? 512 : 1024;
        int64_t block = format->format == SL_FORMAT_INT8_ROW ? codes : m.panel_bytes / 8;
        for (int64_t g = 0; g < 8; g++) {
            uint8_t *p = (uint8_t *)m.panels + (g + 1) * block - codes;
            memset(p, g % 2 ? 0xff : 0, (size_t)codes);
        }
        float *w = all_weights(&m);
        float x[N * 256];
        for (int i = 0; i < N * 256; i++) {
            x[i] = i % 256 / 64 % 2 ? -1.0f : 1.0f;
        }
        struct prepared p = prepare(x, N, 256, format->format);
        float out[N * 32];
        run_linear(&m, &p, x, N, out, 32, 1, 0);
        double worst = 0;
        for (int i = 0; i < N * 32; i++) {
            double sum = 0, size = 0;
            for (int k = 0; k < 256; k++) {
                double product = (double)w[i % 32 * 256 + k] * p.x[i / 32 * 256 + k];
                sum += product;
                size += fabs(product);
            }
            worst = fmax(worst, fabs(out[i] - sum) / size);
        }
        CHECK(worst < 1e-6, "%s: error %g", TYPE_NAME[format->source], worst);
        free(w);
        free(p.data);
        free(p.x);
        free(m.panels);
    }
}

/* Operations marked "exact" give the same bits at every level. */
void levels_agree_on_exact_operations(void) {
    int64_t top = sl_isa_supported();
    for (int f = 0; f < NUM_FORMATS; f++) {
        int type = FORMATS[f].source;
        int64_t cols = 512, rows = 64, bytes = cols / BLOCK[type] * BLOCK_BYTES[type];
        uint8_t *src = allocate((size_t)(rows * bytes));
        float *x = random_floats(512), *first = NULL;
        for (int64_t r = 0; r < rows; r++) {
            random_row(type, src + r * bytes, cols);
        }
        void *panels = NULL, *prepared = NULL;
        float products[64];
        for (int64_t level = 0; level <= top; level++) {
            sl_isa_set(level);
            struct sl_matrix m = new_matrix(&FORMATS[f], rows, cols);
            float *scales = row_scales(src, rows, bytes);
            struct sl_pack_args a = {m, src, type, rows, cols, 0, NULL, 0, 0, scales};
            sl_pack(&a, 0, 2);
            free(scales);
            float *w = all_weights(&m);
            int64_t format = FORMATS[f].format;
            struct prepared p = prepare(x, 1, cols, format < SL_FORMAT_BF16 ? SL_FORMAT_BF16 : format);
            free(p.x);
            float product[64];
            if (type == SL_I8) {
                run_linear(&m, &p, x, 1, product, rows, 1, 0);
            }
            if (level == 0) {
                panels = m.panels;
                first = w;
                prepared = p.data;
                memcpy(products, product, sizeof products);
                continue;
            }
            CHECK(type != SL_I8 || memcmp(products, product, sizeof products) == 0,
                  "products differ");
            CHECK(memcmp(panels, m.panels, (size_t)(2 * m.panel_bytes)) == 0, "panels differ");
            CHECK(memcmp(first, w, (size_t)(rows * cols) * 4) == 0, "weights differ");
            CHECK(memcmp(prepared, p.data, (size_t)p.stride) == 0, "prepared rows differ");
            free(m.panels);
            free(w);
            free(p.data);
        }
        free(panels);
        free(first);
        free(prepared);
        free(src);
        free(x);
    }
}
