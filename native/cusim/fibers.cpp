#include "fibers.h"

#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>

#include <atomic>
#include <map>

#include "fiber_switch.h"
#include "settings.h"
#include "status.h"

// Dynamic shared memory: kernels declare it as extern __shared__ unsigned char smem[].
constexpr size_t CANARY = 128;
extern thread_local unsigned char smem[];
alignas(128) thread_local unsigned char smem[cusim::MAX_SHARED_MEMORY + CANARY];

namespace cusim {

thread_local Fiber *current;
thread_local BlockIndex blockIndex;

namespace {

constexpr size_t STACK = 64 << 10;
constexpr size_t PAGE = 4096;
constexpr size_t SIGNAL_STACK = 64 << 10;
constexpr unsigned char CANARY_BYTE = 0xa5;
// Uninitialised shared memory reads as NaN.
constexpr unsigned char POISON_BYTE = 0xff;

struct Copy {
    void *shared;
    const void *global;
    int bytes;
    int zeros;
};

// The copies of one thread that are under way, oldest first, and where each group ends.
struct Copies {
    std::vector<Copy> pending;
    std::vector<size_t> groupEnds;
};

// What runs blocks on one OS thread; made at its first launch and kept.
struct Engine {
    Fiber fibers[MAX_THREADS];
    Warp warps[MAX_THREADS / 32];
    Copies copies[MAX_THREADS];
    unsigned char *stacks;
    void *caller = nullptr;
    const Launch *launch = nullptr;
    void **arguments = nullptr;
    int threads = 0;
    int alive = 0;
    int step = 1;
    int atBarrier = 0;
    int barrierLine = 0;
    int votes = 0;
    int lastVotes = 0;
    int lastAlive = 0;
    bool copiesUsed = false;
    KernelFailure failure;

    Engine() {
        size_t size = MAX_THREADS * STACK + SIGNAL_STACK;
        void *memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (memory == MAP_FAILED) {
            perror("cusim: no memory for the stacks of threads");
            abort();
        }
        stacks = static_cast<unsigned char *>(memory);
        for (size_t i = 0; i < MAX_THREADS; i++) {
            mprotect(stacks + i * STACK, PAGE, PROT_NONE);
        }
    }

    ~Engine() {
        munmap(stacks, MAX_THREADS * STACK + SIGNAL_STACK);
    }
};

struct EngineHolder {
    Engine *engine = nullptr;

    ~EngineHolder() {
        delete engine;
    }
};

// The OS thread that is in a kernel; 0 for none. Not thread-local: the handler of memory faults asks on any
// thread, where a first touch of thread-local memory would allocate it.
std::atomic<pthread_t> runner;

thread_local Engine *engine;
thread_local EngineHolder holder;

std::string at(uint3 index) {
    return "(" + std::to_string(index.x) + "," + std::to_string(index.y) + "," + std::to_string(index.z) + ")";
}

std::string place() {
    return "kernel " + engine->launch->kernel->name + ", block " + at(blockIndex.block) + ", thread "
            + at(current->index);
}

void switchTo(Fiber *next) {
    Fiber *from = current;
    current = next;
    cusimSwitch(&from->stack, next->stack);
}

[[noreturn]] void leaveKernel() {
    void *abandoned;
    cusimSwitch(&abandoned, engine->caller);
    __builtin_unreachable();
}

bool waitsInWarp(const Fiber &fiber) {
    return fiber.warp->waiting >> fiber.lane & 1;
}

bool canRun(const Fiber &fiber) {
    return !fiber.done && !fiber.atBarrier && !waitsInWarp(fiber);
}

// The next of the block's fibers, in the order of the threads, that can run.
Fiber *nextInBlock() {
    int threads = engine->threads;
    int index = (int)(current - engine->fibers);
    for (int distance = 1; distance <= threads; distance++) {
        index += engine->step;
        index = index < 0 ? threads - 1 : index == threads ? 0 : index;
        if (canRun(engine->fibers[index])) {
            return &engine->fibers[index];
        }
    }
    return nullptr;
}

// The next of the current fiber's warp that can run.
Fiber *nextInWarp() {
    const Warp &warp = *current->warp;
    Fiber *first = current - current->lane;
    unsigned candidates = warp.alive & ~warp.waiting;
    for (int distance = 1; distance < 32; distance++) {
        unsigned lane = (current->lane + distance * engine->step) & 31;
        if (candidates >> lane & 1 && canRun(first[lane])) {
            return first + lane;
        }
    }
    return nullptr;
}

// All who stand at the barrier may go on.
void openBarrier() {
    Engine &e = *engine;
    e.lastVotes = e.votes;
    e.lastAlive = e.alive;
    e.votes = 0;
    e.atBarrier = 0;
    for (int i = 0; i < e.threads; i++) {
        e.fibers[i].atBarrier = false;
    }
}

// Every fiber's first function.
void threadMain() {
    Engine &e = *engine;
    e.launch->kernel->invoke(e.arguments);
    current->done = true;
    current->warp->alive &= ~(1u << current->lane);
    e.alive--;
    if (e.alive == 0) {
        leaveKernel();
    }
    if (e.atBarrier == e.alive) {
        openBarrier();
    }
    Fiber *next = nextInBlock();
    if (next == nullptr) {
        fail("returned while others of its block wait in warp operations that it should have joined");
    }
    switchTo(next);
    __builtin_unreachable();
}

void prepareFibers(const Launch &launch) {
    Engine &e = *engine;
    for (int i = 0; i < e.threads; i++) {
        Fiber &fiber = e.fibers[i];
        unsigned x = launch.block.x;
        unsigned y = launch.block.y;
        fiber.index = {i % x, i / x % y, i / (x * y)};
        fiber.lane = i & 31;
        fiber.warp = &e.warps[i / 32];
        fiber.done = false;
        fiber.atBarrier = false;
        if (fiber.lane == 0) {
            int lanes = e.threads - i;
            fiber.warp->alive = lanes >= 32 ? 0xffffffffu : (1u << lanes) - 1;
            fiber.warp->waiting = 0;
            fiber.warp->mixed = false;
        }
        // Staggered, so that the tops of the stacks don't all fall into the same sets of the cache.
        unsigned char *top = e.stacks + (size_t)(i + 1) * STACK - 64 - (i % 32) * 128;
        fiber.stack = cusimPrepareStack(top, &threadMain);
    }
}

void runBlock(const Launch &launch, uint3 index) {
    Engine &e = *engine;
    e.alive = e.threads = (int)(launch.block.x * launch.block.y * launch.block.z);
    e.atBarrier = 0;
    e.votes = 0;
    blockIndex.block = index;
    memset(smem, POISON_BYTE, launch.sharedMemory);
    memset(smem + launch.sharedMemory, CANARY_BYTE, CANARY);
    prepareFibers(launch);
    current = &e.fibers[e.step > 0 ? 0 : e.threads - 1];
    runner = pthread_self();
    cusimSwitch(&e.caller, current->stack);
    runner = 0;
    if (e.copiesUsed) {
        for (int i = 0; i < e.threads; i++) {
            e.copies[i].pending.clear();
            e.copies[i].groupEnds.clear();
        }
    }
    for (size_t i = 0; i < CANARY && e.failure.status == 0; i++) {
        if (smem[launch.sharedMemory + i] != CANARY_BYTE) {
            e.failure = {status::ILLEGAL_ADDRESS,
                         "wrote past its " + std::to_string(launch.sharedMemory)
                                 + " bytes of dynamic shared memory: kernel " + launch.kernel->name + ", block "
                                 + at(index)};
        }
    }
}

std::map<std::pair<std::string, std::string>, Kernel> &kernels() {
    // Never destroyed: a library's destructors may run before its last launch.
    static auto *map = new std::map<std::pair<std::string, std::string>, Kernel>;
    return *map;
}

}  // namespace

void addKernel(const char *module, const char *name, Invoke invoke, const Parameter *parameters, int count) {
    kernels()[{module, name}] = {module, name, invoke, {parameters, parameters + count}};
}

const Kernel *findKernel(const std::string &module, const std::string &name) {
    auto found = kernels().find({module, name});
    return found == kernels().end() ? nullptr : &found->second;
}

const Kernel *findKernel(const std::string &name) {
    for (const auto &[key, kernel] : kernels()) {
        if (key.second == name) {
            return &kernel;
        }
    }
    return nullptr;
}

bool hasModule(const std::string &module) {
    auto found = kernels().lower_bound({module, ""});
    return found != kernels().end() && found->first.first == module;
}

bool arrive(unsigned mask, const char *operation) {
    Warp &warp = *current->warp;
    unsigned lane = current->lane;
    if (!(mask >> lane & 1)) {
        fail("is not in the mask of its own warp operation");
    }
    if (warp.waiting == 0) {
        warp.mask = mask;
        warp.operation = operation;
        warp.mixed = false;
    } else if (mask != warp.mask) {
        warp.mixed = true;
    } else if (operation != warp.operation && strcmp(operation, warp.operation) != 0 && !warp.mixed) {
        fail("meets lanes of its warp that are in another warp operation");
    }
    warp.masks[lane] = mask;
    warp.operations[lane] = operation;
    warp.waiting |= 1u << lane;
    unsigned group = mask & warp.alive;
    if ((warp.waiting & group) != group) {
        return false;
    }
    if (warp.mixed) {
        for (unsigned rest = group; rest != 0; rest &= rest - 1) {
            int other = __builtin_ctz(rest);
            if (warp.masks[other] != mask) {
                fail("names lanes in its mask that wait with another mask");
            }
            if (strcmp(warp.operations[other], operation) != 0) {
                fail("meets lanes of its warp that are in another warp operation");
            }
        }
    }
    return true;
}

void release(unsigned mask) {
    current->warp->waiting &= ~mask;
}

void await() {
    Fiber *me = current;
    while (waitsInWarp(*me)) {
        Fiber *next = nextInWarp();
        if (next == nullptr) {
            fail("waits in a warp operation that some lanes of its mask never reach");
        }
        switchTo(next);
    }
}

int blockBarrier(int predicate, int line, int *alive) {
    Engine &e = *engine;
    Fiber *me = current;
    if (e.atBarrier != 0 && e.barrierLine != line) {
        fail(("is at the barrier of line " + std::to_string(line) + " while others of its block are at that of line "
              + std::to_string(e.barrierLine))
                     .c_str());
    }
    e.barrierLine = line;
    e.votes += predicate != 0;
    if (++e.atBarrier == e.alive) {
        openBarrier();
    } else {
        me->atBarrier = true;
        while (me->atBarrier) {
            Fiber *next = nextInBlock();
            if (next == nullptr) {
                fail("waits at a barrier that some threads of its block never reach");
            }
            switchTo(next);
        }
    }
    if (alive != nullptr) {
        *alive = e.lastAlive;
    }
    return e.lastVotes;
}

void copyLater(void *shared, const void *global, int bytes, int zeros) {
    if (((uintptr_t)shared | (bytes != 0 ? (uintptr_t)global : 0)) % 16 != 0) {
        fail("has an address of cp.async that is not aligned to 16 bytes");
    }
    engine->copiesUsed = true;
    engine->copies[current - engine->fibers].pending.push_back({shared, global, bytes, zeros});
}

void commitCopies() {
    Copies &copies = engine->copies[current - engine->fibers];
    copies.groupEnds.push_back(copies.pending.size());
}

void waitForCopies(int groupsLeft) {
    Copies &copies = engine->copies[current - engine->fibers];
    size_t groups = copies.groupEnds.size();
    if (groups <= (size_t)groupsLeft) {
        return;
    }
    size_t landed = copies.groupEnds[groups - groupsLeft - 1];
    for (size_t i = 0; i < landed; i++) {
        const Copy &copy = copies.pending[i];
        memcpy(copy.shared, copy.global, copy.bytes);
        memset((char *)copy.shared + copy.bytes, 0, copy.zeros);
    }
    copies.pending.erase(copies.pending.begin(), copies.pending.begin() + landed);
    copies.groupEnds.erase(copies.groupEnds.begin(), copies.groupEnds.end() - groupsLeft);
    for (size_t &end : copies.groupEnds) {
        end -= landed;
    }
}

void fail(const char *why) {
    engine->failure = {status::LAUNCH_FAILED, place() + " " + why};
    leaveKernel();
}

bool inKernel() {
    return runner == pthread_self();
}

Departure departAfterFault(const void *address) {
    char hex[32];
    // The processor does not tell an address that it can't have: that is 0 too.
    snprintf(hex, sizeof hex, "0x%llx", (unsigned long long)(uintptr_t)address);
    const unsigned char *byte = static_cast<const unsigned char *>(address);
    bool overflow = byte >= engine->stacks && byte < engine->stacks + MAX_THREADS * STACK;
    engine->failure = overflow ? KernelFailure{status::LAUNCH_FAILED, place() + " overflowed its stack"}
                               : KernelFailure{status::ILLEGAL_ADDRESS,
                                               place() + " touched " + hex + ", which is not its memory"};
    static thread_local void *abandoned;
    return {(void *)&cusimSwitch, &abandoned, engine->caller};
}

KernelFailure runGrid(const Launch &launch, void **arguments) {
    if (engine == nullptr) {
        engine = holder.engine = new Engine;
    }
    Engine &e = *engine;
    e.launch = &launch;
    e.arguments = arguments;
    e.step = settings().reverse ? -1 : 1;
    e.failure = {};
    blockIndex.blockSize = launch.block;
    blockIndex.gridSize = launch.grid;
    // Memory faults are handled on a stack of their own: a fiber's may be what overflowed.
    stack_t signals = {};
    stack_t before = {};
    signals.ss_sp = e.stacks + MAX_THREADS * STACK;
    signals.ss_size = SIGNAL_STACK;
    sigaltstack(&signals, &before);
    size_t blocks = (size_t)launch.grid.x * launch.grid.y * launch.grid.z;
    for (size_t i = 0; i < blocks && e.failure.status == 0; i++) {
        size_t block = e.step > 0 ? i : blocks - 1 - i;
        size_t plane = block / launch.grid.x;
        runBlock(launch, {(unsigned)(block % launch.grid.x), (unsigned)(plane % launch.grid.y),
                          (unsigned)(plane / launch.grid.y)});
    }
    sigaltstack(&before, nullptr);
    return e.failure;
}

}  // namespace cusim
