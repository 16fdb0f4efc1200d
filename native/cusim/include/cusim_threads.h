// Threads, warps and blocks as a kernel sees them: indices, barriers, shuffles and votes.
#pragma once

namespace cusim {

// What a lane brings to a warp operation, and what it takes away. The last lane to arrive works the
// operation out for all, so no lane can overwrite what another has yet to read.
struct alignas(16) Exchange {
    unsigned char in[16];
    unsigned char out[16];
    const void *pointers[3];
    int source;
};

struct Warp {
    unsigned alive;    // lanes that have not returned
    unsigned waiting;  // lanes in a warp operation that is not complete
    unsigned mask;     // what the first of those named
    const char *operation;
    bool mixed;        // whether others named other masks: groups of lanes have parted
    unsigned masks[32];
    const char *operations[32];
    Exchange lanes[32];
};

struct Fiber {
    void *stack;
    uint3 index;
    unsigned lane;
    Warp *warp;
    bool done;
    bool atBarrier;
};

struct BlockIndex {
    uint3 block;
    dim3 blockSize;
    dim3 gridSize;
};

extern thread_local Fiber *current;
extern thread_local BlockIndex blockIndex;

// Announces the current lane. True for the lane that completes the group, which must work out the
// operation and call release; the others call await, and then have their result.
bool arrive(unsigned mask, const char *operation);
void release(unsigned mask);
void await();

// Waits for all threads of the block that have not returned; gives how many brought a true predicate.
int blockBarrier(int predicate, int line, int *alive);

// Ends the running kernel as a failed launch whose message names kernel, block and thread.
[[noreturn]] void fail(const char *why);

// An operation of all lanes of mask: work(warp, group) runs once, on the last to arrive.
template <class Work>
static inline void together(unsigned mask, const char *operation, Work work) {
    if (arrive(mask, operation)) {
        Warp &warp = *current->warp;
        work(warp, mask & warp.alive);
        release(mask);
    } else {
        await();
    }
}

// Sends each lane of mask the value of lane source of its group; what no lane brought is all ones.
template <class T>
static inline T shuffle(unsigned mask, T value, int source) {
    static_assert(sizeof(T) <= 16, "a shuffle moves 16 bytes at most");
    Exchange &mine = current->warp->lanes[current->lane];
    memcpy(mine.in, &value, sizeof(T));
    mine.source = source;
    together(mask, "shuffle", [](Warp &warp, unsigned group) {
        for (unsigned rest = group; rest != 0; rest &= rest - 1) {
            Exchange &lane = warp.lanes[__builtin_ctz(rest)];
            if (group >> lane.source & 1) {
                memcpy(lane.out, warp.lanes[lane.source].in, sizeof(T));
            } else {
                memset(lane.out, 0xff, sizeof(T));
            }
        }
    });
    memcpy(&value, mine.out, sizeof(T));
    return value;
}

// The same additions (or maxima) in the same order as five xor shuffles, in one exchange: bit-equal,
// and much cheaper for fibers.
template <class T, class Combine>
static inline T butterfly(T value, Combine combine) {
    Exchange &mine = current->warp->lanes[current->lane];
    memcpy(mine.in, &value, sizeof(T));
    together(0xffffffffu, "warp reduction", [&combine](Warp &warp, unsigned group) {
        if (group != 0xffffffffu) {
            fail("a warp reduction needs 32 lanes that have not returned");
        }
        T values[32];
        for (int i = 0; i < 32; i++) {
            memcpy(&values[i], warp.lanes[i].in, sizeof(T));
        }
        for (int half = 16; half > 0; half >>= 1) {
            for (int i = 0; i < half; i++) {
                values[i] = combine(values[i], values[i + half]);
            }
        }
        for (int i = 0; i < 32; i++) {
            memcpy(warp.lanes[i].out, values, sizeof(T));
        }
    });
    memcpy(&value, mine.out, sizeof(T));
    return value;
}

}  // namespace cusim

#define threadIdx (cusim::current->index)
#define blockIdx (cusim::blockIndex.block)
#define blockDim (cusim::blockIndex.blockSize)
#define gridDim (cusim::blockIndex.gridSize)

static constexpr int warpSize = 32;

// The line tells barriers apart: a compiler may duplicate the call, never the line.
static inline void __syncthreads(int line = __builtin_LINE()) {
    cusim::blockBarrier(0, line, nullptr);
}

static inline int __syncthreads_count(int predicate, int line = __builtin_LINE()) {
    return cusim::blockBarrier(predicate, line, nullptr);
}

static inline int __syncthreads_or(int predicate, int line = __builtin_LINE()) {
    return cusim::blockBarrier(predicate, line, nullptr) != 0;
}

static inline int __syncthreads_and(int predicate, int line = __builtin_LINE()) {
    int alive = 0;
    return cusim::blockBarrier(predicate, line, &alive) == alive;
}

static inline void __syncwarp(unsigned mask = 0xffffffffu) {
    cusim::together(mask, "__syncwarp", [](cusim::Warp &, unsigned) {});
}

static inline void __threadfence() {}
static inline void __threadfence_block() {}

template <class T>
static inline T __shfl_sync(unsigned mask, T value, int source, int width = 32) {
    int lane = (int)cusim::current->lane;
    return cusim::shuffle(mask, value, (lane & ~(width - 1)) | (source & (width - 1)));
}

template <class T>
static inline T __shfl_xor_sync(unsigned mask, T value, int lanes, int width = 32) {
    int lane = (int)cusim::current->lane;
    int source = lane ^ lanes;
    return cusim::shuffle(mask, value, source < (lane & ~(width - 1)) + width ? source : lane);
}

template <class T>
static inline T __shfl_down_sync(unsigned mask, T value, unsigned lanes, int width = 32) {
    int lane = (int)cusim::current->lane;
    int source = lane + (int)lanes;
    return cusim::shuffle(mask, value, source < (lane & ~(width - 1)) + width ? source : lane);
}

template <class T>
static inline T __shfl_up_sync(unsigned mask, T value, unsigned lanes, int width = 32) {
    int lane = (int)cusim::current->lane;
    int source = lane - (int)lanes;
    return cusim::shuffle(mask, value, source >= (lane & ~(width - 1)) ? source : lane);
}

static inline unsigned __ballot_sync(unsigned mask, int predicate) {
    cusim::Exchange &mine = cusim::current->warp->lanes[cusim::current->lane];
    mine.source = predicate != 0;
    cusim::together(mask, "vote", [](cusim::Warp &warp, unsigned group) {
        unsigned votes = 0;
        for (unsigned rest = group; rest != 0; rest &= rest - 1) {
            int lane = __builtin_ctz(rest);
            votes |= (unsigned)warp.lanes[lane].source << lane;
        }
        for (unsigned rest = group; rest != 0; rest &= rest - 1) {
            memcpy(warp.lanes[__builtin_ctz(rest)].out, &votes, sizeof votes);
        }
    });
    unsigned votes;
    memcpy(&votes, mine.out, sizeof votes);
    return votes;
}

static inline int __any_sync(unsigned mask, int predicate) {
    return __ballot_sync(mask, predicate) != 0;
}

static inline int __all_sync(unsigned mask, int predicate) {
    return __ballot_sync(mask, !predicate) == 0;
}

static inline unsigned __activemask() {
    return cusim::current->warp->alive;
}
