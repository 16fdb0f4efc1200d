/* What team.c computes for the threads, for it and its tests. */
#ifndef SLUICE_TEAM_H
#define SLUICE_TEAM_H

#include "kernels.h"

/* What a thread fetches of one matrix at most, of all streams together: a part of a second-level
   cache. */
enum { SL_AHEAD_BYTES = 384 << 10 };

/* Whether an operation is an sl_linear. */
SL_INLINE int sl_reads_weights(const struct sl_op *op) {
    return op->reads == SL_WEIGHTS_FEW_ROWS || op->reads == SL_WEIGHTS_MANY_ROWS;
}

/* Units of a chunk of an operation, and its chunks: few enough for 31 bits. */
SL_INLINE int64_t sl_chunk(const struct sl_op *op) {
    return sl_max(op->chunk, op->units / INT32_MAX + 1);
}
SL_INLINE int64_t sl_chunks(const struct sl_op *op) {
    return (op->units + sl_chunk(op) - 1) / sl_chunk(op);
}

/* The chunk with which a thread begins; `threads` for the end. */
SL_INLINE int64_t sl_first_chunk(int64_t chunks, int64_t thread, int64_t threads) {
    return (chunks * thread + threads - 1) / threads;
}

/* The unit with which a thread's part of an operation begins; `threads` for the end. */
SL_INLINE int64_t sl_first_unit(const struct sl_op *op, int64_t thread, int64_t threads) {
    if (op->groups == 0) {
        int64_t chunk = sl_first_chunk(sl_chunks(op), thread, threads);
        return sl_min(op->units, chunk * sl_chunk(op));
    }
    int64_t groups = op->groups < 0 ? -op->groups : op->groups;
    return op->units / groups * (groups * thread / threads);
}

/* Where a thread begins to read the weights of an sl_linear whose rows are one part, in the first
   stream; `threads` for the end. */
SL_INLINE const uint8_t *sl_first_weight(const struct sl_op *op, int64_t thread, int64_t threads) {
    const struct sl_linear_args *args = op->args;
    struct sl_units units = sl_units(&args->w, args->streams);
    int64_t unit = sl_first_unit(op, thread, threads);
    int64_t panel = unit - sl_single_before(&units, unit);
    return (const uint8_t *)args->w.panels + panel * args->w.panel_bytes;
}

#endif
