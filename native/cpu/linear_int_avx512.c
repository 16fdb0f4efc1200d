/*
 * INT8 and INT4 matrices with VPDPBUSD: unsigned codes times signed inputs. The sums start at
 * -128 (or -8) times the sum of the inputs, which makes up for the codes' offset.
 */
#include "linear_int.h"
#include "rounds.h"
#include "simd.h"

enum { INT8_GROUP32, INT8_GROUP16, INT4 };

/* What a tile fetches: its panel's weights SL_PREFETCH bytes ahead, the next panel, or keys and
   values. */
enum { FETCH_AHEAD, FETCH_PANEL, FETCH_KV };

/*
 * The most rows of a tile. Products and sums of six fit into the registers; the little of eight
 * that does not costs nothing, unless minima or two scales a group need registers, too.
 */
enum { MOST_ROWS = 8, FEWER_ROWS = 6, THIRDS = (MOST_ROWS + 2) / 3 };

/*
 * Arrays of a tile's rows: of every third row, since an address has room for the two rows after
 * it. Twelve addresses fit into the registers, one for each row and array would not.
 */
struct tile_rows {
    const char *q[THIRDS], *scale[THIRDS], *start[THIRDS], *wsum[THIRDS];
    int64_t stride;
};

SL_INLINE int32_t number_at(const char *const array[], int i, int64_t stride, int64_t at) {
    int32_t number;
    memcpy(&number, array[i / 3] + i % 3 * stride + at, 4);
    return number;
}

SL_INLINE vf factor_at(const char *const array[], int i, int64_t stride, int64_t at) {
    return _mm512_castsi512_ps(_mm512_set1_epi32(number_at(array, i, stride, at)));
}

SL_INLINE void prefetch(const uint8_t *p, int fetch) {
    if (fetch == FETCH_AHEAD) {
        __builtin_prefetch(p + SL_PREFETCH, 0, 3);
    }
}

/* Adds the products of inputs 4 quad .. 4 quad + 3. */
SL_INLINE void dot_quad(int rows, __m512i t[][2], const struct tile_rows *in, int64_t g,
                        int64_t quad, __m512i w0, __m512i w1) {
    SL_UNROLL for (int i = 0; i < rows; i++) {
        __m512i x =
            _mm512_set1_epi32(number_at(in->q, i, in->stride, g * SL_GROUP + quad * 4));
        t[i][0] = _mm512_dpbusd_epi32(t[i][0], w0, x);
        t[i][1] = _mm512_dpbusd_epi32(t[i][1], w1, x);
    }
}

/* Quads first .. first + count - 1 of a block's codes. */
SL_INLINE void dot_codes(int rows, int kind, __m512i t[][2], const struct tile_rows *in, int64_t g,
                         const uint8_t *codes, int first, int count, int fetch) {
    if (kind != INT4) {
        SL_UNROLL for (int quad = first; quad < first + count; quad++) {
            const uint8_t *p = codes + quad * 128;
            prefetch(p, fetch);
            prefetch(p + 64, fetch);
            dot_quad(rows, t, in, g, quad, vi_load(p), vi_load(p + 64));
        }
        return;
    }
    const __m512i low = _mm512_set1_epi8(15);
    SL_UNROLL for (int pair = 0; pair < 4; pair++) {
        const uint8_t *p = codes + pair * 128;
        __m512i w0 = vi_load(p);
        __m512i w1 = vi_load(p + 64);
        prefetch(p, fetch);
        prefetch(p + 64, fetch);
        dot_quad(rows, t, in, g, 2 * pair, _mm512_and_si512(w0, low),
                 _mm512_and_si512(w1, low));
        dot_quad(rows, t, in, g, 2 * pair + 1,
                 _mm512_and_si512(_mm512_srli_epi16(w0, 4), low),
                 _mm512_and_si512(_mm512_srli_epi16(w1, 4), low));
    }
}

/* One group, or half of it: sums += t * (scale_w * scale_x) (+ min * wsum). */
SL_INLINE void add_part(int rows, int kind, int has_min, const struct tile_rows *in, int64_t g,
                        const uint8_t *block, int64_t scale_bits, int part, int fetch,
                        vf sums[][2]) {
    const int parts = kind == INT8_GROUP16 ? 2 : 1;
    const int64_t scale_bytes = scale_bits / 8 * SL_PANEL;
    __m512i t[MOST_ROWS][2];
    SL_UNROLL for (int i = 0; i < rows; i++) {
        const int64_t at = 4 * (g * parts + part);
        int32_t start = kind == INT4 && has_min ? 0 : number_at(in->start, i, in->stride, at);
        t[i][0] = t[i][1] = _mm512_set1_epi32(start);
    }
    dot_codes(rows, kind, t, in, g, block + (parts + has_min) * scale_bytes, part * 4, 8 / parts,
              fetch);
    vf scale[2], min[2];
    SL_UNROLL for (int v = 0; v < 2; v++) {
        scale[v] = vf_load_scales(block + part * scale_bytes, scale_bits, v * VW);
        min[v] = has_min ? vf_load_scales(block + scale_bytes, scale_bits, v * VW) : vf_zero();
    }
    SL_UNROLL for (int i = 0; i < rows; i++) {
        vf x = factor_at(in->scale, i, in->stride, 4 * g);
        SL_UNROLL for (int v = 0; v < 2; v++) {
            vf s = vf_fma(_mm512_cvtepi32_ps(t[i][v]), vf_mul(scale[v], x), sums[i][v]);
            sums[i][v] = has_min ? vf_fma(min[v], factor_at(in->wsum, i, in->stride, 4 * g), s) : s;
        }
    }
}

/* The tile of rows that begins with `row`. */
SL_INLINE void int_tile(int rows, int kind, int has_min, int fetch, const struct int_job *job,
                        int64_t row, struct sl_fetch lines) {
    const int parts = kind == INT8_GROUP16 ? 2 : 1;
    const int64_t block_bytes = job->block_bytes, scale_bits = job->scale_bits;
    const uint8_t *block = job->blocks;
    float *out = job->out + row * job->out_stride;
    struct tile_rows in = {.stride = job->row_stride};
    SL_UNROLL for (int i = 0; i < rows; i += 3) {
        const int64_t at = (row + i) * job->row_stride;
        in.q[i / 3] = job->q + at;
        in.scale[i / 3] = job->scale + at;
        in.start[i / 3] = job->start + at;
        in.wsum[i / 3] = job->wsum + at;
    }
    sl_fetch_outputs(out, job->out_stride, rows);
    vf sums[MOST_ROWS][2];
    SL_UNROLL for (int i = 0; i < rows; i++) {
        SL_UNROLL for (int v = 0; v < 2; v++) { sums[i][v] = vf_zero(); }
    }
    for (int64_t g = 0; g < job->groups; g++, block += block_bytes) {
        sl_fetch_now(&lines);
        SL_UNROLL for (int part = 0; part < parts; part++) {
            add_part(rows, kind, has_min, &in, g, block, scale_bits, part, fetch, sums);
        }
        sl_fetch_next(&lines, fetch == FETCH_KV, block_bytes);
    }
    SL_UNROLL for (int i = 0; i < rows; i++) {
        SL_UNROLL for (int v = 0; v < 2; v++) {
            vf_store(out + i * job->out_stride + v * VW, sums[i][v]);
        }
    }
}

static void run_tiles(const struct sl_tile_functions *functions, int64_t most,
                      const struct int_job *job) {
    const struct sl_rows rows = {
        .n = job->n,
        .most = most,
        .alone = SL_INT_ROWS_ALONE,
        .next = sl_intel ? NULL : job->blocks + job->groups * job->block_bytes,
        .blocks = job->groups,
        .block_bytes = job->block_bytes,
        .pieces = job->ahead,
    };
    sl_run_tiles(functions, job, &rows);
}

#define TILE(name, kind, has_min, rows)                                                            \
    static SL_NOINLINE void name##_tile_##rows(const void *job, int64_t row,                       \
                                               struct sl_fetch lines) {                            \
        if (sl_intel) {                                                                            \
            int_tile(rows, kind, has_min, FETCH_AHEAD, job, row, lines);                           \
        } else {                                                                                   \
            int_tile(rows, kind, has_min, FETCH_PANEL, job, row, lines);                           \
        }                                                                                          \
    }                                                                                              \
    static SL_NOINLINE void name##_kv_tile_##rows(const void *job, int64_t row,                    \
                                                  struct sl_fetch lines) {                         \
        int_tile(rows, kind, has_min, FETCH_KV, job, row, lines);                                  \
    }
#define SIX_TILES(name, kind, has_min)                                                             \
    TILE(name, kind, has_min, 1)                                                                   \
    TILE(name, kind, has_min, 2)                                                                   \
    TILE(name, kind, has_min, 3)                                                                   \
    TILE(name, kind, has_min, 4)                                                                   \
    TILE(name, kind, has_min, 5)                                                                   \
    TILE(name, kind, has_min, 6)
#define SIX_NAMES(tile) 0, tile##1, tile##2, tile##3, tile##4, tile##5, tile##6
#define EIGHT_NAMES(tile) SIX_NAMES(tile), tile##7, tile##8
#define DEFINE_TILES(name, kind)                                                                   \
    SIX_TILES(name, kind, 0)                                                                       \
    TILE(name, kind, 0, 7)                                                                         \
    TILE(name, kind, 0, 8)                                                                         \
    static void name##_tiles(const struct int_job *job) {                                          \
        static const struct sl_tile_functions functions = {{EIGHT_NAMES(name##_tile_)},            \
                                                           {EIGHT_NAMES(name##_kv_tile_)}};        \
        run_tiles(&functions, MOST_ROWS, job);                                                     \
    }
#define DEFINE_LOWER_TILES(name, kind, has_min)                                                    \
    SIX_TILES(name, kind, has_min)                                                                 \
    static void name##_tiles(const struct int_job *job) {                                          \
        static const struct sl_tile_functions functions = {{SIX_NAMES(name##_tile_)},              \
                                                           {SIX_NAMES(name##_kv_tile_)}};          \
        run_tiles(&functions, FEWER_ROWS, job);                                                    \
    }

DEFINE_TILES(int8, INT8_GROUP32)
DEFINE_TILES(int4, INT4)
DEFINE_LOWER_TILES(int8_min, INT8_GROUP32, 1)
DEFINE_LOWER_TILES(int8_group16, INT8_GROUP16, 0)
DEFINE_LOWER_TILES(int4_min, INT4, 1)

void SL_FN(panel_int8)(const struct panel_job *job) {
    struct int_job ints = sl_int_job(job);
    if (job->w->group == 16) {
        int8_group16_tiles(&ints);
    } else if (job->w->has_min) {
        int8_min_tiles(&ints);
    } else {
        int8_tiles(&ints);
    }
}

void SL_FN(panel_int4)(const struct panel_job *job) {
    struct int_job ints = sl_int_job(job);
    if (job->w->has_min) {
        int4_min_tiles(&ints);
    } else {
        int4_tiles(&ints);
    }
}
