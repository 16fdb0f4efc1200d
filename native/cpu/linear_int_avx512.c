/*
 * INT8 and INT4 matrices with VPDPBUSD: unsigned codes times signed inputs. The sums start at
 * -128 (or -8) times the sum of the inputs, which makes up for the codes' offset.
 */
#include "linear_int.h"
#include "simd.h"
#include "tiles.h"

enum { INT8_GROUP32, INT8_GROUP16, INT4 };

/*
 * Tiles of up to this many rows keep their float sums in registers, higher ones in L1. Groups of 16
 * would go to L1 too often: their tiles stay low.
 */
enum { REGISTER_ROWS = 6 };

SL_INLINE void prefetch(const uint8_t *p) { __builtin_prefetch(p + SL_PREFETCH, 0, 3); }

/* Adds the products of inputs 4 quad .. 4 quad + 3. */
SL_INLINE void dot_quad(int rows, __m512i t[][2], const struct int_chunk *in, int64_t g,
                        int64_t quad, __m512i w0, __m512i w1) {
    SL_UNROLL for (int i = 0; i < rows; i++) {
        __m512i x = _mm512_set1_epi32(sl_quad_at(in, i, g, quad));
        t[i][0] = _mm512_dpbusd_epi32(t[i][0], w0, x);
        t[i][1] = _mm512_dpbusd_epi32(t[i][1], w1, x);
    }
}

/* Quads first .. first + count - 1 of a block's codes. */
SL_INLINE void dot_codes(int rows, int kind, __m512i t[][2], const struct int_chunk *in, int64_t g,
                         const uint8_t *codes, int first, int count) {
    if (kind != INT4) {
        SL_UNROLL for (int quad = first; quad < first + count; quad++) {
            const uint8_t *p = codes + quad * 128;
            prefetch(p);
            prefetch(p + 64);
            dot_quad(rows, t, in, g, quad, vi_load(p), vi_load(p + 64));
        }
        return;
    }
    const __m512i low = _mm512_set1_epi8(15);
    SL_UNROLL for (int pair = 0; pair < 4; pair++) {
        const uint8_t *p = codes + pair * 128;
        __m512i w0 = vi_load(p);
        __m512i w1 = vi_load(p + 64);
        prefetch(p);
        prefetch(p + 64);
        dot_quad(rows, t, in, g, 2 * pair, _mm512_and_si512(w0, low),
                 _mm512_and_si512(w1, low));
        dot_quad(rows, t, in, g, 2 * pair + 1,
                 _mm512_and_si512(_mm512_srli_epi16(w0, 4), low),
                 _mm512_and_si512(_mm512_srli_epi16(w1, 4), low));
    }
}

/* Where a tile keeps its float sums: low ones in registers, high ones in L1. */
struct sums {
    vf low[REGISTER_ROWS][2];
    float *high; /* f32 [rows, 32] */
};

SL_INLINE vf get_sum(int rows, const struct sums *s, int i, int v) {
    return rows <= REGISTER_ROWS ? s->low[i][v] : vf_load(s->high + i * SL_PANEL + v * VW);
}

SL_INLINE void set_sum(int rows, struct sums *s, int i, int v, vf sum) {
    if (rows <= REGISTER_ROWS) {
        s->low[i][v] = sum;
    } else {
        vf_store(s->high + i * SL_PANEL + v * VW, sum);
    }
}

/* One group, or half of it: sums += t * (scale_w * scale_x) (+ min * wsum). */
SL_INLINE void add_part(int rows, int kind, int has_min, const struct int_chunk *in, int64_t g,
                        const uint8_t *block, int64_t scale_bits, int part, struct sums *sums) {
    const int parts = kind == INT8_GROUP16 ? 2 : 1;
    const int64_t scale_bytes = scale_bits / 8 * SL_PANEL;
    __m512i t[SL_MAX_TILE][2];
    SL_UNROLL for (int i = 0; i < rows; i++) {
        t[i][0] = kind == INT4 && has_min ? _mm512_setzero_si512()
                                          : _mm512_set1_epi32(in->start[i][g * parts + part]);
        t[i][1] = t[i][0];
    }
    dot_codes(rows, kind, t, in, g, block + (parts + has_min) * scale_bytes, part * 4, 8 / parts);
    vf scale[2], min[2];
    SL_UNROLL for (int v = 0; v < 2; v++) {
        scale[v] = vf_load_scales(block + part * scale_bytes, scale_bits, v * VW);
        min[v] = has_min ? vf_load_scales(block + scale_bytes, scale_bits, v * VW) : vf_zero();
    }
    SL_UNROLL for (int i = 0; i < rows; i++) {
        vf x = vf_set1(in->scale[i][g]);
        SL_UNROLL for (int v = 0; v < 2; v++) {
            vf s = vf_fma(_mm512_cvtepi32_ps(t[i][v]), vf_mul(scale[v], x),
                          get_sum(rows, sums, i, v));
            s = has_min ? vf_fma(min[v], vf_set1(in->wsum[i][g]), s) : s;
            set_sum(rows, sums, i, v, s);
        }
    }
}

SL_INLINE void int_tile(int rows, int kind, int has_min, const struct int_job *job, int64_t row) {
    const int parts = kind == INT8_GROUP16 ? 2 : 1;
    const uint8_t *block = job->blocks;
    const int64_t block_bytes = job->block_bytes, scale_bits = job->scale_bits;
    float *out = job->out + row * job->out_stride;
    float memory[SL_MAX_TILE * SL_PANEL] SL_ALIGNED;
    struct int_chunk in;
    struct sums sums;
    sums.high = memory;
    SL_UNROLL for (int i = 0; i < rows; i++) {
        SL_UNROLL for (int v = 0; v < 2; v++) { set_sum(rows, &sums, i, v, vf_zero()); }
    }
    for (int64_t first = 0; first < job->groups; first += SL_CHUNK_GROUPS) {
        int64_t groups = sl_min(SL_CHUNK_GROUPS, job->groups - first);
        sl_load_chunk(&in, rows, job, row, first, groups, parts, has_min);
        for (int64_t g = 0; g < groups; g++, block += block_bytes) {
            /* Hides where the sums are, or they would be kept in registers that there are not. */
            __asm__ volatile("" : "+r"(sums.high) : : "memory");
            SL_UNROLL for (int part = 0; part < parts; part++) {
                add_part(rows, kind, has_min, &in, g, block, scale_bits, part, &sums);
            }
        }
    }
    SL_UNROLL for (int i = 0; i < rows; i++) {
        SL_UNROLL for (int v = 0; v < 2; v++) {
            vf_store(out + i * job->out_stride + v * VW, get_sum(rows, &sums, i, v));
        }
    }
}

#define INT8_TILE(rows, job, row) int_tile(rows, INT8_GROUP32, 0, job, row)
#define INT8_MIN_TILE(rows, job, row) int_tile(rows, INT8_GROUP32, 1, job, row)
#define INT8_GROUP16_TILE(rows, job, row) int_tile(rows, INT8_GROUP16, 0, job, row)
#define INT4_TILE(rows, job, row) int_tile(rows, INT4, 0, job, row)
#define INT4_MIN_TILE(rows, job, row) int_tile(rows, INT4, 1, job, row)
SL_DEFINE_TILES(struct int_job, int8, INT8_TILE)
SL_DEFINE_TILES(struct int_job, int8_min, INT8_MIN_TILE)
SL_DEFINE_TILES_TO(REGISTER_ROWS, struct int_job, int8_group16, INT8_GROUP16_TILE)
SL_DEFINE_TILES(struct int_job, int4, INT4_TILE)
SL_DEFINE_TILES(struct int_job, int4_min, INT4_MIN_TILE)

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
