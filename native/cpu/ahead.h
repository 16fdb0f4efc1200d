/* Which keys and values are fetched while products are computed. */
#ifndef SLUICE_AHEAD_H
#define SLUICE_AHEAD_H

#include "kernels.h"

/* Pieces that a step fetches for each attention at most. */
enum { SL_MOST_PIECES = 4096 };

/* Rows of a part up to which products leave memory no time for keys and values. */
enum { SL_INT8_ROWS_WAITING = 24, SL_INT4_ROWS_WAITING = 12 };

/* The pieces of keys and values that a step reads, each the same bytes of every layer. */
struct sl_plan {
    int64_t pieces;
    int64_t offsets[SL_MOST_PIECES];
};

/*
 * Deals the pieces that each sl_attention of a list reads out to the sl_linear before it, back to
 * the one before that, in the order in which they are read; products that have no time for them
 * get none. Where threads have parts of the rows, the pieces are cut into as many, and each part of
 * a product gets some of its own; fewer pieces than there are parts may be left over. All
 * attentions whose caches and windows are those of the first have a part in it. What finds no place
 * here or in the kernels, as where sequences are long, attention fetches itself.
 */
void sl_plan_ahead(struct sl_plan *plan, struct sl_op *ops, int64_t count);

#endif
