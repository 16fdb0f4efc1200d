/*
 * Rows in tiles of nearly one height, for processors that fetch what comes next by themselves: only
 * the first tile waits for memory, the others find their weights in a cache. So that memory is busy
 * meanwhile, the tiles fetch the next panel between them. All lines of it, or none: a line that is
 * left out of a fetched stretch comes late, since nobody recognises a stream there any more.
 */
#ifndef SLUICE_ROUNDS_H
#define SLUICE_ROUNDS_H

#include "kernels.h"

enum { SL_LINE = 64 };

/*
 * How many tiles n rows make, when one has `most` rows at most. Up to `alone` rows are one tile:
 * they wait for memory most of the time, however they are cut.
 */
SL_INLINE int64_t sl_tiles(int64_t n, int64_t most, int64_t alone) {
    return n <= alone ? n > 0 : sl_max(2, (n + most - 1) / most);
}

/* The first row of a tile; that of the tile behind the last one is n. */
SL_INLINE int64_t sl_tile_row(int64_t n, int64_t tile, int64_t tiles) { return n * tile / tiles; }

/*
 * What a tile fetches while it passes the blocks of a panel: of each block of the next panel
 * `lines` from `at` in the first, none where others do; and of keys and values `step` bytes at each
 * block, as far as there are any.
 */
struct sl_share {
    const uint8_t *at;
    int64_t lines;
    const char *kv, *kv_end;
    int64_t step;
};

/* Lines of keys and values for each block at most: more would make memory wait for itself. */
enum { SL_KV_LINES = 8 };

/* The share of one tile in a panel of blocks. */
SL_INLINE struct sl_share sl_share(const uint8_t *panel, int64_t block_bytes, int64_t tile,
                                   int64_t tiles) {
    int64_t lines = tiles == 1 ? 0 : block_bytes / SL_LINE, each = (lines + tiles - 1) / tiles;
    int64_t left = sl_max(0, lines - tile * each);
    return (struct sl_share){.at = panel + tile * each * SL_LINE, .lines = sl_min(each, left)};
}

/* Adds the tile's part of keys and values, as far as its pieces lie together. */
SL_INLINE void sl_share_pieces(struct sl_share *share, const struct sl_pieces *pieces,
                               int64_t blocks) {
    int64_t together = 0;
    while (together < pieces->count
           && pieces->offsets[together] == pieces->offsets[0] + together * SL_PIECE) {
        together++;
    }
    if (together > 0) {
        int64_t lines = together * (SL_PIECE / SL_LINE);
        share->kv = pieces->kv + pieces->offsets[0];
        share->kv_end = share->kv + together * SL_PIECE;
        share->step = sl_min(SL_KV_LINES, (lines + blocks - 1) / blocks) * SL_LINE;
    }
}

/* Called at each block. */
SL_INLINE void sl_fetch_share(struct sl_share *share, int64_t block_bytes) {
    for (int64_t line = 0; line < share->lines; line++) {
        __builtin_prefetch(share->at + line * SL_LINE, 0, 2);
    }
    share->at += block_bytes;
    for (int64_t at = 0; at < share->step && share->kv < share->kv_end; at += SL_LINE) {
        __builtin_prefetch(share->kv, 0, 2);
        share->kv += SL_LINE;
    }
}

#endif
