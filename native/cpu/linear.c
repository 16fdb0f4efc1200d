/* out = x W^T, panel by panel. */
#include "kernels.h"

/* Rows that pass through the scratch of a panel with less than 32 outputs at a time. */
enum { SCRATCH_ROWS = 48 };

#if SL_LEVEL == 2 && SL_TOP_LEVEL >= 3

/*
 * Rows from which on INT8_ROW goes through tiles, with as many inputs as fill them; the results are
 * the same bits.
 */
enum { AMX_ROW_ROWS = 16, AMX_ROW_INPUTS = 64 };

static int on_amx(const struct sl_matrix *w, int64_t n) {
    if (w->format == SL_FORMAT_INT8_ROW) {
        int filled = sl_padded(w->cols) % AMX_ROW_INPUTS == 0;
        return sl_use_amx && n >= AMX_ROW_ROWS && filled;
    }
    return sl_use_amx && w->format == SL_FORMAT_BF16;
}
static void panel_amx(const struct panel_job *job) {
    if (job->w->format == SL_FORMAT_BF16) {
        sl_amx_panel_bf16(job);
    } else {
        sl_amx_panel_int8_row(job);
    }
}
static void release(void) { sl_amx_release(); }

#else

static int on_amx(const struct sl_matrix *w, int64_t n) {
    (void)w, (void)n;
    return 0;
}
static void panel_amx(const struct panel_job *job) { (void)job; }
static void release(void) {}

#endif

static void run_panel(const struct panel_job *job) {
    if (on_amx(job->w, job->n)) {
        panel_amx(job);
        return;
    }
    switch (job->w->format) {
        case SL_FORMAT_BF16:
            SL_FN(panel_bf16)(job);
            break;
        case SL_FORMAT_INT8:
            SL_FN(panel_int8)(job);
            break;
        case SL_FORMAT_INT4:
            SL_FN(panel_int4)(job);
            break;
        case SL_FORMAT_INT8_ROW:
            SL_FN(panel_int8_row)(job);
            break;
        default:
            SL_FN(panel_float)(job);
            break;
    }
}

/* The job without the rows before `row`. */
SL_INLINE struct panel_job from_row(const struct panel_job *job, int64_t row) {
    struct panel_job rest = *job;
    rest.rows = (const char *)rest.rows + row * rest.row_stride;
    rest.n -= row;
    rest.out += row * rest.out_stride;
    return rest;
}

#if SL_LEVEL == 2 && SL_TOP_LEVEL >= 3

/* Rows over which unpacking a panel for AMX pays; the results are the same bits. */
enum { AMX_INT_ROWS = 32 };

/* Multiplies `panels` whole panels, or none that AMX is not the best for; returns how many. */
static int64_t panels_of_many_rows(const struct panel_job *job, int64_t panels) {
    if (!sl_use_amx || job->n < AMX_INT_ROWS || job->w->group != SL_GROUP || panels <= 0) {
        return 0;
    }
    sl_amx_panels_int(job, panels);
    sl_amx_release();
    return panels;
}

#elif SL_LEVEL == 1

/* Multiplies whole panels by the rows from `done` on. */
static void run_rest(const struct panel_job *job, int64_t panels, int64_t done) {
    struct panel_job rest = from_row(job, done);
    for (int64_t p = 0; p < panels && rest.n > 0; p++) {
        run_panel(&rest);
        rest.panel += rest.w->panel_bytes;
        rest.out += SL_PANEL;
    }
}

/*
 * Rows over which it pays to widen bfloat16, or to lay out quantised inputs and weights beforehand,
 * even where that is done again for each call with a few panels; the results are the same bits.
 */
enum { WIDE_ROWS = 8, LANES_ROWS = 32 };

/* Multiplies `panels` whole panels, or none where nothing pays beforehand; returns how many. */
static int64_t panels_of_many_rows(const struct panel_job *job, int64_t panels) {
    if (panels <= 0) {
        return 0;
    }
    switch (job->w->format) {
        case SL_FORMAT_BF16:
            if (job->n < WIDE_ROWS) {
                return 0;
            }
            sl_wide_panels_bf16(job, panels);
            return panels;
        case SL_FORMAT_INT8:
        case SL_FORMAT_INT4:
            if (job->n < LANES_ROWS || job->w->group != SL_GROUP) {
                return 0;
            }
            run_rest(job, panels, sl_lanes_panels_int(job, panels));
            return panels;
        default:
            return 0;
    }
}

#else

static int64_t panels_of_many_rows(const struct panel_job *job, int64_t panels) {
    (void)job, (void)panels;
    return 0;
}

#endif

/* The last panel, whose padding must not reach `out`. */
static SL_NOINLINE void run_partial_panel(const struct panel_job *job, int64_t outputs) {
    float scratch[SCRATCH_ROWS * SL_PANEL] SL_ALIGNED;
    for (int64_t first = 0; first < job->n; first += SCRATCH_ROWS) {
        struct panel_job part = from_row(job, first);
        part.n = sl_min(SCRATCH_ROWS, part.n);
        part.ahead.count = first == 0 ? part.ahead.count : 0;
        part.out = scratch;
        part.out_stride = SL_PANEL;
        run_panel(&part);
        for (int64_t i = 0; i < part.n; i++) {
            memcpy(job->out + (first + i) * job->out_stride, scratch + i * SL_PANEL,
                   (size_t)outputs * sizeof(float));
        }
    }
}

/* A panel and a part of the rows. */
static struct panel_job panel_job(const struct sl_linear_args *args, int64_t panel, int64_t part) {
    const struct sl_matrix *w = &args->w;
    int floats = w->format == SL_FORMAT_F32 || w->format == SL_FORMAT_F16;
    struct sl_pieces ahead = {args->ahead_kv, args->ahead_offsets + part * args->ahead_apart,
                              args->ahead_pieces};
    int64_t first = args->n * part / args->parts, end = args->n * (part + 1) / args->parts;
    struct panel_job all = {
        .panel = (const uint8_t *)w->panels + panel * w->panel_bytes,
        .w = w,
        .rows = floats ? (const void *)args->x : args->prepared,
        .row_stride = floats ? args->x_stride * (int64_t)sizeof(float) : args->prepared_stride,
        .n = end,
        .out = args->out + panel * SL_PANEL,
        .out_stride = args->out_stride,
        .ahead = sl_part(&ahead, panel, sl_panels(w)),
    };
    return from_row(&all, first);
}

#if SL_LEVEL == 1

/* Multiplies a row by the panels of unit u and those `apart` from it. */
static void run_streams(const struct sl_linear_args *args, int64_t u, int64_t apart) {
    struct stream_job job = {panel_job(args, u, 0), apart};
    if (args->w.format == SL_FORMAT_BF16) {
        sl_streams_bf16(&job);
    } else {
        sl_streams_int(&job);
    }
}

#else

static void run_streams(const struct sl_linear_args *args, int64_t u, int64_t apart) {
    (void)args, (void)u, (void)apart;
}

#endif

/* Panels [begin, end) and a part of the rows. */
static void run_panels(const struct sl_linear_args *args, int64_t part, int64_t begin,
                       int64_t end) {
    const struct sl_matrix *w = &args->w;
    int64_t whole = sl_min(end, w->rows / SL_PANEL) - begin;
    struct panel_job first = panel_job(args, begin, part);
    for (int64_t panel = begin + panels_of_many_rows(&first, whole); panel < end; panel++) {
        struct panel_job job = panel_job(args, panel, part);
        int64_t outputs = w->rows - panel * SL_PANEL;
        if (outputs >= SL_PANEL) {
            run_panel(&job);
        } else {
            run_partial_panel(&job, outputs);
        }
    }
    if (on_amx(w, first.n)) {
        release();
    }
}

/* Units that belong to one or several parts of the rows. */
static void run_parts(const struct sl_linear_args *args, int64_t begin, int64_t end) {
    const int64_t panels = sl_panels(&args->w);
    for (int64_t unit = begin; unit < end;) {
        int64_t part = unit / panels, next = sl_min(end, (part + 1) * panels);
        run_panels(args, part, unit - part * panels, next - part * panels);
        unit = next;
    }
}

void SL_FN(linear)(const struct sl_linear_args *args, int64_t begin, int64_t end) {
    if (args->n == 0) {
        return;
    }
    if (args->streams == 1) {
        run_parts(args, begin, end);
        return;
    }
    struct sl_units units = sl_units(&args->w, SL_STREAMS);
    for (int64_t unit = begin; unit < end; unit++) {
        int64_t before = sl_single_before(&units, unit);
        if (sl_single_before(&units, unit + 1) == before) {
            run_streams(args, unit - before, units.together);
        } else {
            int64_t panel = units.together * SL_STREAMS + before;
            run_panels(args, 0, panel, panel + 1);
        }
    }
}
