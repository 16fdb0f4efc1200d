// Kernels with faults are shown for what they are.
#include "support.h"

// A kernel's results in both orders of threads and blocks.
static std::vector<int> inOrder(const char *name, int reverse) {
    Session session;
    cusim_set_order(reverse);
    CUdeviceptr y = session.upload(std::vector<int>(256));
    CHECK_EQUAL(session.run(session.kernel("planted", name), 2, 256, 1024, y), CUDA_SUCCESS);
    return session.download<int>(y, 256);
}

static void racesShowInTheOrderOfThreads() {
    for (const char *name : {"no_barrier", "write_after_read", "blocks_in_order"}) {
        CHECK(inOrder(name, 0) != inOrder(name, 1));
    }
}

// Runs a kernel that must fail, and checks that its context has failed for good.
template <class... Arguments>
static void fails(Session &session, const char *name, unsigned shared, CUresult expected, Arguments... arguments) {
    CUfunction kernel = session.kernel("planted", name);
    CHECK_EQUAL(session.run(kernel, 2, 64, shared, arguments...), expected);
    CHECK_EQUAL(cuCtxSynchronize(), expected);
    CUdeviceptr pointer;
    CHECK_EQUAL(cuMemAlloc_v2(&pointer, 16), expected);
    CHECK(failureSays(std::string("kernel ") + name));
}

static void divergence(const char *name, const char *why, const char *where) {
    for (int order = 0; order < 2; order++) {
        Session session;
        cusim_set_order(order);
        fails(session, name, 0, CUDA_ERROR_LAUNCH_FAILED, session.allocate(1024));
        CHECK(failureSays(why));
        CHECK(failureSays(where));
    }
}

static void memoryFaults() {
    // The last is an address that no machine has.
    for (long long index : {256LL, 1000LL, -1100LL, 1LL << 45}) {
        Session session;
        fails(session, "write_at", 0, CUDA_ERROR_ILLEGAL_ADDRESS, session.allocate(1024), index);
        CHECK(failureSays("block (1,0,0), thread (5,0,0) touched 0x"));
    }
    // Between the allocation and the pages that fault.
    for (long long index : {250LL, -1LL, -300LL}) {
        Session session;
        fails(session, "write_at", 0, CUDA_ERROR_ILLEGAL_ADDRESS, session.allocate(1000), index);
        CHECK(failureSays("wrote outside of the 1000 bytes of argument 0"));
    }
    {
        Session session;
        CUdeviceptr nothing = 0;
        fails(session, "read_nothing", 0, CUDA_ERROR_ILLEGAL_ADDRESS, nothing, session.allocate(1024));
    }
    {
        Session session;
        std::vector<int> host(64);
        fails(session, "read_nothing", 0, CUDA_ERROR_ILLEGAL_ADDRESS, host.data(), session.allocate(1024));
        CHECK(failureSays("argument 0 is no memory of device 0"));
    }
    {
        Session session;
        CUdeviceptr freed = session.allocate(1024);
        CHECK_EQUAL(cuMemFree_v2(freed), CUDA_SUCCESS);
        fails(session, "read_nothing", 0, CUDA_ERROR_ILLEGAL_ADDRESS, freed, session.allocate(1024));
        CHECK(failureSays("which has been freed"));
    }
    {
        Session session;
        fails(session, "shared_overrun", 256, CUDA_ERROR_ILLEGAL_ADDRESS, session.allocate(1024));
        CHECK(failureSays("wrote past its 256 bytes of dynamic shared memory"));
    }
    {
        Session session;
        fails(session, "deep_stack", 0, CUDA_ERROR_LAUNCH_FAILED, session.allocate(1024), 1000);
        CHECK(failureSays("overflowed its stack"));
    }
}

static void asynchronousCopies() {
    for (int mistake = 0; mistake < 3; mistake++) {
        Session session;
        CUdeviceptr x = session.upload(noise(256, 5)), y = session.allocate(256);
        CUfunction kernel = session.kernel("planted", "early_read");
        CHECK_EQUAL(session.run(kernel, 1, 64, 1024, x, y, mistake), CUDA_SUCCESS);
        CHECK(std::isnan(session.download<float>(y, 64)[3]) == (mistake < 2));
    }
    Session session;
    fails(session, "misaligned_copy", 256, CUDA_ERROR_LAUNCH_FAILED, session.allocate(1024), session.allocate(1024));
    CHECK(failureSays("not aligned to 16 bytes"));
}

static void aFailedContextEndsWithItsLastOwner() {
    Session session;
    fails(session, "two_barriers", 0, CUDA_ERROR_LAUNCH_FAILED, session.allocate(1024));
    CUcontext context;
    CHECK_EQUAL(cuDevicePrimaryCtxRetain(&context, 0), CUDA_ERROR_LAUNCH_FAILED);
    CHECK_EQUAL(cuDevicePrimaryCtxRelease_v2(0), CUDA_SUCCESS);
    CHECK_EQUAL(cuDevicePrimaryCtxRetain(&context, 0), CUDA_SUCCESS);
    CHECK_EQUAL(cuCtxSetCurrent(context), CUDA_SUCCESS);
    CHECK_EQUAL(cuCtxSynchronize(), CUDA_SUCCESS);
}

void testPlantedBugs() {
    racesShowInTheOrderOfThreads();
    divergence("half_barrier", "never reach", "block (");
    divergence("two_barriers", "while others of its block are at that of line", "thread (");
    divergence("lone_shuffle", "that some lanes of its mask never reach", "block (");
    divergence("shuffle_meets_vote", "another warp operation", "thread (");
    memoryFaults();
    asynchronousCopies();
    aFailedContextEndsWithItsLastOwner();
}
