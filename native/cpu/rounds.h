/*
 * Rows in tiles of nearly one height, where processors fetch what comes next by themselves: only the
 * first tile waits for memory, the others find their weights in a cache. So that memory is busy
 * meanwhile, every tile fetches its share of the next panel. All lines of it, or none: what is left
 * out of a fetched stretch comes late, since nobody recognises a stream there any more.
 */
#ifndef SLUICE_ROUNDS_H
#define SLUICE_ROUNDS_H

#include "kernels.h"

enum { SL_LINE = 64 };

/*
 * How many tiles n rows make, when one has `most` rows at most: a single one has no more than
 * `alone`, up to which it waits for memory most of the time, however it is cut.
 */
SL_INLINE int64_t sl_tiles(int64_t n, int64_t most, int64_t alone) {
    return n <= alone ? 1 : sl_max(2, (n + most - 1) / most);
}

/* The first row of a tile; that of the tile behind the last one is n. */
SL_INLINE int64_t sl_tile_row(int64_t n, int64_t tile, int64_t tiles) { return n * tile / tiles; }

/* What a tile fetches: `lines` of each block, from `at` in the first. */
struct sl_share {
    const uint8_t *at;
    int64_t lines;
};

/* The share of one tile in a panel of blocks. */
SL_INLINE struct sl_share sl_share(const uint8_t *panel, int64_t block_bytes, int64_t tile,
                                   int64_t tiles) {
    int64_t lines = tiles == 1 ? 0 : block_bytes / SL_LINE, each = (lines + tiles - 1) / tiles;
    return (struct sl_share){panel + tile * each * SL_LINE, sl_min(each, lines - tile * each)};
}

SL_INLINE void sl_fetch_share(const struct sl_share *share) {
    for (int64_t line = 0; line < share->lines; line++) {
        __builtin_prefetch(share->at + line * SL_LINE, 0, 2);
    }
}

#endif
