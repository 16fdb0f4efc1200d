/* Stored rows, read 32 elements at a time. */
#ifndef SLUICE_GGUF_H
#define SLUICE_GGUF_H

#include "kernels.h"

/*
 * A group of 32 elements of a quantised row: w = scale * q + min, where element i belongs to
 * scale[i / 16]. Formats with a min hold q = 0 .. 31, those without a signed q.
 */
struct quant_group {
    int8_t q[SL_GROUP];
    float scale[2];
    float min;
    uint16_t scale16; /* scale and min as stored, for the types with one f16 scale per group */
    uint16_t min16;
};

/* How a type lies in memory, and the packed format that keeps its precision. */
struct source_type {
    int64_t block;       /* elements */
    int64_t block_bytes; /* 2 or 4 per element for plain floats, whose block is 1 */
    int64_t format;      /* SL_FORMAT_* */
    int64_t group;
    int64_t scale_bits;
    int64_t has_min;
};

const struct source_type *SL_FN(source_type)(int64_t type);

/* Reads group g of the quantised row that begins at `row`; of SL_I8, whose scale lies elsewhere,
   the codes only. */
void SL_FN(read_group)(int64_t type, const uint8_t *row, int64_t g, struct quant_group *out);

#endif
