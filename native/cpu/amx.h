/* The tiles of AMX, as the files that use them share them out. */
#ifndef SLUICE_AMX_H
#define SLUICE_AMX_H

#include "amx_config.h"

#include <immintrin.h>

#ifdef SL_EMULATED_TILES
#include "amx_emulated.h"
#endif

/*
 * Sums are tiles 0 to 3 of `rows` rows of 64 bytes, inputs 4 and 5 of as many rows of `input_bytes`,
 * weights 6 and 7 of as many rows as an input row has elements of 4 bytes.
 */
SL_INLINE void amx_configure(int64_t rows, int64_t input_bytes) {
    struct amx_config c;
    memset(&c, 0, sizeof c);
    c.palette = 1;
    for (int t = 0; t < 8; t++) {
        int input = t == 4 || t == 5;
        c.row_bytes[t] = (uint16_t)(input ? input_bytes : 64);
        c.rows[t] = (uint8_t)(t < 6 ? rows : input_bytes / 4);
    }
    /* Some compilers take the instruction for one that reads eight bytes. */
    __asm__ volatile("" : : "r"(&c) : "memory");
    _tile_loadconfig(&c);
}

#endif
