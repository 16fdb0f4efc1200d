/*
 * Keys and values come from memory just when a step needs nothing else of it, and weights of large
 * batches when it computes most. So the products of a layer fetch what its attention will read.
 */
#include "ahead.h"
#include "team.h"

/* Adds the pieces of one block, of which `used` slots hold tokens, in pairs. */
static void add_block(struct sl_plan *plan, const struct sl_attention_args *args, int64_t block,
                      int64_t used) {
    int64_t slot = args->head_dim * sl_kv_bytes(args->kv_type), head = args->block_size * slot;
    int64_t values = args->num_kv_heads * head, bytes = 2 * values;
    for (int64_t at = 0; at < bytes && plan->pieces < SL_MOST_PIECES; at += SL_PIECE) {
        int64_t in_head = at % head;
        if (at >= values && in_head / slot >= used && in_head + SL_PIECE <= head) {
            continue;
        }
        plan->offsets[plan->pieces++] = block * bytes + at;
    }
}

/* The first position that a sequence's tokens see. */
static int64_t first_seen(const struct sl_attention_args *args, int64_t sequence) {
    int64_t tokens = args->seq_starts[sequence + 1] - args->seq_starts[sequence];
    int64_t oldest = args->context_lengths[sequence] - tokens;
    return args->window > 0 ? sl_max(0, oldest - args->window + 1) : 0;
}

/* Whether a sequence has some block at the same place, all of it, and sees it. */
static int has_block(const struct sl_attention_args *args, int64_t sequence, int64_t at,
                     int32_t block) {
    return sequence >= 0 && args->block_tables[sequence * args->max_blocks + at] == block
           && (at + 1) * args->block_size <= args->context_lengths[sequence]
           && at * args->block_size >= first_seen(args, sequence);
}

/* Blocks that it shares with the sequence `before`, if there is one, are there already. */
static void add_sequence(struct sl_plan *plan, const struct sl_attention_args *args,
                         int64_t sequence, int64_t before) {
    int64_t context = args->context_lengths[sequence], size = args->block_size;
    const int32_t *table = args->block_tables + sequence * args->max_blocks;
    for (int64_t at = first_seen(args, sequence) / size; at * size < context; at++) {
        if (!has_block(args, before, at, table[at])) {
            add_block(plan, args, table[at], sl_round_up(sl_min(size, context - at * size), 2));
        }
    }
}

static void add_sequences(struct sl_plan *plan, const struct sl_op *attention) {
    const struct sl_attention_args *args = attention->args;
    int64_t tiles = attention->units / (args->num_heads / args->heads_per_unit);
    for (int64_t tile = 0, last = -1; tile < tiles; tile++) {
        int64_t sequence = args->tiles[5 * tile];
        if (sequence != last) {
            add_sequence(plan, args, sequence, last);
        }
        last = sequence;
    }
}

/* Whether two attentions read the same pieces of their layers. */
static int alike(const struct sl_attention_args *a, const struct sl_attention_args *b) {
    return a->tiles == b->tiles && a->block_tables == b->block_tables && a->window == b->window
           && a->kv_type == b->kv_type && a->block_size == b->block_size
           && a->num_kv_heads == b->num_kv_heads && a->head_dim == b->head_dim;
}

/*
 * The weights of a product whose threads have time to fetch something, or 0: where enough rows meet
 * each byte of them. With fewer rows or wider weights products wait for memory themselves, and the
 * longer if they ask for more: bfloat16 with any number of rows (bench/results/zen4.md).
 */
static int64_t weights_of(const struct sl_op *op) {
    if (!sl_reads_weights(op)) {
        return 0;
    }
    const struct sl_linear_args *args = op->args;
    int64_t rows = args->n / args->parts;
    switch (args->w.format) {
        case SL_FORMAT_INT8:
        case SL_FORMAT_INT8_ROW:
            return rows > SL_INT8_ROWS_WAITING ? args->w.rows * args->w.cols : 0;
        case SL_FORMAT_INT4:
            return rows > SL_INT4_ROWS_WAITING ? args->w.rows * args->w.cols : 0;
        default:
            return 0;
    }
}

static int is_any_busy(const struct sl_op *ops, int64_t count) {
    for (int64_t i = 0; i < count; i++) {
        if (weights_of(&ops[i]) > 0) {
            return 1;
        }
    }
    return 0;
}

/*
 * Deals pieces out to the products among some operations, by their weights. Where threads have
 * parts of the rows, each gets a part of the pieces: about those that its attention will read.
 */
static void deal_out(const struct sl_plan *plan, int64_t pieces, const char *kv,
                     struct sl_op *ops, int64_t count) {
    double all = 0, before = 0;
    for (int64_t i = 0; i < count; i++) {
        all += (double)weights_of(&ops[i]);
    }
    for (int64_t i = 0; i < count; i++) {
        int64_t weights = weights_of(&ops[i]);
        if (weights > 0) {
            struct sl_linear_args *args = ops[i].args;
            int64_t apart = pieces / args->parts;
            int64_t first = (int64_t)((double)apart * (before / all));
            before += (double)weights;
            args->ahead_kv = kv;
            args->ahead_offsets = plan->offsets + first;
            args->ahead_pieces = (int64_t)((double)apart * (before / all)) - first;
            args->ahead_apart = apart;
        }
    }
}

void sl_plan_ahead(struct sl_plan *plan, struct sl_op *ops, int64_t count) {
    plan->pieces = 0;
    if (!is_any_busy(ops, count)) {
        return;
    }
    const struct sl_attention_args *first = NULL;
    struct sl_op *behind = ops;
    for (struct sl_op *op = ops; op < ops + count; op++) {
        if (op->reads != SL_KEYS_AND_VALUES) {
            continue;
        }
        const struct sl_attention_args *args = op->args;
        if (first == NULL) {
            first = args;
            add_sequences(plan, op);
        }
        deal_out(plan, alike(first, args) ? plan->pieces : 0, args->kv, behind, op - behind);
        behind = op + 1;
    }
}
