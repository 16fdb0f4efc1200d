/*
 * INT4 and INT8 matrices times many rows with AVX2. Each lane of a vector is a row of inputs, and
 * weights are broadcast: a vector of inputs serves several outputs, a weight several vectors, and
 * nothing is left to do between the products. So inputs are interleaved and weights unpacked
 * beforehand, once for all that they meet. The sums are those of linear_int_avx2.c, bit for bit.
 */
#include "linear_int.h"
#include "simd.h"

/* What is laid out at a time: groups, vectors of rows, and panels that these rows meet. */
enum { GROUPS = 8, VECTORS = 12, PANELS = 4 };

/* Rows are taken in pairs of vectors. */
enum { ROWS_STEP = 2 * VW, MOST_ROWS = VECTORS * VW };

/* Four inputs of each row meet four weights of an output at a time. */
enum { QUADS = SL_GROUP / 4, QUAD_BYTES = SL_PANEL * 4, GROUP_BYTES = QUADS * VW * 4 };

/* A tile's outputs, and the most vectors of rows that it multiplies them with. */
enum { OUTPUTS = 2, TILE_VECTORS = 6 };

_Static_assert(VW == 8 && GROUPS == 8 && QUADS == 8, "all are transposed in squares of eight");
_Static_assert(GROUP_BYTES == 256 && QUAD_BYTES == 128, "the assembly says 32 and 128 a quad");

struct lanes {
    int8_t x[VECTORS][GROUPS][GROUP_BYTES];
    float x_scale[VECTORS][GROUPS][VW];
    /* What is added in each group: `wsum` where the matrix has mins, else `start` of INT4. */
    float x_sum[VECTORS][GROUPS][VW];
    /* The unsigned factors; of INT8 sizes, whose signs the inputs take. */
    uint8_t w[GROUPS][QUADS][QUAD_BYTES];
    int8_t w_sign[GROUPS][QUADS][QUAD_BYTES];
    float w_scale[GROUPS][SL_PANEL];
    float w_min[GROUPS][SL_PANEL];
    float sums[PANELS][VECTORS][SL_PANEL][VW];
} SL_ALIGNED;

/* ---- layout */

/* Exchanges rows and columns of 8 x 8 numbers of 32 bits. */
SL_INLINE void transpose(vi r[8]) {
    vi a[8], b[8];
    SL_UNROLL for (int i = 0; i < 8; i += 2) {
        a[i] = _mm256_unpacklo_epi32(r[i], r[i + 1]);
        a[i + 1] = _mm256_unpackhi_epi32(r[i], r[i + 1]);
    }
    SL_UNROLL for (int i = 0; i < 8; i += 4) {
        b[i] = _mm256_unpacklo_epi64(a[i], a[i + 2]);
        b[i + 1] = _mm256_unpackhi_epi64(a[i], a[i + 2]);
        b[i + 2] = _mm256_unpacklo_epi64(a[i + 1], a[i + 3]);
        b[i + 3] = _mm256_unpackhi_epi64(a[i + 1], a[i + 3]);
    }
    SL_UNROLL for (int i = 0; i < 4; i++) {
        r[i] = _mm256_permute2x128_si256(b[i], b[i + 4], 0x20);
        r[i + 4] = _mm256_permute2x128_si256(b[i], b[i + 4], 0x31);
    }
}

/* to[j][i] = the j-th 32 bits of row i, which lies at from + i * stride and has `words` of them. */
SL_INLINE void interleave(const char *from, int64_t stride, int64_t words, void *to) {
    vi r[8];
    SL_UNROLL for (int i = 0; i < 8; i++) { r[i] = vi_load_n(from + i * stride, words); }
    transpose(r);
    SL_UNROLL for (int j = 0; j < 8; j++) { _mm256_store_si256((vi *)to + j, r[j]); }
}

static SL_NOINLINE void lay_rows(const struct int_job *job, int has_min, int64_t row, int64_t rows,
                                 int64_t first, int64_t groups, struct lanes *l) {
    const char *sum = has_min ? job->wsum : job->start;
    for (int64_t v = 0; v < rows / VW; v++) {
        int64_t begin = (row + v * VW) * job->row_stride;
        for (int64_t g = 0; g < groups; g++) {
            interleave(job->q + begin + (first + g) * SL_GROUP, job->row_stride, QUADS, l->x[v][g]);
        }
        interleave(job->scale + begin + first * 4, job->row_stride, groups, l->x_scale[v]);
        interleave(sum + begin + first * 4, job->row_stride, groups, l->x_sum[v]);
    }
}

SL_INLINE void unpack_int4(const uint8_t *codes, uint8_t *w) {
    const vi low = _mm256_set1_epi8(15);
    for (int quad = 0; quad < QUADS; quad += 2, codes += QUAD_BYTES, w += 2 * QUAD_BYTES) {
        SL_UNROLL for (int n = 0; n < QUAD_BYTES; n += 32) {
            vi both = vi_load(codes + n);
            vi high = _mm256_srli_epi16(both, 4);
            _mm256_store_si256((vi *)(w + n), _mm256_and_si256(both, low));
            _mm256_store_si256((vi *)(w + QUAD_BYTES + n), _mm256_and_si256(high, low));
        }
    }
}

SL_INLINE void split_int8(const uint8_t *codes, uint8_t *w, int8_t *sign) {
    const vi offset = _mm256_set1_epi8((char)0x80);
    for (int n = 0; n < QUADS * QUAD_BYTES; n += 32) {
        vi code = _mm256_xor_si256(vi_load(codes + n), offset);
        _mm256_store_si256((vi *)(w + n), _mm256_abs_epi8(code));
        _mm256_store_si256((vi *)(sign + n), code);
    }
}

static SL_NOINLINE void lay_weights(const struct int_job *job, int is_int4, int has_min,
                                    const uint8_t *block, int64_t groups, struct lanes *l) {
    const int64_t scale_bytes = job->scale_bits / 8 * SL_PANEL;
    for (int64_t g = 0; g < groups; g++, block += job->block_bytes) {
        const uint8_t *codes = block + scale_bytes;
        vf_widen_scales(block, job->scale_bits, SL_PANEL, l->w_scale[g]);
        if (has_min) {
            vf_widen_scales(codes, job->scale_bits, SL_PANEL, l->w_min[g]);
            codes += scale_bytes;
        }
        if (is_int4) {
            unpack_int4(codes, l->w[g][0]);
        } else {
            split_int8(codes, l->w[g][0], l->w_sign[g][0]);
        }
    }
}

/* ---- products */

/*
 * All quads of a group times those of two outputs, a and b, each for several vectors of rows. In
 * assembly, for no order that compilers find keeps the sums in registers. Reading the inputs twice
 * in place of keeping them takes fewer instructions and more time.
 */
#define EACH_QUAD(MEET) MEET("1") MEET("2") MEET("3") MEET("4") MEET("5") MEET("6") MEET("7")
#define BROADCAST(at, q, to)                                                                       \
    "vpbroadcastd " at "+128*" q "(%[w]), %%ymm" to "\n\t"
#define INPUTS(i, q, to) "vmovdqa %c[apart]*" i "+32*" q "(%[x]), %%ymm" to "\n\t"

/* 4 bits: sums of 16 bits hold a whole group. */
#define INT4_WEIGHTS(q) BROADCAST("0", q, "12") BROADCAST("4", q, "13")
#define INT4_FIRST(i)                                                                              \
    INPUTS(i, "0", "14")                                                                           \
    "vpmaddubsw %%ymm14, %%ymm12, %[a" i "]\n\t"                                                   \
    "vpmaddubsw %%ymm14, %%ymm13, %[b" i "]\n\t"
#define INT4_NEXT(i, q)                                                                            \
    INPUTS(i, q, "14")                                                                             \
    "vpmaddubsw %%ymm14, %%ymm12, %%ymm15\n\t"                                                     \
    "vpmaddubsw %%ymm14, %%ymm13, %%ymm14\n\t"                                                     \
    "vpaddw %%ymm15, %[a" i "], %[a" i "]\n\t"                                                     \
    "vpaddw %%ymm14, %[b" i "], %[b" i "]\n\t"

#define INT4_FIRST_2 INT4_WEIGHTS("0") INT4_FIRST("0") INT4_FIRST("1")
#define INT4_FIRST_4 INT4_FIRST_2 INT4_FIRST("2") INT4_FIRST("3")
#define INT4_FIRST_6 INT4_FIRST_4 INT4_FIRST("4") INT4_FIRST("5")
#define INT4_NEXT_2(q) INT4_WEIGHTS(q) INT4_NEXT("0", q) INT4_NEXT("1", q)
#define INT4_NEXT_4(q) INT4_NEXT_2(q) INT4_NEXT("2", q) INT4_NEXT("3", q)
#define INT4_NEXT_6(q) INT4_NEXT_4(q) INT4_NEXT("4", q) INT4_NEXT("5", q)

/* 8 bits: the input takes the weight's sign, and sums of two products are widened at once. */
#define INT8_ONES "vpcmpeqw %%ymm15, %%ymm15, %%ymm15\n\tvpsrlw $15, %%ymm15, %%ymm15\n\t"
#define INT8_WEIGHTS(q)                                                                            \
    BROADCAST("0", q, "8") BROADCAST("4", q, "9")                                                  \
    BROADCAST("%c[sign]", q, "10") BROADCAST("%c[sign]+4", q, "11")
#define INT8_PAIRS(i, q, a, b)                                                                     \
    INPUTS(i, q, "14")                                                                             \
    "vpsignb %%ymm10, %%ymm14, %%ymm13\n\t"                                                        \
    "vpsignb %%ymm11, %%ymm14, %%ymm14\n\t"                                                        \
    "vpmaddubsw %%ymm13, %%ymm8, %%ymm13\n\t"                                                      \
    "vpmaddubsw %%ymm14, %%ymm9, %%ymm14\n\t"                                                      \
    "vpmaddwd %%ymm15, %%ymm13, " a "\n\t"                                                         \
    "vpmaddwd %%ymm15, %%ymm14, " b "\n\t"
#define INT8_FIRST(i) INT8_PAIRS(i, "0", "%[a" i "]", "%[b" i "]")
#define INT8_NEXT(i, q)                                                                            \
    INT8_PAIRS(i, q, "%%ymm13", "%%ymm14")                                                         \
    "vpaddd %%ymm13, %[a" i "], %[a" i "]\n\t"                                                     \
    "vpaddd %%ymm14, %[b" i "], %[b" i "]\n\t"

#define INT8_FIRST_2 INT8_ONES INT8_WEIGHTS("0") INT8_FIRST("0") INT8_FIRST("1")
#define INT8_FIRST_4 INT8_FIRST_2 INT8_FIRST("2") INT8_FIRST("3")
#define INT8_NEXT_2(q) INT8_WEIGHTS(q) INT8_NEXT("0", q) INT8_NEXT("1", q)
#define INT8_NEXT_4(q) INT8_NEXT_2(q) INT8_NEXT("2", q) INT8_NEXT("3", q)

#define SUMS(i) [a##i] "=&x"(sum[i][0]), [b##i] "=&x"(sum[i][1])
#define SUMS_2 SUMS(0), SUMS(1)
#define SUMS_4 SUMS_2, SUMS(2), SUMS(3)
#define SUMS_6 SUMS_4, SUMS(4), SUMS(5)
#define MULTIPLY(kind, n, ...)                                                                     \
    __asm__(kind##_FIRST_##n EACH_QUAD(kind##_NEXT_##n)                                            \
            : SUMS_##n                                                                             \
            : [x] "r"(x), [w] "r"(w), [apart] "i"(sizeof(l->x[0])),                                \
              [sign] "i"(offsetof(struct lanes, w_sign) - offsetof(struct lanes, w))               \
            : "memory", __VA_ARGS__)
#define MULTIPLY_INT4(n) MULTIPLY(INT4, n, "xmm12", "xmm13", "xmm14", "xmm15")
#define MULTIPLY_INT8(n)                                                                           \
    MULTIPLY(INT8, n, "xmm8", "xmm9", "xmm10", "xmm11", "xmm13", "xmm14", "xmm15")

/* sum[i][j] = a group's products of vector v + i and output o + j. */
SL_INLINE void multiply(int is_int4, int n, vi sum[TILE_VECTORS][OUTPUTS], const struct lanes *l,
                        int64_t v, int64_t g, int64_t o) {
    const int8_t *x = l->x[v][g];
    const uint8_t *w = l->w[g][0] + o * 4;
    if (!is_int4) {
        if (n == 4) {
            MULTIPLY_INT8(4);
        } else {
            MULTIPLY_INT8(2);
        }
        return;
    }
    if (n == 6) {
        MULTIPLY_INT4(6);
    } else if (n == 4) {
        MULTIPLY_INT4(4);
    } else {
        MULTIPLY_INT4(2);
    }
    SL_UNROLL for (int i = 0; i < n; i++) {
        SL_UNROLL for (int j = 0; j < OUTPUTS; j++) {
            sum[i][j] = _mm256_madd_epi16(sum[i][j], _mm256_set1_epi16(1));
        }
    }
}

/* n vectors of rows, from v on, times a panel. */
SL_INLINE void lanes_tile(int is_int4, int has_min, int n, const struct lanes *l, int64_t v,
                          int64_t groups, float sums[][SL_PANEL][VW], struct sl_ahead *ahead) {
    for (int64_t g = 0; g < groups; g++) {
        for (int64_t o = 0; o < SL_PANEL; o += OUTPUTS) {
            vi sum[TILE_VECTORS][OUTPUTS];
            if (o % 4 == 0) {
                sl_fetch_lines(ahead);
            }
            multiply(is_int4, n, sum, l, v, g, o);
            SL_UNROLL for (int j = 0; j < OUTPUTS; j++) {
                vf scale = vf_set1(l->w_scale[g][o + j]);
                vf min = has_min ? vf_set1(l->w_min[g][o + j]) : vf_zero();
                SL_UNROLL for (int i = 0; i < n; i++) {
                    float *at = sums[i][o + j];
                    vi whole = sum[i][j];
                    if (is_int4 && !has_min) {
                        whole = _mm256_add_epi32(whole, vi_load(l->x_sum[v + i][g]));
                    }
                    vf factor = vf_mul(scale, vf_load(l->x_scale[v + i][g]));
                    vf s = vf_fma(_mm256_cvtepi32_ps(whole), factor, vf_load(at));
                    if (has_min) {
                        s = vf_fma(min, vf_load(l->x_sum[v + i][g]), s);
                    }
                    vf_store(at, s);
                    /* One sum after the other: mixed by the compiler they take 1 to 2 % longer. */
                    __asm__ volatile("" : : : "memory");
                }
            }
        }
    }
}

typedef void tile_function(const struct lanes *l, int64_t v, int64_t groups,
                           float sums[][SL_PANEL][VW], struct sl_ahead *ahead);
#define DEFINE_TILE(name, is_int4, has_min, n)                                                     \
    static SL_NOINLINE void name##_##n(const struct lanes *l, int64_t v, int64_t groups,           \
                                       float sums[][SL_PANEL][VW], struct sl_ahead *ahead) {       \
        lanes_tile(is_int4, has_min, n, l, v, groups, sums, ahead);                                \
    }
DEFINE_TILE(int4, 1, 0, 2)
DEFINE_TILE(int4, 1, 0, 4)
DEFINE_TILE(int4, 1, 0, 6)
DEFINE_TILE(int4_min, 1, 1, 2)
DEFINE_TILE(int4_min, 1, 1, 4)
DEFINE_TILE(int4_min, 1, 1, 6)
DEFINE_TILE(int8, 0, 0, 2)
DEFINE_TILE(int8, 0, 0, 4)
DEFINE_TILE(int8_min, 0, 1, 2)
DEFINE_TILE(int8_min, 0, 1, 4)

/* By half the number of vectors; three pairs of INT8 have no room in the registers. */
static tile_function *const TILES[2][2][3] = {
    {{int8_2, int8_4, NULL}, {int8_min_2, int8_min_4, NULL}},
    {{int4_2, int4_4, int4_6}, {int4_min_2, int4_min_4, int4_min_6}},
};

/* Vectors of the next tile where an even number is left. */
static int64_t tile_vectors(int is_int4, int64_t left) {
    return is_int4 && left >= 6 && left != 8 ? 6 : sl_min(left, 4);
}

/* ---- panels */

static void write_rows(const struct lanes *l, int64_t panel, int64_t rows, float *out,
                       int64_t out_stride) {
    for (int64_t v = 0; v < rows / VW; v++, out += VW * out_stride) {
        for (int64_t o = 0; o < SL_PANEL; o += 8) {
            vi r[8];
            SL_UNROLL for (int j = 0; j < 8; j++) { r[j] = vi_load(l->sums[panel][v][o + j]); }
            transpose(r);
            SL_UNROLL for (int64_t i = 0; i < VW; i++) {
                vf_store(out + i * out_stride + o, _mm256_castsi256_ps(r[i]));
            }
        }
    }
}

/* As many rows and panels as there is room for. */
static void lanes_block(const struct panel_job *job, int64_t panels, int64_t row, int64_t rows,
                        struct lanes *l) {
    const struct int_job ints = sl_int_job(job);
    const int is_int4 = job->w->format == SL_FORMAT_INT4, has_min = job->w->has_min != 0;
    const int64_t bytes = job->w->panel_bytes, vectors = rows / VW;
    for (int64_t p = 0; p < panels; p++) {
        memset(l->sums[p], 0, (size_t)vectors * sizeof(l->sums[p][0]));
    }
    for (int64_t first = 0; first < ints.groups; first += GROUPS) {
        int64_t groups = sl_min(GROUPS, ints.groups - first), behind = first + groups;
        lay_rows(&ints, has_min, row, rows, first, groups, l);
        for (int64_t p = 0; p < panels; p++) {
            const uint8_t *blocks = ints.blocks + p * bytes + first * ints.block_bytes;
            struct sl_ahead ahead = {blocks + bytes, 64, 64 * SL_STREAMS, 0,
                                     groups * ints.block_bytes};
            if (p + 1 == panels) {
                ahead.first = ints.blocks + behind * ints.block_bytes;
                ahead.end = sl_min(GROUPS, ints.groups - behind) * ints.block_bytes;
            }
            lay_weights(&ints, is_int4, has_min, blocks, groups, l);
            int64_t n;
            for (int64_t v = 0; v < vectors; v += n) {
                n = tile_vectors(is_int4, vectors - v);
                TILES[is_int4][has_min][n / 2 - 1](l, v, groups, l->sums[p] + v, &ahead);
            }
        }
    }
    for (int64_t p = 0; p < panels; p++) {
        float *out = job->out + row * job->out_stride + p * SL_PANEL;
        write_rows(l, p, rows, out, job->out_stride);
    }
}

int64_t sl_lanes_panels_int(const struct panel_job *job, int64_t panels) {
    struct lanes l;
    int64_t many = job->n - job->n % ROWS_STEP;
    for (int64_t first = 0; first < panels; first += PANELS) {
        struct panel_job some = *job;
        some.panel += first * job->w->panel_bytes;
        some.out += first * SL_PANEL;
        int64_t count = sl_min(PANELS, panels - first);
        for (int64_t row = 0; row < many; row += MOST_ROWS) {
            lanes_block(&some, count, row, sl_min(MOST_ROWS, many - row), &l);
        }
    }
    return many;
}
