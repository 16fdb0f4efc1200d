/*
 * Keys and values come from memory just when a step needs nothing else of it, and weights of large
 * batches when it computes most. So the products of a layer fetch what its attention will read.
 */
#include "ahead.h"
#include "team.h"

/* Bytes of an element of the cache. */
static int64_t element_bytes(const struct sl_attention_args *args) {
    return args->kv_type == SL_F32 ? 4 : 2;
}

/* Adds the pieces of one block, of which `used` slots hold tokens. */
static void add_block(struct sl_ahead *plan, const struct sl_attention_args *args, int64_t block,
                      int64_t used) {
    int64_t slot = args->head_dim * element_bytes(args), head = args->block_size * slot;
    int64_t values = args->num_kv_heads * head, bytes = 2 * values;
    for (int64_t at = 0; at < bytes && plan->pieces < SL_MOST_PIECES; at += SL_PIECE) {
        int64_t in_head = at % head;
        if (at >= values && in_head / slot >= used && in_head + SL_PIECE <= head) {
            continue;
        }
        plan->offsets[plan->pieces++] = block * bytes + at;
    }
}

static void add_sequence(struct sl_ahead *plan, const struct sl_attention_args *args,
                         int64_t sequence) {
    int64_t context = args->context_lengths[sequence], size = args->block_size;
    int64_t tokens = args->seq_starts[sequence + 1] - args->seq_starts[sequence];
    int64_t low = args->window > 0 ? sl_max(0, context - tokens - args->window + 1) : 0;
    const int32_t *table = args->block_tables + sequence * args->max_blocks;
    for (int64_t block = low / size; block * size < context; block++) {
        add_block(plan, args, table[block], sl_min(size, context - block * size));
    }
}

static void add_sequences(struct sl_ahead *plan, const struct sl_op *attention) {
    const struct sl_attention_args *args = attention->args;
    int64_t tiles = attention->units / (args->num_heads / args->heads_per_unit);
    for (int64_t tile = 0, last = -1; tile < tiles; tile++) {
        int64_t sequence = args->tiles[5 * tile];
        if (sequence != last) {
            add_sequence(plan, args, sequence);
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

static int64_t weights_of(const struct sl_op *op) {
    const struct sl_linear_args *args = op->args;
    return sl_reads_weights(op) && args->n >= SL_BUSY_ROWS ? args->w.rows * args->w.cols : 0;
}

/* Deals pieces out to the products among some operations, by their weights. */
static void deal_out(const struct sl_ahead *plan, int64_t pieces, const char *kv,
                     struct sl_op *ops, int64_t count) {
    double all = 0, before = 0;
    for (int64_t i = 0; i < count; i++) {
        all += (double)weights_of(&ops[i]);
    }
    int64_t first = 0;
    for (int64_t i = 0; i < count; i++) {
        int64_t weights = weights_of(&ops[i]);
        if (weights > 0) {
            struct sl_linear_args *args = ops[i].args;
            before += (double)weights;
            int64_t end = (int64_t)((double)pieces * (before / all));
            args->ahead_kv = kv;
            args->ahead_offsets = plan->offsets + first;
            args->ahead_pieces = end - first;
            first = end;
        }
    }
}

void sl_plan_ahead(struct sl_ahead *plan, struct sl_op *ops, int64_t count) {
    const struct sl_attention_args *first = NULL;
    struct sl_op *behind = ops;
    for (struct sl_op *op = ops; op < ops + count; op++) {
        if (op->reads != SL_KEYS_AND_VALUES) {
            continue;
        }
        const struct sl_attention_args *args = op->args;
        if (first == NULL) {
            first = args;
            plan->pieces = 0;
            add_sequences(plan, op);
        }
        deal_out(plan, alike(first, args) ? plan->pieces : 0, args->kv, behind, op - behind);
        behind = op + 1;
    }
}
