/* Rotary positions, and keys and values on their way into the cache. */
#include "simd.h"

#include <math.h>

void SL_FN(rotary_table)(const struct sl_rotary_table_args *args, int64_t begin, int64_t end) {
    float factor = (float)args->factor;
    for (int64_t t = begin; t < end; t++) {
        float *out = args->out + t * args->out_stride;
        float position = (float)args->positions[t];
        for (int64_t i = 0; i < args->half; i++) {
            double angle = position * args->frequencies[i];
            out[i] = factor * (float)cos(angle);
            out[args->half + i] = factor * (float)sin(angle);
        }
    }
}

/* Pairs (i, i + half); `out` may be `x`. */
static void rotate_halves(const float *x, const float *cosine, const float *sine, int64_t half,
                          float *out) {
    int64_t i = 0;
    for (; i + VW <= half; i += VW) {
        vf a = vf_load(x + i), b = vf_load(x + half + i);
        vf c = vf_load(cosine + i), s = vf_load(sine + i);
        vf_store(out + i, vf_sub(vf_mul(a, c), vf_mul(b, s)));
        vf_store(out + half + i, vf_add(vf_mul(b, c), vf_mul(a, s)));
    }
    for (; i < half; i++) {
        float a = x[i], b = x[half + i];
        out[i] = a * cosine[i] - b * sine[i];
        out[half + i] = b * cosine[i] + a * sine[i];
    }
}

/* Pairs (2 i, 2 i + 1). Compilers make vectors of it once they know that nothing overlaps. */
static void rotate_neighbours(const float *restrict x, const float *restrict cosine,
                              const float *restrict sine, int64_t half, float *restrict out) {
    for (int64_t i = 0; i < half; i++) {
        float a = x[2 * i], b = x[2 * i + 1];
        out[2 * i] = a * cosine[i] - b * sine[i];
        out[2 * i + 1] = b * cosine[i] + a * sine[i];
    }
}

/* Rotates the first rotary_dim elements of a head; `out` may be `x`. */
SL_INLINE void rotate(const struct sl_rotary_store_args *args, const float *x, const float *rotary,
                      float *out) {
    int64_t half = args->rotary_dim / 2;
    if (!args->interleaved) {
        rotate_halves(x, rotary, rotary + half, half, out);
        return;
    }
    float rotated[SL_MAX_HEAD_DIM];
    rotate_neighbours(x, rotary, rotary + half, half, rotated);
    memcpy(out, rotated, (size_t)(2 * half) * sizeof(float));
}

/* To nearest even, saturating at the largest finite number. */
static uint16_t store_f16(float f) {
    return f32_to_f16(f > 65504.0f ? 65504.0f : f < -65504.0f ? -65504.0f : f);
}

/* Writes n floats `step` elements apart, beginning at `first`. */
static void store(void *kv, int64_t type, int64_t first, int64_t step, const float *x, int64_t n) {
    if (type == SL_F32) {
        float *to = (float *)kv + first;
        for (int64_t i = 0; i < n; i++) {
            to[i * step] = x[i];
        }
    } else {
        uint16_t *to = (uint16_t *)kv + first;
        for (int64_t i = 0; i < n; i++) {
            to[i * step] = store_f16(x[i]);
        }
    }
}

/* Narrows to bfloat16, a loop of its own so that it works in vectors. */
SL_INLINE void narrow(const float *restrict x, int64_t n, uint16_t *restrict out) {
    for (int64_t i = 0; i < n; i++) {
        out[i] = f32_to_bf16(x[i]);
    }
}

static void store_key(const struct sl_rotary_store_args *args, int64_t base, int64_t slot,
                      const float *x) {
    int64_t size = args->block_size;
    if (args->kv_type != SL_BF16) {
        store(args->kv, args->kv_type, base + slot, size, x, args->head_dim);
        return;
    }
    uint16_t narrowed[SL_MAX_HEAD_DIM] SL_ALIGNED;
    narrow(x, args->head_dim, narrowed);
    uint16_t *to = (uint16_t *)args->kv + base + 2 * slot;
    for (int64_t d = 0; d < args->head_dim; d += 2) {
        memcpy(to + d * size, narrowed + d, 4);
    }
}

/*
 * Writes every second element, beginning with the first. Those between may be written by another
 * thread at the same time, so that nothing may touch them.
 */
SL_INLINE void store_alternate(uint16_t *to, const uint16_t *x, int64_t n) {
    int64_t i = 0;
#if SL_LEVEL == 2
    for (; i + VW <= n; i += VW) {
        __m512i wide = _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)(x + i)));
        _mm512_mask_storeu_epi16(to + 2 * i, 0x55555555u, wide);
    }
#endif
    for (; i < n; i++) {
        to[2 * i] = x[i];
    }
}

static void store_value(const struct sl_rotary_store_args *args, int64_t base, int64_t slot,
                        const float *x) {
    int64_t dim = args->head_dim;
    if (args->kv_type != SL_BF16) {
        store(args->kv, args->kv_type, base + slot * dim, 1, x, dim);
        return;
    }
    uint16_t narrowed[SL_MAX_HEAD_DIM] SL_ALIGNED;
    narrow(x, dim, narrowed);
    uint16_t *to = (uint16_t *)args->kv + base + slot / 2 * 2 * dim + slot % 2;
    store_alternate(to, narrowed, dim);
}

/* The block that token t is stored in. */
SL_INLINE int64_t block_of(const struct sl_rotary_store_args *args, int64_t t) {
    const int32_t *table = args->block_tables + args->sequences[t] * args->max_blocks;
    return table[args->positions[t] / args->block_size];
}

/* Where a head's keys (which = 0) or values (1) begin in a block, in elements of the cache. */
SL_INLINE int64_t head_at(const struct sl_rotary_store_args *args, int64_t block, int64_t which,
                          int64_t h) {
    return ((2 * block + which) * args->num_kv_heads + h) * args->block_size * args->head_dim;
}

/*
 * Fetches the lines that a token's keys and values go to, which lie far apart and were last written
 * for another token.
 * Other types than bfloat16 wait for them.
 */
SL_INLINE void fetch_slots(const struct sl_rotary_store_args *args, int64_t t) {
    if (args->sequences[t] < 0 || args->kv_type != SL_BF16) {
        return;
    }
    int64_t size = args->block_size, dim = args->head_dim;
    int64_t block = block_of(args, t), slot = args->positions[t] % size;
    for (int64_t h = 0; h < args->num_kv_heads; h++) {
        const uint16_t *kv = args->kv;
        const uint16_t *key = kv + head_at(args, block, 0, h) + 2 * slot;
        for (int64_t d = 0; d < dim; d += 2) {
            __builtin_prefetch(key + d * size, 1);
        }
        const uint16_t *value = kv + head_at(args, block, 1, h) + slot / 2 * 2 * dim;
        for (int64_t d = 0; d < 2 * dim; d += 32) {
            __builtin_prefetch(value + d, 1);
        }
    }
}

/* A whole head, of which only a part turns. */
static void rotate_copy(const struct sl_rotary_store_args *args, const float *x,
                        const float *rotary, float *out) {
    if (args->rotary_dim < args->head_dim) {
        memcpy(out, x, (size_t)args->head_dim * sizeof(float));
    }
    rotate(args, x, rotary, out);
}

static void store_token(const struct sl_rotary_store_args *args, int64_t t, const float *rotary) {
    int64_t block = block_of(args, t), slot = args->positions[t] % args->block_size;
    float key[SL_MAX_HEAD_DIM];
    for (int64_t h = 0; h < args->num_kv_heads; h++) {
        const float *k = args->k + t * args->k_stride + h * args->head_dim;
        const float *v = args->v + t * args->v_stride + h * args->head_dim;
        rotate_copy(args, k, rotary, key);
        store_key(args, head_at(args, block, 0, h), slot, key);
        store_value(args, head_at(args, block, 1, h), slot, v);
    }
}

#if SL_LEVEL == 2

/* Adjacent tokens that fill whole lines of the cache. */
enum { RUN = 16 };

/* Whether tokens t .. t + RUN - 1 are neighbours in lines of a bfloat16 cache. */
static int fill_lines(const struct sl_rotary_store_args *args, int64_t t, int64_t end) {
    if (args->kv_type != SL_BF16 || args->block_size % RUN != 0 || args->head_dim % (2 * RUN) != 0
        || t + RUN > end || args->positions[t] % RUN != 0 || args->sequences[t] < 0) {
        return 0;
    }
    for (int64_t i = 1; i < RUN; i++) {
        if (args->sequences[t + i] != args->sequences[t]
            || args->positions[t + i] != args->positions[t] + i) {
            return 0;
        }
    }
    return 1;
}

/* Turns the rows of 16 x 16 elements into columns. */
static void transpose(__m512i r[RUN]) {
    __m512i a[RUN];
    SL_UNROLL for (int i = 0; i < RUN; i += 2) {
        a[i] = _mm512_unpacklo_epi32(r[i], r[i + 1]);
        a[i + 1] = _mm512_unpackhi_epi32(r[i], r[i + 1]);
    }
    /* r[4 i + j]: in each quarter q, elements 4 q + j of rows 4 i .. 4 i + 3. */
    SL_UNROLL for (int i = 0; i < RUN; i += 4) {
        r[i] = _mm512_unpacklo_epi64(a[i], a[i + 2]);
        r[i + 1] = _mm512_unpackhi_epi64(a[i], a[i + 2]);
        r[i + 2] = _mm512_unpacklo_epi64(a[i + 1], a[i + 3]);
        r[i + 3] = _mm512_unpackhi_epi64(a[i + 1], a[i + 3]);
    }
    SL_UNROLL for (int j = 0; j < 4; j++) {
        __m512i even = _mm512_shuffle_i32x4(r[j], r[4 + j], 0x88);
        __m512i odd = _mm512_shuffle_i32x4(r[j], r[4 + j], 0xdd);
        __m512i even2 = _mm512_shuffle_i32x4(r[8 + j], r[12 + j], 0x88);
        __m512i odd2 = _mm512_shuffle_i32x4(r[8 + j], r[12 + j], 0xdd);
        a[j] = _mm512_shuffle_i32x4(even, even2, 0x88);
        a[8 + j] = _mm512_shuffle_i32x4(even, even2, 0xdd);
        a[4 + j] = _mm512_shuffle_i32x4(odd, odd2, 0x88);
        a[12 + j] = _mm512_shuffle_i32x4(odd, odd2, 0xdd);
    }
    memcpy(r, a, sizeof a);
}

/* Writes the keys of RUN tokens: a line for each pair of elements. */
static void store_keys(const struct sl_rotary_store_args *args, uint16_t *to,
                       uint16_t keys[RUN][SL_MAX_HEAD_DIM]) {
    for (int64_t d = 0; d < args->head_dim; d += 2 * RUN) {
        __m512i r[RUN];
        SL_UNROLL for (int i = 0; i < RUN; i++) { r[i] = _mm512_loadu_si512(keys[i] + d); }
        transpose(r);
        SL_UNROLL for (int i = 0; i < RUN; i++) {
            _mm512_storeu_si512(to + (d + 2 * i) * args->block_size, r[i]);
        }
    }
}

/* Writes the values of two tokens, element by element beside each other. */
static void store_values(const uint16_t *even, const uint16_t *odd, int64_t dim, uint16_t *to) {
    for (int64_t d = 0; d < dim; d += RUN) {
        __m512i low = _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)(even + d)));
        __m512i high = _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)(odd + d)));
        _mm512_storeu_si512(to + 2 * d, _mm512_or_si512(low, _mm512_slli_epi32(high, 16)));
    }
}

/*
 * Stores the keys and values of RUN tokens that fill lines: each line is written once, where
 * tokens one by one would write it RUN times.
 */
static void store_run(const struct sl_rotary_store_args *args, int64_t t) {
    int64_t dim = args->head_dim;
    int64_t block = block_of(args, t), slot = args->positions[t] % args->block_size;
    float rotated[SL_MAX_HEAD_DIM];
    uint16_t narrowed[RUN][SL_MAX_HEAD_DIM] SL_ALIGNED;
    for (int64_t h = 0; h < args->num_kv_heads; h++) {
        uint16_t *keys = (uint16_t *)args->kv + head_at(args, block, 0, h);
        uint16_t *values = (uint16_t *)args->kv + head_at(args, block, 1, h);
        for (int64_t i = 0; i < RUN; i++) {
            const float *k = args->k + (t + i) * args->k_stride + h * dim;
            rotate_copy(args, k, args->rotary + (t + i) * args->rotary_stride, rotated);
            narrow(rotated, dim, narrowed[i]);
        }
        store_keys(args, keys + 2 * slot, narrowed);
        for (int64_t i = 0; i < RUN; i += 2) {
            for (int64_t j = i; j < i + 2; j++) {
                narrow(args->v + (t + j) * args->v_stride + h * dim, dim, narrowed[j]);
            }
            store_values(narrowed[i], narrowed[i + 1], dim, values + (slot + i) * dim);
        }
    }
}

#else

enum { RUN = 1 };

static int fill_lines(const struct sl_rotary_store_args *args, int64_t t, int64_t end) {
    (void)args, (void)t, (void)end;
    return 0;
}

static void store_run(const struct sl_rotary_store_args *args, int64_t t) { (void)args, (void)t; }

#endif

static void rotate_queries(const struct sl_rotary_store_args *args, int64_t t) {
    const float *rotary = args->rotary + t * args->rotary_stride;
    for (int64_t h = 0; h < args->num_heads; h++) {
        float *q = args->q + t * args->q_stride + h * args->head_dim;
        rotate(args, q, rotary, q);
    }
}

void SL_FN(rotary_store)(const struct sl_rotary_store_args *args, int64_t begin, int64_t end) {
    for (int64_t t = begin; t < end;) {
        if (fill_lines(args, t, end)) {
            for (int64_t i = 0; i < RUN; i++) {
                rotate_queries(args, t + i);
            }
            store_run(args, t);
            t += RUN;
            continue;
        }
        fetch_slots(args, t);
        rotate_queries(args, t);
        /* Padding belongs to no sequence. */
        if (args->sequences[t] >= 0) {
            store_token(args, t, args->rotary + t * args->rotary_stride);
        }
        t++;
    }
}
