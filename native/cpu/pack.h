/* What the two ways of packing share. */
#ifndef SLUICE_PACK_H
#define SLUICE_PACK_H

#include "gguf.h"

/* A part of a matrix on its way into panels. */
struct packing {
    const struct sl_pack_args *args;
    const struct source_type *source;
    int carried;         /* codes and scales are taken over as they are */
    int64_t row_bytes;   /* from one stored row to the next */
    int64_t group_bytes; /* of 32 inputs in a panel */
};

/* Where a panel of INT8_ROW has the scale of output n. */
SL_INLINE uint8_t *sl_panel_scale(const struct sl_matrix *m, uint8_t *panel, int64_t n) {
    return panel + sl_padded(m->cols) * SL_PANEL + 4 * n;
}

/* Outputs that are packed side by side. */
enum { SL_PACK_LANES = SL_LEVEL == SL_ISA_PLAIN ? 4 : 8 };

/*
 * Packs group g, which is whole, of outputs n .. n + SL_PACK_LANES - 1 of a panel; n is a multiple
 * of that number, stored[i] the row of output n + i and rows[i] its number. Not for transposed
 * sources.
 */
void SL_FN(pack_lanes)(const struct packing *p, const uint8_t *const *stored, const int64_t *rows,
                       uint8_t *panel, int64_t n, int64_t g);

#endif
