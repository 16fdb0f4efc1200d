/*
 * Cuts the rows of a panel job into tiles. A tile's height decides how often weights are read, not
 * in which order anything is added.
 */
#ifndef SLUICE_TILES_H
#define SLUICE_TILES_H

#include "kernels.h"

#if SL_LEVEL == 2
#define SL_MAX_TILE 12
#elif SL_LEVEL == 1
#define SL_MAX_TILE 6
#else
#define SL_MAX_TILE 4
#endif

/* The height of the next tile when `rows` are left. */
SL_INLINE int64_t sl_tile_rows(int64_t rows) {
#if SL_LEVEL == 2
    if (rows == 16 || rows == 14) {
        return 8;
    }
    return rows >= 12 ? 12 : rows >= 8 ? 8 : rows >= 6 ? 6 : rows >= 4 ? 4 : rows >= 2 ? 2 : 1;
#elif SL_LEVEL == 1
    return rows >= 6 ? 6 : rows >= 4 ? 4 : rows >= 2 ? 2 : 1;
#else
    return rows >= 4 ? 4 : rows >= 2 ? 2 : 1;
#endif
}

/*
 * Defines name_tiles(job) from the inline function tile(rows, job, row), which is compiled once per
 * height; no tile is higher than `limit`. job_type has a member n, the number of rows.
 */
#if SL_LEVEL == 2
#define SL_DEFINE_TILES_TO(limit, job_type, name, tile)                                            \
    SL_TILE_FUNCTION(job_type, name, tile, 12)                                                     \
    SL_TILE_FUNCTION(job_type, name, tile, 8)                                                      \
    SL_TILE_FUNCTION(job_type, name, tile, 6)                                                      \
    SL_TILE_FUNCTION(job_type, name, tile, 4)                                                      \
    SL_TILE_FUNCTION(job_type, name, tile, 2)                                                      \
    SL_TILE_FUNCTION(job_type, name, tile, 1)                                                      \
    SL_TILE_LOOP(limit, job_type, name,                                                            \
                 SL_TILE_CALL(name, 12) SL_TILE_CALL(name, 8) SL_TILE_CALL(name, 6)                \
                     SL_TILE_CALL(name, 4) SL_TILE_CALL(name, 2))
#elif SL_LEVEL == 1
#define SL_DEFINE_TILES_TO(limit, job_type, name, tile)                                            \
    SL_TILE_FUNCTION(job_type, name, tile, 6)                                                      \
    SL_TILE_FUNCTION(job_type, name, tile, 4)                                                      \
    SL_TILE_FUNCTION(job_type, name, tile, 2)                                                      \
    SL_TILE_FUNCTION(job_type, name, tile, 1)                                                      \
    SL_TILE_LOOP(limit, job_type, name,                                                            \
                 SL_TILE_CALL(name, 6) SL_TILE_CALL(name, 4) SL_TILE_CALL(name, 2))
#else
#define SL_DEFINE_TILES_TO(limit, job_type, name, tile)                                            \
    SL_TILE_FUNCTION(job_type, name, tile, 4)                                                      \
    SL_TILE_FUNCTION(job_type, name, tile, 2)                                                      \
    SL_TILE_FUNCTION(job_type, name, tile, 1)                                                      \
    SL_TILE_LOOP(limit, job_type, name, SL_TILE_CALL(name, 4) SL_TILE_CALL(name, 2))
#endif

#define SL_DEFINE_TILES(job_type, name, tile)                                                      \
    SL_DEFINE_TILES_TO(INT64_MAX, job_type, name, tile)

#define SL_TILE_FUNCTION(job_type, name, tile, height)                                             \
    static SL_NOINLINE void name##_tile_##height(const job_type *job, int64_t row) {               \
        tile(height, job, row);                                                                    \
    }
#define SL_TILE_CALL(name, height)                                                                 \
    case height:                                                                                   \
        name##_tile_##height(job, row);                                                            \
        break;
#define SL_TILE_LOOP(limit, job_type, name, calls)                                                 \
    static void name##_tiles(const job_type *job) {                                                \
        int64_t rows;                                                                              \
        for (int64_t row = 0; row < job->n; row += rows) {                                         \
            rows = sl_tile_rows(sl_min(limit, job->n - row));                                      \
            switch (rows) {                                                                        \
                calls default : name##_tile_1(job, row);                                           \
                break;                                                                             \
            }                                                                                      \
        }                                                                                          \
    }

#endif
