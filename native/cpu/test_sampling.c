/* Tests of drawing tokens: every level gives the same, on rows of odd lengths that end where their
   memory does. What is drawn is compared with sorting by the tests in Java. */
#include "test_support.h"

enum { TOP = 20, WORDS = 5 + 3 * TOP, EDITS = 3, HEADER = 16, ROW = 72, POOL = 96 };

void draws_the_same_at_every_level(void);

/* A row of SamplingLayout. */
struct row {
    double uniform;
    int32_t logits_row, flags;
    float temperature, min_p;
    int32_t top_k;
    float top_p, repetition, frequency, presence;
    int32_t edits_at, num_edits, mask_at, top;
    float report_temperature, report_top_p;
    int32_t unused;
};

struct edit {
    int32_t id;
    float bias;
    int32_t count, flags;
};

static void fill_logits(float *logits, int64_t n, int kind) {
    for (int64_t i = 0; i < n; i++) {
        float wide = 8.0f * (random_float() + random_float() + random_float());
        logits[i] = kind == 0 ? wide : kind == 1 ? roundf(wide) : kind == 2 ? 0.0f : wide * 1e-4f;
    }
    if (n > 4) {
        logits[random_below(n)] = NAN;
        logits[random_below(n)] = -INFINITY;
    }
}

static void fill_row(struct row *row, int variant, int64_t n) {
    static const float temperatures[] = {1.0f, 0.7f, 50.0f}, top_ps[] = {1.0f, 0.9f, 0.3f, 1e-6f};
    memset(row, 0, sizeof *row);
    row->uniform = (double)(random32() & 0xffffff) / 16777216.0;
    row->flags = random_below(16);
    row->temperature = temperatures[variant % 3];
    row->min_p = variant % 5 == 0 ? 0.05f : 0.0f;
    row->top_k = (int32_t)(variant % 4 == 1 ? 1 + random_below(n) : variant % 4 == 2 ? 40 : 0);
    row->top_p = top_ps[variant % 4];
    row->repetition = 1.3f;
    row->frequency = 0.2f;
    row->presence = 0.1f;
    row->num_edits = n >= EDITS ? EDITS : 0;
    row->edits_at = variant % 3 == 0 ? (int32_t)((n + 127) / 128) : 0;
    row->mask_at = variant % 3 == 0 ? 0 : -1;
    row->top = TOP < n ? TOP : (int32_t)n;
    row->report_temperature = variant % 2 ? 1.0f : 0.8f;
    row->report_top_p = top_ps[random_below(4)];
}

static void fill_pool(char *pool, const struct row *row, int64_t n) {
    if (row->mask_at == 0) {
        for (int64_t i = 0; i < (n + 31) / 32; i++) {
            ((uint32_t *)pool)[i] = random32() | random32();
        }
    }
    struct edit *edits = (struct edit *)pool + row->edits_at;
    for (int32_t i = 0; i < row->num_edits; i++) {
        edits[i] = (struct edit){(int32_t)(i * (n / EDITS)), random_float(),
                                 (int32_t)random_below(3), (int32_t)random_below(4)};
    }
}

static void compare(int64_t n, int variant) {
    float *logits = allocate((size_t)n * 4), *copy = malloc((size_t)n * 4);
    int64_t bytes = POOL + 16 * ((n + 127) / 128 + EDITS);
    char *input = allocate((size_t)bytes), *used = malloc((size_t)bytes);
    int32_t expected[WORDS] = {0}, results[WORDS];
    fill_logits(logits, n, variant % 4);
    ((int32_t *)input)[0] = 1;
    ((int32_t *)input)[1] = TOP;
    fill_row((struct row *)(input + HEADER), variant, n);
    fill_pool(input + POOL, (struct row *)(input + HEADER), n);
    for (int64_t level = 0; level <= sl_isa_supported(); level++) {
        sl_isa_set(level);
        memcpy(copy, logits, (size_t)n * 4);
        memcpy(used, input, (size_t)bytes);
        memset(results, 0, sizeof results);
        struct sl_sample_args args = {copy, n, n, used, POOL, results};
        sl_sample(&args, 0, 1);
        if (level == 0) {
            memcpy(expected, results, sizeof results);
            CHECK(results[0] != 0 || (results[1] >= 0 && results[1] < n), "token %d of %d",
                  results[1], (int)n);
        }
        CHECK(memcmp(expected, results, sizeof results) == 0,
              "%d ids, variant %d: token %d, not %d", (int)n, variant, results[1], expected[1]);
    }
    free(logits);
    free(copy);
    free(input);
    free(used);
}

void draws_the_same_at_every_level(void) {
    static const int64_t sizes[] = {1, 2, 15, 16, 17, 255, 256, 257, 511, 1003, 4097, 8193, 20011};
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        for (int variant = 0; variant < 60; variant++) {
            compare(sizes[s], variant);
        }
    }
}
