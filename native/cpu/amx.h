/* The tiles of AMX, as the files that use them share them out. */
#ifndef SLUICE_AMX_H
#define SLUICE_AMX_H

#include "kernels.h"

#include <immintrin.h>

/* LDTILECFG's memory, palette 1. */
struct amx_config {
    uint8_t palette, start_row, reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
};

/*
 * Sums are tiles 0 to 3 and inputs 4 and 5, all of `rows` rows of 64 bytes; weights are tiles 6 and
 * 7, of 16 rows.
 */
SL_INLINE void amx_configure(int64_t rows) {
    struct amx_config c;
    memset(&c, 0, sizeof c);
    c.palette = 1;
    for (int t = 0; t < 8; t++) {
        c.row_bytes[t] = 64;
        c.rows[t] = (uint8_t)(t < 6 ? rows : 16);
    }
    /* Some compilers take the instruction for one that reads eight bytes. */
    __asm__ volatile("" : : "r"(&c) : "memory");
    _tile_loadconfig(&c);
}

#endif
