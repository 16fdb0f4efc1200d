/* Rotary positions, the key/value cache and attention. */
#include "test_support.h"

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
                int64_t d = i % w->dim, h = i / w->dim % w->kv_heads;
                int64_t value = i >= w->kv_heads * w->dim;
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
    int32_t tiles[5 * 512];
    int64_t count = 0;
    for (int64_t s = 0; s < w->sequences; s++) {
        for (int64_t t = w->starts[s]; t < w->starts[s + 1]; t += tile_tokens) {
            int64_t left = w->starts[s + 1] - t;
            tiles[count * 5] = (int32_t)s;
            tiles[count * 5 + 1] = (int32_t)t;
            tiles[count * 5 + 2] = (int32_t)(left < tile_tokens ? left : tile_tokens);
            tiles[count++ * 5 + 3] = -1;
        }
    }
    struct sl_attention_args a = {
        w->q,     w->heads * w->dim, w->kv,      w->type,   w->size,   w->heads,
        w->kv_heads, w->dim,         0.3,        w->window, w->starts, w->lengths,
        w->tables, w->max_blocks,    tiles,      per_unit,  out,       w->heads * w->dim,
        NULL,     0};
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

/* Five sequences with keys, values and queries. */
static struct world new_world(int64_t type, int64_t size, int64_t dim, int64_t window,
                              const int64_t *context, const int64_t *tokens) {
    struct world w = {.type = type, .size = size, .heads = 6, .kv_heads = 2, .dim = dim,
                      .window = window, .sequences = 5};
    new_sequences(&w, context, tokens);
    fill_cache(&w);
    w.q = random_floats((size_t)(w.tokens * w.heads * w.dim));
    return w;
}

static void check_attention(int64_t type, int64_t size, int64_t dim, int64_t window) {
    static const int64_t context[] = {100, 33, 131, 1, 64}, tokens[] = {1, 33, 29, 1, 7};
    struct world w = new_world(type, size, dim, window, context, tokens);
    size_t n = (size_t)(w.tokens * w.heads * w.dim);
    for (size_t i = 0; i < n; i++) {
        w.q[i] *= 3;
    }
    float *out = allocate(n * 4), *other = allocate(n * 4);
    attention(&w, sl_attention_tile(3, type == SL_BF16 && sl_attention_by_tiles(size, dim)), 3, 0, out);
    double error = attention_error(&w, out);
    CHECK(error < (type == SL_BF16 ? 4e-3 : 5e-8 * (double)(100 + dim)),
          "%s size %d dim %d window %d: error %g", TYPE_NAME[type], (int)size, (int)dim,
          (int)window, error);
    attention(&w, 1, 1, 1, other);
    CHECK(memcmp(out, other, n * 4) == 0, "%s size %d dim %d window %d: tiles change bits",
          TYPE_NAME[type], (int)size, (int)dim, (int)window);
    attention(&w, 13, 3, 1, other);
    CHECK(memcmp(out, other, n * 4) == 0, "%s size %d dim %d window %d: tiles of 13 change bits",
          TYPE_NAME[type], (int)size, (int)dim, (int)window);
    attention(&w, 14, 1, 0, other);
    CHECK(memcmp(out, other, n * 4) == 0, "%s size %d dim %d window %d: single heads change bits",
          TYPE_NAME[type], (int)size, (int)dim, (int)window);
    free(out);
    free(other);
    free_world(&w);
}

void attends(void) {
    static const int64_t types[] = {SL_F32, SL_F16, SL_BF16};
    static const int64_t sizes[] = {64, 2, 6, 32, 40, 256}, dims[] = {64, 8, 40, 128, 24, 512};
    for (int t = 0; t < 3; t++) {
        for (int i = 0; i < 6; i++) {
            check_attention(types[t], sizes[i], 64, 0);
            check_attention(types[t], 64, dims[i], 0);
            check_attention(types[t], sizes[i], dims[5 - i] > 128 ? 96 : dims[5 - i], 19);
        }
        check_attention(types[t], 128, 64, 0);
        check_attention(types[t], 128, 128, 19);
        check_attention(types[t], 96, 64, 19);
    }
}

void attends_to_extreme_scores(void) {
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

/* All tokens of a sequence in one tile for each segment that they may see. */
static void attention_in_parts(const struct world *w, float *out) {
    int32_t tiles[5 * 64], rows[4 * 64];
    int64_t count = 0, partial_rows = 0, stride = 32 + (w->dim + 15) / 16 * 16;
    for (int64_t s = 0; s < w->sequences; s++) {
        int64_t blocks = (w->lengths[s] + w->size - 1) / w->size;
        int64_t segments = (blocks - 1) * w->size / SL_ATTENTION_SEGMENT + 1;
        int64_t tokens = w->starts[s + 1] - w->starts[s];
        for (int64_t t = w->starts[s]; t < w->starts[s + 1]; t++) {
            int32_t row[] = {(int32_t)t, (int32_t)(partial_rows + t - w->starts[s]),
                             (int32_t)segments, (int32_t)tokens};
            memcpy(rows + t * 4, row, sizeof row);
        }
        for (int64_t i = 0; i < segments; i++, count++, partial_rows += tokens) {
            int32_t tile[] = {(int32_t)s, w->starts[s], (int32_t)tokens, (int32_t)i,
                              (int32_t)partial_rows};
            memcpy(tiles + count * 5, tile, sizeof tile);
        }
    }
    float *partials = random_floats((size_t)(partial_rows * w->heads * stride));
    struct sl_attention_args a = {
        w->q,     w->heads * w->dim, w->kv,      w->type,   w->size,   w->heads,
        w->kv_heads, w->dim,         0.3,        w->window, w->starts, w->lengths,
        w->tables, w->max_blocks,    tiles,      3,         NULL,      0,
        partials, stride};
    for (int64_t u = count * (w->heads / 3) - 1; u >= 0; u--) {
        sl_attention(&a, u, u + 1);
    }
    struct sl_merge_attention_args m = {partials, stride, rows, w->heads, w->dim, out,
                                        w->heads * w->dim};
    sl_merge_attention(&m, 5, w->tokens * w->heads);
    sl_merge_attention(&m, 0, 5);
    free(partials);
}

static void check_parts(int64_t type, int64_t size, int64_t dim, int64_t window) {
    static const int64_t context[] = {1500, 513, 512, 40, 1024}, tokens[] = {1, 7, 1, 1, 2};
    struct world w = new_world(type, size, dim, window, context, tokens);
    size_t n = (size_t)(w.tokens * w.heads * w.dim);
    float *out = allocate(n * 4), *other = allocate(n * 4);
    attention(&w, 1, 3, 0, out);
    double error = attention_error(&w, out);
    CHECK(error < (type == SL_BF16 ? 4e-3 : 2e-5), "%s size %d dim %d window %d: error %g",
          TYPE_NAME[type], (int)size, (int)dim, (int)window, error);
    attention_in_parts(&w, other);
    CHECK(memcmp(out, other, n * 4) == 0, "%s size %d dim %d window %d: parts change bits",
          TYPE_NAME[type], (int)size, (int)dim, (int)window);
    free(out);
    free(other);
    free_world(&w);
}

void attends_in_parts(void) {
    for (int64_t type = SL_F32; type <= SL_BF16; type++) {
        check_parts(type, 64, 64, 0);
        check_parts(type, 48, 40, 0);
        check_parts(type, 32, 128, 600);
    }
}

/* A cache of one key/value head, and a split of the tokens, as threads make them. */
struct store_case {
    int64_t size, dim, context[2], tokens[2], split;
};

static void stores(const struct store_case *of, int64_t type, int64_t interleaved,
                   int64_t rotary_dim) {
    int64_t size = of->size, dim = of->dim;
    struct world w = {.type = type, .size = size, .heads = 3, .kv_heads = 1, .dim = dim,
                      .sequences = 2};
    new_sequences(&w, of->context, of->tokens);
    int64_t n = w.tokens, half = rotary_dim / 2;
    fill_cache(&w);
    w.q = random_floats((size_t)(n * 3 * dim));
    float *before = allocate((size_t)(n * 3 * dim) * 4), *k = random_floats((size_t)(n * dim));
    float *v = random_floats((size_t)(n * dim)), frequencies[32];
    float *table = allocate((size_t)(n * dim) * 4);
    k[20] = 1e6f;
    v[3] = -1e6f;
    memcpy(before, w.q, (size_t)(n * 3 * dim) * 4);
    for (int i = 0; i < 32; i++) {
        frequencies[i] = powf(10000, (float)-i / 32);
    }
    struct sl_rotary_table_args ta = {w.positions, frequencies, half, 1.25, table, dim};
    sl_rotary_table(&ta, 0, n);
    double worst = 0;
    for (int64_t i = 0; i < n * half; i++) {
        float a = (float)w.positions[i / half] * frequencies[i % half];
        const float *row = table + i / half * dim + i % half;
        worst = fmax(worst, fabs(row[0] - 1.25 * cos(a)) + fabs(row[half] - 1.25 * sin(a)));
    }
    CHECK(worst < 3e-7, "rotary table: %g", worst);
    struct sl_rotary_store_args a = {
        w.q, 3 * dim, k, dim, v, dim, table, dim, 3, 1, dim, rotary_dim, interleaved, w.positions,
        w.sequence_of, w.tables, w.max_blocks, w.size, w.kv, type};
    sl_rotary_store(&a, of->split, n);
    sl_rotary_store(&a, 0, of->split);
    int bad = 0;
    for (int64_t t = 0; t < n; t++) {
        int64_t p = w.positions[t];
        int64_t block = w.tables[w.sequence_of[t] * w.max_blocks + p / size];
        for (int64_t h = 0; h < 4; h++) {
            const float *x = h < 3 ? before + (3 * t + h) * dim : k + t * dim;
            for (int64_t d = 0; d < dim; d++) {
                int64_t i = interleaved ? d / 2 : d % (half > 0 ? half : 1);
                int second = interleaved ? d % 2 == 1 : d >= half;
                int64_t other = interleaved ? d ^ 1 : second ? d - half : d + half;
                volatile float left = 0, right = 0, y = x[d];
                if (d < rotary_dim) {
                    left = x[d] * table[t * dim + i];
                    right = x[other] * table[t * dim + half + i];
                    y = second ? left + right : left - right;
                }
                if (h < 3) {
                    bad += w.q[(3 * t + h) * dim + d] != y;
                } else {
                    int64_t at = 2 * block * size * dim + key_at(type, size, p % size, d);
                    bad += cached(w.kv, type, at) != rounded(type, y);
                    at = (2 * block + 1) * size * dim + value_at(type, dim, p % size, d);
                    bad += cached(w.kv, type, at) != rounded(type, v[t * dim + d]);
                }
            }
        }
    }
    CHECK(bad == 0, "%s of %d, rotary %d interleaved %d: %d wrong", TYPE_NAME[type], (int)dim,
          (int)rotary_dim, (int)interleaved, bad);
    free(before);
    free(k);
    free(v);
    free(table);
    free_world(&w);
}

void rotates_and_stores(void) {
    /* Odd sizes, and heads and blocks that let many tokens be stored at once. */
    static const struct store_case small = {6, 24, {37, 5}, {9, 5}, 4};
    static const struct store_case large = {32, 64, {85, 16}, {80, 16}, 33};
    for (int64_t type = SL_F32; type <= SL_BF16; type++) {
        stores(&small, type, 0, 24);
        stores(&small, type, 1, 24);
        stores(&small, type, 0, 10);
        stores(&small, type, 1, 10);
        stores(&small, type, 0, 0);
        stores(&large, type, 0, 64);
        stores(&large, type, 1, 64);
        stores(&large, type, 0, 36);
        stores(&large, type, 1, 36);
    }
}
