/* Keys and values that products fetch for the attention behind them. */
#include "ahead.h"
#include "test_support.h"

enum { SEQUENCES = 5, LAYERS = 3, LINEARS = 4, MOST_BLOCKS = 12, OPS = LAYERS * (LINEARS + 1) + 1 };

/* A step over a few sequences: in each layer some products, then attention. */
struct step {
    int32_t starts[SEQUENCES + 1], contexts[SEQUENCES], tables[SEQUENCES * MOST_BLOCKS];
    int32_t tiles[SEQUENCES * 5];
    struct sl_attention_args attention[LAYERS];
    struct sl_linear_args linear[LAYERS][LINEARS];
    struct sl_op ops[OPS];
    char kv[LAYERS];
    int64_t parts; /* of the rows of all products */
};

static int64_t format_of(int64_t i) {
    static const int64_t formats[LINEARS] = {SL_FORMAT_BF16, SL_FORMAT_INT4, SL_FORMAT_F32,
                                             SL_FORMAT_INT8};
    return formats[i];
}

/* Few rows meet the 4-bit matrix of one layer and the 8-bit one of another. */
static int64_t rows_of(int64_t layer, int64_t i) {
    return layer == 1 && i == 1 ? 12 : layer == 2 && i == 3 ? 24 : 25 + random_below(9);
}

static void fill_step(struct step *s) {
    int64_t size = 2 * (1 + random_below(64)), dim = 8 * (1 + random_below(16));
    int64_t window = random_below(2) ? 1 + random_below(3 * size) : 0, n = 0;
    for (int64_t i = 0; i < SEQUENCES; i++) {
        s->starts[i] = (int32_t)n;
        int64_t tokens = random_below(2) ? 1 : 1 + random_below(2 * size);
        n += tokens;
        s->contexts[i] = (int32_t)(tokens + random_below((MOST_BLOCKS - 2) * size));
        memcpy(&s->tiles[5 * i], (int32_t[]){(int32_t)i, s->starts[i], (int32_t)tokens, -1, 0}, 20);
        for (int64_t b = 0; b < MOST_BLOCKS; b++) {
            s->tables[i * MOST_BLOCKS + b] = (int32_t)((i * MOST_BLOCKS + b) * 7 % 61);
        }
    }
    /* The third sequence begins as the second does, in whole blocks. */
    int64_t whole = sl_min(s->contexts[1], s->contexts[2]) / size;
    memcpy(s->tables + 2 * MOST_BLOCKS, s->tables + MOST_BLOCKS,
           (size_t)sl_min(random_below(4), whole) * 4);
    s->starts[SEQUENCES] = (int32_t)n;
    s->parts = 1 + random_below(3);
    struct sl_op *op = s->ops;
    for (int64_t l = 0; l < LAYERS; l++) {
        for (int64_t i = 0; i < LINEARS; i++) {
            s->linear[l][i] = (struct sl_linear_args){
                .w = {.format = format_of(i), .rows = 32 * (1 + random_below(9)), .cols = 64},
                .n = s->parts * rows_of(l, i), .parts = s->parts};
            *op++ = (struct sl_op){.args = &s->linear[l][i], .reads = SL_WEIGHTS_FEW_ROWS};
        }
        s->attention[l] = (struct sl_attention_args){
            .kv = &s->kv[l], .kv_type = random_below(2) ? SL_BF16 : SL_F32, .block_size = size,
            .num_heads = 6, .num_kv_heads = 3, .head_dim = dim, .window = window,
            .seq_starts = s->starts, .context_lengths = s->contexts, .block_tables = s->tables,
            .max_blocks = MOST_BLOCKS, .tiles = s->tiles, .heads_per_unit = 2};
        s->attention[l].kv_type = s->attention[0].kv_type;
        *op++ = (struct sl_op){.args = &s->attention[l], .units = SEQUENCES * 3,
                               .reads = SL_KEYS_AND_VALUES};
    }
    *op++ = (struct sl_op){.reads = SL_WEIGHTS_NONE};
}

/* How many pieces of the plan hold a byte of the cache. */
static int64_t pieces_with(const struct sl_plan *plan, int64_t byte) {
    int64_t found = 0;
    for (int64_t i = 0; i < plan->pieces; i++) {
        found += byte >= plan->offsets[i] && byte < plan->offsets[i] + SL_PIECE;
    }
    return found;
}

/* Whether something of every third key and value that a sequence sees is fetched. */
static void check_sequence(const struct step *s, const struct sl_plan *plan, int64_t sequence) {
    const struct sl_attention_args *a = s->attention;
    int64_t size = a->block_size, slot = a->head_dim * (a->kv_type == SL_F32 ? 4 : 2);
    int64_t head = size * slot, block = 2 * a->num_kv_heads * head;
    int64_t context = s->contexts[sequence];
    int64_t oldest = context - (s->starts[sequence + 1] - s->starts[sequence]);
    int64_t missing = 0;
    for (int64_t p = a->window ? sl_max(0, oldest - a->window + 1) : 0; p < context; p += 3) {
        int64_t at = s->tables[sequence * MOST_BLOCKS + p / size] * block;
        int64_t h = p % a->num_kv_heads;
        int64_t key = at + h * head + p % size * slot;
        int64_t value = at + (a->num_kv_heads + h) * head + p % size / 2 * 2 * slot;
        missing += (pieces_with(plan, key) < 1) + (pieces_with(plan, value) < 1);
    }
    CHECK(missing == 0, "%d keys and values of sequence %d are not fetched", (int)missing,
          (int)sequence);
}

/* The products before an attention share each part of the plan's pieces, each once and in order. */
static void check_shares(const struct step *s, const struct sl_plan *plan, int64_t layer,
                         int64_t pieces) {
    int64_t next = 0;
    for (int64_t i = 0; i < LINEARS; i++) {
        const struct sl_linear_args *l = &s->linear[layer][i];
        int64_t rows = l->n / l->parts;
        int busy = (l->w.format == SL_FORMAT_INT4 && rows > 12)
                   || (l->w.format == SL_FORMAT_INT8 && rows > 24);
        CHECK(busy || l->ahead_pieces == 0, "few rows, or wide weights, fetch keys and values");
        CHECK(!busy || (l->ahead_kv == &s->kv[layer] && l->ahead_offsets == plan->offsets + next),
              "layer %d: product %d does not go on with piece %d", (int)layer, (int)i, (int)next);
        CHECK(!busy || l->ahead_apart == pieces / s->parts, "parts lie %d pieces apart",
              (int)l->ahead_apart);
        next += l->ahead_pieces;
    }
    CHECK(next == pieces / s->parts, "layer %d: %d of %d pieces for each of %d parts", (int)layer,
          (int)next, (int)pieces, (int)s->parts);
}

void plans_what_is_fetched_ahead(void) {
    struct sl_plan *plan = allocate(sizeof *plan);
    struct step *s = allocate(sizeof *s);
    for (int round = 0; round < 200; round++) {
        fill_step(s);
        int other = random_below(3) == 0;
        s->attention[1].window += other;
        sl_plan_ahead(plan, s->ops, OPS);
        CHECK(plan->pieces > 0 && plan->pieces <= SL_MOST_PIECES, "%d pieces", (int)plan->pieces);
        if (plan->pieces < SL_MOST_PIECES) {
            for (int64_t i = 0; i < SEQUENCES; i++) {
                check_sequence(s, plan, i);
            }
        }
        for (int64_t i = 1; i < plan->pieces; i++) {
            int64_t again = 0;
            for (int64_t j = 0; j < i; j++) {
                again += plan->offsets[j] == plan->offsets[i];
            }
            /* A window may hide from one sequence a part of what it shares with another. */
            CHECK(again == 0 || s->attention[0].window > 0, "piece %d comes twice", (int)i);
        }
        for (int64_t l = 0; l < LAYERS; l++) {
            check_shares(s, plan, l, l == 1 && other ? 0 : plan->pieces);
        }
    }
    free(plan);
    free(s);
}
