/*
 * Matrices of bfloat16 with AMX: tiles of 16 rows times 16 outputs, 32 inputs at a time.
 *
 * All numbers of rows go this way: TDPBF16PS adds in an order of its own, which must not depend on
 * the batch. One row reads the weights as fast as the memory gives them.
 */
#include "amx.h"
#include "kernels.h"
#include "simd.h"

enum { TILE = 16 };

#ifdef SL_EMULATED_TILES
_Thread_local struct sl_tiles sl_tiles;
#endif

void sl_amx_release(void) { _tile_release(); }

/* Inputs of one step and what they take of a panel. */
enum { STEP = 32, STEP_BYTES = 64 * STEP, LINE = 64 };

/*
 * The weights that are fetched on the way. Where the rows pass in one go, those a bit ahead; else
 * those of the next panel, a share of them with each pass, so that memory and arithmetic work at
 * the same time.
 */
struct fetch {
    const char *at;
    int64_t bytes_per_step;
};

/* Fetches the lines that 16 rows of sums go to, which another thread may hold. */
SL_INLINE void fetch_out(const float *out, int64_t stride) {
    for (int i = 0; i < TILE; i++) {
        __builtin_prefetch(out + i * stride, 1);
        __builtin_prefetch(out + i * stride + TILE, 1);
    }
}

SL_INLINE void fetch_step(struct fetch *f) {
    for (int64_t i = 0; i < f->bytes_per_step; i += LINE) {
        __builtin_prefetch(f->at + i, 0, 2);
    }
    f->at += f->bytes_per_step;
}

/* 16 rows (or as few as the tiles are configured for) times the panel. */
static void rows_16(const struct panel_job *job, int64_t row, struct fetch *fetch) {
    const char *x = (const char *)job->rows + row * job->row_stride;
    const uint8_t *p = job->panel, *end = p + job->w->panel_bytes;
    float *out = job->out + row * job->out_stride;
    fetch_out(out, job->out_stride);
    _tile_zero(0);
    _tile_zero(1);
    for (; p < end; p += STEP_BYTES, x += STEP * 2) {
        fetch_step(fetch);
        _tile_loadd(4, x, job->row_stride);
        _tile_loadd(6, p, 128);
        _tile_dpbf16ps(0, 4, 6);
        _tile_loadd(7, p + 64, 128);
        _tile_dpbf16ps(1, 4, 7);
    }
    _tile_stored(0, out, job->out_stride * 4);
    _tile_stored(1, out + TILE, job->out_stride * 4);
}

static void rows_32(const struct panel_job *job, int64_t row, struct fetch *fetch) {
    const char *x = (const char *)job->rows + row * job->row_stride;
    const uint8_t *p = job->panel, *end = p + job->w->panel_bytes;
    float *out = job->out + row * job->out_stride;
    fetch_out(out, job->out_stride);
    fetch_out(out + TILE * job->out_stride, job->out_stride);
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    for (; p < end; p += STEP_BYTES, x += STEP * 2) {
        fetch_step(fetch);
        _tile_loadd(4, x, job->row_stride);
        _tile_loadd(6, p, 128);
        _tile_dpbf16ps(0, 4, 6);
        _tile_loadd(7, p + 64, 128);
        _tile_dpbf16ps(1, 4, 7);
        _tile_loadd(5, x + TILE * job->row_stride, job->row_stride);
        _tile_dpbf16ps(2, 5, 6);
        _tile_dpbf16ps(3, 5, 7);
    }
    _tile_stored(0, out, job->out_stride * 4);
    _tile_stored(1, out + TILE, job->out_stride * 4);
    out += TILE * job->out_stride;
    _tile_stored(2, out, job->out_stride * 4);
    _tile_stored(3, out + TILE, job->out_stride * 4);
}

void sl_amx_panel_bf16(const struct panel_job *job) {
    int64_t n = job->n, row = 0, passes = (n + 2 * TILE - 1) / (2 * TILE);
    const char *panel = (const char *)job->panel;
    struct fetch fetch = {panel + SL_PREFETCH, STEP_BYTES};
    if (passes > 1) {
        fetch = (struct fetch){panel + job->w->panel_bytes,
                               sl_round_up((STEP_BYTES + passes - 1) / passes, LINE)};
    }
    amx_configure(sl_min(n, TILE), LINE);
    if (n <= TILE) {
        rows_16(job, 0, &fetch);
        return;
    }
    for (; n - row >= 2 * TILE; row += 2 * TILE) {
        rows_32(job, row, &fetch);
    }
    /* The last tiles reach back over rows that are done already. */
    if (n - row > TILE && n >= 2 * TILE) {
        rows_32(job, n - 2 * TILE, &fetch);
    } else {
        for (; row < n; row += TILE) {
            rows_16(job, sl_min(row, n - TILE), &fetch);
        }
    }
}

int64_t sl_amx_peak(int64_t rounds) {
    amx_configure(TILE, LINE);
    for (int64_t i = 0; i < rounds; i++) {
        _tile_dpbf16ps(0, 4, 6);
        _tile_dpbf16ps(1, 4, 7);
        _tile_dpbf16ps(2, 5, 6);
        _tile_dpbf16ps(3, 5, 7);
    }
    _tile_release();
    return rounds * 4 * 2 * TILE * TILE * 2 * TILE;
}
