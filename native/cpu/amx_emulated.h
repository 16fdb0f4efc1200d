/*
 * The tiles of AMX in C, for processors without: `native/test TARGET tiles` builds the kernels with
 * SL_EMULATED_TILES. What the processor would refuse, or what reads tiles that nobody configured,
 * ends the program. Sums of bfloat16 are added in an order of their own, as the instruction does,
 * but not in its order.
 */
#ifndef SLUICE_AMX_EMULATED_H
#define SLUICE_AMX_EMULATED_H

#include "amx_config.h"

#include <stdio.h>
#include <stdlib.h>

enum { SL_TILES = 8, SL_TILE_ROWS = 16, SL_TILE_BYTES = 64 };

struct sl_tiles {
    int configured;
    struct amx_config config;
    uint8_t data[SL_TILES][SL_TILE_ROWS][SL_TILE_BYTES];
};

/* A thread's own, as registers are. */
extern _Thread_local struct sl_tiles sl_tiles;

SL_INLINE void sl_tile_need(int holds, const char *what) {
    if (!holds) {
        fprintf(stderr, "emulated tiles: %s\n", what);
        abort();
    }
}

SL_INLINE int64_t sl_rows_of(int t) {
    sl_tile_need(sl_tiles.configured, "not configured");
    return sl_tiles.config.rows[t];
}
SL_INLINE int64_t sl_bytes_of(int t) { return sl_tiles.config.row_bytes[t]; }

SL_INLINE void sl_tile_config(const struct amx_config *config) {
    sl_tile_need(config->palette == 1 && config->start_row == 0, "a wrong palette or row");
    for (int t = 0; t < SL_TILES; t++) {
        sl_tile_need(config->rows[t] >= 1 && config->rows[t] <= SL_TILE_ROWS, "a tile's rows");
        sl_tile_need(config->row_bytes[t] >= 1 && config->row_bytes[t] <= SL_TILE_BYTES,
                     "the bytes of a tile's row");
    }
    memset(&sl_tiles, 0, sizeof sl_tiles);
    sl_tiles.config = *config;
    sl_tiles.configured = 1;
}

SL_INLINE void sl_tile_end(void) { sl_tiles.configured = 0; }

SL_INLINE void sl_tile_load(int t, const void *from, int64_t stride) {
    for (int64_t r = 0; r < sl_rows_of(t); r++) {
        memset(sl_tiles.data[t][r], 0, SL_TILE_BYTES);
        memcpy(sl_tiles.data[t][r], (const char *)from + r * stride, (size_t)sl_bytes_of(t));
    }
}

SL_INLINE void sl_tile_save(int t, void *to, int64_t stride) {
    for (int64_t r = 0; r < sl_rows_of(t); r++) {
        memcpy((char *)to + r * stride, sl_tiles.data[t][r], (size_t)sl_bytes_of(t));
    }
}

SL_INLINE void sl_tile_clear(int t) {
    sl_tile_need(sl_rows_of(t) > 0, "no rows");
    memset(sl_tiles.data[t], 0, sizeof sl_tiles.data[t]);
}

/* Whether sums, inputs and weights fit together. */
SL_INLINE void sl_tile_check(int sum, int x, int w) {
    sl_tile_need(sum != x && sum != w && x != w, "a product with one tile twice");
    sl_tile_need(sl_rows_of(sum) == sl_rows_of(x) && sl_bytes_of(sum) == sl_bytes_of(w)
                     && sl_bytes_of(x) == 4 * sl_rows_of(w),
                 "a product of tiles that do not fit");
}

SL_INLINE float sl_tile_bf16(const uint8_t *at) {
    uint16_t half;
    memcpy(&half, at, sizeof half);
    uint32_t bits = (uint32_t)half << 16;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

SL_INLINE void sl_tile_bf16_product(int sum, int x, int w) {
    sl_tile_check(sum, x, w);
    for (int64_t m = 0; m < sl_rows_of(sum); m++) {
        for (int64_t n = 0; n < sl_bytes_of(sum); n += 4) {
            float even = 0, odd = 0, total;
            for (int64_t k = 0; k < sl_rows_of(w); k++) {
                const uint8_t *a = sl_tiles.data[x][m] + 4 * k, *b = sl_tiles.data[w][k] + n;
                even += sl_tile_bf16(a) * sl_tile_bf16(b);
                odd += sl_tile_bf16(a + 2) * sl_tile_bf16(b + 2);
            }
            memcpy(&total, sl_tiles.data[sum][m] + n, sizeof total);
            total += even + odd;
            memcpy(sl_tiles.data[sum][m] + n, &total, sizeof total);
        }
    }
}

SL_INLINE void sl_tile_byte_product(int sum, int x, int w, int is_signed) {
    sl_tile_check(sum, x, w);
    for (int64_t m = 0; m < sl_rows_of(sum); m++) {
        for (int64_t n = 0; n < sl_bytes_of(sum); n += 4) {
            int32_t total;
            memcpy(&total, sl_tiles.data[sum][m] + n, sizeof total);
            for (int64_t k = 0; k < sl_bytes_of(x); k++) {
                const uint8_t code = sl_tiles.data[w][k / 4][n + k % 4];
                total += (int8_t)sl_tiles.data[x][m][k] * (is_signed ? (int8_t)code : (int)code);
            }
            memcpy(sl_tiles.data[sum][m] + n, &total, sizeof total);
        }
    }
}

#undef _tile_loadconfig
#undef _tile_release
#undef _tile_loadd
#undef _tile_stored
#undef _tile_zero
#undef _tile_dpbf16ps
#undef _tile_dpbssd
#undef _tile_dpbsud
#define _tile_loadconfig(config) sl_tile_config(config)
#define _tile_release() sl_tile_end()
#define _tile_loadd(t, from, stride) sl_tile_load(t, from, stride)
#define _tile_stored(t, to, stride) sl_tile_save(t, to, stride)
#define _tile_zero(t) sl_tile_clear(t)
#define _tile_dpbf16ps(sum, x, w) sl_tile_bf16_product(sum, x, w)
#define _tile_dpbssd(sum, x, w) sl_tile_byte_product(sum, x, w, 1)
#define _tile_dpbsud(sum, x, w) sl_tile_byte_product(sum, x, w, 0)

#endif
