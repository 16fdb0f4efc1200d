/*
 * A row of logits as values and weights, and what top-k and top-p keep of it, found without
 * sorting.
 *
 * Weights are exp(logit - largest), rounded step by step, and summed as integers of 2^-43, so that
 * sums are the same in any order. A weight below 2^-43 counts as none.
 *
 * Where top-k, top-p and the most likely tokens end is found among few candidates: a bound that
 * costs one pass keeps the rest of the row out. Where there are too many, radix selection (Alabi et
 * al. 2012, Fast k-selection algorithms for graphics processing units) finds it in the row itself.
 */
#ifndef SLUICE_SELECTION_H
#define SLUICE_SELECTION_H

#include "simd.h"

#include <math.h>

/* Ids that a pass looks at together. */
enum { PIECE = 256 };

/* Candidates that are gathered at most, and ids of a group whose largest gives a bound. */
enum { MOST_CANDIDATES = 8192, GROUP = 64 };

static const float FORBIDDEN_LOGIT = -1e10f;

/* What stands in a row of logits for an id that must not come: a NaN that no arithmetic makes. */
static const uint32_t FORBIDDEN_MARK = 0x7fc5f0f0u;

/* What is kept of a row: greater keys, and of the equal ones those up to an id. */
struct cut {
    uint32_t key;
    int64_t last;
};

static const struct cut ALL = {0, INT64_MAX};

SL_INLINE int keeps(struct cut cut, uint32_t key, int64_t id) {
    return key > cut.key || (key == cut.key && id <= cut.last);
}

/* A row of logits, divided, and with what must not come as low as it is; n ids count. */
struct values {
    const float *row;
    float divisor;
    int64_t n;
};

/* The weights of a row: exp((value - largest) * inverse), and none where it is less than `least` or
   not among what is kept. */
struct weights {
    struct values values;
    float largest;
    float inverse;
    float least;
    struct cut likely;  /* by value */
    struct cut massive; /* by weight */
};

/* Candidates in the order of their ids. */
struct list {
    int64_t size;
    uint32_t keys[MOST_CANDIDATES + PIECE + VW];
    int32_t ids[MOST_CANDIDATES + PIECE + VW];
};

/* No temperature brings what must not come closer to what may. */
SL_INLINE float forbidden_value(float divisor) {
    return divisor < 1.0f ? FORBIDDEN_LOGIT / divisor : FORBIDDEN_LOGIT;
}

SL_INLINE float value_of(float logit, float divisor) {
    return bits_of(logit) == FORBIDDEN_MARK ? forbidden_value(divisor) : logit / divisor;
}

static void load(const struct values *v, int64_t from, int64_t count, float *restrict out) {
    const float *row = v->row + from;
    float divisor = v->divisor, forbidden = forbidden_value(divisor);
    if (divisor == 1.0f) {
        for (int64_t i = 0; i < count; i++) {
            out[i] = bits_of(row[i]) == FORBIDDEN_MARK ? forbidden : row[i];
        }
    } else {
        for (int64_t i = 0; i < count; i++) {
            out[i] = bits_of(row[i]) == FORBIDDEN_MARK ? forbidden : row[i] / divisor;
        }
    }
}

/* Orders floats as unsigned numbers; the two zeros are one. 0 for NaN, which nothing else is. */
SL_INLINE uint32_t ordered(float value) {
    uint32_t bits = bits_of(value + 0.0f);
    uint32_t key = bits ^ ((uint32_t)((int32_t)bits >> 31) | 0x80000000u);
    return value != value ? 0 : key;
}

/* Exponential function for arguments up to 0, to about 1e-7 of the result; 0 below -87 and for NaN,
   1 above 0, where a forbidden id is when all others are still lower. Every product and sum is
   rounded. */
SL_INLINE vf exponentials(vf argument) {
    static const float terms[] = {1.0f / 120.0f, 1.0f / 24.0f, 1.0f / 6.0f, 0.5f, 1.0f, 1.0f};
    vf least = vf_set1(-87.0f), x = vf_max(vf_min(argument, vf_zero()), least);
    vf whole = vf_trunc(vf_sub(vf_mul(x, vf_set1(1.442695f)), vf_set1(0.5f)));
    vf r = vf_add(vf_sub(x, vf_mul(whole, vf_set1(355.0f / 512.0f))),
                  vf_mul(whole, vf_set1(2.1219444e-4f)));
    vf p = vf_set1(1.0f / 720.0f);
    SL_UNROLL for (int i = 0; i < 6; i++) { p = vf_add(vf_mul(p, r), vf_set1(terms[i])); }
    return vf_zero_unless_ge(vf_scale2_normal(p, whole), argument, least);
}

static float exponential(float x) {
    float out[VW];
    vf_store(out, exponentials(vf_set1(x)));
    return out[0];
}

/* A weight in [0, 1] as an integer: the sum of 2^20 of them is 2^63 at most. */
SL_INLINE uint64_t fixed_point(float weight) {
    float least = weight < 1.0f ? weight : 1.0f;
    return (uint64_t)(int64_t)(least * 8796093022208.0f);
}

/* The key of a weight: its bits, which are in order; 0 for a weight that counts as none. */
SL_INLINE uint32_t weight_key(float weight) {
    return weight < 0x1p-43f ? 0 : bits_of(weight);
}

/* `out` has room for a whole piece. */
static void weigh(const struct weights *w, int64_t from, int64_t count, float *restrict out) {
    float values[PIECE];
    load(&w->values, from, count, values);
    for (int64_t i = count; i % VW != 0; i++) {
        values[i] = -INFINITY;
    }
    vf largest = vf_set1(w->largest), inverse = vf_set1(w->inverse), least = vf_set1(w->least);
    for (int64_t i = 0; i < count; i += VW) {
        vf weight = exponentials(vf_mul(vf_sub(vf_load(values + i), largest), inverse));
        vf_store(out + i, vf_zero_unless_ge(weight, weight, least));
    }
    if (w->likely.key > 0) {
        for (int64_t i = 0; i < count; i++) {
            out[i] = keeps(w->likely, ordered(values[i]), from + i) ? out[i] : 0.0f;
        }
    }
    if (w->massive.key > 0) {
        for (int64_t i = 0; i < count; i++) {
            out[i] = keeps(w->massive, weight_key(out[i]), from + i) ? out[i] : 0.0f;
        }
    }
}

SL_INLINE uint64_t mass_of(const float *weights, int64_t count) {
    uint64_t sum = 0;
    for (int64_t i = 0; i < count; i++) {
        sum += fixed_point(weights[i]);
    }
    return sum;
}

static uint64_t mass_of_row(const struct weights *w) {
    float piece[PIECE];
    uint64_t sum = 0;
    for (int64_t from = 0; from < w->values.n; from += PIECE) {
        int64_t count = sl_min(PIECE, w->values.n - from);
        weigh(w, from, count, piece);
        sum += mass_of(piece, count);
    }
    return sum;
}

static uint64_t mass_of_list(const struct list *list) {
    uint64_t sum = 0;
    for (int64_t i = 0; i < list->size; i++) {
        sum += fixed_point(float_of(list->keys[i]));
    }
    return sum;
}

/* Keys by which ids are put in order, from greatest to least: those of a row or of a list. */
struct keys {
    const struct values *values;   /* ordered by value, .. */
    const struct weights *weights; /* .. but those without a weight last; or by weight */
    int by_weight;
    const struct list *list; /* these, if there is one */
    int64_t n;
};

static void keys_of(const struct keys *k, int64_t from, int64_t count, uint32_t *restrict out) {
    if (k->list != NULL) {
        memcpy(out, k->list->keys + from, (size_t)count * sizeof(uint32_t));
        return;
    }
    float weights[PIECE], values[PIECE];
    if (k->weights != NULL) {
        weigh(k->weights, from, count, weights);
    }
    if (k->by_weight) {
        for (int64_t i = 0; i < count; i++) {
            out[i] = weight_key(weights[i]);
        }
        return;
    }
    load(k->values, from, count, values);
    for (int64_t i = 0; i < count; i++) {
        out[i] = ordered(values[i]);
    }
    for (int64_t i = 0; k->weights != NULL && i < count; i++) {
        out[i] = weights[i] > 0.0f ? out[i] : 0;
    }
}

SL_INLINE uint64_t weight_of_key(const struct keys *k, uint32_t key) {
    return k->by_weight ? fixed_point(float_of(key)) : 1;
}

SL_INLINE int64_t id_at(const struct keys *k, int64_t index) {
    return k->list != NULL ? k->list->ids[index] : index;
}

/* The id of the entry with a key that has so many others with it before itself. */
static int64_t nth_equal(const struct keys *k, uint32_t key, uint64_t before) {
    uint32_t piece[PIECE];
    for (int64_t from = 0; from < k->n; from += PIECE) {
        int64_t count = sl_min(PIECE, k->n - from);
        keys_of(k, from, count, piece);
        for (int64_t i = 0; i < count; i++) {
            if (piece[i] == key && before-- == 0) {
                return id_at(k, from + i);
            }
        }
    }
    return INT64_MAX;
}

/* Adds up the weights of the keys that begin like one, in classes by their next eight bits. */
static void classify(const struct keys *k, uint32_t key, int shift, uint64_t *classes) {
    uint32_t piece[PIECE];
    memset(classes, 0, 256 * sizeof(uint64_t));
    for (int64_t from = 0; from < k->n; from += PIECE) {
        int64_t count = sl_min(PIECE, k->n - from);
        keys_of(k, from, count, piece);
        for (int64_t i = 0; i < count; i++) {
            uint32_t other = piece[i];
            if (other != 0 && ((uint64_t)(other ^ key) >> (shift + 8)) == 0) {
                classes[other >> shift & 255] += weight_of_key(k, other);
            }
        }
    }
}

/* Finds what is to be kept: an id with a key other than 0, if the weight of those before it is at
   most limit. Greater keys come before, and lower ids among equals. Equal keys weigh the same. */
static struct cut cut_at(const struct keys *k, uint64_t limit) {
    uint64_t classes[256], above = 0, within = 0;
    uint32_t key = 0;
    for (int shift = 24; shift >= 0; shift -= 8) {
        classify(k, key, shift, classes);
        int found = -1;
        uint64_t before = above;
        for (int digit = 255; digit >= 0 && before <= limit; digit--) {
            if (classes[digit] != 0) {
                found = digit;
                above = before;
                within = classes[digit];
                before += within;
            }
        }
        if (found < 0) {
            return (struct cut){UINT32_MAX, -1};
        }
        key |= (uint32_t)found << shift;
    }
    uint64_t each = weight_of_key(k, key), kept = (limit - above) / each + 1;
    int all = kept * each >= within;
    return (struct cut){key, all ? INT64_MAX : nth_equal(k, key, kept - 1)};
}

/* Appends those of a piece that have at least a key; the list has room for all of it. */
#if SL_LEVEL == 2
static void append(struct list *list, const uint32_t *keys, int64_t from, int64_t count,
                   uint32_t least) {
    __m512i bound = _mm512_set1_epi32((int32_t)least);
    __m512i ids = _mm512_add_epi32(
        _mm512_set1_epi32((int32_t)from),
        _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
    int64_t size = list->size;
    for (int64_t i = 0; i < count; i += VW) {
        __mmask16 there = v_mask(sl_min(VW, count - i));
        __m512i k = _mm512_maskz_loadu_epi32(there, keys + i);
        __mmask16 found = _mm512_mask_cmpge_epu32_mask(there, k, bound);
        /* Compressed in a register, for to memory it is slow. */
        _mm512_storeu_si512(list->keys + size, _mm512_maskz_compress_epi32(found, k));
        _mm512_storeu_si512(list->ids + size, _mm512_maskz_compress_epi32(found, ids));
        size += __builtin_popcount(found);
        ids = _mm512_add_epi32(ids, _mm512_set1_epi32(VW));
    }
    list->size = size;
}
#else
static void append(struct list *list, const uint32_t *keys, int64_t from, int64_t count,
                   uint32_t least) {
    int64_t size = list->size;
    for (int64_t i = 0; i < count; i++) {
        list->keys[size] = keys[i];
        list->ids[size] = (int32_t)(from + i);
        size += keys[i] >= least;
    }
    list->size = size;
}
#endif

/* Gathers what has at least a key; returns whether it has room. */
static int gather(const struct keys *k, uint32_t least, struct list *list) {
    uint32_t piece[PIECE];
    list->size = 0;
    for (int64_t from = 0; from < k->n && list->size <= MOST_CANDIDATES; from += PIECE) {
        int64_t count = sl_min(PIECE, k->n - from);
        keys_of(k, from, count, piece);
        append(list, piece, from, count, least);
    }
    return list->size <= MOST_CANDIDATES;
}

static struct keys keys_in(const struct list *list, int by_weight) {
    return (struct keys){.list = list, .by_weight = by_weight, .n = list->size};
}

static void drop(struct list *list, struct cut cut) {
    int64_t size = 0;
    for (int64_t i = 0; i < list->size; i++) {
        list->keys[size] = list->keys[i];
        list->ids[size] = list->ids[i];
        size += keeps(cut, list->keys[i], list->ids[i]);
    }
    list->size = size;
}

static int64_t count_from(const struct list *list, uint32_t least) {
    int64_t count = 0;
    for (int64_t i = 0; i < list->size; i++) {
        count += list->keys[i] >= least;
    }
    return count;
}

/* A key that at least k of the row have, or more, found from the largest of groups of ids; 1 if
   they don't tell one. */
static uint32_t common_key(const struct values *v, int64_t k) {
    uint32_t piece[PIECE];
    struct list groups;
    const struct keys of_row = {.values = v, .n = v->n};
    groups.size = 0;
    for (int64_t from = 0; from < v->n && groups.size < MOST_CANDIDATES; from += PIECE) {
        int64_t count = sl_min(PIECE, v->n - from);
        memset(piece, 0, sizeof piece);
        keys_of(&of_row, from, count, piece);
        for (int64_t at = 0; at < count; at += GROUP) {
            uint32_t largest = 0;
            for (int64_t i = 0; i < GROUP; i++) {
                uint32_t key = piece[at + i];
                largest = key > largest ? key : largest;
            }
            groups.ids[groups.size] = (int32_t)groups.size;
            groups.keys[groups.size++] = largest;
        }
    }
    const struct keys of_groups = keys_in(&groups, 0);
    uint32_t key = cut_at(&of_groups, (uint64_t)k - 1).key;
    return count_from(&groups, key) >= k ? key : 1;
}

/* Gathers ids among which the k with the greatest values are that have a weight, or all that have
   one where those are fewer; returns whether there is room. */
static int gather_likely(const struct keys *of_row, int64_t k, struct list *list) {
    /* What min-p leaves is mostly little, and not always k. */
    if (of_row->weights != NULL && of_row->weights->least > 0.0f) {
        return gather(of_row, 1, list);
    }
    list->size = 0;
    /* Weights are in the order of values: those that have none are dropped later. */
    const struct keys by_value = {.values = of_row->values, .n = of_row->n};
    return k <= MOST_CANDIDATES && gather(&by_value, common_key(of_row->values, k), list);
}

/* Finds the k with the greatest values among those that have a weight, if weights are given. Leaves
   them in the list where there is room, perhaps beside some without; returns whether there is. */
static int most_likely(const struct values *v, const struct weights *w, int64_t k,
                       struct list *list, struct cut *cut) {
    const struct keys of_row = {.values = v, .weights = w, .n = v->n};
    int listed = gather_likely(&of_row, k, list);
    const struct keys of_list = keys_in(list, 0);
    *cut = cut_at(listed ? &of_list : &of_row, (uint64_t)k - 1);
    if (listed) {
        drop(list, *cut);
    }
    return listed;
}

static uint64_t limit_of(float top_p, uint64_t total) {
    return (uint64_t)((double)top_p * (double)total);
}

/* What is kept of a row if that is where the mass of the more likely ones is at most top_p of all.
   Leaves it in the list where there is room; returns whether there is. */
static int nucleus(const struct weights *w, float top_p, struct list *list, struct cut *cut) {
    uint64_t total = mass_of_row(w), limit = limit_of(top_p, total);
    const struct keys of_row = {
        .values = &w->values, .weights = w, .by_weight = 1, .n = w->values.n};
    /* All that weigh less than this weigh less together than what is beyond the limit. */
    uint64_t each = (total - limit) / (uint64_t)w->values.n;
    float least = sl_max(1, (int64_t)each) * 0x1p-43f * 0.9999f;
    if (gather(&of_row, bits_of(least < 0x1p-43f ? 0x1p-43f : least), list)) {
        const struct keys of_list = keys_in(list, 1);
        *cut = cut_at(&of_list, limit);
        drop(list, *cut);
        return 1;
    }
    *cut = cut_at(&of_row, limit);
    return 0;
}

#endif
