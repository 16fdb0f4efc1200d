/* What the files of attention share. */
#ifndef SLUICE_ATTENTION_H
#define SLUICE_ATTENTION_H

#include "simd.h"

/*
 * How a kernel reads the cache. BF16 is widened to float32, or meets pairs of bfloat16 in one
 * instruction, or tiles of pairs.
 */
enum { READ_F32, READ_F16, READ_BF16, READ_BF16_PAIRS, READ_BF16_TILES };

/* Most floats of a chunk's sums, and most slots that tiles meet at once. */
enum { SL_ATTENTION_FLOATS = 16384, SL_TILED_SLOTS = 128 };

/* Of each row: its largest score, and exponentials and values added up since it began. */
struct state {
    float largest[SL_TILED_ROWS]; /* times log2(e) */
    float total[SL_TILED_ROWS][VW] SL_ALIGNED;
    float sum[SL_ATTENTION_FLOATS] SL_ALIGNED; /* [rows, sum_dim] */
};

/* Keys and values that will be read: of one head, in blocks first .. end - 1 of a sequence. */
struct ahead {
    const int32_t *blocks; /* of the sequence */
    int64_t kv_head;
    int64_t first;
    int64_t end;
};

/* What a chunk of query rows needs while it passes over the blocks. */
struct chunk {
    const struct sl_attention_args *args;
    struct ahead then; /* what is read after the chunk, if anything is known */
    const char *next;  /* keys or values after those that are met: their first line */
    const char *later; /* those after them */
    int64_t rows;
    int read; /* READ_* */
    int64_t dim;
    int64_t sum_dim; /* dim in whole vectors */
    int64_t stride;  /* of the scores of a row */
    float scale;     /* of scores, to the base of 2 */
    int64_t position[SL_TILED_ROWS];
    float correction[SL_TILED_ROWS];
    struct state now;   /* of the segment that is being passed */
    struct state whole; /* of those before */
    float query[SL_ATTENTION_ROWS * SL_MAX_HEAD_DIM] SL_ALIGNED;
    uint16_t query16[SL_ATTENTION_FLOATS] SL_ALIGNED;                    /* for bfloat16 */
    float probability[SL_TILED_ROWS * SL_MAX_BLOCK_SIZE] SL_ALIGNED;     /* scores before */
    uint16_t probability16[SL_TILED_ROWS * SL_MAX_BLOCK_SIZE] SL_ALIGNED; /* for pairs */
    uint16_t tail[SL_GROUP * SL_TILED_HEAD_DIM] SL_ALIGNED; /* the last values, then zeros */
};

/*
 * Adjacent blocks, or a single one, and their part in a chunk: slots first .. end - 1, counted from
 * the first block's, are seen by some row.
 */
struct span {
    const struct sl_attention_args *args;
    const int32_t *blocks;
    int64_t kv_head;
    int64_t start; /* position of slot 0 */
    int64_t first;
    int64_t end;
};

/* Where the keys (0) or values (1) of a span's block begin. */
SL_INLINE const void *span_kv(const struct span *s, int64_t block, int which) {
    const struct sl_attention_args *a = s->args;
    int64_t heads = (2 * s->blocks[block] + which) * a->num_kv_heads + s->kv_head;
    int64_t vectors = heads * a->block_size;
    return (const char *)a->kv + vectors * a->head_dim * sl_kv_bytes(a->kv_type);
}

/*
 * Whether rows fetch as much of what they read next, line by line, as they read of the block that
 * they meet: memory that is asked evenly never rests. So it is on Zen 3 and Zen 4; on Intel's processors with AVX-512
 * beginning each page and leaving the rest to the processor is quicker.
 */
SL_INLINE int sl_fetch_evenly(void) { return SL_LEVEL == 1 || (SL_LEVEL == 2 && !sl_intel); }

/*
 * In attention_vectors.c: the scores of a chunk's rows for a span of one block, and their values
 * added to the sums.
 */
void SL_FN(vector_scores)(struct chunk *c, const struct span *s);
void SL_FN(vector_values)(struct chunk *c, const struct span *s);

#if SL_LEVEL == 1

/*
 * In attention_avx2.c: the same for many rows and bfloat16. Returns how many rows are done, from the
 * first on: none, or all but two at most.
 */
int64_t sl_wide_scores(struct chunk *c, const struct span *s);
int64_t sl_wide_values(struct chunk *c, const struct span *s);

#else

SL_INLINE int64_t sl_wide_scores(struct chunk *c, const struct span *s) {
    return (void)c, (void)s, 0;
}
SL_INLINE int64_t sl_wide_values(struct chunk *c, const struct span *s) {
    return (void)c, (void)s, 0;
}

#endif

#if SL_LEVEL == 2 && SL_TOP_LEVEL >= 3

/*
 * In attention_amx.c: scores and sums of a chunk by tiles, between start_tiles and, once a thread
 * is done, end_tiles. Slots are taken 32 at a time; what no row sees has any score.
 */
void sl_amx_start_attention(struct chunk *c);
void sl_amx_scores(struct chunk *c, const struct span *s);
void sl_amx_values(struct chunk *c, const struct span *s);

SL_INLINE int fits_tiles(const struct sl_attention_args *args) {
    return sl_use_amx && sl_tiled_attention(args->kv_type, args->block_size, args->head_dim);
}
SL_INLINE void start_tiles(struct chunk *c) { sl_amx_start_attention(c); }
SL_INLINE void tile_scores(struct chunk *c, const struct span *s) { sl_amx_scores(c, s); }
SL_INLINE void tile_values(struct chunk *c, const struct span *s) { sl_amx_values(c, s); }
SL_INLINE void end_tiles(void) { sl_amx_release(); }

#else

SL_INLINE int fits_tiles(const struct sl_attention_args *args) {
    (void)args;
    return 0;
}
SL_INLINE void start_tiles(struct chunk *c) { (void)c; }
SL_INLINE void tile_scores(struct chunk *c, const struct span *s) { (void)c, (void)s; }
SL_INLINE void tile_values(struct chunk *c, const struct span *s) { (void)c, (void)s; }
SL_INLINE void end_tiles(void) {}

#endif
#endif
