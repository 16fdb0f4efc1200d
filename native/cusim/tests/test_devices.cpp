// Several devices, and NCCL between them.
#include <unistd.h>

#include "support.h"

static constexpr int RANKS = 3;

// One context, stream and communicator a rank, all driven by this thread.
struct Ranks {
    Session session{RANKS, 1 << 24};
    CUcontext contexts[RANKS];
    CUstream streams[RANKS];
    ncclComm_t communicators[RANKS];
    CUdeviceptr from[RANKS], to[RANKS];

    explicit Ranks(int deferred = 0) {
        cusim_set_streams(deferred);
        ncclUniqueId id;
        CHECK_EQUAL(ncclGetUniqueId(&id), ncclSuccess);
        CHECK_EQUAL(ncclGroupStart(), ncclSuccess);
        for (int rank = 0; rank < RANKS; rank++) {
            CHECK_EQUAL(cuDevicePrimaryCtxRetain(&contexts[rank], rank), CUDA_SUCCESS);
            use(rank);
            CHECK_EQUAL(cuStreamCreate(&streams[rank], CU_STREAM_NON_BLOCKING), CUDA_SUCCESS);
            CHECK_EQUAL(ncclCommInitRank(&communicators[rank], RANKS, id, rank), ncclSuccess);
        }
        CHECK_EQUAL(ncclGroupEnd(), ncclSuccess);
    }

    void use(int rank) { CHECK_EQUAL(cuCtxSetCurrent(contexts[rank]), CUDA_SUCCESS); }

    // Buffers of 16-bit or 32-bit numbers; rank r holds 10 * r + i.
    void fill(ncclDataType_t type, size_t count, size_t room) {
        for (int rank = 0; rank < RANKS; rank++) {
            use(rank);
            std::vector<float> values;
            std::vector<unsigned short> narrow;
            for (size_t i = 0; i < count; i++) {
                values.push_back((float)(10 * rank + (int)i));
                narrow.push_back(type == ncclFloat16 ? float16(values[i]) : bfloat16(values[i]));
            }
            from[rank] = type == ncclFloat32 ? session.upload(values) : session.upload(narrow);
            to[rank] = session.allocate(room * 4);
        }
    }

    void group(std::function<ncclResult_t(int)> call) {
        CHECK_EQUAL(ncclGroupStart(), ncclSuccess);
        for (int rank = 0; rank < RANKS; rank++) {
            CHECK_EQUAL(call(rank), ncclSuccess);
        }
        CHECK_EQUAL(ncclGroupEnd(), ncclSuccess);
    }

    template <class T>
    std::vector<T> result(int rank, size_t count) {
        use(rank);
        CHECK_EQUAL(cuStreamSynchronize(streams[rank]), CUDA_SUCCESS);
        return session.download<T>(to[rank], count);
    }
};

static void devicesHaveTheirOwnMemory() {
    Session session(2, 1 << 20);
    CUcontext first, second;
    CUdevice device;
    CHECK_EQUAL(cuDeviceGet(&device, 2), CUDA_ERROR_INVALID_DEVICE);
    CHECK_EQUAL(cuCtxGetCurrent(&first), CUDA_SUCCESS);
    CUdeviceptr a = session.upload(std::vector<int>{1, 2});
    CHECK_EQUAL(cuDevicePrimaryCtxRetain(&second, 1), CUDA_SUCCESS);
    CHECK_EQUAL(cuCtxSetCurrent(second), CUDA_SUCCESS);
    size_t free, total;
    CHECK_EQUAL(cuMemGetInfo_v2(&free, &total), CUDA_SUCCESS);
    CHECK_EQUAL(free, 1 << 20);
    CUdeviceptr b = session.allocate(8);
    int host;
    CHECK_EQUAL(cuMemcpyDtoH_v2(&host, a, 4), CUDA_ERROR_INVALID_VALUE);
    CHECK_EQUAL(cuMemFree_v2(a), CUDA_ERROR_INVALID_VALUE);
    CHECK_EQUAL(cuMemcpyPeerAsync(b, second, a, first, 8, nullptr), CUDA_SUCCESS);
    CHECK_EQUAL(session.download<int>(b, 2)[1], 2);
    // A stream of another device, and memory of another device in a kernel.
    CHECK_EQUAL(cuMemsetD32Async(b, 1, 1, session.stream), CUDA_ERROR_INVALID_HANDLE);
    CUfunction add = session.kernel("sound", "add");
    float value = 1.0f;
    int n = 2;
    void *arguments[] = {&a, &value, &n};
    CHECK_EQUAL(cuLaunchKernel(add, 1, 1, 1, 32, 1, 1, 0, nullptr, arguments, nullptr), CUDA_SUCCESS);
    CHECK_EQUAL(cuCtxSynchronize(), CUDA_ERROR_ILLEGAL_ADDRESS);
    // The error is this device's, not the other's.
    CHECK_EQUAL(cuCtxSetCurrent(first), CUDA_SUCCESS);
    CHECK_EQUAL(cuCtxSynchronize(), CUDA_SUCCESS);
    // Contexts are current by thread.
    CUcontext seen = first;
    std::thread([&] { cuCtxGetCurrent(&seen); }).join();
    CHECK(seen == nullptr);
}

static void allReduce(int deferred) {
    Ranks ranks(deferred);
    ranks.fill(ncclFloat32, 5, 5);
    ranks.group([&](int rank) {
        return ncclAllReduce((void *)ranks.from[rank], (void *)ranks.to[rank], 5, ncclFloat32, ncclSum,
                             ranks.communicators[rank], ranks.streams[rank]);
    });
    for (int rank = RANKS - 1; rank >= 0; rank--) {
        CHECK((ranks.result<float>(rank, 5) == std::vector<float>{30, 33, 36, 39, 42}));
    }
}

static void allReduceOfHalves() {
    for (ncclDataType_t type : {ncclFloat16, ncclBfloat16}) {
        Ranks ranks;
        ranks.fill(type, 4, 4);
        // In place, as tensor parallelism does.
        ranks.group([&](int rank) {
            ranks.to[rank] = ranks.from[rank];
            return ncclAllReduce((void *)ranks.from[rank], (void *)ranks.to[rank], 4, type, ncclSum,
                                 ranks.communicators[rank], ranks.streams[rank]);
        });
        unsigned short expected = type == ncclFloat16 ? float16(33) : bfloat16(33);
        CHECK_EQUAL(ranks.result<unsigned short>(1, 4)[1], expected);
    }
}

static void otherCollectives() {
    Ranks ranks(1);
    ranks.fill(ncclFloat32, 3, 9);
    auto run = [&](std::function<ncclResult_t(int, void *, void *)> call) {
        ranks.group([&](int rank) { return call(rank, (void *)ranks.from[rank], (void *)ranks.to[rank]); });
    };
    run([&](int rank, void *from, void *to) {
        return ncclAllGather(from, to, 3, ncclFloat32, ranks.communicators[rank], ranks.streams[rank]);
    });
    CHECK((ranks.result<float>(2, 9) == std::vector<float>{0, 1, 2, 10, 11, 12, 20, 21, 22}));
    run([&](int rank, void *from, void *to) {
        return ncclBroadcast(from, to, 3, ncclFloat32, 1, ranks.communicators[rank], ranks.streams[rank]);
    });
    CHECK((ranks.result<float>(0, 3) == std::vector<float>{10, 11, 12}));
    run([&](int rank, void *from, void *to) {
        return ncclReduceScatter(from, to, 1, ncclFloat32, ncclSum, ranks.communicators[rank], ranks.streams[rank]);
    });
    CHECK_EQUAL(ranks.result<float>(2, 1)[0], 36);
    // Each sends to the next, and receives from the one before.
    CHECK_EQUAL(ncclGroupStart(), ncclSuccess);
    for (int rank = 0; rank < RANKS; rank++) {
        ncclComm_t communicator = ranks.communicators[rank];
        CUstream stream = ranks.streams[rank];
        int next = (rank + 1) % RANKS, before = (rank + RANKS - 1) % RANKS;
        CHECK_EQUAL(ncclSend((void *)ranks.from[rank], 3, ncclFloat32, next, communicator, stream), ncclSuccess);
        CHECK_EQUAL(ncclRecv((void *)ranks.to[rank], 3, ncclFloat32, before, communicator, stream), ncclSuccess);
    }
    CHECK_EQUAL(ncclGroupEnd(), ncclSuccess);
    CHECK_EQUAL(ranks.result<float>(0, 3)[2], 22);
    CHECK_EQUAL(ranks.result<float>(1, 3)[2], 2);
}

static void collectivesInGraphs() {
    Ranks ranks;
    ranks.fill(ncclFloat32, 2, 2);
    CUgraphExec executables[RANKS];
    for (int rank = 0; rank < RANKS; rank++) {
        ranks.use(rank);
        CUstreamCaptureMode mode = CU_STREAM_CAPTURE_MODE_THREAD_LOCAL;
        CHECK_EQUAL(cuStreamBeginCapture_v2(ranks.streams[rank], mode), CUDA_SUCCESS);
    }
    ranks.group([&](int rank) {
        return ncclAllReduce((void *)ranks.from[rank], (void *)ranks.from[rank], 2, ncclFloat32, ncclSum,
                             ranks.communicators[rank], ranks.streams[rank]);
    });
    for (int rank = 0; rank < RANKS; rank++) {
        ranks.use(rank);
        CUgraph graph;
        CHECK_EQUAL(cuStreamEndCapture(ranks.streams[rank], &graph), CUDA_SUCCESS);
        CHECK_EQUAL(cuGraphInstantiateWithFlags(&executables[rank], graph, 0), CUDA_SUCCESS);
    }
    for (int i = 0; i < 2; i++) {
        for (int rank = 0; rank < RANKS; rank++) {
            ranks.use(rank);
            CHECK_EQUAL(cuGraphLaunch(executables[rank], ranks.streams[rank]), CUDA_SUCCESS);
        }
    }
    ranks.to[0] = ranks.from[0];
    CHECK_EQUAL(ranks.result<float>(0, 2)[0], 90);
}

static void mistakes() {
    {
        // Several ranks of one thread without a group: the real library may wait for ever.
        Ranks ranks;
        ranks.fill(ncclFloat32, 2, 2);
        auto call = [&](int rank) {
            return ncclAllReduce((void *)ranks.from[rank], (void *)ranks.to[rank], 2, ncclFloat32, ncclSum,
                                 ranks.communicators[rank], ranks.streams[rank]);
        };
        CHECK_EQUAL(call(0), ncclSuccess);
        CHECK_EQUAL(call(1), ncclInvalidUsage);
    }
    {
        Ranks ranks;
        ranks.fill(ncclFloat32, 2, 2);
        ranks.group([&](int rank) {
            size_t count = rank == 2 ? 1 : 2;
            return ncclAllReduce((void *)ranks.from[rank], (void *)ranks.to[rank], count, ncclFloat32, ncclSum,
                                 ranks.communicators[rank], ranks.streams[rank]);
        });
        CHECK_EQUAL(cuCtxSynchronize(), CUDA_ERROR_LAUNCH_FAILED);
        CHECK(failureSays("rank 2 takes part in another collective than rank 0"));
    }
    {
        Ranks ranks;
        ranks.fill(ncclFloat32, 2, 2);
        ranks.group([&](int rank) {
            return ncclAllReduce((void *)ranks.from[rank], (void *)ranks.to[rank], 3, ncclFloat32, ncclSum,
                                 ranks.communicators[rank], ranks.streams[rank]);
        });
        CHECK_EQUAL(cuCtxSynchronize(), CUDA_ERROR_ILLEGAL_ADDRESS);
        ncclResult_t error;
        CHECK_EQUAL(ncclCommGetAsyncError(ranks.communicators[1], &error), ncclSuccess);
        CHECK_EQUAL(error, ncclUnhandledCudaError);
    }
    Ranks ranks;
    // A stream of another rank's device, a type that is not emulated, a rank twice.
    CHECK_EQUAL(ncclAllReduce(nullptr, nullptr, 0, ncclFloat32, ncclSum, ranks.communicators[0], ranks.streams[1]),
                ncclInvalidUsage);
    CHECK_EQUAL(ncclAllReduce(nullptr, nullptr, 0, ncclInt64, ncclSum, ranks.communicators[0], ranks.streams[0]),
                ncclInvalidArgument);
    CHECK_EQUAL(ncclGroupEnd(), ncclInvalidUsage);
    int twice[] = {0, 0};
    ncclComm_t communicators[2];
    CHECK_EQUAL(ncclCommInitAll(communicators, 2, twice), ncclInvalidUsage);
}

// One thread for each rank, which meet in the collective.
static void oneThreadARank() {
    Session session(RANKS, 1 << 20);
    ncclUniqueId id;
    CHECK_EQUAL(ncclGetUniqueId(&id), ncclSuccess);
    float sums[RANKS] = {};
    int wrong[RANKS] = {};
    auto rankMain = [&](int rank) {
        CUcontext context;
        CUstream stream;
        ncclComm_t communicator;
        CUdeviceptr device = 0;
        float value = (float)(rank + 1);
        // The last comes late: the others must wait for it.
        if (rank == RANKS - 1) {
            usleep(20000);
        }
        wrong[rank] += cuDevicePrimaryCtxRetain(&context, rank);
        wrong[rank] += cuCtxSetCurrent(context);
        wrong[rank] += cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING);
        wrong[rank] += ncclCommInitRank(&communicator, RANKS, id, rank);
        wrong[rank] += cuMemAlloc_v2(&device, 4);
        wrong[rank] += cuMemcpyHtoD_v2(device, &value, 4);
        for (int i = 0; i < 3; i++) {
            wrong[rank] += ncclAllReduce(
                    (void *)device, (void *)device, 1, ncclFloat32, ncclSum, communicator, stream);
        }
        wrong[rank] += cuStreamSynchronize(stream);
        wrong[rank] += cuMemcpyDtoH_v2(&sums[rank], device, 4);
        wrong[rank] += ncclCommDestroy(communicator);
    };
    std::vector<std::thread> threads;
    for (int rank = 0; rank < RANKS; rank++) {
        threads.emplace_back(rankMain, rank);
    }
    for (int rank = 0; rank < RANKS; rank++) {
        threads[rank].join();
        CHECK_EQUAL(wrong[rank], 0);
        CHECK_EQUAL(sums[rank], 6 * 3 * 3);
    }
}

// A rank that fell never comes; the others go on once somebody gave up.
static void nobodyWaitsForAnAbortedRank() {
    Ranks ranks(1);
    ranks.fill(ncclFloat32, 2, 2);
    ranks.use(1);
    cusim_fail("cuStreamSynchronize:1:700");
    CHECK_EQUAL(cuStreamSynchronize(ranks.streams[1]), CUDA_ERROR_ILLEGAL_ADDRESS);
    ranks.group([&](int rank) {
        return ncclAllReduce((void *)ranks.from[rank], (void *)ranks.to[rank], 2, ncclFloat32, ncclSum,
                             ranks.communicators[rank], ranks.streams[rank]);
    });
    ranks.use(0);
    CHECK_EQUAL(cuStreamQuery(ranks.streams[0]), CUDA_ERROR_NOT_READY);
    CHECK_EQUAL(cuStreamQuery(ranks.streams[0]), CUDA_ERROR_NOT_READY);
    for (int rank = 0; rank < RANKS; rank++) {
        CHECK_EQUAL(ncclCommAbort(ranks.communicators[rank]), ncclSuccess);
    }
    CHECK_EQUAL(cuStreamSynchronize(ranks.streams[0]), CUDA_SUCCESS);
}

static void devicesAreAddedAtAnyTime() {
    Session session(1, 1 << 20);
    int count;
    cusim_need_devices(3);
    CHECK_EQUAL(cuDeviceGetCount(&count), CUDA_SUCCESS);
    CHECK_EQUAL(count, 3);
    cusim_need_devices(2);
    CHECK_EQUAL(cuDeviceGetCount(&count), CUDA_SUCCESS);
    CHECK_EQUAL(count, 3);
    CHECK_EQUAL(cuInit(0), CUDA_SUCCESS);
    CUcontext third;
    CHECK_EQUAL(cuDevicePrimaryCtxRetain(&third, 2), CUDA_SUCCESS);
}

void testDevices() {
    devicesHaveTheirOwnMemory();
    allReduce(0);
    allReduce(1);
    allReduceOfHalves();
    otherCollectives();
    collectivesInGraphs();
    mistakes();
    nobodyWaitsForAnAbortedRank();
    devicesAreAddedAtAnyTime();
    oneThreadARank();
}
