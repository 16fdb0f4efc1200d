/*
 * What this machine can do, and how close the kernels come: memory bandwidth and arithmetic peaks,
 * then the rate of every matrix format by number of rows, then attention. Best of many runs; one
 * thread is judged by its CPU time, several by the wall clock. Usage: bench_kernels [SECONDS per
 * measurement] [FILTER] [LEVEL]; see bench/limits.
 */
#define _GNU_SOURCE
#include "sluice_cpu.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { MAX_THREADS = 64 };

static double budget = 0.4;
static volatile float sink;

static double clock_now(clockid_t id) {
    struct timespec t;
    clock_gettime(id, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Memory in 2 MiB pages where the system has them. */
static void *allocate(size_t bytes) {
    const size_t huge = (size_t)2 << 20;
    bytes = (bytes + huge - 1) / huge * huge;
    void *p = aligned_alloc(huge, bytes);
    if (p == NULL) {
        fprintf(stderr, "no memory for %zu MiB\n", bytes >> 20);
        exit(1);
    }
#ifdef MADV_HUGEPAGE
    madvise(p, bytes, MADV_HUGEPAGE);
#endif
    memset(p, 0, bytes);
    return p;
}

/* ---- threads: all run task(argument, thread, threads), the caller as thread 0 */

typedef void task_function(void *argument, int thread, int threads);

static struct {
    task_function *task;
    void *argument;
    int threads;
    atomic_int generation, running;
} pool;

static void relax(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
}

static void *worker(void *number) {
    int thread = (int)(intptr_t)number;
    for (int seen = 0;; seen++) {
        while (atomic_load(&pool.generation) == seen) {
            relax();
        }
        if (pool.task == NULL) {
            return NULL;
        }
        if (thread < pool.threads) {
            pool.task(pool.argument, thread, pool.threads);
        }
        atomic_fetch_sub(&pool.running, 1);
    }
}

static pthread_t workers[MAX_THREADS];
static int num_workers;

static void start_workers(int threads) {
    for (; num_workers < threads - 1; num_workers++) {
        pthread_create(&workers[num_workers], NULL, worker, (void *)(intptr_t)(num_workers + 1));
    }
}

static void stop_workers(void) {
    pool.task = NULL;
    atomic_fetch_add(&pool.generation, 1);
    for (int i = 0; i < num_workers; i++) {
        pthread_join(workers[i], NULL);
    }
    num_workers = 0;
    atomic_store(&pool.generation, 0);
}

static double run_once(task_function *task, void *argument, int threads) {
    clockid_t id = threads == 1 ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC;
    double begin = clock_now(id);
    if (threads > 1) {
        pool.task = task;
        pool.argument = argument;
        pool.threads = threads;
        atomic_store(&pool.running, num_workers);
        atomic_fetch_add(&pool.generation, 1);
    }
    task(argument, 0, threads);
    while (threads > 1 && atomic_load(&pool.running) > 0) {
        relax();
    }
    return clock_now(id) - begin;
}

/* Seconds of the best run; `next` is called between runs. */
static double best(task_function *task, void *argument, int threads, void (*next)(void *)) {
    double least = 1e9, begin = clock_now(CLOCK_MONOTONIC);
    if (threads > 1) {
        start_workers(threads);
    }
    for (int n = 0; n < 3 || clock_now(CLOCK_MONOTONIC) - begin < budget; n++) {
        double t = run_once(task, argument, threads);
        least = t < least ? t : least;
        if (next != NULL) {
            next(argument);
        }
    }
    if (threads > 1) {
        stop_workers();
    }
    return least;
}

/* ---- limits */

struct stream {
    float *data;
    size_t bytes, window, at;
    int64_t order;
};

static void read_task(void *argument, int thread, int threads) {
    struct stream *s = argument;
    size_t part = s->window / (size_t)threads / 64;
    sink += (float)sl_read(s->data + (s->at + part * 64 * (size_t)thread) / 4,
                           (int64_t)(part * 64), s->order);
}

static void next_window(void *argument) {
    struct stream *s = argument;
    s->at = s->at + 2 * s->window <= s->bytes ? s->at + s->window : 0;
}

struct peak_run {
    int64_t format;
    atomic_llong operations;
};

static void peak_task(void *argument, int thread, int threads) {
    (void)thread, (void)threads;
    struct peak_run *run = argument;
    atomic_fetch_add(&run->operations, sl_peak(run->format, 20000));
}

/* Peak rates in operations per second, by number of threads; 0 where unknown. */
struct limits {
    double bandwidth, f32, bf16, int8;
};

static double peak(const char *name, int64_t format, int threads) {
    struct peak_run run = {format, 0};
    peak_task(&run, 0, 1);
    double operations = (double)run.operations;
    double rate = operations * threads / best(peak_task, &run, threads, NULL);
    if (rate > 0) {
        printf("  %-34s %d thread%s  %8.1f GFLOP/s\n", name, threads, threads > 1 ? "s" : " ",
               rate * 1e-9);
    }
    return rate;
}

/* Messages between two threads and back: how far their cores are from each other. */
enum { MESSAGES = 1000 };

static void answer_task(void *argument, int thread, int threads) {
    (void)threads;
    atomic_int *line = argument;
    for (int i = 0; i < MESSAGES; i++) {
        while (atomic_load(line) != 2 * i + thread) {
        }
        atomic_store(line, (2 * i + thread + 1) % (2 * MESSAGES));
    }
}

static void measure_distance(void) {
    static _Alignas(128) atomic_int line;
    double seconds = best(answer_task, &line, 2, NULL) / MESSAGES;
    printf("  %-34s 2 threads  %8.0f ns\n", "a message and its answer", seconds * 1e9);
}

static struct limits measure_limits(int threads, struct stream *s) {
    struct limits l = {0, 0, 0, 0};
    for (s->order = SL_READ_IN_ORDER; s->order <= SL_READ_STREAMS_AHEAD; s->order++) {
        double rate = (double)s->window / best(read_task, s, threads, next_window);
        l.bandwidth = rate > l.bandwidth ? rate : l.bandwidth;
    }
    printf("  %-34s %d thread%s  %8.1f GB/s\n", "memory, reading", threads, threads > 1 ? "s" : " ",
           l.bandwidth * 1e-9);
    if (threads == 2) {
        measure_distance();
    }
    l.f32 = peak("float32", SL_FORMAT_F32, threads);
    l.bf16 = peak("bfloat16", SL_FORMAT_BF16, threads);
    l.int8 = peak("int8", SL_FORMAT_INT8, threads);
    fflush(stdout);
    return l;
}

/* ---- matrices */

struct format {
    const char *name;
    int64_t format, group, scale_bits, has_min;
};

static const struct format FORMATS[] = {
    {"f32", SL_FORMAT_F32, 0, 0, 0},
    {"f16", SL_FORMAT_F16, 0, 0, 0},
    {"bf16", SL_FORMAT_BF16, 0, 0, 0},
    {"int8 (Q8_0, Q5_0)", SL_FORMAT_INT8, 32, 16, 0},
    {"int8 min (Q5_1)", SL_FORMAT_INT8, 32, 16, 1},
    {"int8 f32 min (Q5_K)", SL_FORMAT_INT8, 32, 32, 1},
    {"int8 group 16 (Q6_K)", SL_FORMAT_INT8, 16, 32, 0},
    {"int8 a row (W8A8)", SL_FORMAT_INT8_ROW, 0, 32, 0},
    {"int4 (Q4_0)", SL_FORMAT_INT4, 32, 16, 0},
    {"int4 min (Q4_1)", SL_FORMAT_INT4, 32, 16, 1},
    {"int4 f32 min (Q4_K)", SL_FORMAT_INT4, 32, 32, 1},
};

struct linear_bench {
    struct sl_linear_args args;
    char *weights; /* copies of the matrix, so that it comes from memory */
    int64_t matrix_bytes, copies, current;
};

static void linear_task(void *argument, int thread, int threads) {
    struct linear_bench *b = argument;
    const struct sl_linear_args *a = &b->args;
    int64_t panels = a->w.rows / 32;
    int64_t units = a->parts * panels - (a->streams - 1) * (panels / a->streams);
    sl_linear(a, units * thread / threads, units * (thread + 1) / threads);
}

static void next_copy(void *argument) {
    struct linear_bench *b = argument;
    b->current = (b->current + 1) % b->copies;
    b->args.w.panels = b->weights + b->current * b->matrix_bytes;
}

static double peak_of(const struct limits *l, int64_t format) {
    return format <= SL_FORMAT_F16 ? l->f32 : format == SL_FORMAT_BF16 ? l->bf16 : l->int8;
}

static void bench_linear(const struct format *f, int64_t rows, int64_t cols, int max_threads,
                         const struct limits *limits) {
    static const int64_t heights[] = {1, 2, 4, 8, 12, 16, 32, 64, 128, 512};
    int64_t panel = sl_panel_bytes(f->format, cols, f->group, f->scale_bits, f->has_min);
    struct linear_bench b = {.matrix_bytes = panel * (rows / 32)};
    b.copies = ((int64_t)320 << 20) / b.matrix_bytes + 1;
    b.weights = allocate((size_t)(b.copies * b.matrix_bytes));
    float *x = allocate((size_t)(512 * cols) * 4);
    for (int64_t i = 0; i < 512 * cols; i++) {
        x[i] = (float)(i * 7919 % 2003) / 1001 - 1;
    }
    int64_t kind = f->format == SL_FORMAT_BF16       ? SL_PREPARED_BF16
                   : f->format == SL_FORMAT_INT8_ROW ? SL_PREPARED_INT8_ROW
                                                     : SL_PREPARED_INT8;
    int64_t stride = sl_prepared_stride(kind, cols);
    void *prepared = allocate((size_t)(512 * stride));
    struct sl_prepare_args p = {x, cols, cols, kind, prepared, stride};
    sl_prepare(&p, 0, 512);
    float *out = allocate((size_t)(512 * rows) * 4);
    struct sl_matrix w = {b.weights, f->format, rows, cols, panel, f->group, f->scale_bits,
                          f->has_min};
    b.args = (struct sl_linear_args){w, x, cols, prepared, stride, 1, out, rows, 1, 1,
                                     NULL, NULL, 0, 0};
    for (int threads = 1; threads <= max_threads; threads *= 2) {
        const struct limits *l = &limits[threads];
        for (size_t h = 0; h < sizeof heights / sizeof heights[0]; h++) {
            b.args.n = heights[h];
            int64_t part_rows = sl_linear_part_rows(f->format);
            int own_rows = part_rows > 0 && heights[h] >= part_rows * threads;
            b.args.streams = heights[h] == 1 ? sl_linear_streams(f->format) : 1;
            b.args.parts = own_rows ? threads : 1;
            double t = best(linear_task, &b, threads, next_copy);
            double rate = 2.0 * (double)(heights[h] * rows * cols) / t;
            double bytes = (double)b.matrix_bytes / t;
            printf("  %-21s %4dx%-4d M=%-3d %d thr%s %9.1f us %8.1f GFLOP/s", f->name, (int)rows,
                   (int)cols, (int)heights[h], threads, b.args.parts > 1 ? ", own rows" : "",
                   t * 1e6, rate * 1e-9);
            if (peak_of(l, f->format) > 0) {
                printf(" %3.0f%%", 100 * rate / peak_of(l, f->format));
            }
            printf("  %6.1f GB/s %3.0f%%\n", bytes * 1e-9, 100 * bytes / l->bandwidth);
            fflush(stdout);
        }
    }
    free(b.weights);
    free(x);
    free(prepared);
    free(out);
}

/* ---- attention */

struct attention_bench {
    struct sl_attention_args args;
    int64_t units;
};

static void attention_task(void *argument, int thread, int threads) {
    struct attention_bench *b = argument;
    sl_attention(&b->args, b->units * thread / threads, b->units * (thread + 1) / threads);
}

static void bench_attention(int64_t type, int64_t context, int64_t tokens, int max_threads) {
    enum { HEADS = 9, KV_HEADS = 3, DIM = 64, SIZE = 64 };
    int64_t blocks = (context + SIZE - 1) / SIZE;
    int64_t tile = tokens == 1 ? 1 : sl_attention_tile(HEADS / KV_HEADS,
                                                     type == SL_BF16 && sl_attention_by_tiles(SIZE, DIM));
    int64_t num_tiles = (tokens + tile - 1) / tile;
    float *q = allocate((size_t)(tokens * HEADS * DIM) * 4);
    float *out = allocate((size_t)(tokens * HEADS * DIM) * 4);
    for (int64_t i = 0; i < tokens * HEADS * DIM; i++) {
        q[i] = (float)(i * 7919 % 2003) / 1001 - 1;
    }
    int32_t *tables = allocate((size_t)blocks * 4), *tiles = allocate((size_t)num_tiles * 20);
    for (int64_t i = 0; i < blocks; i++) {
        tables[i] = (int32_t)i;
    }
    for (int64_t i = 0; i < num_tiles; i++) {
        int64_t left = tokens - i * tile;
        tiles[5 * i] = 0;
        tiles[5 * i + 1] = (int32_t)(i * tile);
        tiles[5 * i + 2] = (int32_t)(left < tile ? left : tile);
        tiles[5 * i + 3] = -1;
    }
    int32_t starts[] = {0, (int32_t)tokens}, lengths[] = {(int32_t)context};
    void *kv = allocate((size_t)(blocks * 2 * KV_HEADS * SIZE * DIM * 4));
    struct attention_bench b = {
        {q, HEADS * DIM, kv, type, SIZE, HEADS, KV_HEADS, DIM, 0.125, 0, starts, lengths, tables,
         blocks, tiles, HEADS / KV_HEADS, out, HEADS * DIM, NULL, 0},
        num_tiles * KV_HEADS};
    double pairs = (double)tokens * ((double)context - (double)(tokens - 1) / 2) * HEADS;
    for (int threads = 1; threads <= max_threads; threads *= 2) {
        double t = best(attention_task, &b, threads, NULL);
        printf("  attention %-4s context %5d, %3d tokens  %d thr %9.1f us %8.1f GFLOP/s"
               "  %6.1f GB/s\n",
               type == SL_F32 ? "f32" : type == SL_F16 ? "f16" : "bf16", (int)context, (int)tokens,
               threads, t * 1e6, pairs * 4 * DIM / t * 1e-9,
               (double)(context * 2 * KV_HEADS * DIM * (type == SL_F32 ? 4 : 2)) / t * 1e-9);
        fflush(stdout);
    }
    free(q);
    free(out);
    free(tables);
    free(tiles);
    free(kv);
}

int main(int count, char **values) {
    budget = count > 1 ? atof(values[1]) : budget;
    const char *filter = count > 2 ? values[2] : "";
    if (count > 3) {
        sl_isa_set(atoi(values[3]));
    }
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    int max_threads = (int)(cores < MAX_THREADS ? cores : MAX_THREADS);
    struct limits limits[MAX_THREADS + 1];
    struct stream s = {NULL, (size_t)1 << 30, (size_t)32 << 20, 0, 0};
    s.data = allocate(s.bytes);
    printf("limits (%s, %ld processors)\n", sl_isa_name(sl_isa_level()), cores);
    for (int threads = 1; threads <= max_threads; threads *= 2) {
        limits[threads] = measure_limits(threads, &s);
    }
    free(s.data);
    printf("linear: best time, arithmetic rate and share of its peak, weights read and share of "
           "memory\n");
    for (size_t f = 0; f < sizeof FORMATS / sizeof FORMATS[0]; f++) {
        if (strstr(FORMATS[f].name, filter) != NULL) {
            bench_linear(&FORMATS[f], 3072, 1024, max_threads, limits);
        }
    }
    if (strstr("attention", filter) != NULL) {
        printf("attention: 9 heads of 64, 3 key/value heads\n");
        for (int64_t type = SL_F32; type <= SL_BF16; type++) {
            bench_attention(type, 512, 512, max_threads);
            bench_attention(type, 2048, 512, max_threads);
            bench_attention(type, 2048, 1, max_threads);
            bench_attention(type, 8192, 1, max_threads);
        }
    }
    return 0;
}
