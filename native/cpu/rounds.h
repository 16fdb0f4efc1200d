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
 * What a tile fetches at each block of its panel: some lines of each block of the next panel, or of
 * keys and values as many as follow. None where other tiles fetch.
 */
struct sl_fetch {
    const char *at;
    int64_t lines;
};

/* Lines of keys and values at each block at most: more would make memory wait for itself. */
enum { SL_KV_LINES = 8 };

/* A tile's share of a panel that has blocks of so many bytes. */
SL_INLINE struct sl_fetch sl_panel_share(const uint8_t *panel, int64_t block_bytes, int64_t tile,
                                         int64_t tiles) {
    int64_t lines = block_bytes / SL_LINE, each = (lines + tiles - 1) / tiles;
    int64_t left = sl_max(0, lines - tile * each);
    return (struct sl_fetch){(const char *)panel + tile * each * SL_LINE, sl_min(each, left)};
}

/*
 * A tile's share of keys and values in so many blocks, as far as its pieces lie together and there
 * is room for their lines.
 */
SL_INLINE struct sl_fetch sl_kv_share(const struct sl_pieces *pieces, int64_t blocks, int64_t tile,
                                      int64_t tiles) {
    struct sl_pieces own = sl_part(pieces, tile, tiles);
    int64_t together = 0;
    while (together < own.count
           && own.offsets[together] == own.offsets[0] + together * SL_PIECE) {
        together++;
    }
    if (together == 0) {
        return (struct sl_fetch){own.kv, 0};
    }
    int64_t lines = together * (SL_PIECE / SL_LINE), each = (lines + blocks / 2) / blocks;
    return (struct sl_fetch){own.kv + own.offsets[0], sl_min(SL_KV_LINES, sl_max(1, each))};
}

/* Called at each block. */
SL_INLINE void sl_fetch_now(const struct sl_fetch *fetch) {
    for (int64_t line = 0; line < fetch->lines; line++) {
        __builtin_prefetch(fetch->at + line * SL_LINE, 0, 2);
    }
}

/*
 * Called behind each block. Whether keys and values are fetched is known to the compiler: tiles
 * have no register left for a step of their own.
 */
SL_INLINE void sl_fetch_next(struct sl_fetch *fetch, int kv, int64_t block_bytes) {
    fetch->at += kv ? fetch->lines * SL_LINE : block_bytes;
}

/* Rows of the highest tile that does not fetch where it writes. */
enum { SL_LOW_TILE = 4 };

/*
 * Begins to fetch where a tile's outputs will be written. Of many rows they have left the core's own
 * cache since the last step, and stores that come all at once at the end wait for them. Low tiles are
 * of few rows, whose outputs are near: one row of 8 bits was a sixth slower for it.
 */
SL_INLINE void sl_fetch_outputs(const float *out, int64_t stride, int rows) {
    if (rows <= SL_LOW_TILE) {
        return;
    }
    for (int i = 0; i < rows; i++) {
        __builtin_prefetch(out + i * stride, 1, 3);
        __builtin_prefetch(out + i * stride + SL_PANEL / 2, 1, 3);
    }
}

/* A job's rows, and what its tiles fetch meanwhile. */
struct sl_rows {
    int64_t n, most, alone; /* as for sl_tiles */
    const uint8_t *next;    /* the next panel, NULL if nothing is to be fetched */
    int64_t blocks, block_bytes;
    struct sl_pieces pieces;
};

enum { SL_MOST_ROWS = 12 };

/* Computes the tile of a job that begins with a row. */
typedef void sl_tile_function(const void *job, int64_t row, struct sl_fetch);

/* Tiles of each height: that fetch the next panel, if anything, and that fetch keys and values. */
struct sl_tile_functions {
    sl_tile_function *plain[SL_MOST_ROWS + 1], *with_kv[SL_MOST_ROWS + 1];
};

/* Where there are keys and values to fetch, all tiles but a third, rounded down, do that. */
SL_INLINE void sl_run_tiles(const struct sl_tile_functions *functions, const void *job,
                            const struct sl_rows *rows) {
    const int64_t tiles = sl_tiles(rows->n, rows->most, rows->alone);
    const struct sl_fetch none = {job, 0};
    const int64_t others = rows->pieces.count == 0 ? tiles : sl_max(1, tiles / 3);
    for (int64_t tile = 0; tile < tiles; tile++) {
        int64_t row = sl_tile_row(rows->n, tile, tiles);
        int64_t height = sl_tile_row(rows->n, tile + 1, tiles) - row;
        if (tiles == 1 || rows->next == NULL) {
            functions->plain[height](job, row, none);
        } else if (tile < others) {
            functions->plain[height](
                job, row, sl_panel_share(rows->next, rows->block_bytes, tile, others));
        } else {
            functions->with_kv[height](
                job, row, sl_kv_share(&rows->pieces, rows->blocks, tile - others, tiles - others));
        }
    }
}

#endif
