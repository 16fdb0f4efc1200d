/* Rotary positions, and keys and values on their way into the cache. */
#include "scalar.h"

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

/* Rotates the first rotary_dim elements of a head; `out` may be `x`. */
static void rotate(const struct sl_rotary_store_args *args, const float *x, const float *rotary,
                   float *out) {
    int64_t half = args->rotary_dim / 2;
    const float *cosine = rotary;
    const float *sine = rotary + half;
    if (args->interleaved) {
        for (int64_t i = 0; i < half; i++) {
            float a = x[2 * i], b = x[2 * i + 1];
            out[2 * i] = a * cosine[i] - b * sine[i];
            out[2 * i + 1] = b * cosine[i] + a * sine[i];
        }
        return;
    }
    for (int64_t i = 0; i < half; i++) {
        float a = x[i], b = x[half + i];
        out[i] = a * cosine[i] - b * sine[i];
        out[half + i] = b * cosine[i] + a * sine[i];
    }
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

static void store_key(const struct sl_rotary_store_args *args, int64_t base, int64_t slot,
                      const float *x) {
    int64_t size = args->block_size;
    if (args->kv_type != SL_BF16) {
        store(args->kv, args->kv_type, base + slot, size, x, args->head_dim);
        return;
    }
    uint16_t *to = (uint16_t *)args->kv + base + 2 * slot;
    for (int64_t d = 0; d < args->head_dim; d += 2) {
        to[d * size] = f32_to_bf16(x[d]);
        to[d * size + 1] = f32_to_bf16(x[d + 1]);
    }
}

static void store_value(const struct sl_rotary_store_args *args, int64_t base, int64_t slot,
                        const float *x) {
    int64_t dim = args->head_dim;
    if (args->kv_type != SL_BF16) {
        store(args->kv, args->kv_type, base + slot * dim, 1, x, dim);
        return;
    }
    /* Its neighbour in a pair may be written by another thread: two bytes at a time. */
    uint16_t *to = (uint16_t *)args->kv + base + slot / 2 * 2 * dim + slot % 2;
    for (int64_t d = 0; d < dim; d++) {
        to[2 * d] = f32_to_bf16(x[d]);
    }
}

/*
 * Fetches the lines that a token's keys and values go to, which lie far apart and were last written
 * for another token.
 * Other types than bfloat16 wait for them.
 */
static void fetch_slots(const struct sl_rotary_store_args *args, int64_t t) {
    int64_t position = args->positions[t], size = args->block_size, dim = args->head_dim;
    int64_t sequence = args->sequences[t];
    if (sequence < 0 || args->kv_type != SL_BF16) {
        return;
    }
    int64_t block = args->block_tables[sequence * args->max_blocks + position / size];
    int64_t slot = position % size;
    for (int64_t h = 0; h < args->num_kv_heads; h++) {
        const uint16_t *kv = args->kv;
        const uint16_t *key = kv + (2 * block * args->num_kv_heads + h) * size * dim + 2 * slot;
        for (int64_t d = 0; d < dim; d += 2) {
            __builtin_prefetch(key + d * size, 1);
        }
        const uint16_t *value = kv + ((2 * block + 1) * args->num_kv_heads + h) * size * dim
                                + slot / 2 * 2 * dim;
        for (int64_t d = 0; d < 2 * dim; d += 32) {
            __builtin_prefetch(value + d, 1);
        }
    }
}

static void store_token(const struct sl_rotary_store_args *args, int64_t t, const float *rotary) {
    int64_t position = args->positions[t];
    int64_t size = args->block_size;
    int64_t dim = args->head_dim;
    const int32_t *table = args->block_tables + args->sequences[t] * args->max_blocks;
    int64_t block = table[position / size];
    int64_t slot = position % size;
    float key[SL_MAX_HEAD_DIM];
    for (int64_t h = 0; h < args->num_kv_heads; h++) {
        const float *k = args->k + t * args->k_stride + h * dim;
        const float *v = args->v + t * args->v_stride + h * dim;
        memcpy(key, k, (size_t)dim * sizeof(float));
        rotate(args, k, rotary, key);
        store_key(args, (2 * block * args->num_kv_heads + h) * size * dim, slot, key);
        store_value(args, ((2 * block + 1) * args->num_kv_heads + h) * size * dim, slot, v);
    }
}

void SL_FN(rotary_store)(const struct sl_rotary_store_args *args, int64_t begin, int64_t end) {
    for (int64_t t = begin; t < end; t++) {
        const float *rotary = args->rotary + t * args->rotary_stride;
        fetch_slots(args, t);
        for (int64_t h = 0; h < args->num_heads; h++) {
            float *q = args->q + t * args->q_stride + h * args->head_dim;
            rotate(args, q, rotary, q);
        }
        /* Padding belongs to no sequence. */
        if (args->sequences[t] >= 0) {
            store_token(args, t, rotary);
        }
    }
}
