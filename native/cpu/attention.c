/*
 * Paged causal attention. A unit's query rows (tokens times heads) pass over the cache blocks
 * together, some dozens at a time: scores of a block, online softmax, sum of values.
 * No operation of one row depends on the others: masked keys get the probability 0, and adding 0
 * times a finite value changes nothing.
 */
#include "attention.h"

#include <math.h>

/* Lower than any score; finite, so that differences are numbers. */
#define LOWEST (-1e30f)

#define LOG2_E 1.4426950408889634

/* Bytes of what is read later that VW scores of a row leave time to fetch, and of a line. */
enum { LATER = 128, LINE = 64 };

/* Takes the scores that row r does not see out of the block. */
static void hide(struct chunk *c, const struct span *s, int64_t r, int64_t from, int64_t to) {
    const struct sl_attention_args *args = c->args;
    float *p = c->probability + r * c->stride;
    int64_t end = sl_min(s->end, c->position[r] - s->start + 1);
    int64_t first = s->first;
    if (args->window > 0) {
        first = sl_max(first, c->position[r] - args->window + 1 - s->start);
    }
    if (first <= from && end >= to) {
        return;
    }
    vf hidden = vf_set1(-INFINITY);
    for (int64_t t = from; t < to; t += VW) {
        int64_t seen_first = sl_min(VW, sl_max(0, first - t));
        int64_t seen_end = sl_min(VW, sl_max(0, end - t));
        vf_store(p + t, vf_lanes(vf_load(p + t), hidden, seen_first, seen_end));
    }
}

/* Where VW scores of a row, of the first slot t, begin to fetch what is read later. */
SL_INLINE const char *later_of(const struct chunk *c, int64_t r, int64_t t) {
    return c->later + (r * c->args->block_size + t) / VW * LATER;
}

/* 2^x for x <= 0; the library takes long to find that it is 0. */
static float power(float x) { return x < -150.0f ? 0.0f : exp2f(x); }

/* Slots of a block that a row's scores are there for: first .. end - 1, in whole vectors. */
struct slots {
    int64_t first, end;
};

static struct slots scored(const struct chunk *c, const struct span *s) {
    int64_t grain = c->read == READ_BF16_TILES ? SL_GROUP : VW;
    return (struct slots){s->first / grain * grain, sl_round_up(s->end, grain)};
}

/* Finds a row's largest score, and what its sums so far are to be multiplied by. */
static void scale_row(struct chunk *c, const struct span *s, int64_t r) {
    const float *p = c->probability + r * c->stride;
    struct slots at = scored(c, s);
    hide(c, s, r, at.first, at.end);
    vf largest = vf_load(p + at.first);
    for (int64_t t = at.first + VW; t < at.end; t += VW) {
        largest = vf_max(vf_load(p + t), largest);
    }
    float before = c->now.largest[r];
    float now = vf_hmax(largest) * c->scale;
    now = before > now ? before : now;
    c->now.largest[r] = now;
    c->correction[r] = now == before ? 1.0f : power(before - now);
}

/* Turns the scores of a row into probabilities, and adds them up. */
static void soften(struct chunk *c, const struct span *s, int64_t r) {
    float *p = c->probability + r * c->stride;
    uint16_t *p16 = c->probability16 + r * c->stride;
    struct slots at = scored(c, s);
    const vf scale = vf_set1(c->scale), largest = vf_set1(-c->now.largest[r]);
    vf total = vf_mul(vf_load(c->now.total[r]), vf_set1(c->correction[r]));
    const int read = c->read;
    const char *later = later_of(c, r, at.first);
    const char *end = c->later + c->args->block_size * c->dim * 2;
    for (int64_t t = at.first; t < at.end; t += VW) {
        vf e = vf_exp2(vf_fma(vf_load(p + t), scale, largest));
        if (sl_fetch_evenly() && later < end) {
            SL_UNROLL for (int i = 0; i < LATER; i += LINE) {
                __builtin_prefetch(later + i, 0, 2);
            }
            later += LATER;
        }
        total = vf_add(total, e);
        if (read >= READ_BF16_PAIRS) {
            vf_store_bf16(p16 + t, e);
        } else {
            vf_store(p + t, read == READ_BF16 ? vf_round_bf16(e) : e);
        }
    }
    vf_store(c->now.total[r], total);
}

static void load_query(struct chunk *c, int64_t r, const float *q) {
    uint16_t *narrow = c->query16 + r * c->dim;
    float *to = c->query + r * c->dim;
    int64_t d = 0;
    if (c->read < READ_BF16) {
        memcpy(to, q, (size_t)c->dim * sizeof(float));
    } else if (c->read == READ_BF16) {
        vf invalid = vf_zero();
        for (; d + VW <= c->dim; d += VW) {
            vf x = vf_load(q + d);
            vf_store(to + d, vf_round_bf16(x));
            invalid = vf_fma(x, vf_zero(), invalid);
        }
        /* What is no number needs more care. */
        for (d = vf_hsum(invalid) == 0 ? d : 0; d < c->dim; d++) {
            to[d] = bf16_to_f32(f32_to_bf16(q[d]));
        }
    } else {
        for (; d + VW <= c->dim; d += VW) {
            vf_store_bf16(narrow + d, vf_load(q + d));
        }
        for (; d < c->dim; d++) {
            narrow[d] = f32_to_bf16(q[d]);
        }
    }
}

/* A row's state in memory: largest score, total and sum, each in whole vectors. */
struct row_state {
    float *largest; /* one */
    float *total;   /* VW */
    float *sum;     /* sum_dim */
};

static struct row_state row_state(struct state *of, int64_t r, int64_t sum_dim) {
    return (struct row_state){&of->largest[r], of->total[r], of->sum + r * sum_dim};
}

static struct row_state partial_state(float *record) {
    enum { WIDEST = 16 };
    return (struct row_state){record, record + WIDEST, record + 2 * WIDEST};
}

static void clear(struct row_state a, int64_t sum_dim) {
    *a.largest = LOWEST;
    vf_store(a.total, vf_zero());
    memset(a.sum, 0, (size_t)sum_dim * sizeof(float));
}

/* Adds the keys of `b` to those of `a`. */
static void merge(struct row_state a, struct row_state b, int64_t sum_dim) {
    float largest = *a.largest > *b.largest ? *a.largest : *b.largest;
    vf of_a = vf_set1(*a.largest == largest ? 1.0f : power(*a.largest - largest));
    vf of_b = vf_set1(*b.largest == largest ? 1.0f : power(*b.largest - largest));
    *a.largest = largest;
    vf_store(a.total, vf_fma(vf_load(b.total), of_b, vf_mul(vf_load(a.total), of_a)));
    for (int64_t d = 0; d < sum_dim; d += VW) {
        vf_store(a.sum + d, vf_fma(vf_load(b.sum + d), of_b, vf_mul(vf_load(a.sum + d), of_a)));
    }
}

static void write_out(struct row_state a, int64_t dim, float *out) {
    vf factor = vf_set1(1.0f / vf_hsum(vf_load(a.total)));
    for (int64_t d = 0; d < dim; d += VW) {
        vf_store_n(out + d, vf_mul(vf_load(a.sum + d), factor), sl_min(VW, dim - d));
    }
}

/*
 * Begins to fetch keys and values: the first lines of each page, with which the processor finds the
 * page and goes on by itself while the blocks before are worked on. To fetch every line is slower,
 * for fetches wait in a shorter queue than the processor's own.
 * Inlined, because compilers may take a function that only fetches for one that does nothing.
 */
SL_INLINE void fetch(const struct sl_attention_args *args, struct ahead a) {
    enum { PAGE = 4096, FETCHED = 1024 };
    int64_t bytes = args->block_size * args->head_dim * sl_kv_bytes(args->kv_type);
    struct span s = {.args = args, .blocks = a.blocks, .kv_head = a.kv_head};
    for (int64_t i = a.first; i < a.end; i++) {
        for (int which = 0; which < 2; which++) {
            const char *at = span_kv(&s, i, which);
            for (int64_t page = 0; page < bytes; page += PAGE) {
                int64_t end = sl_min(bytes, page + FETCHED);
                for (int64_t line = page; line < end; line += LINE) {
                    __builtin_prefetch(at + line, 0, 2);
                }
            }
        }
    }
}

/* Lets the rows of a chunk meet one block, before they meet what is `next`. */
static void meet(struct chunk *c, const struct span *s, struct ahead next) {
    int tiles = c->read == READ_BF16_TILES;
    struct span n = *s;
    n.blocks = next.blocks != NULL ? next.blocks + next.first : s->blocks;
    n.kv_head = next.blocks != NULL ? next.kv_head : s->kv_head;
    c->next = span_kv(s, 0, 1);
    c->later = span_kv(&n, 0, 0);
    if (tiles) {
        tile_scores(c, s);
    } else {
        SL_FN(vector_scores)(c, s);
    }
    for (int64_t r = 0; r < c->rows; r++) {
        scale_row(c, s, r);
    }
    for (int64_t r = 0; r < c->rows; r++) {
        soften(c, s, r);
    }
    if (tiles) {
        tile_values(c, s);
    } else {
        c->next = c->later;
        SL_FN(vector_values)(c, s);
    }
}

/* The blocks that the rows of a chunk see: first .. last. */
struct blocks {
    int64_t first, last;
    int64_t low, high; /* positions of keys */
};

static struct blocks seen_blocks(const struct chunk *c) {
    int64_t size = c->args->block_size;
    int64_t low = c->position[0], high = c->position[0];
    for (int64_t r = 1; r < c->rows; r++) {
        low = sl_min(low, c->position[r]);
        high = sl_max(high, c->position[r]);
    }
    low = c->args->window > 0 ? sl_max(0, low - c->args->window + 1) : 0;
    return (struct blocks){low / size, high / size, low, high};
}

static int64_t segment_of(const struct sl_attention_args *args, int64_t block) {
    return block * args->block_size / SL_ATTENTION_SEGMENT;
}

/* How many blocks a chunk meets at once: tiles take as many as 128 slots. */
static int64_t blocks_at_once(const struct chunk *c) {
    return c->read == READ_BF16_TILES ? sl_max(1, SL_TILED_SLOTS / c->args->block_size) : 1;
}

/* What a chunk reads after the blocks that begin with `start`, up to `last`. */
static struct ahead blocks_after(const struct chunk *c, const int32_t *table, int64_t kv_head,
                                 int64_t start, int64_t last) {
    int64_t together = blocks_at_once(c), first = start + together;
    if (first > last) {
        return c->then;
    }
    return (struct ahead){table, kv_head, first, sl_min(first + together, last + 1)};
}

/*
 * Lets the rows of a chunk pass over the blocks first .. end - 1, which are of one segment; those
 * up to `last` follow. Which blocks are met together depends on their positions only.
 */
static void pass(struct chunk *c, const struct blocks *seen, const int32_t *table, int64_t kv_head,
                 int64_t first, int64_t end, int64_t last) {
    const struct sl_attention_args *args = c->args;
    int64_t size = args->block_size, together = blocks_at_once(c);
    for (int64_t r = 0; r < c->rows; r++) {
        clear(row_state(&c->now, r, c->sum_dim), c->sum_dim);
    }
    for (int64_t b = first; b < end; b += together - b % together) {
        int64_t start = b / together * together;
        int64_t behind = sl_min(start + together, end) * size;
        struct span s = {
            .args = args,
            .blocks = table + start,
            .kv_head = kv_head,
            .start = start * size,
            .first = sl_max(b * size, seen->low) - start * size,
            .end = sl_min(behind, seen->high + 1) - start * size,
        };
        struct ahead next = blocks_after(c, table, kv_head, start, last);
        if (!sl_fetch_evenly()) {
            fetch(args, next);
        }
        meet(c, &s, next);
    }
}

/*
 * Lets the rows of a chunk pass over all blocks that they see, a segment at a time, and returns
 * what they added up. What a segment adds up to depends on its keys only, whether one thread
 * computes all or several share them.
 */
static struct state *pass_all(struct chunk *c, const int32_t *table, int64_t kv_head) {
    struct blocks seen = seen_blocks(c);
    struct state *all = &c->now;
    for (int64_t b = seen.first, end; b <= seen.last; b = end) {
        for (end = b + 1; end <= seen.last && segment_of(c->args, end) == segment_of(c->args, b);) {
            end++;
        }
        pass(c, &seen, table, kv_head, b, end, seen.last);
        if (b == seen.first && end > seen.last) {
            break;
        }
        all = &c->whole;
        for (int64_t r = 0; r < c->rows; r++) {
            if (b == seen.first) {
                clear(row_state(all, r, c->sum_dim), c->sum_dim);
            }
            merge(row_state(all, r, c->sum_dim), row_state(&c->now, r, c->sum_dim), c->sum_dim);
        }
    }
    return all;
}

/* The same for the blocks of one segment. */
static struct state *pass_segment(struct chunk *c, const int32_t *table, int64_t kv_head,
                                  int64_t segment) {
    struct blocks seen = seen_blocks(c);
    int64_t first = seen.first, end;
    while (first <= seen.last && segment_of(c->args, first) < segment) {
        first++;
    }
    for (end = first; end <= seen.last && segment_of(c->args, end) == segment;) {
        end++;
    }
    pass(c, &seen, table, kv_head, first, end, end - 1);
    return &c->now;
}

static int how_to_read(const struct sl_attention_args *args) {
    switch (args->kv_type) {
        case SL_F32:
            return READ_F32;
        case SL_F16:
            return READ_F16;
        default:
            if (fits_tiles(args)) {
                return READ_BF16_TILES;
            }
            return SL_LEVEL == 2 && !sl_intel ? READ_BF16_PAIRS : READ_BF16;
    }
}

/* One unit: rows = tokens * heads_per_unit, row = token * heads_per_unit + head. */
struct unit {
    const int32_t *tile; /* sequence, first token, tokens, segment or -1, first row of partials */
    int64_t head;
};

static struct unit unit_at(const struct sl_attention_args *args, int64_t i) {
    int64_t parts = args->num_heads / args->heads_per_unit;
    return (struct unit){args->tiles + i / parts * 5, i % parts * args->heads_per_unit};
}

/* Position of the token in row 0 of the batch, if it were of this sequence. */
static int64_t start_of(const struct sl_attention_args *args, int64_t sequence) {
    return args->context_lengths[sequence] - args->seq_starts[sequence + 1];
}

static int64_t kv_head_of(const struct sl_attention_args *args, const struct unit *u) {
    return u->head / (args->num_heads / args->num_kv_heads);
}

/* The first blocks that a unit reads. */
static struct ahead first_blocks(const struct sl_attention_args *args, const struct unit *u) {
    int64_t size = args->block_size, sequence = u->tile[0];
    int64_t low = start_of(args, sequence) + u->tile[1];
    int64_t behind = (low + u->tile[2] - 1) / size + 1;
    int64_t first = args->window > 0 ? sl_max(0, low - args->window + 1) / size : 0;
    if (u->tile[3] > 0) {
        first = sl_max(first, (u->tile[3] * (int64_t)SL_ATTENTION_SEGMENT + size - 1) / size);
    }
    return (struct ahead){args->block_tables + sequence * args->max_blocks, kv_head_of(args, u),
                          first, sl_min(first + sl_max(1, SL_TILED_SLOTS / size), behind)};
}

/* Rows first .. first + rows - 1 of a unit. */
static SL_NOINLINE void attend(const struct sl_attention_args *args, const struct unit *u,
                               struct ahead then, int64_t first, int64_t rows) {
    struct chunk c;
    const int32_t *tile = u->tile;
    int64_t heads = args->heads_per_unit;
    int64_t sequence = tile[0], segment = tile[3];
    int64_t position = start_of(args, sequence);
    c.args = args;
    c.then = then;
    c.rows = rows;
    c.read = how_to_read(args);
    c.dim = args->head_dim;
    c.sum_dim = sl_round_up(c.dim, VW);
    c.scale = (float)(args->scale * LOG2_E);
    c.stride = sl_round_up(args->block_size, SL_GROUP) * blocks_at_once(&c);
    for (int64_t r = 0; r < rows; r++) {
        int64_t token = tile[1] + (first + r) / heads;
        int64_t column = (u->head + (first + r) % heads) * args->head_dim;
        c.position[r] = position + token;
        load_query(&c, r, args->q + token * args->q_stride + column);
        if (SL_LEVEL == 1 && segment < 0) {
            /* What will be written, or the last stores wait for it (measured on Zen 3). */
            sl_fetch_row(args->out + token * args->out_stride + column, c.dim);
        }
    }
    if (c.read == READ_BF16_TILES) {
        start_tiles(&c);
    }
    int64_t kv_head = kv_head_of(args, u);
    const int32_t *table = args->block_tables + sequence * args->max_blocks;
    struct state *sums = segment >= 0 ? pass_segment(&c, table, kv_head, segment)
                                      : pass_all(&c, table, kv_head);
    for (int64_t r = 0; r < rows; r++) {
        int64_t token = tile[1] + (first + r) / heads;
        int64_t head = u->head + (first + r) % heads;
        if (segment >= 0) {
            int64_t record = (tile[4] + token - tile[1]) * args->num_heads + head;
            struct row_state to = partial_state(args->partials + record * args->partial_stride);
            clear(to, c.sum_dim);
            merge(to, row_state(sums, r, c.sum_dim), c.sum_dim);
        } else {
            write_out(row_state(sums, r, c.sum_dim), c.dim,
                      args->out + token * args->out_stride + head * args->head_dim);
        }
    }
}

void SL_FN(attention)(const struct sl_attention_args *args, int64_t begin, int64_t end) {
    int64_t most = sl_min(how_to_read(args) == READ_BF16_TILES ? SL_TILED_ROWS : SL_ATTENTION_ROWS,
                          SL_ATTENTION_FLOATS / sl_round_up(args->head_dim, VW));
    for (int64_t i = begin; i < end; i++) {
        struct unit u = unit_at(args, i);
        struct ahead then = {0};
        if (i == begin) {
            fetch(args, first_blocks(args, &u));
        }
        if (i + 1 < end) {
            struct unit next = unit_at(args, i + 1);
            then = first_blocks(args, &next);
        }
        int64_t rows = u.tile[2] * args->heads_per_unit;
        for (int64_t r = 0; r < rows; r += most) {
            attend(args, &u, then, r, sl_min(most, rows - r));
        }
    }
    if (how_to_read(args) == READ_BF16_TILES) {
        end_tiles();
    }
}

void SL_FN(merge_attention)(const struct sl_merge_attention_args *args, int64_t begin,
                            int64_t end) {
    int64_t dim = args->head_dim, sum_dim = sl_round_up(dim, VW);
    for (int64_t unit = begin; unit < end; unit++) {
        const int32_t *row = args->rows + unit / args->num_heads * 4;
        int64_t head = unit % args->num_heads;
        float *part = args->partials + (row[1] * args->num_heads + head) * args->partial_stride;
        struct row_state a = partial_state(part);
        for (int64_t i = 1; i < row[2]; i++) {
            part += row[3] * args->num_heads * args->partial_stride;
            merge(a, partial_state(part), sum_dim);
        }
        write_out(a, dim, args->out + row[0] * args->out_stride + head * dim);
    }
}
