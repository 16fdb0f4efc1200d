/* Tests of the CPU kernels at every level that this machine has. See native/test. */
#include "test_support.h"

int failures;
int checks;
uint64_t seed = 1;

/* Hidden in the library: the tests are linked with its object files. */
extern int sl_intel;

/* In test_matrices.c, test_attention.c, test_sampling.c and test_team.c. */
void packs_every_type_without_loss(void);
void converts_every_type_to_every_format(void);
void packs_transposed_sources(void);
void packs_outputs_together_as_alone(void);
void prepares_rows(void);
void multiplies_in_every_format(void);
void multiplies_extreme_codes(void);
void levels_agree_on_exact_operations(void);
void rotates_and_stores(void);
void attends(void);
void attends_in_parts(void);
void attends_to_extreme_scores(void);
void draws_the_same_at_every_level(void);
void runs_lists_in_order(void);
void finds_the_weights_that_a_thread_reads(void);
void plans_what_is_fetched_ahead(void);

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
        int64_t expected = -1;
        for (int64_t i = 0; i < n; i++) {
            if (!isnan(row[300 + i]) && (expected < 0 || row[300 + i] > row[300 + expected])) {
                expected = i;
            }
        }
        struct sl_argmax_args m = {row, 300, n, ids};
        sl_argmax(&m, 0, 4);
        CHECK(ids[0] == first, "argmax %d not %d", ids[0], (int)first);
        CHECK(ids[1] == expected, "argmax beside NaN %d not %d", ids[1], (int)expected);
        CHECK(ids[2] == -1, "argmax of NaN %d", ids[2]);
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
        struct sl_gated_activation_args a = {x,   666, cols, gelu ? SL_GELU_TANH : SL_SILU,
                                             out, cols};
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

int main(void) {
    static const struct {
        const char *name;
        void (*run)(void);
    } tests[] = {
        {"packs every type without loss", packs_every_type_without_loss},
        {"converts every type to every format", converts_every_type_to_every_format},
        {"packs transposed sources", packs_transposed_sources},
        {"packs outputs together as alone", packs_outputs_together_as_alone},
        {"prepares rows", prepares_rows},
        {"multiplies in every format", multiplies_in_every_format},
        {"multiplies extreme codes", multiplies_extreme_codes},
        {"normalises", normalises},
        {"adds, gathers and finds the largest", adds_gathers_and_finds_the_largest},
        {"activates", activates},
        {"rotates and stores", rotates_and_stores},
        {"attends", attends},
        {"attends in parts", attends_in_parts},
        {"attends to extreme scores", attends_to_extreme_scores},
    };
    /* AVX-512 comes twice: as on Intel's processors, and as on AMD's. */
    int64_t top = sl_isa_supported(), rounds = top + (top >= SL_ISA_AVX512);
    for (int64_t round = 0; round <= rounds; round++) {
        int again = round > top;
        sl_isa_set(again ? SL_ISA_AVX512 : round);
        sl_intel = !again;
        for (size_t t = 0; t < sizeof tests / sizeof tests[0]; t++) {
            int before = failures;
            seed = 20251 + t;
            tests[t].run();
            printf("%s%-17s %-38s %s\n", again ? "+" : " ", sl_isa_name(sl_isa_level()),
                   tests[t].name,
                   failures == before ? "ok" : "FAILED");
        }
    }
    int before = failures;
    levels_agree_on_exact_operations();
    printf(" %-56s %s\n", "levels agree on exact operations", failures == before ? "ok" : "FAILED");
    before = failures;
    draws_the_same_at_every_level();
    printf(" %-56s %s\n", "draws the same at every level", failures == before ? "ok" : "FAILED");
    before = failures;
    runs_lists_in_order();
    finds_the_weights_that_a_thread_reads();
    plans_what_is_fetched_ahead();
    printf(" %-56s %s\n", "lists of operations", failures == before ? "ok" : "FAILED");
    printf("%d checks, %d failures\n", checks, failures);
    return failures != 0;
}
