/*
 * Threads that work through a list of operations together.
 *
 * Whoever does the last chunk of an operation does the next ones that are too short to share, and
 * begins the first that is not: nobody has to wait for one thread in particular. A chunk that was
 * taken keeps its operation open, and so everything as it is that `team` says of it; a thread that
 * comes late takes a chunk of whatever is under way by then, or none.
 */
#include "ahead.h"
#include "team.h"

#include <sched.h>
#include <stdatomic.h>
#include <time.h>

/* Bytes from what one thread writes to what another does: processors fetch lines in pairs. */
enum { APART = 128 };
#define ALONE __attribute__((aligned(APART)))

/* What a thread fetches before it looks for work, of all streams: a fraction of a microsecond. */
enum { STEP_BYTES = 2048, LINE = 64 };

/* How long a thread spins: longer than operations differ in length. Then it gives its core away, in
   turns, and naps in the end. */
enum { SPIN_NANOS = 50000, NAP_NANOS = 50000, TURNS_A_LOOK = 64, TURNS_BEFORE_NAPS = 64000 };

/* Chunks from `first`, in the upper half, to before `end`, in the lower one. */
typedef uint64_t stretch;
enum { HALF = 32 };

struct share {
    ALONE _Atomic stretch left; /* what nobody has taken */
    ALONE _Atomic(const uint8_t *) ahead; /* weights that the thread will read next .. */
    _Atomic(const uint8_t *) ahead_end;   /* .. of the first stream, to before here */
};

struct sl_team {
    int64_t threads; /* stays as it is */

    /* Written by who begins an operation while none is open; read by who has taken a chunk. */
    struct sl_op *ops;
    int64_t count;
    int64_t timed;
    int64_t current;
    int64_t begun_at;
    int64_t ahead_op; /* whose weights are fetched ahead */

    ALONE _Atomic int64_t running; /* whether a list is under way */
    ALONE _Atomic int64_t begun;   /* number of the operation, changes before the shares do .. */
    ALONE _Atomic int64_t dealt;   /* .. and after they did: what the threads look at */
    ALONE _Atomic int64_t open;    /* chunks that are not done, and one until all are dealt out */
    ALONE _Atomic int64_t busy_nanos;

    ALONE _Atomic int64_t ahead_number; /* changes when the weights do */
    _Atomic int64_t ahead_streams;
    _Atomic int64_t ahead_apart;

    struct sl_plan plan; /* written while no list is under way */

    struct share shares[];
};

/* Where a thread is in what it fetches ahead. */
struct place {
    int64_t number;
    const uint8_t *at;
    const uint8_t *end;
};

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static void spin(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static stretch stretch_of(int64_t first, int64_t end) {
    return (stretch)first << HALF | (stretch)end;
}
static int64_t first_of(stretch s) { return (int64_t)(s >> HALF); }
static int64_t end_of(stretch s) { return (int64_t)(s & UINT32_MAX); }
static int64_t length_of(stretch s) { return end_of(s) - first_of(s); }

static void run(const struct sl_op *op, int64_t begin, int64_t end) {
    ((void (*)(const void *, int64_t, int64_t))op->function)(op->args, begin, end);
}

int64_t sl_team_bytes(int64_t threads) {
    return (int64_t)sizeof(struct sl_team) + threads * (int64_t)sizeof(struct share);
}

static void announce(struct share *share, const uint8_t *begin, const uint8_t *end) {
    atomic_store_explicit(&share->ahead, begin, memory_order_relaxed);
    atomic_store_explicit(&share->ahead_end, end, memory_order_relaxed);
}

static void announce_weights(struct sl_team *team, const struct sl_op *op) {
    const struct sl_linear_args *args = op->args;
    int64_t most = SL_AHEAD_BYTES / args->streams, threads = team->threads;
    const uint8_t *begin = sl_first_weight(op, 0, threads);
    for (int64_t thread = 0; thread < threads; thread++) {
        const uint8_t *end = sl_first_weight(op, thread + 1, threads);
        announce(&team->shares[thread], begin, end - begin > most ? begin + most : end);
        begin = end;
    }
    int64_t apart = sl_units(&args->w, args->streams).together * args->w.panel_bytes;
    atomic_store_explicit(&team->ahead_streams, args->streams, memory_order_relaxed);
    atomic_store_explicit(&team->ahead_apart, apart, memory_order_relaxed);
}

/* Lets the threads fetch the weights that come next behind an operation. */
static void look_ahead(struct sl_team *team, int64_t op) {
    if (team->ahead_op > op) {
        return;
    }
    int64_t next = op + 1;
    while (next < team->count && !sl_reads_weights(&team->ops[next])) {
        next++;
    }
    team->ahead_op = next;
    if (next < team->count && team->ops[next].reads == SL_WEIGHTS_FEW_ROWS) {
        announce_weights(team, &team->ops[next]);
    } else {
        for (int64_t thread = 0; thread < team->threads; thread++) {
            announce(&team->shares[thread], 0, 0);
        }
    }
    atomic_fetch_add_explicit(&team->ahead_number, 1, memory_order_release);
}

/*
 * Fetches a little, and says whether there may be more. The numbers may be those of two matrices,
 * if another thread changes them meanwhile: then it fetches in vain.
 */
static int fetch_ahead(struct sl_team *team, int64_t thread, struct place *place) {
    int64_t number = atomic_load_explicit(&team->ahead_number, memory_order_acquire);
    if (place->number != number) {
        struct share *share = &team->shares[thread];
        place->number = number;
        place->at = atomic_load_explicit(&share->ahead, memory_order_relaxed);
        place->end = atomic_load_explicit(&share->ahead_end, memory_order_relaxed);
    }
    if (place->at >= place->end) {
        return 0;
    }
    int64_t streams = atomic_load_explicit(&team->ahead_streams, memory_order_relaxed);
    int64_t apart = atomic_load_explicit(&team->ahead_apart, memory_order_relaxed);
    int64_t bytes = sl_min(STEP_BYTES / streams, place->end - place->at);
    for (int64_t s = 0; s < streams; s++) {
        for (int64_t i = 0; i < bytes; i += LINE) {
            __builtin_prefetch(place->at + s * apart + i, 0, 2);
        }
    }
    place->at += bytes;
    return 1;
}

static void run_alone(struct sl_team *team, struct sl_op *op) {
    int64_t begin = team->timed ? now() : 0;
    run(op, 0, op->units);
    if (team->timed) {
        op->wall_nanos = op->busy_nanos = now() - begin;
    }
}

static void deal(struct sl_team *team, int64_t index) {
    const struct sl_op *op = &team->ops[index];
    int64_t number = atomic_load_explicit(&team->begun, memory_order_relaxed) + 1;
    int64_t chunks = sl_chunks(op), threads = team->threads;
    team->current = index;
    if (team->timed) {
        atomic_store_explicit(&team->busy_nanos, 0, memory_order_relaxed);
        team->begun_at = now();
    }
    atomic_store_explicit(&team->begun, number, memory_order_release);
    atomic_store_explicit(&team->open, chunks + 1, memory_order_release);
    for (int64_t thread = 0; thread < threads; thread++) {
        stretch part = stretch_of(sl_first_chunk(chunks, thread, threads),
                                  sl_first_chunk(chunks, thread + 1, threads));
        atomic_store_explicit(&team->shares[thread].left, part, memory_order_release);
    }
    atomic_store_explicit(&team->dealt, number, memory_order_release);
    look_ahead(team, index);
}

/*
 * Goes on behind operation team->current, of which nothing is open. Returns the chunks that the
 * caller owes to the operation that it has begun: 1, or 0 at the end of the list.
 */
static int64_t go_on(struct sl_team *team) {
    for (int64_t i = team->current + 1; i < team->count; i++) {
        struct sl_op *op = &team->ops[i];
        if (op->units > sl_chunk(op) && team->threads > 1) {
            deal(team, i);
            return 1;
        }
        run_alone(team, op);
    }
    atomic_store_explicit(&team->running, 0, memory_order_release);
    return 0;
}

void sl_team_init(struct sl_team *team, int64_t threads) {
    team->threads = threads;
    /* Who sees addresses before their streams divides by it. */
    atomic_store_explicit(&team->ahead_streams, 1, memory_order_relaxed);
}

int64_t sl_team_begin(struct sl_team *team, struct sl_op *ops, int64_t count, int64_t timed) {
    team->ops = ops;
    team->count = count;
    team->timed = timed;
    team->current = -1;
    team->ahead_op = -1;
    if (sl_fetches_keys()) {
        sl_plan_ahead(&team->plan, ops, count);
    }
    atomic_store_explicit(&team->running, 1, memory_order_release);
    return go_on(team);
}

/*
 * Takes a part of what is left of a stretch, the smaller the less that is: each time costs a pause
 * of the stream of memory, and what is taken nobody else can help with.
 */
static stretch take_front(_Atomic stretch *left) {
    stretch was = atomic_load_explicit(left, memory_order_acquire);
    while (length_of(was) > 0) {
        int64_t middle = first_of(was) + sl_max(1, length_of(was) / 2);
        if (atomic_compare_exchange_weak_explicit(left, &was, stretch_of(middle, end_of(was)),
                                                  memory_order_acq_rel, memory_order_acquire)) {
            return stretch_of(first_of(was), middle);
        }
    }
    return 0;
}

/* Takes the second half of what another thread has before it. */
static stretch steal(struct sl_team *team, int64_t thread) {
    for (int64_t i = 1; i < team->threads; i++) {
        _Atomic stretch *left = &team->shares[(thread + i) % team->threads].left;
        stretch was = atomic_load_explicit(left, memory_order_acquire);
        while (length_of(was) > 0) {
            int64_t middle = first_of(was) + length_of(was) / 2;
            if (atomic_compare_exchange_weak_explicit(left, &was, stretch_of(first_of(was), middle),
                                                      memory_order_acq_rel, memory_order_acquire)) {
                return stretch_of(middle, end_of(was));
            }
        }
    }
    return 0;
}

/* Takes chunks of the thread's own stretch, or of one that it takes over from another. */
static stretch take(struct sl_team *team, int64_t thread, int64_t number) {
    _Atomic stretch *own = &team->shares[thread].left;
    stretch mine = take_front(own);
    if (mine) {
        return mine;
    }
    stretch stolen = steal(team, thread);
    if (!stolen || atomic_load_explicit(&team->begun, memory_order_acquire) != number) {
        return stolen;
    }
    /* All is dealt out, so that nobody else writes here, and others may help. */
    atomic_store_explicit(own, stolen, memory_order_release);
    return take_front(own);
}

static void work(struct sl_team *team, stretch part) {
    const struct sl_op *op = &team->ops[team->current];
    int64_t begin = team->timed ? now() : 0, chunk = sl_chunk(op);
    run(op, first_of(part) * chunk, sl_min(op->units, end_of(part) * chunk));
    if (team->timed) {
        atomic_fetch_add_explicit(&team->busy_nanos, now() - begin, memory_order_relaxed);
    }
}

static int nothing_new(struct sl_team *team, int64_t number) {
    return atomic_load_explicit(&team->dealt, memory_order_acquire) == number
           && atomic_load_explicit(&team->running, memory_order_acquire);
}

static void await_next(struct sl_team *team, int64_t thread, int64_t number, struct place *place) {
    while (nothing_new(team, number) && fetch_ahead(team, thread, place)) {
    }
    int64_t deadline = 0;
    for (int64_t turns = 1; nothing_new(team, number); turns++) {
        if (turns % TURNS_A_LOOK != 0) {
            spin();
            continue;
        }
        deadline = deadline ? deadline : now() + SPIN_NANOS;
        if (now() < deadline) {
            spin();
        } else if (turns < TURNS_BEFORE_NAPS) {
            /* The other thread may have lost its core to this one. */
            sched_yield();
        } else {
            nanosleep(&(struct timespec){0, NAP_NANOS}, NULL);
        }
    }
}

static void end_current(struct sl_team *team) {
    if (team->timed) {
        struct sl_op *op = &team->ops[team->current];
        op->wall_nanos = now() - team->begun_at;
        op->busy_nanos = atomic_load_explicit(&team->busy_nanos, memory_order_relaxed);
    }
}

void sl_team_work(struct sl_team *team, int64_t thread) {
    struct place place = {0};
    /* Thread 0 has begun an operation, which waits for it. */
    int64_t done = thread == 0;
    while (atomic_load_explicit(&team->running, memory_order_acquire)) {
        int64_t number = atomic_load_explicit(&team->dealt, memory_order_acquire);
        for (stretch mine; (mine = take(team, thread, number)) != 0;) {
            work(team, mine);
            done += length_of(mine);
        }
        if (done > 0
            && atomic_fetch_sub_explicit(&team->open, done, memory_order_acq_rel) == done) {
            end_current(team);
            done = go_on(team);
        } else {
            done = 0;
            await_next(team, thread, number, &place);
        }
    }
}
