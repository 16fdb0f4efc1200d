/* Lists of operations on several threads. */
#include "team.h"
#include "test_support.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

enum { MOST_THREADS = 7, MOST_OPS = 40, MOST_UNITS = 300 };

struct crew {
    struct sl_team *team;
    int64_t threads;
    int64_t present; /* those that come at all */
    _Atomic int64_t lists; /* that were begun; -1: no more will come */
};

struct member {
    struct crew *crew;
    int64_t thread;
};

/* Comes, some of the time, when a list is long under way, over, or followed by another. */
static void *help(void *argument) {
    struct member *member = argument;
    uint32_t random = (uint32_t)member->thread;
    int64_t seen = 0;
    for (;;) {
        int64_t lists = atomic_load(&member->crew->lists);
        if (lists < 0) {
            return NULL;
        }
        random = random * 1664525 + 1013904223;
        if (lists == seen || random >> 30 == 0) {
            sched_yield();
            continue;
        }
        seen = lists;
        sl_team_work(member->crew->team, member->thread);
    }
}

/* An operation that notes how often each of its units was done, and which one went on too early. */
struct count_args {
    _Atomic int64_t done[MOST_UNITS];
    const struct sl_op *op, *first; /* this operation and the first of its list */
    int64_t threads;
    _Atomic int64_t early;
    int64_t pause; /* 1: the first unit takes long */
};

static void count(const void *arguments, int64_t begin, int64_t end);

/* Counts units [first, end) of an operation that should have been done by now, and are not. */
static int64_t undone(const struct sl_op *op, int64_t first, int64_t end) {
    int64_t found = 0;
    const struct count_args *args = op->args;
    for (int64_t i = first; i < end && op->function == (void *)count; i++) {
        found += atomic_load_explicit(&args->done[i], memory_order_relaxed) != 1;
    }
    return found;
}

/*
 * The same for all operations that units [begin, end) of one need: back to where the parts met, what
 * belongs to the same part, and before that all of one operation.
 */
static int64_t missing(const struct count_args *args, int64_t begin, int64_t end) {
    const struct sl_op *op = args->op;
    int64_t part = 0, found = 0, threads = args->threads;
    while (sl_first_unit(op, part + 1, threads) <= begin) {
        part++;
    }
    /* Units of several parts: one thread does all of it alone. */
    int alone = end > sl_first_unit(op, part + 1, threads);
    found += alone && (begin != 0 || end != op->units);
    for (; op > args->first && op->groups > 0; op--) {
        const struct sl_op *before = op - 1;
        found += undone(before, alone ? 0 : sl_first_unit(before, part, threads),
                        alone ? before->units : sl_first_unit(before, part + 1, threads));
    }
    return op > args->first ? found + undone(op - 1, 0, op[-1].units) : found;
}

static void count(const void *arguments, int64_t begin, int64_t end) {
    struct count_args *args = (struct count_args *)arguments;
    args->early += missing(args, begin, end);
    if (args->pause && begin == 0) {
        nanosleep(&(struct timespec){0, 100000}, NULL);
    }
    for (int64_t i = begin; i < end; i++) {
        atomic_fetch_add_explicit(&args->done[i], 1, memory_order_relaxed);
    }
}

/* Linear operations are there for what is fetched ahead of them: nothing is computed. */
static void look(const void *arguments, int64_t begin, int64_t end) {
    (void)arguments, (void)begin, (void)end;
}

/* In groups, as the operation before it has them or not. */
static void choose_groups(struct sl_op *op, int64_t groups_before) {
    int64_t groups = 1 + random_below(40), size = 1 + random_below(MOST_UNITS / 40);
    op->units = groups * size;
    op->groups = groups_before != 0 && random_below(4) ? groups : -groups;
}

static void check_list(struct crew *crew, struct count_args *args, struct sl_op *ops) {
    int64_t count_ops = random_below(MOST_OPS), timed = random_below(2);
    int64_t grouped = random_below(3); /* none, some, most */
    float weight[64];
    struct sl_linear_args linear = {.w = {.panels = weight, .rows = 320, .panel_bytes = 1 << 20},
                                    .streams = 4, .parts = 1};
    for (int64_t i = 0; i < count_ops; i++) {
        int64_t groups_before = i > 0 ? ops[i - 1].groups : 0;
        memset(&args[i], 0, sizeof args[i]);
        args[i].op = &ops[i];
        args[i].first = ops;
        args[i].threads = crew->threads;
        args[i].pause = random_below(50) == 0;
        ops[i] = (struct sl_op){.function = (void *)count,
                                .args = &args[i],
                                .units = 1 + random_below(MOST_UNITS),
                                .chunk = random_below(3) ? 1 + random_below(20) : MOST_UNITS};
        if (random_below(4) < 2 * grouped) {
            choose_groups(&ops[i], groups_before);
        } else if (random_below(4) == 0) {
            int64_t reads = random_below(2) ? SL_WEIGHTS_FEW_ROWS : SL_WEIGHTS_MANY_ROWS;
            ops[i] = (struct sl_op){.function = (void *)look,
                                    .args = &linear,
                                    .units = 4,
                                    .chunk = 1,
                                    .reads = reads};
        }
        ops[i].wall_nanos = ops[i].busy_nanos = -1;
    }
    int64_t begun = sl_team_begin(crew->team, ops, count_ops, timed);
    if (begun) {
        atomic_fetch_add(&crew->lists, 1);
        sl_team_work(crew->team, 0);
    }
    for (int64_t i = 0; i < count_ops; i++) {
        CHECK((ops[i].wall_nanos >= 0) == timed && (ops[i].busy_nanos >= 0) == timed,
              "operation %d took %lld ns", (int)i, (long long)ops[i].wall_nanos);
        if (ops[i].reads != SL_WEIGHTS_NONE) {
            continue;
        }
        int64_t wrong = 0;
        for (int64_t u = 0; u < MOST_UNITS; u++) {
            wrong += args[i].done[u] != (u < ops[i].units);
        }
        CHECK(wrong == 0 && args[i].early == 0, "%d units wrong, %d too early, %d threads",
              (int)wrong, (int)args[i].early, (int)crew->threads);
    }
}

/* An operation whose units take a millisecond each. */
static void doze(const void *arguments, int64_t begin, int64_t end) {
    (void)arguments;
    for (int64_t i = begin; i < end; i++) {
        nanosleep(&(struct timespec){0, 1000000}, NULL);
    }
}

static void check_times(struct crew *crew) {
    static const int64_t units[3] = {6, 2, 9}, chunk[3] = {1, 2, 1};
    struct sl_op ops[3];
    for (int i = 0; i < 3; i++) {
        ops[i] = (struct sl_op){.function = (void *)doze, .units = units[i], .chunk = chunk[i]};
    }
    if (sl_team_begin(crew->team, ops, 3, 1)) {
        atomic_fetch_add(&crew->lists, 1);
        sl_team_work(crew->team, 0);
    }
    for (int i = 0; i < 3; i++) {
        int64_t busy = ops[i].busy_nanos, wall = ops[i].wall_nanos;
        CHECK(busy >= units[i] * 1000000 && busy <= wall * crew->present
                  && (i != 1 || busy == wall),
              "operation %d: %lld ns busy of %lld", i, (long long)busy, (long long)wall);
    }
}

/* Chunks that were dealt to a thread that does not come are done by the others. */
void runs_lists_in_order(void) {
    alarm(300); /* a list that does not end */
    struct count_args *args = allocate(MOST_OPS * sizeof *args);
    struct sl_op *ops = allocate(MOST_OPS * sizeof *ops);
    for (int64_t threads = 1; threads <= MOST_THREADS; threads++) {
        size_t bytes = (size_t)sl_round_up(sl_team_bytes(threads), 128);
        int64_t present = threads - (threads > 2 && random_below(2));
        struct crew crew = {aligned_alloc(128, bytes), threads, present, 0};
        memset(crew.team, 0, bytes);
        sl_team_init(crew.team, threads);
        pthread_t ids[MOST_THREADS];
        struct member members[MOST_THREADS];
        for (int64_t t = 1; t < present; t++) {
            members[t] = (struct member){&crew, t};
            CHECK(pthread_create(&ids[t], NULL, help, &members[t]) == 0, "no thread");
        }
        for (int list = 0; list < 60; list++) {
            check_list(&crew, args, ops);
        }
        check_times(&crew);
        atomic_store(&crew.lists, -1);
        for (int64_t t = 1; t < present; t++) {
            pthread_join(ids[t], NULL);
        }
        free(crew.team);
    }
    free(args);
    free(ops);
    alarm(0);
}

/* Ten panels and a part of one: with four streams two units of four panels and three single ones. */
void finds_the_weights_that_a_thread_reads(void) {
    static const int64_t panel[2][5] = {{0, 3, 6, 9, 11}, {0, 1, 2, 2, 2}};
    uint8_t weights[64];
    for (int several = 0; several < 2; several++) {
        struct sl_linear_args linear = {.w = {.panels = weights, .rows = 325, .panel_bytes = 64},
                                        .streams = several ? 4 : 1, .parts = 1};
        struct sl_op op = {.args = &linear, .units = several ? 5 : 11, .chunk = several ? 1 : 3};
        for (int64_t thread = 0; thread <= 4; thread++) {
            int64_t got = (sl_first_weight(&op, thread, 4) - weights) / 64;
            CHECK(got == panel[several][thread], "thread %d begins at panel %d", (int)thread,
                  (int)got);
        }
    }
}
