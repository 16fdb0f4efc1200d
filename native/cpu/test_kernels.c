/* Tests of the CPU kernels at every level that this machine has. See native/test. */
#include "test_support.h"

/* Hidden in the library: the tests are linked with its object files. */
extern int sl_fast_dpbf16;

/* ---- packing and looking up */

static void packs_every_type_without_loss(void) {
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
        struct sl_pack_args top = {m, src, type, 45, stride, 0, NULL, 0};
        struct sl_pack_args bottom = {m, src, type, 30, stride, 0, order, 45};
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

static void converts_every_type_to_every_format(void) {
    static const int targets[] = {0, 1, 2, 3, 8};
    for (int type = 0; type <= SL_Q6_K; type++) {
        for (int t = 0; t < 5; t++) {
            const struct format *f = &FORMATS[targets[t]];
            int64_t rows = 37, cols = BLOCK[type] == 256 ? 256 : BLOCK[type] == 32 ? 64 : 77;
            int64_t row_bytes = cols / BLOCK[type] * BLOCK_BYTES[type];
            uint8_t *src = allocate((size_t)(rows * row_bytes));
            for (int64_t r = 1; r < rows; r++) {
                random_row(type, src + r * row_bytes, cols);
            }
            struct sl_matrix m = new_matrix(f, rows, cols);
            struct sl_pack_args a = {m, src, type, rows, cols, 0, NULL, 0};
            sl_pack(&a, 0, 2);
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

static void packs_transposed_sources(void) {
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
            struct sl_pack_args a = {m, src, type, rows, stride, 1, order, 0};
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

/* ---- linear */

struct prepared {
    void *data;
    int64_t stride;
    float *x; /* the values that the prepared rows stand for */
};

static struct prepared prepare(const float *x, int64_t n, int64_t cols, int64_t format) {
    struct prepared p = {NULL, 0, allocate((size_t)(n * cols) * 4)};
    memcpy(p.x, x, (size_t)(n * cols) * 4);
    if (format <= SL_FORMAT_F16) {
        return p;
    }
    int64_t kind = format == SL_FORMAT_BF16 ? SL_PREPARED_BF16 : SL_PREPARED_INT8;
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
        for (int64_t k = 0; k < cols; k++) {
            p.x[r * cols + k] = kind == SL_PREPARED_BF16 ? bfloat_value(((const uint16_t *)row)[k])
                                                         : (float)q[k] * scale[k / 32];
        }
    }
    return p;
}

static void prepares_rows(void) {
    int64_t cols = 77, padded = 96, groups = 3;
    float *x = random_floats(3 * 77);
    memset(x + 77, 0, 40 * 4);
    x[5] = 0x1.8p-130f;
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
                float v = k < cols ? x[r * cols + k] : 0;
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
    x[6] = NAN;
    p = prepare(x, 3, cols, SL_FORMAT_BF16);
    const uint16_t *b = p.data;
    for (int64_t k = 0; k < padded; k++) {
        uint16_t expected = k < cols ? bfloat_bits(x[k]) : 0;
        CHECK(k == 6 ? isnan(bfloat_value(b[k])) : b[k] == expected, "bf16[%d]", (int)k);
    }
    free(p.data);
    free(p.x);
    free(x);
}

static void run_linear(const struct sl_matrix *m, const struct prepared *p, const float *x,
                       int64_t n, float *out, int64_t out_stride, int by_panel) {
    struct sl_linear_args a = {*m, x, m->cols, p->data, p->stride, n, out, out_stride};
    if (!by_panel) {
        sl_linear(&a, 0, panels_of(m));
        return;
    }
    for (int64_t i = panels_of(m) - 1; i >= 0; i--) {
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
    run_linear(&m, &p, x, n, out, stride, 0);
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
    run_linear(&m, &p, x, n, again, stride, 1);
    CHECK(memcmp(out, again, (size_t)(n * stride) * 4) == 0, "%s n=%d: partition changes bits",
          TYPE_NAME[f->source], (int)n);
    for (int64_t i = 0; i < n; i++) {
        struct prepared one = {(char *)p.data + i * p.stride, p.stride, NULL};
        run_linear(&m, &one, x + i * cols, 1, again + i * stride, stride, 0);
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

static void multiplies_in_every_format(void) {
    for (int f = 0; f < NUM_FORMATS; f++) {
        int block = BLOCK[FORMATS[f].source];
        for (int64_t n = 1; n <= 27; n++) {
            check_linear(&FORMATS[f], 32 + n, block == 1 ? 50 + n : block == 32 ? 96 : 256, n);
        }
        check_linear(&FORMATS[f], 77, block == 1 ? 1001 : 1280, 53);
        check_linear(&FORMATS[f], 5, block == 1 ? 1 : block, 3);
    }
}

/* The largest codes and inputs: nothing may saturate on the way. */
static void multiplies_extreme_codes(void) {
    static const int sources[] = {3, 5, 7, 8, 9};
    for (int f = 0; f < 5; f++) {
        const struct format *format = &FORMATS[sources[f]];
        struct sl_matrix m = random_matrix(format, 32, 256);
        int64_t block = m.panel_bytes / 8;
        int64_t codes = format->format == SL_FORMAT_INT8 ? 1024 : 512;
        for (int64_t g = 0; g < 8; g++) {
            uint8_t *p = (uint8_t *)m.panels + (g + 1) * block - codes;
            memset(p, g % 2 ? 0xff : 0, (size_t)codes);
        }
        float *w = all_weights(&m);
        float x[13 * 256];
        for (int i = 0; i < 13 * 256; i++) {
            x[i] = i % 256 / 64 % 2 ? -1.0f : 1.0f;
        }
        struct prepared p = prepare(x, 13, 256, format->format);
        float out[13 * 32];
        run_linear(&m, &p, x, 13, out, 32, 0);
        double worst = 0;
        for (int i = 0; i < 13 * 32; i++) {
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

/* ---- row by row */

static void normalises(void) {
    static const int64_t shapes[][2] = {{576, 576}, {77, 77}, {128, 64}, {120, 24}, {5, 1}};
    for (int s = 0; s < 5; s++) {
        int64_t cols = shapes[s][0], group = shapes[s][1], n = 4;
        float *x = random_floats((size_t)(n * cols)), *r = random_floats((size_t)(n * cols));
        float *w = random_floats((size_t)group), *out = allocate((size_t)(n * cols) * 4);
        float *sum = allocate((size_t)(n * cols) * 4);
        for (int64_t i = 0; i < n * cols; i++) {
            sum[i] = r[i] + x[i];
        }
        struct sl_add_rms_norm_args a = {r, cols, x, cols, w, group, cols, 1e-5, out, cols};
        sl_add_rms_norm(&a, 0, n);
        CHECK(memcmp(r, sum, (size_t)(n * cols) * 4) == 0, "residual");
        double worst = 0;
        for (int64_t g = 0; g < n * cols / group; g++) {
            double square = 0;
            for (int64_t i = 0; i < group; i++) {
                square += (double)sum[g * group + i] * sum[g * group + i];
            }
            for (int64_t i = 0; i < group; i++) {
                double y = w[i] * sum[g * group + i] / sqrt(square / (double)group + 1e-5);
                worst = fmax(worst, fabs(out[g * group + i] - y) / (fabs(y) + 1e-30));
            }
        }
        CHECK(worst < 1e-6, "norm %d/%d: error %g", (int)cols, (int)group, worst);
        struct sl_rms_norm_args b = {sum, cols, w, group, cols, 1e-5, sum, cols};
        sl_rms_norm(&b, 0, n);
        CHECK(memcmp(out, sum, (size_t)(n * cols) * 4) == 0, "norms differ");
        free(x);
        free(r);
        free(w);
        free(out);
        free(sum);
    }
}

static void adds_gathers_and_finds_the_largest(void) {
    int64_t cols = 1003;
    float *x = random_floats(3 * 1003), *y = random_floats(3 * 1003), *before = random_floats(3009);
    memcpy(before, x, 3009 * 4);
    struct sl_add_args a = {x, cols, y, 0, cols};
    sl_add(&a, 0, 2);
    a.y_stride = cols;
    sl_add(&a, 2, 3);
    int bad = 0;
    for (int i = 0; i < 3009; i++) {
        bad += x[i] != before[i] + y[i < 2006 ? i % 1003 : i];
    }
    CHECK(bad == 0, "add: %d wrong", bad);
    int32_t rows[] = {2, 0, 2}, ids[4];
    float out[3 * 1003];
    struct sl_gather_rows_args g = {x, cols, rows, cols, out, cols};
    sl_gather_rows(&g, 0, 3);
    for (int r = 0; r < 3; r++) {
        CHECK(memcmp(out + r * cols, x + rows[r] * cols, 1003 * 4) == 0, "gather");
    }
    for (int trial = 0; trial < 50; trial++) {
        int64_t n = 1 + random_below(300), first = random_below(n);
        float row[4 * 300];
        for (int i = 0; i < 4 * 300; i++) {
            row[i] = random_float();
        }
        row[first] = 7;
        row[first + random_below(n - first)] = 7;
        row[300 + random_below(n)] = NAN;
        for (int i = 0; i < n; i++) {
            row[600 + i] = NAN;
            row[900 + i] = i == first ? -INFINITY : NAN;
        }
        int64_t expected = 0;
        for (int64_t i = 0; i < n; i++) {
            if (!(row[300 + i] <= row[300 + expected]) && !isnan(row[300 + i])) {
                expected = i;
            }
        }
        struct sl_argmax_args m = {row, 300, n, ids};
        sl_argmax(&m, 0, 4);
        CHECK(ids[0] == first, "argmax %d not %d", ids[0], (int)first);
        CHECK(ids[1] == expected || isnan(row[300 + ids[1]]) == (n == 1), "argmax beside NaN");
        CHECK(ids[2] == 0, "argmax of NaN %d", ids[2]);
        CHECK(ids[3] == first, "argmax of -infinity");
    }
    free(x);
    free(y);
    free(before);
}

static void activates(void) {
    int64_t cols = 333;
    float x[666], out[333];
    for (int gelu = 0; gelu < 2; gelu++) {
        for (int i = 0; i < 333; i++) {
            x[i] = (float)(i - 166) * (i % 2 ? 0.06f : 0.5f);
            x[333 + i] = 1 + (float)i / 100;
        }
        x[0] = -INFINITY;
        x[1] = 200;
        struct sl_gated_activation_args a = {x, 666, cols, gelu ? SL_GELU_TANH : SL_SILU, out, cols};
        sl_gated_activation(&a, 0, 1);
        double worst = 0;
        for (int i = 1; i < 333; i++) {
            double v = x[i];
            double u = gelu ? 2 * 0.7978845608028654 * (v + 0.044715 * v * v * v) : v;
            double y = v / (1 + exp(-u)) * x[333 + i];
            if (fabs(y) > 1e-36) {
                /* The rounding of u is worth |u| ulps of the exponential. */
                worst = fmax(worst, fabs(out[i] - y) / fabs(y) / (1 + (gelu ? fabs(u) / 4 : 0)));
            } else {
                worst = fmax(worst, fabs(out[i] - y) > 1e-36);
            }
        }
        CHECK(worst < 1e-6, "activation %d: error %g", gelu, worst);
    }
}

/* ---- positions and attention */

static float cached(const void *kv, int64_t type, int64_t i) {
    return type == SL_F32   ? ((const float *)kv)[i]
           : type == SL_F16 ? half_value(((const uint16_t *)kv)[i])
                            : bfloat_value(((const uint16_t *)kv)[i]);
}

static float rounded(int64_t type, float f) {
    return type == SL_F32   ? f
           : type == SL_F16 ? half_value(half_bits(fminf(65504, fmaxf(-65504, f))))
                            : bfloat_value(bfloat_bits(f));
}

static int64_t key_at(int64_t type, int64_t size, int64_t t, int64_t d) {
    return type == SL_BF16 ? d / 2 * 2 * size + 2 * t + d % 2 : d * size + t;
}

static int64_t value_at(int64_t type, int64_t dim, int64_t t, int64_t d) {
    return type == SL_BF16 ? t / 2 * 2 * dim + 2 * d + t % 2 : t * dim + d;
}

struct world {
    int64_t type, size, heads, kv_heads, dim, rotary_dim, interleaved, window;
    int64_t sequences, tokens, max_blocks, blocks;
    int32_t *starts, *lengths, *tables, *positions, *sequence_of;
    float *q, *k, *v, *keys, *values; /* keys, values: [blocks * size, kv_heads, dim] as cached */
    void *kv;
};

static void new_sequences(struct world *w, const int64_t *context, const int64_t *tokens) {
    w->starts = allocate(64);
    w->lengths = allocate(64);
    w->max_blocks = 0;
    w->tokens = 0;
    for (int64_t s = 0; s < w->sequences; s++) {
        w->starts[s] = (int32_t)w->tokens;
        w->tokens += tokens[s];
        w->lengths[s] = (int32_t)context[s];
        int64_t blocks = (context[s] + w->size - 1) / w->size;
        w->max_blocks = blocks > w->max_blocks ? blocks : w->max_blocks;
    }
    w->starts[w->sequences] = (int32_t)w->tokens;
    w->blocks = w->sequences * w->max_blocks + 1;
    w->tables = allocate((size_t)(w->blocks) * 4);
    for (int64_t i = 0; i < w->sequences * w->max_blocks; i++) {
        w->tables[i] = (int32_t)i;
    }
    for (int64_t i = w->sequences * w->max_blocks - 1; i > 0; i--) {
        int64_t j = random_below(i + 1);
        int32_t swap = w->tables[i];
        w->tables[i] = w->tables[j];
        w->tables[j] = swap;
    }
    w->positions = allocate((size_t)w->tokens * 4);
    w->sequence_of = allocate((size_t)w->tokens * 4);
    for (int64_t s = 0; s < w->sequences; s++) {
        for (int64_t t = w->starts[s]; t < w->starts[s + 1]; t++) {
            w->positions[t] = (int32_t)(w->lengths[s] - (w->starts[s + 1] - t));
            w->sequence_of[t] = (int32_t)s;
        }
    }
}

static void free_world(struct world *w) {
    free(w->starts);
    free(w->lengths);
    free(w->tables);
    free(w->positions);
    free(w->sequence_of);
    free(w->q);
    free(w->kv);
}

/* A cache whose slots without a token hold NaN. */
static void fill_cache(struct world *w) {
    int64_t elements = w->blocks * 2 * w->kv_heads * w->size * w->dim;
    int64_t bytes = w->type == SL_F32 ? 4 : 2;
    w->kv = allocate((size_t)(elements * bytes));
    memset(w->kv, 0xff, (size_t)(elements * bytes));
    for (int64_t s = 0; s < w->sequences; s++) {
        for (int64_t p = 0; p < w->lengths[s]; p++) {
            int64_t block = w->tables[s * w->max_blocks + p / w->size];
            for (int64_t i = 0; i < 2 * w->kv_heads * w->dim; i++) {
                int64_t d = i % w->dim, h = i / w->dim % w->kv_heads, value = i >= w->kv_heads * w->dim;
                int64_t base = ((2 * block + value) * w->kv_heads + h) * w->size * w->dim;
                int64_t at = base + (value ? value_at(w->type, w->dim, p % w->size, d)
                                           : key_at(w->type, w->size, p % w->size, d));
                float f = random_float() * (value ? 1 : 2);
                if (w->type == SL_F32) {
                    ((float *)w->kv)[at] = f;
                } else {
                    ((uint16_t *)w->kv)[at] = w->type == SL_F16 ? half_bits(f) : bfloat_bits(f);
                }
            }
        }
    }
}

static void attention(const struct world *w, int64_t tile_tokens, int64_t per_unit, int backwards,
                      float *out) {
    int32_t tiles[3 * 512];
    int64_t count = 0;
    for (int64_t s = 0; s < w->sequences; s++) {
        for (int64_t t = w->starts[s]; t < w->starts[s + 1]; t += tile_tokens) {
            int64_t left = w->starts[s + 1] - t;
            tiles[count * 3] = (int32_t)s;
            tiles[count * 3 + 1] = (int32_t)t;
            tiles[count++ * 3 + 2] = (int32_t)(left < tile_tokens ? left : tile_tokens);
        }
    }
    struct sl_attention_args a = {
        w->q,     w->heads * w->dim, w->kv,      w->type,   w->size,   w->heads,
        w->kv_heads, w->dim,         0.3,        w->window, w->starts, w->lengths,
        w->tables, w->max_blocks,    tiles,      per_unit,  out,       w->heads * w->dim};
    int64_t units = count * (w->heads / per_unit);
    if (backwards) {
        for (int64_t u = units - 1; u >= 0; u--) {
            sl_attention(&a, u, u + 1);
        }
    } else {
        sl_attention(&a, 0, units);
    }
}

static double attention_error(const struct world *w, const float *out) {
    double worst = 0;
    double *scores = malloc(sizeof(double) * 4096);
    for (int64_t t = 0; t < w->tokens; t++) {
        int64_t p = w->positions[t], s = w->sequence_of[t];
        int64_t first = w->window > 0 && p - w->window + 1 > 0 ? p - w->window + 1 : 0;
        for (int64_t h = 0; h < w->heads; h++) {
            const float *q = w->q + (t * w->heads + h) * w->dim;
            int64_t kv = h / (w->heads / w->kv_heads);
            double largest = -1e300, total = 0;
            for (int64_t j = first; j <= p; j++) {
                int64_t block = w->tables[s * w->max_blocks + j / w->size];
                int64_t base = (2 * block * w->kv_heads + kv) * w->size * w->dim;
                double dot = 0;
                for (int64_t d = 0; d < w->dim; d++) {
                    float x = w->type == SL_BF16 ? rounded(SL_BF16, q[d]) : q[d];
                    dot += (double)x * cached(w->kv, w->type,
                                              base + key_at(w->type, w->size, j % w->size, d));
                }
                scores[j] = dot * 0.3f;
                largest = fmax(largest, scores[j]);
            }
            for (int64_t j = first; j <= p; j++) {
                scores[j] = exp(scores[j] - largest);
                total += scores[j];
            }
            for (int64_t d = 0; d < w->dim; d++) {
                double y = 0;
                for (int64_t j = first; j <= p; j++) {
                    int64_t block = w->tables[s * w->max_blocks + j / w->size];
                    int64_t base = ((2 * block + 1) * w->kv_heads + kv) * w->size * w->dim;
                    y += scores[j] / total
                         * cached(w->kv, w->type, base + value_at(w->type, w->dim, j % w->size, d));
                }
                double e = fabs(out[(t * w->heads + h) * w->dim + d] - y);
                worst = e > worst || isnan(e) ? e : worst;
            }
        }
    }
    free(scores);
    return worst;
}

static void check_attention(int64_t type, int64_t size, int64_t dim, int64_t window) {
    static const int64_t context[] = {100, 33, 131, 1, 64}, tokens[] = {1, 33, 29, 1, 7};
    struct world w = {.type = type, .size = size, .heads = 6, .kv_heads = 2, .dim = dim,
                      .window = window, .sequences = 5};
    new_sequences(&w, context, tokens);
    fill_cache(&w);
    size_t n = (size_t)(w.tokens * w.heads * w.dim);
    w.q = random_floats(n);
    for (size_t i = 0; i < n; i++) {
        w.q[i] *= 3;
    }
    float *out = allocate(n * 4), *other = allocate(n * 4);
    attention(&w, sl_attention_tile(3, dim), 3, 0, out);
    double error = attention_error(&w, out);
    CHECK(error < (type == SL_BF16 ? 4e-3 : 5e-8 * (double)(100 + dim)), "%s size %d dim %d window %d: error %g",
          TYPE_NAME[type], (int)size, (int)dim, (int)window, error);
    attention(&w, 1, 1, 1, other);
    CHECK(memcmp(out, other, n * 4) == 0, "%s size %d dim %d window %d: tiles change bits",
          TYPE_NAME[type], (int)size, (int)dim, (int)window);
    attention(&w, 13, 3, 1, other);
    CHECK(memcmp(out, other, n * 4) == 0, "%s size %d dim %d window %d: tiles of 13 change bits",
          TYPE_NAME[type], (int)size, (int)dim, (int)window);
    free(out);
    free(other);
    free_world(&w);
}

static void attends(void) {
    static const int64_t types[] = {SL_F32, SL_F16, SL_BF16};
    static const int64_t sizes[] = {64, 2, 6, 16, 40, 256}, dims[] = {64, 8, 40, 128, 24, 512};
    for (int t = 0; t < 3; t++) {
        for (int i = 0; i < 6; i++) {
            check_attention(types[t], sizes[i], 64, 0);
            check_attention(types[t], 64, dims[i], 0);
            check_attention(types[t], sizes[i], dims[5 - i] > 128 ? 96 : dims[5 - i], 19);
        }
    }
}

static void attends_to_extreme_scores(void) {
    static const int64_t context[] = {90}, tokens[] = {90};
    for (int64_t type = SL_F32; type <= SL_BF16; type++) {
        struct world w = {.type = type, .size = 16, .heads = 2, .kv_heads = 1, .dim = 16,
                          .sequences = 1};
        new_sequences(&w, context, tokens);
        fill_cache(&w);
        w.q = random_floats(90 * 32);
        for (int i = 0; i < 90 * 32; i++) {
            w.q[i] *= 100;
        }
        float *out = allocate(90 * 32 * 4);
        attention(&w, 12, 2, 0, out);
        double error = attention_error(&w, out);
        CHECK(error < (type == SL_BF16 ? 6e-3 : 3e-4), "%s: error %g", TYPE_NAME[type], error);
        free(out);
        free_world(&w);
    }
}

static void stores(int64_t type, int64_t interleaved, int64_t rotary_dim) {
    static const int64_t context[] = {37, 5}, tokens[] = {9, 5};
    struct world w = {.type = type, .size = 6, .heads = 3, .kv_heads = 1, .dim = 24,
                      .sequences = 2};
    new_sequences(&w, context, tokens);
    int64_t n = w.tokens, half = rotary_dim / 2;
    fill_cache(&w);
    w.q = random_floats((size_t)(n * 72));
    float *before = allocate((size_t)(n * 72) * 4), *k = random_floats((size_t)(n * 24));
    float *v = random_floats((size_t)(n * 24)), frequencies[12], *table = allocate((size_t)n * 96);
    k[20] = 1e6f;
    v[3] = -1e6f;
    memcpy(before, w.q, (size_t)(n * 72) * 4);
    for (int i = 0; i < 12; i++) {
        frequencies[i] = powf(10000, (float)-i / 12);
    }
    struct sl_rotary_table_args ta = {w.positions, frequencies, half, 1.25, table, 24};
    sl_rotary_table(&ta, 0, n);
    double worst = 0;
    for (int64_t i = 0; i < n * half; i++) {
        float a = (float)w.positions[i / half] * frequencies[i % half];
        const float *row = table + i / half * 24 + i % half;
        worst = fmax(worst, fabs(row[0] - 1.25 * cos(a)) + fabs(row[half] - 1.25 * sin(a)));
    }
    CHECK(worst < 3e-7, "rotary table: %g", worst);
    struct sl_rotary_store_args a = {
        w.q,     72, k, 24, v, 24, table, 24, 3, 1, 24, rotary_dim, interleaved, w.positions,
        w.sequence_of, w.tables, w.max_blocks, w.size, w.kv, type};
    sl_rotary_store(&a, 4, n);
    sl_rotary_store(&a, 0, 4);
    int bad = 0;
    for (int64_t t = 0; t < n; t++) {
        int64_t p = w.positions[t];
        int64_t block = w.tables[w.sequence_of[t] * w.max_blocks + p / 6];
        for (int64_t h = 0; h < 4; h++) {
            const float *x = h < 3 ? before + t * 72 + h * 24 : k + t * 24;
            for (int64_t d = 0; d < 24; d++) {
                int64_t i = interleaved ? d / 2 : d % (half > 0 ? half : 1);
                int second = interleaved ? d % 2 == 1 : d >= half;
                int64_t other = interleaved ? d ^ 1 : second ? d - half : d + half;
                volatile float left = 0, right = 0, y = x[d];
                if (d < rotary_dim) {
                    left = x[d] * table[t * 24 + i];
                    right = x[other] * table[t * 24 + half + i];
                    y = second ? left + right : left - right;
                }
                if (h < 3) {
                    bad += w.q[t * 72 + h * 24 + d] != y;
                } else {
                    int64_t at = 2 * block * 6 * 24 + key_at(type, 6, p % 6, d);
                    bad += cached(w.kv, type, at) != rounded(type, y);
                    at = (2 * block + 1) * 6 * 24 + value_at(type, 24, p % 6, d);
                    bad += cached(w.kv, type, at) != rounded(type, v[t * 24 + d]);
                }
            }
        }
    }
    CHECK(bad == 0, "%s rotary %d interleaved %d: %d wrong", TYPE_NAME[type], (int)rotary_dim,
          (int)interleaved, bad);
    free(before);
    free(k);
    free(v);
    free(table);
    free_world(&w);
}

static void rotates_and_stores(void) {
    for (int64_t type = SL_F32; type <= SL_BF16; type++) {
        stores(type, 0, 24);
        stores(type, 1, 24);
        stores(type, 0, 10);
        stores(type, 1, 10);
        stores(type, 0, 0);
    }
}

/* Operations marked "exact" give the same bits at every level. */
static void levels_agree_on_exact_operations(void) {
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
        for (int64_t level = 0; level <= top; level++) {
            sl_isa_set(level);
            struct sl_matrix m = new_matrix(&FORMATS[f], rows, cols);
            struct sl_pack_args a = {m, src, type, rows, cols, 0, NULL, 0};
            sl_pack(&a, 0, 2);
            float *w = all_weights(&m);
            struct prepared p = prepare(x, 1, cols, f % 2 ? SL_FORMAT_INT8 : SL_FORMAT_BF16);
            free(p.x);
            if (level == 0) {
                panels = m.panels;
                first = w;
                prepared = p.data;
                continue;
            }
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

int main(void) {
    static const struct {
        const char *name;
        void (*run)(void);
    } tests[] = {
        {"packs every type without loss", packs_every_type_without_loss},
        {"converts every type to every format", converts_every_type_to_every_format},
        {"packs transposed sources", packs_transposed_sources},
        {"prepares rows", prepares_rows},
        {"multiplies in every format", multiplies_in_every_format},
        {"multiplies extreme codes", multiplies_extreme_codes},
        {"normalises", normalises},
        {"adds, gathers and finds the largest", adds_gathers_and_finds_the_largest},
        {"activates", activates},
        {"rotates and stores", rotates_and_stores},
        {"attends", attends},
        {"attends to extreme scores", attends_to_extreme_scores},
    };
    /* The highest level comes twice: with either way of multiplying bfloat16. */
    int64_t top = sl_isa_supported(), rounds = top + (top == SL_ISA_AVX512);
    for (int64_t round = 0; round <= rounds; round++) {
        sl_isa_set(round);
        sl_fast_dpbf16 = round > top;
        for (size_t t = 0; t < sizeof tests / sizeof tests[0]; t++) {
            int before = failures;
            seed = 20251 + t;
            tests[t].run();
            printf("%s%-17s %-38s %s\n", round > top ? "+" : " ", sl_isa_name(sl_isa_level()),
                   tests[t].name,
                   failures == before ? "ok" : "FAILED");
        }
    }
    int before = failures;
    levels_agree_on_exact_operations();
    printf(" %-56s %s\n", "levels agree on exact operations", failures == before ? "ok" : "FAILED");
    printf("%d checks, %d failures\n", checks, failures);
    return failures != 0;
}
