/*
 * INT8 and INT4 matrices in groups of 32 with AMX, for many rows: tiles of 16 rows times 16
 * outputs times one group give the exact integer sums, which leave the tiles through memory and
 * meet their scales as in linear_int_avx512.c, in the same order: the results are the same bits.
 *
 * A panel is unpacked first, to signed codes and float32 scales, for all rows.
 */
#include "amx.h"
#include "linear_int.h"
#include "simd.h"

#include <math.h>

/* Rows and outputs of a tile. */
enum { TILE = 16 };

/* Panels and groups that are unpacked at a time: 164 KB with their scales. */
enum { MAX_PANELS = 4, MAX_GROUPS = 32, BLOCK_BYTES = SL_GROUP * SL_PANEL };

/* Groups whose sums are on their way from the tiles to the registers. */
enum { AHEAD = 2 };

/* A panel's groups as the tiles read them. */
struct unpacked {
    int8_t codes[MAX_GROUPS][BLOCK_BYTES];
    float scales[MAX_GROUPS][SL_PANEL];
    float mins[MAX_GROUPS][SL_PANEL];
} SL_ALIGNED;

SL_INLINE void unpack_int8(const uint8_t *codes, int8_t *to) {
    const __m512i sign = _mm512_set1_epi8((char)0x80);
    for (int i = 0; i < BLOCK_BYTES; i += 64) {
        _mm512_store_si512(to + i, _mm512_xor_si512(vi_load(codes + i), sign));
    }
}

SL_INLINE void unpack_int4(const uint8_t *codes, int has_min, int8_t *to) {
    const __m512i low = _mm512_set1_epi8(15);
    const __m512i offset = _mm512_set1_epi8(has_min ? 0 : 8);
    for (int pair = 0; pair < 4; pair++) {
        for (int v = 0; v < 2; v++) {
            __m512i w = vi_load(codes + pair * 128 + v * 64);
            int8_t *at = to + pair * 256 + v * 64;
            __m512i high = _mm512_and_si512(_mm512_srli_epi16(w, 4), low);
            _mm512_store_si512(at, _mm512_sub_epi8(_mm512_and_si512(w, low), offset));
            _mm512_store_si512(at + 128, _mm512_sub_epi8(high, offset));
        }
    }
}

static void unpack(const struct int_job *job, const struct sl_matrix *w, int64_t panel,
                   int64_t first, int64_t groups, struct unpacked *to) {
    const int64_t scale_bytes = w->scale_bits / 8 * SL_PANEL;
    const uint8_t *block = job->blocks + panel * w->panel_bytes + first * job->block_bytes;
    for (int64_t g = 0; g < groups; g++, block += job->block_bytes) {
        const uint8_t *codes = block + scale_bytes * (1 + w->has_min);
        for (int64_t i = 0; i < job->block_bytes; i += 64) {
            __builtin_prefetch(block + 4096 + i, 0, 3);
        }
        vf_widen_scales(block, w->scale_bits, SL_PANEL, to->scales[g]);
        if (w->has_min) {
            vf_widen_scales(block + scale_bytes, w->scale_bits, SL_PANEL, to->mins[g]);
        }
        if (w->format == SL_FORMAT_INT8) {
            unpack_int8(codes, to->codes[g]);
        } else {
            unpack_int4(codes, (int)w->has_min, to->codes[g]);
        }
    }
}

/* What a group's sums are multiplied with: scale and, with a min, wsum of 16 rows. */
struct factors {
    float scale[TILE];
    float wsum[TILE];
};

/* One tile's way through some groups. */
struct pass {
    const char *q; /* of the first row and group */
    int64_t row_stride;
    const struct factors *factors; /* by group */
    const int8_t *codes;           /* of the first group and output */
    const float *scales;
    const float *mins;
    int64_t groups;
    float *out; /* sums before and after */
    int64_t out_stride;
};

/* The integer sums of a group, in memory; the compiler wants the tiles' numbers as they are. */
#define TILE_SUMS(p, g, sum, x, w, to)                                                             \
    do {                                                                                           \
        _tile_zero(sum);                                                                           \
        _tile_loadd(x, (p)->q + (g) * SL_GROUP, (p)->row_stride);                                  \
        _tile_loadd(w, (p)->codes + (g) * BLOCK_BYTES, 128);                                       \
        _tile_dpbssd(sum, x, w);                                                                   \
        _tile_stored(sum, to, TILE * 4);                                                           \
    } while (0)

SL_INLINE void tile_sums(const struct pass *p, int64_t g, int32_t to[4][TILE * TILE]) {
    switch (g % 4) {
        case 0:
            TILE_SUMS(p, g, 0, 4, 6, to[0]);
            break;
        case 1:
            TILE_SUMS(p, g, 1, 5, 7, to[1]);
            break;
        case 2:
            TILE_SUMS(p, g, 2, 4, 6, to[2]);
            break;
        default:
            TILE_SUMS(p, g, 3, 5, 7, to[3]);
            break;
    }
}

/* sums += t * (scale_w * scale_x) (+ min * wsum), for one group. */
SL_INLINE void add_group(const struct pass *p, int has_min, int64_t g, const int32_t *t,
                         vf sums[TILE]) {
    const vf scale = vf_load(p->scales + g * SL_PANEL);
    const vf min = has_min ? vf_load(p->mins + g * SL_PANEL) : vf_zero();
    const struct factors *x = p->factors + g;
    SL_UNROLL for (int i = 0; i < TILE; i++) {
        vf s = vf_fma(_mm512_cvtepi32_ps(vi_load(t + i * TILE)),
                      vf_mul(scale, vf_set1(x->scale[i])), sums[i]);
        sums[i] = has_min ? vf_fma(min, vf_set1(x->wsum[i]), s) : s;
    }
}

SL_INLINE void run_pass(const struct pass *p, int has_min, int first) {
    int32_t t[4][TILE * TILE] SL_ALIGNED;
    vf sums[TILE];
    /* The sums go to lines that another thread may hold, and hold up all stores behind them. */
    SL_UNROLL for (int i = 0; i < TILE; i++) { __builtin_prefetch(p->out + i * p->out_stride, 1); }
    SL_UNROLL for (int i = 0; i < TILE; i++) {
        sums[i] = first ? vf_zero() : vf_load(p->out + i * p->out_stride);
    }
    int64_t g = 0;
    TILE_SUMS(p, 0, 0, 4, 6, t[0]);
    if (p->groups > 1) {
        TILE_SUMS(p, 1, 1, 5, 7, t[1]);
    }
    for (; g + 6 <= p->groups; g += 4) {
        TILE_SUMS(p, g + 2, 2, 4, 6, t[2]);
        add_group(p, has_min, g, t[0], sums);
        TILE_SUMS(p, g + 3, 3, 5, 7, t[3]);
        add_group(p, has_min, g + 1, t[1], sums);
        TILE_SUMS(p, g + 4, 0, 4, 6, t[0]);
        add_group(p, has_min, g + 2, t[2], sums);
        TILE_SUMS(p, g + 5, 1, 5, 7, t[1]);
        add_group(p, has_min, g + 3, t[3], sums);
    }
    for (; g < p->groups; g++) {
        if (g + AHEAD < p->groups) {
            tile_sums(p, g + AHEAD, t);
        }
        add_group(p, has_min, g, t[g % 4], sums);
    }
    SL_UNROLL for (int i = 0; i < TILE; i++) { vf_store(p->out + i * p->out_stride, sums[i]); }
}

static SL_NOINLINE void pass_plain(const struct pass *p, int first) { run_pass(p, 0, first); }
static SL_NOINLINE void pass_min(const struct pass *p, int first) { run_pass(p, 1, first); }

static void load_factors(const struct int_job *job, int64_t row, int64_t first, int64_t groups,
                         int has_min, struct factors *to) {
    const vi rows = _mm512_mullo_epi32(
        _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15),
        _mm512_set1_epi32((int)job->row_stride));
    const int64_t at = row * job->row_stride + first * 4;
    for (int64_t g = 0; g < groups; g++) {
        vf_store(to[g].scale, _mm512_i32gather_ps(rows, job->scale + at + 4 * g, 1));
        if (has_min) {
            vf_store(to[g].wsum, _mm512_i32gather_ps(rows, job->wsum + at + 4 * g, 1));
        }
    }
}

/* Fetches the inputs of 16 rows, which another thread may have prepared. */
static void fetch_rows(const struct int_job *job, int64_t row, int64_t first, int64_t groups) {
    for (int64_t i = row; i < sl_min(row + TILE, job->n); i++) {
        const char *q = job->q + i * job->row_stride + first * SL_GROUP;
        for (int64_t at = 0; at < groups * SL_GROUP; at += 64) {
            __builtin_prefetch(q + at, 0, 2);
        }
        __builtin_prefetch(job->scale + i * job->row_stride + first * 4, 0, 2);
        __builtin_prefetch(job->wsum + i * job->row_stride + first * 4, 0, 2);
    }
}

/* Some panels times all rows. */
struct block {
    struct int_job job; /* of the first panel */
    const struct sl_matrix *w;
    int64_t panels;
    int64_t first; /* groups */
    int64_t groups;
    struct unpacked *unpacked;
};

/* 16 rows times the unpacked groups, added to out [16, 32 * panels]. */
static void rows_16(const struct block *b, int64_t row, float *out, int64_t out_stride) {
    const struct int_job *job = &b->job;
    struct factors factors[MAX_GROUPS] SL_ALIGNED;
    load_factors(job, row, b->first, b->groups, (int)b->w->has_min, factors);
    fetch_rows(job, row + TILE, b->first, b->groups);
    for (int64_t half = 0; half < 2 * b->panels; half++) {
        const struct unpacked *u = b->unpacked + half / 2;
        int64_t output = half % 2 * TILE;
        struct pass p = {
            .q = job->q + row * job->row_stride + b->first * SL_GROUP,
            .row_stride = job->row_stride,
            .factors = factors,
            .codes = u->codes[0] + output * 4,
            .scales = u->scales[0] + output,
            .mins = u->mins[0] + output,
            .groups = b->groups,
            .out = out + half * TILE,
            .out_stride = out_stride,
        };
        if (b->w->has_min) {
            pass_min(&p, b->first == 0);
        } else {
            pass_plain(&p, b->first == 0);
        }
    }
}

static void run_block(struct block *b) {
    const struct int_job *job = &b->job;
    const int64_t whole = job->n / TILE * TILE, last_row = job->n - TILE;
    float last[TILE * SL_PANEL * MAX_PANELS] SL_ALIGNED;
    for (b->first = 0; b->first < job->groups; b->first += MAX_GROUPS) {
        b->groups = sl_min(MAX_GROUPS, job->groups - b->first);
        for (int64_t i = 0; i < b->panels; i++) {
            unpack(job, b->w, i, b->first, b->groups, b->unpacked + i);
        }
        for (int64_t row = 0; row < whole; row += TILE) {
            rows_16(b, row, job->out + row * job->out_stride, job->out_stride);
        }
        if (whole < job->n) {
            /* The last tile reaches back over rows that are done already. */
            rows_16(b, last_row, last, SL_PANEL * MAX_PANELS);
        }
    }
    for (int64_t row = whole; row < job->n; row++) {
        memcpy(job->out + row * job->out_stride,
               last + (row - last_row) * SL_PANEL * MAX_PANELS,
               (size_t)(b->panels * SL_PANEL) * sizeof(float));
    }
}

void sl_amx_panels_int(const struct panel_job *job, int64_t panels) {
    struct unpacked unpacked[MAX_PANELS];
    amx_configure(TILE, SL_GROUP);
    for (int64_t first = 0; first < panels; first += MAX_PANELS) {
        struct block block = {
            .job = sl_int_job(job),
            .w = job->w,
            .panels = sl_min(MAX_PANELS, panels - first),
            .unpacked = unpacked,
        };
        block.job.blocks += first * job->w->panel_bytes;
        block.job.out += first * SL_PANEL;
        run_block(&block);
    }
}
