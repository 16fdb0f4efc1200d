/*
 * Threads that work through a list of operations together.
 *
 * Every thread has a part of each operation; who has none left of its own takes chunks of others.
 * Whoever does the last chunk of a part goes on with that part: to the next operation at once where
 * that needs no more of this one than its own part, as where each has its rows of a step. Elsewhere
 * the parts meet, and the last to come does the next operations that are too short to share, and
 * begins the first that is not. So nobody has to wait for one thread in particular. A chunk that
 * was taken keeps its part where it is, and so everything as it is that `share` and `team` say of
 * it; a thread that comes late takes a chunk of whatever is under way by then, or none.
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

/* How long a thread keeps its core from others that wait for it: less than the kernel would let it,
   which takes the core from it in the middle of a chunk that all threads then wait for. */
enum { TURN_NANOS = 1000000 };

/* Chunks from `first`, in the upper half, to before `end`, in the lower one. */
typedef uint64_t stretch;
enum { HALF = 32 };

struct share {
    ALONE _Atomic stretch left; /* chunks of the part that nobody has taken */
    _Atomic int64_t open;       /* those that are not done */

    /* Written by who goes on with the part, while none of it is open; read by who has taken one. */
    int64_t current; /* operation */
    int64_t first;   /* unit of it, .. */
    int64_t end;     /* .. to before here */
    int64_t begun_at;

    _Atomic(const uint8_t *) ahead; /* weights that the thread will read next .. */
    _Atomic(const uint8_t *) ahead_end; /* .. of the first stream, to before here */
};

struct sl_team {
    int64_t threads; /* stays as it is */

    /* Written by who goes on where all parts have met; read by who has taken a chunk. */
    struct sl_op *ops;
    int64_t count;
    int64_t timed;
    int64_t meeting;  /* the operation before which the parts meet */
    int64_t ahead_op; /* whose weights are fetched ahead */

    ALONE _Atomic int64_t running; /* whether a list is under way */
    ALONE _Atomic int64_t away;    /* parts that have not come to the meeting, and who began them */

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

static void add_to(int64_t *sum, int64_t nanos) {
    __atomic_fetch_add(sum, nanos, __ATOMIC_RELAXED);
}

static void run_alone(struct sl_team *team, struct sl_op *op) {
    int64_t begin = team->timed ? now() : 0;
    run(op, 0, op->units);
    if (team->timed) {
        int64_t nanos = now() - begin;
        add_to(&op->busy_nanos, nanos);
        add_to(&op->wall_nanos, nanos * team->threads);
    }
}

static void enter(struct sl_team *team, struct share *part, int64_t index) {
    part->current = index;
    if (team->timed) {
        part->begun_at = now();
    }
}

static void leave(struct sl_team *team, struct share *part) {
    if (team->timed) {
        add_to(&team->ops[part->current].wall_nanos, now() - part->begun_at);
    }
}

/* Lets chunks of the current operation be taken; returns whether the part has any. */
static int open_part(struct sl_team *team, struct share *part) {
    const struct sl_op *op = &team->ops[part->current];
    int64_t number = part - team->shares, chunk = sl_chunk(op);
    part->first = sl_first_unit(op, number, team->threads);
    part->end = sl_first_unit(op, number + 1, team->threads);
    int64_t chunks = (part->end - part->first + chunk - 1) / chunk;
    atomic_store_explicit(&part->open, chunks, memory_order_relaxed);
    atomic_store_explicit(&part->left, stretch_of(0, chunks), memory_order_release);
    return chunks > 0;
}

/* Notes that one of those that are awaited has come; returns whether it was the last. */
static int arrive(struct sl_team *team) {
    return atomic_fetch_sub_explicit(&team->away, 1, memory_order_acq_rel) == 1;
}

/* Goes on behind the current operation of a part; returns whether it was the last to come to the
   meeting. */
static int go_on(struct sl_team *team, struct share *part) {
    do {
        if (part->current + 1 == team->meeting) {
            return arrive(team);
        }
        leave(team, part);
        enter(team, part, part->current + 1);
    } while (!open_part(team, part));
    return 0;
}

/* Begins an operation for all parts, which wait for the caller at their next meeting. */
static void deal(struct sl_team *team, int64_t index) {
    int64_t meeting = index + 1;
    while (meeting < team->count && team->ops[meeting].groups > 0) {
        meeting++;
    }
    team->meeting = meeting;
    atomic_store_explicit(&team->away, team->threads + 1, memory_order_relaxed);
    for (int64_t thread = 0; thread < team->threads; thread++) {
        struct share *part = &team->shares[thread];
        enter(team, part, index);
        if (!open_part(team, part)) {
            go_on(team, part);
        }
    }
    look_ahead(team, index);
}

static void end_list(struct sl_team *team) {
    for (int64_t i = 0; i < team->count && team->timed; i++) {
        team->ops[i].wall_nanos /= team->threads;
    }
    atomic_store_explicit(&team->running, 0, memory_order_release);
}

/* Goes on behind a meeting, of which the caller is the last to come. */
static void go_on_together(struct sl_team *team) {
    do {
        int64_t next = team->meeting;
        for (int64_t thread = 0; next > 0 && thread < team->threads; thread++) {
            leave(team, &team->shares[thread]);
        }
        while (next < team->count
               && (team->threads == 1 || team->ops[next].units <= sl_chunk(&team->ops[next]))) {
            run_alone(team, &team->ops[next++]);
        }
        if (next == team->count) {
            end_list(team);
            return;
        }
        deal(team, next);
    } while (arrive(team));
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
    team->meeting = 0;
    team->ahead_op = -1;
    for (int64_t i = 0; i < count && timed; i++) {
        ops[i].wall_nanos = ops[i].busy_nanos = 0;
    }
    if (sl_fetches_keys()) {
        sl_plan_ahead(&team->plan, ops, count);
    }
    atomic_store_explicit(&team->running, 1, memory_order_release);
    go_on_together(team);
    return atomic_load_explicit(&team->running, memory_order_acquire);
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

/* Takes the last quarter of what another thread has before it. */
static stretch take_back(_Atomic stretch *left) {
    stretch was = atomic_load_explicit(left, memory_order_acquire);
    while (length_of(was) > 0) {
        int64_t middle = end_of(was) - (length_of(was) + 3) / 4;
        if (atomic_compare_exchange_weak_explicit(left, &was, stretch_of(first_of(was), middle),
                                                  memory_order_acq_rel, memory_order_acquire)) {
            return stretch_of(middle, end_of(was));
        }
    }
    return 0;
}

/* Does chunks and counts them as done; whoever does the last of a part goes on. */
static void work(struct sl_team *team, struct share *part, stretch taken) {
    struct sl_op *op = &team->ops[part->current];
    int64_t begin = team->timed ? now() : 0, chunk = sl_chunk(op), done = length_of(taken);
    run(op, part->first + first_of(taken) * chunk,
        sl_min(part->end, part->first + end_of(taken) * chunk));
    if (team->timed) {
        add_to(&op->busy_nanos, now() - begin);
    }
    if (atomic_fetch_sub_explicit(&part->open, done, memory_order_acq_rel) == done
        && go_on(team, part)) {
        go_on_together(team);
    }
}

/* Lets others have the core if the thread had it for long. Not for who holds a chunk; and who comes
   back from a list that is done has other work. */
static void give_way(struct sl_team *team, int64_t *turn_began) {
    if (now() - *turn_began > TURN_NANOS
        && atomic_load_explicit(&team->running, memory_order_acquire)) {
        sched_yield();
        *turn_began = now();
    }
}

/* Works on the thread's own part; returns whether there was anything. */
static int work_on_own(struct sl_team *team, struct share *own, int64_t *turn_began) {
    int any = 0;
    for (stretch taken; (taken = take_front(&own->left)) != 0; any = 1) {
        work(team, own, taken);
        /* Single chunks are not worth a look at the clock each. */
        if (length_of(taken) > 1) {
            give_way(team, turn_began);
        }
    }
    return any;
}

/* Takes chunks of another thread's part, if there are any. */
static int help(struct sl_team *team, int64_t thread) {
    for (int64_t i = 1; i < team->threads; i++) {
        struct share *part = &team->shares[(thread + i) % team->threads];
        stretch taken = take_back(&part->left);
        if (taken) {
            work(team, part, taken);
            return 1;
        }
    }
    return 0;
}

static int is_idle(struct sl_team *team, struct share *own) {
    return length_of(atomic_load_explicit(&own->left, memory_order_acquire)) == 0
           && atomic_load_explicit(&team->running, memory_order_acquire);
}

/* Whether others are at work on a part. Who then helped them in turn would leave its own to nobody,
   once they are done with it. */
static int is_held(struct share *part) {
    return atomic_load_explicit(&part->open, memory_order_acquire) > 0;
}

static void await_work(struct sl_team *team, int64_t thread, struct place *place) {
    struct share *own = &team->shares[thread];
    while (is_idle(team, own) && fetch_ahead(team, thread, place)) {
    }
    int64_t deadline = 0;
    for (int64_t turns = 1; is_idle(team, own); turns++) {
        if (turns % TURNS_A_LOOK != 0) {
            spin();
            continue;
        }
        deadline = deadline ? deadline : now() + SPIN_NANOS;
        int patient = now() < deadline;
        while (!(patient && is_held(own)) && is_idle(team, own) && help(team, thread)) {
            turns = 0;
        }
        if (patient) {
            spin();
        } else if (turns < TURNS_BEFORE_NAPS) {
            /* The other thread may have lost its core to this one. */
            sched_yield();
        } else {
            nanosleep(&(struct timespec){0, NAP_NANOS}, NULL);
        }
    }
}

void sl_team_work(struct sl_team *team, int64_t thread) {
    struct place place = {0};
    int64_t turn_began = now();
    while (atomic_load_explicit(&team->running, memory_order_acquire)) {
        struct share *own = &team->shares[thread];
        if (!work_on_own(team, own, &turn_began) && (is_held(own) || !help(team, thread))) {
            await_work(team, thread, &place);
        }
        give_way(team, &turn_began);
    }
}
