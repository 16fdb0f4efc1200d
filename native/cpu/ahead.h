/* Which keys and values are fetched while products are computed. */
#ifndef SLUICE_AHEAD_H
#define SLUICE_AHEAD_H

#include "kernels.h"

/* Pieces that a step fetches for each attention at most, and rows from which on products leave
   memory time for something else. */
enum { SL_MOST_PIECES = 4096, SL_BUSY_ROWS = 7 };

/* The pieces of keys and values that a step reads, each the same bytes of every layer. */
struct sl_ahead {
    int64_t pieces;
    int64_t offsets[SL_MOST_PIECES];
};

/*
 * Deals the pieces that each sl_attention of a list reads out to the sl_linear before it, back to
 * the one before that, in the order in which they are read: who computes the first half of the
 * panels is likely to attend to the first half of the sequences. All whose caches and windows are
 * those of the first have a part in it.
 */
void sl_plan_ahead(struct sl_ahead *plan, struct sl_op *ops, int64_t count);

#endif
