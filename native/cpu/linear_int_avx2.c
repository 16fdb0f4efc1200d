/*
 * INT8 and INT4 matrices with VPMADDUBSW, whose sums of two products saturate at 16 bits. 4-bit
 * codes are too small for that: a whole group of 32 fits. For 8-bit codes the unsigned factor is
 * |q| <= 128 and the input takes the sign, at most 2 * 128 * 127.
 */
#include "linear_int.h"
#include "simd.h"
#include "tiles.h"

/* Groups whose inputs a tile copies at a time. */
enum { CHUNK_GROUPS = 16 };

/*
 * The inputs of a tile's rows for some groups, at distances that the compiler knows: addresses of
 * six rows far apart would not fit into the registers.
 */
struct int_chunk {
    int8_t q[SL_MAX_TILE][CHUNK_GROUPS * SL_GROUP];
    float scale[SL_MAX_TILE][CHUNK_GROUPS];
    float wsum[SL_MAX_TILE][CHUNK_GROUPS];
    int32_t start[SL_MAX_TILE][2 * CHUNK_GROUPS];
} SL_ALIGNED;

/*
 * Copies a number of bytes that is known and a multiple of 32. Compilers make REP MOVS of a memcpy
 * of some hundred bytes, and that takes longer to begin than all of this.
 */
SL_INLINE void copy(void *to, const void *from, size_t bytes) {
    for (size_t at = 0; at < bytes; at += 32) {
        memcpy((char *)to + at, (const char *)from + at, 32);
        __asm__ volatile("" : : : "memory");
    }
}

/* Copies `groups` groups, beginning with `first`; starts: numbers per group in `start`. */
SL_INLINE void load_chunk(struct int_chunk *c, int rows, const struct int_job *job, int64_t row,
                             int64_t first, int64_t groups, int starts, int has_min) {
    for (int i = 0; i < rows; i++) {
        const char *q = job->q + (row + i) * job->row_stride + first * SL_GROUP;
        const char *scale = job->scale + (row + i) * job->row_stride + first * 4;
        const char *wsum = job->wsum + (row + i) * job->row_stride + first * 4;
        const char *start = job->start + (row + i) * job->row_stride + first * 4 * starts;
        if (groups == CHUNK_GROUPS) {
            copy(c->q[i], q, CHUNK_GROUPS * SL_GROUP);
            copy(c->scale[i], scale, CHUNK_GROUPS * 4);
            copy(c->start[i], start, (size_t)(CHUNK_GROUPS * 4 * starts));
            if (has_min) {
                copy(c->wsum[i], wsum, CHUNK_GROUPS * 4);
            }
            continue;
        }
        for (int64_t g = 0; g < groups; g++) {
            memcpy(c->q[i] + g * SL_GROUP, q + g * SL_GROUP, SL_GROUP);
            memcpy(c->scale[i] + g, scale + g * 4, 4);
            memcpy(c->start[i] + g * starts, start + g * 4 * starts, (size_t)(4 * starts));
            if (has_min) {
                memcpy(c->wsum[i] + g, wsum + g * 4, 4);
            }
        }
    }
}

/* Four inputs of a row, as they meet four codes of one output. */
SL_INLINE int32_t quad_at(const struct int_chunk *c, int row, int64_t g, int64_t quad) {
    int32_t v;
    memcpy(&v, c->q[row] + g * SL_GROUP + quad * 4, 4);
    return v;
}

enum { INT8_GROUP32, INT8_GROUP16, INT4 };

/* Vectors of outputs that a tile keeps in registers at a time. */
SL_INLINE int tile_vectors(int rows) { return rows <= 2 ? 4 : 2; }

/* t = sums of q_w * q_x over quads first .. first + count - 1, for `vectors` vectors of outputs. */
SL_INLINE void dot_int8(int rows, vi t[][4], const struct int_chunk *in, int64_t g,
                        const uint8_t *codes, int first, int count, struct sl_ahead *ahead) {
    const int vectors = tile_vectors(rows);
    const vi ones = _mm256_set1_epi16(1);
    const vi offset = _mm256_set1_epi8((char)0x80);
    SL_UNROLL for (int quad = first; quad < first + count; quad++) {
        if (quad % 2 == 0 || quad == 7) {
            sl_fetch_lines(ahead);
        }
        SL_UNROLL for (int v = 0; v < vectors; v++) {
            vi w = _mm256_xor_si256(vi_load(codes + quad * 128 + v * 32), offset);
            vi size = _mm256_abs_epi8(w);
            SL_UNROLL for (int i = 0; i < rows; i++) {
                vi x = _mm256_set1_epi32(quad_at(in, i, g, quad));
                vi products = _mm256_maddubs_epi16(size, _mm256_sign_epi8(x, w));
                t[i][v] = _mm256_add_epi32(t[i][v], _mm256_madd_epi16(products, ones));
                SL_KEEP(t[i][v]);
            }
        }
    }
}

SL_INLINE void dot_int4(int rows, vi t[][4], const struct int_chunk *in, int64_t g,
                        const uint8_t *codes, struct sl_ahead *ahead) {
    const int vectors = tile_vectors(rows);
    const vi low = _mm256_set1_epi8(15);
    vi sum[SL_MAX_TILE][4];
    SL_UNROLL for (int i = 0; i < rows; i++) {
        SL_UNROLL for (int v = 0; v < vectors; v++) { sum[i][v] = _mm256_setzero_si256(); }
    }
    SL_UNROLL for (int quad = 0; quad < 8; quad++) {
        if (quad % 3 == 0) {
            sl_fetch_lines(ahead);
        }
        vi w[4];
        SL_UNROLL for (int v = 0; v < vectors; v++) {
            vi pair = vi_load(codes + quad / 2 * 128 + v * 32);
            w[v] = _mm256_and_si256(quad % 2 == 0 ? pair : _mm256_srli_epi16(pair, 4), low);
        }
        SL_UNROLL for (int i = 0; i < rows; i++) {
            vi x = _mm256_set1_epi32(quad_at(in, i, g, quad));
            SL_UNROLL for (int v = 0; v < vectors; v++) {
                sum[i][v] = _mm256_add_epi16(sum[i][v], _mm256_maddubs_epi16(w[v], x));
                SL_KEEP(sum[i][v]);
            }
        }
    }
    SL_UNROLL for (int i = 0; i < rows; i++) {
        SL_UNROLL for (int v = 0; v < vectors; v++) {
            vi whole = _mm256_madd_epi16(sum[i][v], _mm256_set1_epi16(1));
            t[i][v] = _mm256_add_epi32(t[i][v], whole);
        }
    }
}

/* One scale step of outputs n .. of a block: sums += t * (scale_w * scale_x) (+ min * wsum). */
SL_INLINE void scale_step(int rows, int has_min, vi t[][4], const struct int_chunk *in, int64_t g,
                          const uint8_t *scales, const uint8_t *mins, int64_t scale_bits, int64_t n,
                          float *sums) {
    const int vectors = tile_vectors(rows);
    SL_UNROLL for (int v = 0; v < vectors; v++) {
        vf scale = vf_load_scales(scales, scale_bits, n + v * VW);
        vf min = has_min ? vf_load_scales(mins, scale_bits, n + v * VW) : vf_zero();
        SL_UNROLL for (int i = 0; i < rows; i++) {
            float *at = sums + i * SL_PANEL + n + v * VW;
            vf x = vf_set1(in->scale[i][g]);
            vf s = vf_fma(_mm256_cvtepi32_ps(t[i][v]), vf_mul(scale, x), vf_load(at));
            if (has_min) {
                s = vf_fma(min, vf_set1(in->wsum[i][g]), s);
            }
            vf_store(at, s);
        }
    }
}

/* One group, or half of it, for all outputs. */
SL_INLINE void add_part(int rows, int kind, int has_min, const struct int_chunk *in, int64_t g,
                        const uint8_t *block, int64_t scale_bits, int part, float *sums,
                        struct sl_ahead *ahead) {
    const int vectors = tile_vectors(rows);
    const int parts = kind == INT8_GROUP16 ? 2 : 1;
    const int64_t scale_bytes = scale_bits / 8 * SL_PANEL;
    const uint8_t *codes = block + (parts + has_min) * scale_bytes;
    /* Unrolled, all inputs would be broadcast first, and spilled. */
    _Pragma("GCC unroll 1") for (int64_t n = 0; n < SL_PANEL; n += vectors * VW) {
        __asm__ volatile("" : : : "memory");
        vi t[SL_MAX_TILE][4];
        SL_UNROLL for (int i = 0; i < rows; i++) {
            vi start = kind == INT4 && !has_min ? _mm256_set1_epi32(in->start[i][g])
                                                : _mm256_setzero_si256();
            SL_UNROLL for (int v = 0; v < vectors; v++) { t[i][v] = start; }
        }
        if (kind == INT4) {
            dot_int4(rows, t, in, g, codes + n * 4, ahead);
        } else {
            dot_int8(rows, t, in, g, codes + n * 4, part * 4, 8 / parts, ahead);
        }
        scale_step(rows, has_min, t, in, g, block + part * scale_bytes, block + scale_bytes,
                   scale_bits, n, sums);
    }
}

SL_INLINE void int_tile(int rows, int kind, int has_min, const struct int_job *job, int64_t row) {
    const int parts = kind == INT8_GROUP16 ? 2 : 1;
    const uint8_t *block = job->blocks;
    const int64_t block_bytes = job->block_bytes, scale_bits = job->scale_bits;
    float memory[SL_MAX_TILE * SL_PANEL] SL_ALIGNED = {0};
    float *sums = memory;
    struct int_chunk in;
    /* The rows that come first bring the panel in for all. */
    struct sl_ahead ahead = {block + SL_PREFETCH, 64, 64 * SL_STREAMS, 0, 0};
    for (int64_t first = 0; first < job->groups; first += CHUNK_GROUPS) {
        int64_t groups = sl_min(CHUNK_GROUPS, job->groups - first);
        load_chunk(&in, rows, job, row, first, groups, parts, has_min);
        for (int64_t g = 0; g < groups; g++, block += block_bytes) {
            /* Hides where the sums are, or they would be kept in registers that there are not. */
            __asm__ volatile("" : "+r"(sums) : : "memory");
            if (row == 0) {
                ahead.end += block_bytes;
            }
            SL_UNROLL for (int part = 0; part < parts; part++) {
                add_part(rows, kind, has_min, &in, g, block, scale_bits, part, sums, &ahead);
            }
        }
    }
    SL_UNROLL for (int i = 0; i < rows; i++) {
        memcpy(job->out + (row + i) * job->out_stride, sums + i * SL_PANEL,
               SL_PANEL * sizeof(float));
    }
}

#define INT8_TILE(rows, job, row) int_tile(rows, INT8_GROUP32, 0, job, row)
#define INT8_MIN_TILE(rows, job, row) int_tile(rows, INT8_GROUP32, 1, job, row)
#define INT8_GROUP16_TILE(rows, job, row) int_tile(rows, INT8_GROUP16, 0, job, row)
#define INT4_TILE(rows, job, row) int_tile(rows, INT4, 0, job, row)
#define INT4_MIN_TILE(rows, job, row) int_tile(rows, INT4, 1, job, row)
SL_DEFINE_TILES_TO(4, struct int_job, int8, INT8_TILE)
SL_DEFINE_TILES_TO(4, struct int_job, int8_min, INT8_MIN_TILE)
SL_DEFINE_TILES_TO(4, struct int_job, int8_group16, INT8_GROUP16_TILE)
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

/* Bytes between the weights in use and those being fetched, of each stream. */
enum { STREAM_AHEAD = 640 };

/* The sums of each stream grow as in a tile of one row. */
SL_INLINE void int_streams(int kind, int has_min, const struct stream_job *job) {
    const int parts = kind == INT8_GROUP16 ? 2 : 1;
    const struct int_job ints = sl_int_job(&job->first);
    const int64_t block_bytes = ints.block_bytes, scale_bits = ints.scale_bits;
    const int64_t apart = sl_stream_bytes(job);
    float memory[SL_STREAMS * SL_PANEL] SL_ALIGNED = {0};
    struct int_chunk in;
    int64_t at = 0;
    for (int64_t first = 0; first < ints.groups; first += CHUNK_GROUPS) {
        int64_t groups = sl_min(CHUNK_GROUPS, ints.groups - first);
        load_chunk(&in, 1, &ints, 0, first, groups, parts, has_min);
        for (int64_t g = 0; g < groups; g++, at += block_bytes) {
            const uint8_t *block = ints.blocks + at;
            float *sums = memory;
            struct sl_ahead ahead = {block + STREAM_AHEAD, apart, 64, 0, 0};
            for (int64_t s = 0; s < SL_STREAMS; s++, block += apart, sums += SL_PANEL) {
                __asm__ volatile("" : "+r"(sums) : : "memory");
                ahead.end += block_bytes / SL_STREAMS;
                SL_UNROLL for (int part = 0; part < parts; part++) {
                    add_part(1, kind, has_min, &in, g, block, scale_bits, part, sums, &ahead);
                }
            }
        }
    }
    for (int64_t s = 0; s < SL_STREAMS; s++) {
        memcpy(sl_stream_out(job, s), memory + s * SL_PANEL, SL_PANEL * sizeof(float));
    }
}

static SL_NOINLINE void int8_streams(const struct stream_job *job) {
    int_streams(INT8_GROUP32, 0, job);
}
static SL_NOINLINE void int8_min_streams(const struct stream_job *job) {
    int_streams(INT8_GROUP32, 1, job);
}
static SL_NOINLINE void int8_group16_streams(const struct stream_job *job) {
    int_streams(INT8_GROUP16, 0, job);
}
static SL_NOINLINE void int4_streams(const struct stream_job *job) { int_streams(INT4, 0, job); }
static SL_NOINLINE void int4_min_streams(const struct stream_job *job) {
    int_streams(INT4, 1, job);
}

void sl_streams_int(const struct stream_job *job) {
    const struct sl_matrix *w = job->first.w;
    if (w->format == SL_FORMAT_INT4) {
        (w->has_min ? int4_min_streams : int4_streams)(job);
    } else if (w->group == 16) {
        int8_group16_streams(job);
    } else {
        (w->has_min ? int8_min_streams : int8_streams)(job);
    }
}
