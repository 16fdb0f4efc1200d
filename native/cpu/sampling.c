/*
 * Draws a token from each row of logits and tells how likely tokens are, without sorting a row
 * (selection.h). The tokens and ranks are those of native/cuda/sampling.cu; log probabilities
 * differ by a logarithm's last bit at most.
 */
#include "selection.h"

enum { MOST_TOP = 20 };
enum { DRAWN, NO_TOKEN, NOT_FINITE };
enum { GREEDY = 1, REPORTS = 2, RAW = 4, LOGITS = 8 };
enum { SEEN = 1, FORBIDDEN = 2 };

static const double LEAST_VALUE = -9999.0;
static const float CERTAIN_BELOW = 1e-5f;

struct header {
    int32_t num_rows;
    int32_t top_width;
    int32_t unused[2];
};

struct rules {
    double uniform;
    int32_t logits_row;
    int32_t flags;
    float temperature;
    float min_p;
    int32_t top_k;
    float top_p;
    float repetition;
    float frequency;
    float presence;
    int32_t edits_at;
    int32_t num_edits;
    int32_t mask_at;
    int32_t top;
    float report_temperature;
    float report_top_p;
    int32_t unused;
};

struct edit {
    int32_t id;
    float bias; /* the logit as it was, once it is edited */
    int32_t count;
    int32_t flags;
};

_Static_assert(sizeof(struct header) == 16 && sizeof(struct rules) == 72
                   && sizeof(struct edit) == 16,
               "the layout is SamplingLayout's");

/* The first id with which the running sum of the weights exceeds target, which their total does. */
static int64_t pick_in_list(const struct list *list, uint64_t target) {
    int64_t i = 0;
    for (; i < list->size - 1; i++) {
        uint64_t weight = fixed_point(float_of(list->keys[i]));
        if (weight > target) {
            break;
        }
        target -= weight;
    }
    return list->ids[i];
}

static int64_t pick_in_piece(const float *weights, int64_t count, uint64_t target) {
    int64_t i = 0;
    for (; i < count - 1; i++) {
        uint64_t weight = fixed_point(weights[i]);
        if (weight > target) {
            break;
        }
        target -= weight;
    }
    return i;
}

static uint64_t target_of(double uniform, uint64_t total) {
    uint64_t target = (uint64_t)(uniform * (double)total);
    return target < total ? target : total - 1;
}

static int64_t pick_in_row(const struct weights *w, double uniform) {
    float piece[PIECE];
    uint64_t target = target_of(uniform, mass_of_row(w));
    for (int64_t from = 0; from < w->values.n; from += PIECE) {
        int64_t count = sl_min(PIECE, w->values.n - from);
        weigh(w, from, count, piece);
        uint64_t mass = mass_of(piece, count);
        if (mass > target) {
            return from + pick_in_piece(piece, count, target);
        }
        target -= mass;
    }
    return w->values.n - 1;
}

/* Turns a list by value into one by weight. */
static void weigh_list(const struct weights *w, struct list *list) {
    for (int64_t i = 0; i < list->size; i++) {
        float value = value_of(w->values.row[list->ids[i]], w->values.divisor);
        float weight = exponential((value - w->largest) * w->inverse);
        list->keys[i] = weight >= w->least ? weight_key(weight) : 0;
    }
}

static int64_t draw(const struct values *v, int64_t best, const struct rules *rules) {
    struct list list;
    struct weights w = {*v, value_of(v->row[best], v->divisor), 1.0f, rules->min_p, ALL, ALL};
    int listed = 0;
    if (rules->top_k > 0 && rules->top_k < v->n) {
        listed = most_likely(v, &w, rules->top_k, &list, &w.likely);
        if (listed) {
            weigh_list(&w, &list);
        }
    }
    if (rules->top_p < 1.0f && listed) {
        const struct keys of_list = keys_in(&list, 1);
        drop(&list, cut_at(&of_list, limit_of(rules->top_p, mass_of_list(&list))));
    } else if (rules->top_p < 1.0f) {
        listed = nucleus(&w, rules->top_p, &list, &w.massive);
    }
    return listed ? pick_in_list(&list, target_of(rules->uniform, mass_of_list(&list)))
                  : pick_in_row(&w, rules->uniform);
}

/* The id of the largest value, the lowest among equals; -1 if there is none above -infinity. */
static int64_t best_of(const struct values *v) {
    float piece[PIECE], largest = -INFINITY;
    int64_t place = -1;
    for (int64_t from = 0; from < v->n; from += PIECE) {
        int64_t count = sl_min(PIECE, v->n - from);
        load(v, from, count, piece);
        vf most = vf_set1(-INFINITY);
        int64_t i = 0;
        for (; i + VW <= count; i += VW) {
            most = vf_max(vf_load(piece + i), most);
        }
        float found = vf_hmax(most);
        for (; i < count; i++) {
            found = piece[i] > found ? piece[i] : found;
        }
        if (found > largest) {
            largest = found;
            place = from;
        }
    }
    if (place < 0) {
        return -1;
    }
    load(v, place, sl_min(PIECE, v->n - place), piece);
    int64_t i = 0;
    while (piece[i] != largest) {
        i++;
    }
    return place + i;
}

/* Closes the ids whose bit is 0. */
static void apply_mask(float *row, int64_t n, const uint32_t *words) {
    for (int64_t from = 0; from < n; from += 32) {
        uint32_t word = words[from / 32];
        int64_t count = sl_min(32, n - from);
        for (int64_t i = 0; word != UINT32_MAX && i < count; i++) {
            row[from + i] = word >> i & 1 ? row[from + i] : -INFINITY;
        }
    }
}

/* Biases, penalties and what must not come. The ids of the edits are distinct. */
static void apply_edits(float *row, const struct rules *rules, struct edit *edits) {
    for (int64_t i = 0; i < rules->num_edits; i++) {
        struct edit edit = edits[i];
        float was = row[edit.id], value = was + edit.bias;
        if (edit.flags & SEEN) {
            value = value < 0.0f ? value * rules->repetition : value / rules->repetition;
        }
        if (edit.count > 0) {
            value = value - ((float)edit.count * rules->frequency + rules->presence);
        }
        int forbidden = (edit.flags & FORBIDDEN) && value > -INFINITY;
        row[edit.id] = forbidden ? float_of(FORBIDDEN_MARK) : value;
        edits[i].bias = was;
    }
}

static void undo_edits(float *row, const struct rules *rules, const struct edit *edits) {
    for (int64_t i = 0; i < rules->num_edits; i++) {
        row[edits[i].id] = edits[i].bias;
    }
}

/* How the values of a row become what is told of them. */
struct scale {
    struct weights weights;
    int64_t token;
    int certain;
    int in_nucleus;
    float temperature;
    double shift;
};

static struct scale scale_of(const struct values *v, int64_t token, const struct rules *rules) {
    struct scale s = {{*v, 0.0f, 1.0f, 0.0f, ALL, ALL}, token, 0, 0, 1.0f, 0.0};
    if (rules->flags & LOGITS) {
        return s;
    }
    if (rules->report_top_p < CERTAIN_BELOW) {
        s.certain = 1;
        return s;
    }
    int64_t best = best_of(v);
    s.weights.largest = best < 0 ? -INFINITY : value_of(v->row[best], v->divisor);
    s.temperature = rules->report_temperature;
    s.weights.inverse = 1.0f / s.temperature;
    if (rules->report_top_p < 1.0f) {
        struct list list;
        s.in_nucleus = 1;
        nucleus(&s.weights, rules->report_top_p, &list, &s.weights.massive);
    }
    s.shift = log((double)mass_of_row(&s.weights) * 0x1p-43);
    return s;
}

static float told(const struct scale *s, int64_t id) {
    if (s->certain) {
        return id == s->token ? 0.0f : (float)LEAST_VALUE;
    }
    float own = value_of(s->weights.values.row[id], s->weights.values.divisor);
    if (s->in_nucleus) {
        float weight = exponential((own - s->weights.largest) * s->weights.inverse);
        if (!keeps(s->weights.massive, weight_key(weight), id)) {
            return (float)LEAST_VALUE;
        }
    }
    double value = ((double)own - (double)s->weights.largest) / (double)s->temperature - s->shift;
    return value >= LEAST_VALUE && value <= 3.4028234663852886e38 ? (float)value
                                                                   : (float)LEAST_VALUE;
}

/* The most likely tokens, in order: keys of value and id. */
static int64_t find_top(const struct values *v, int64_t top, uint64_t *keys) {
    struct list list;
    struct cut cut;
    if (top == 0) {
        return 0;
    }
    if (!most_likely(v, NULL, top, &list, &cut)) {
        /* Among equals that are too many for the list. */
        const struct keys of_row = {.values = v, .n = v->n};
        uint32_t piece[PIECE];
        list.size = 0;
        for (int64_t from = 0; from < v->n; from += PIECE) {
            int64_t count = sl_min(PIECE, v->n - from);
            keys_of(&of_row, from, count, piece);
            for (int64_t i = 0; i < count; i++) {
                if (piece[i] != 0 && keeps(cut, piece[i], from + i)) {
                    list.keys[list.size] = piece[i];
                    list.ids[list.size++] = (int32_t)(from + i);
                }
            }
        }
    }
    for (int64_t i = 0; i < list.size; i++) {
        uint64_t own = (uint64_t)list.keys[i] << 32 | (UINT32_MAX - (uint32_t)list.ids[i]);
        int64_t at = i;
        for (; at > 0 && keys[at - 1] < own; at--) {
            keys[at] = keys[at - 1];
        }
        keys[at] = own;
    }
    return list.size;
}

/* How many values are at least as large as one. */
static int64_t rank_of(const struct values *v, float value) {
    float piece[PIECE];
    int64_t rank = 0;
    for (int64_t from = 0; from < v->n; from += PIECE) {
        int64_t count = sl_min(PIECE, v->n - from);
        load(v, from, count, piece);
        int32_t found = 0;
        for (int64_t i = 0; i < count; i++) {
            found += piece[i] >= value;
        }
        rank += found;
    }
    return rank;
}

static int64_t id_of(uint64_t key) { return (int64_t)(UINT32_MAX - (uint32_t)key); }

static int32_t word_of(float value) { return (int32_t)bits_of(value); }

/* Writes value and rank of the token, then the most likely tokens. Equals have the rank of the last
   of them. */
static void report(const struct values *v, int64_t token, const struct rules *rules,
                   int32_t *result) {
    uint64_t keys[MOST_TOP];
    struct scale scale = scale_of(v, token, rules);
    int64_t size = find_top(v, rules->top, keys);
    float own = value_of(v->row[token], v->divisor);
    result[2] = word_of(told(&scale, token));
    result[3] = (int32_t)(own == own ? rank_of(v, own) : v->n);
    result[4] = (int32_t)size;
    for (int64_t i = 0; i < size; i++) {
        int64_t id = id_of(keys[i]), at = i;
        while (at < size - 1 && keys[at] >> 32 == keys[at + 1] >> 32) {
            at++;
        }
        int32_t *entry = result + 5 + 3 * i;
        entry[0] = (int32_t)id;
        entry[1] = word_of(told(&scale, id));
        entry[2] = (int32_t)(at < size - 1 ? at + 1
                                           : rank_of(v, value_of(v->row[id], v->divisor)));
    }
}

static void sample_row(const struct sl_sample_args *args, int64_t index) {
    const struct header *header = args->input;
    const struct rules *rules = (const struct rules *)(header + 1) + index;
    struct edit *pool = (struct edit *)((char *)args->input + args->pool_at);
    struct edit *edits = pool + rules->edits_at;
    float *row = args->logits + rules->logits_row * args->logits_stride;
    int32_t *result = args->results + index * (5 + 3 * header->top_width);

    if (rules->mask_at >= 0) {
        apply_mask(row, args->n, (const uint32_t *)(pool + rules->mask_at));
    }
    apply_edits(row, rules, edits);
    struct values undivided = {row, 1.0f, args->n}, processed = {row, rules->temperature, args->n};
    int64_t token = best_of(&undivided);
    int outcome = token < 0 ? NO_TOKEN : DRAWN;
    if (outcome == DRAWN && !(rules->flags & GREEDY)) {
        outcome = isfinite(value_of(row[token], rules->temperature)) ? DRAWN : NOT_FINITE;
        token = outcome == DRAWN ? draw(&processed, token, rules) : token;
    }
    result[0] = outcome;
    result[1] = (int32_t)token;
    if (outcome == DRAWN && (rules->flags & REPORTS)) {
        if (rules->flags & RAW) {
            undo_edits(row, rules, edits);
        }
        report(rules->flags & RAW ? &undivided : &processed, token, rules, result);
    }
}

void SL_FN(sample)(const struct sl_sample_args *args, int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
        sample_row(args, i);
    }
}
