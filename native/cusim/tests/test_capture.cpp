// Capture of streams, and graphs.
#include "support.h"

static constexpr CUstreamCaptureMode MODE = CU_STREAM_CAPTURE_MODE_THREAD_LOCAL;

static CUresult begin(Session &session, CUstreamCaptureMode mode = MODE) {
    return cuStreamBeginCapture_v2(session.stream, mode);
}

// Whether the call made the capture invalid.
static void forbidden(Session &session, CUresult expected, std::function<CUresult()> call) {
    CUgraph graph;
    CHECK_EQUAL(begin(session), CUDA_SUCCESS);
    CHECK_EQUAL(call(), expected);
    CHECK_EQUAL(cuStreamEndCapture(session.stream, &graph), CUDA_ERROR_STREAM_CAPTURE_INVALIDATED);
    CHECK(graph == nullptr);
    CHECK_EQUAL(cuStreamSynchronize(session.stream), CUDA_SUCCESS);
}

static void forbiddenCalls() {
    Session session;
    CUdeviceptr device = session.allocate(16), other;
    CUstream blocking;
    CUevent event;
    CHECK_EQUAL(cuStreamCreate(&blocking, CU_STREAM_DEFAULT), CUDA_SUCCESS);
    CHECK_EQUAL(cuEventCreate(&event, 0), CUDA_SUCCESS);
    constexpr CUresult UNSUPPORTED = CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
    forbidden(session, UNSUPPORTED, [&] { return cuStreamSynchronize(session.stream); });
    forbidden(session, UNSUPPORTED, [&] { return cuStreamQuery(session.stream); });
    forbidden(session, UNSUPPORTED, [&] { return cuCtxSynchronize(); });
    forbidden(session, UNSUPPORTED, [&] { return cuMemAlloc_v2(&other, 16); });
    forbidden(session, UNSUPPORTED, [&] { return cuMemFree_v2(device); });
    forbidden(session, UNSUPPORTED, [&] { return cuEventQuery(event); });

    CHECK_EQUAL(cuEventRecord(event, blocking), CUDA_SUCCESS);
    forbidden(session, CUDA_ERROR_STREAM_CAPTURE_ISOLATION, [&] { return cuStreamWaitEvent(session.stream, event, 0); });

    // A blocking stream's capture forbids the legacy stream.
    CUgraph graph;
    int host = 0;
    CHECK_EQUAL(cuStreamBeginCapture_v2(blocking, MODE), CUDA_SUCCESS);
    CHECK_EQUAL(cuMemcpyHtoD_v2(device, &host, 4), CUDA_ERROR_STREAM_CAPTURE_IMPLICIT);
    CHECK_EQUAL(cuStreamEndCapture(blocking, &graph), CUDA_ERROR_STREAM_CAPTURE_INVALIDATED);

    // The relaxed mode forbids less.
    CHECK_EQUAL(begin(session, CU_STREAM_CAPTURE_MODE_RELAXED), CUDA_SUCCESS);
    CHECK_EQUAL(cuMemAlloc_v2(&other, 16), CUDA_SUCCESS);
    CHECK_EQUAL(cuStreamEndCapture(session.stream, &graph), CUDA_SUCCESS);

    CHECK_EQUAL(cuStreamEndCapture(session.stream, &graph), CUDA_ERROR_ILLEGAL_STATE);
    CHECK_EQUAL(cuStreamBeginCapture_v2(nullptr, MODE), UNSUPPORTED);
    CHECK_EQUAL(begin(session), CUDA_SUCCESS);
    CHECK_EQUAL(begin(session), CUDA_ERROR_ILLEGAL_STATE);
    CUstreamCaptureStatus status;
    CHECK_EQUAL(cuStreamIsCapturing(session.stream, &status), CUDA_SUCCESS);
    CHECK_EQUAL(status, CU_STREAM_CAPTURE_STATUS_ACTIVE);
    CUresult elsewhere = CUDA_SUCCESS;
    std::thread([&] {
        CUcontext context;
        cuDevicePrimaryCtxRetain(&context, 0);
        cuCtxSetCurrent(context);
        elsewhere = cuStreamEndCapture(session.stream, &graph);
    }).join();
    CHECK_EQUAL(elsewhere, CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD);
    CHECK_EQUAL(cuStreamEndCapture(session.stream, &graph), CUDA_SUCCESS);
}

static void replaysWithRecordedArguments() {
    for (int deferred = 0; deferred < 2; deferred++) {
        Session session;
        cusim_set_streams(deferred);
        CUfunction add = session.kernel("sound", "add");
        CUdeviceptr x = session.upload(std::vector<float>(64)), y = session.allocate(256);
        float value = 2.0f;
        int n = 64;
        void *arguments[] = {&x, &value, &n};
        CUgraph graph;
        CUgraphExec executable;
        CHECK_EQUAL(begin(session), CUDA_SUCCESS);
        CHECK_EQUAL(cuLaunchKernel(add, 1, 1, 1, 64, 1, 1, 0, session.stream, arguments, nullptr), CUDA_SUCCESS);
        CHECK_EQUAL(cuMemcpyDtoDAsync_v2(y, x, 256, session.stream), CUDA_SUCCESS);
        // What changes after the call isn't recorded.
        value = 100.0f;
        CHECK_EQUAL(cuStreamEndCapture(session.stream, &graph), CUDA_SUCCESS);
        CHECK_EQUAL(session.download<float>(x, 64)[63], 0);
        CHECK_EQUAL(cuGraphInstantiateWithFlags(&executable, graph, 0), CUDA_SUCCESS);
        CHECK_EQUAL(cuGraphUpload(executable, session.stream), CUDA_SUCCESS);
        for (int i = 0; i < 3; i++) {
            CHECK_EQUAL(cuGraphLaunch(executable, session.stream), CUDA_SUCCESS);
        }
        CHECK_EQUAL(cuStreamSynchronize(session.stream), CUDA_SUCCESS);
        CHECK_EQUAL(session.download<float>(x, 64)[63], 6);
        CHECK_EQUAL(session.download<float>(y, 64)[0], 6);

        CUgraphExecUpdateResultInfo info;
        CHECK_EQUAL(begin(session), CUDA_SUCCESS);
        CHECK_EQUAL(cuLaunchKernel(add, 1, 1, 1, 64, 1, 1, 0, session.stream, arguments, nullptr), CUDA_SUCCESS);
        CUgraph shorter;
        CHECK_EQUAL(cuStreamEndCapture(session.stream, &shorter), CUDA_SUCCESS);
        CHECK_EQUAL(cuGraphExecUpdate_v2(executable, shorter, &info), CUDA_ERROR_GRAPH_EXEC_UPDATE_FAILURE);
        CHECK_EQUAL(info.result, CU_GRAPH_EXEC_UPDATE_ERROR_TOPOLOGY_CHANGED);
        CHECK_EQUAL(cuGraphExecUpdate_v2(executable, graph, &info), CUDA_SUCCESS);
        CHECK_EQUAL(cuGraphDestroy(graph), CUDA_SUCCESS);
        CHECK_EQUAL(cuGraphDestroy(graph), CUDA_ERROR_INVALID_HANDLE);
        CHECK_EQUAL(cuGraphExecDestroy(executable), CUDA_SUCCESS);
        CHECK_EQUAL(cuGraphLaunch(executable, session.stream), CUDA_ERROR_INVALID_HANDLE);
    }
}

static void otherStreamsJoinByEvents() {
    Session session;
    CUstream side;
    CUevent fork, join;
    CUgraph graph;
    CHECK_EQUAL(cuStreamCreate(&side, CU_STREAM_NON_BLOCKING), CUDA_SUCCESS);
    CHECK_EQUAL(cuEventCreate(&fork, 2), CUDA_SUCCESS);
    CHECK_EQUAL(cuEventCreate(&join, 2), CUDA_SUCCESS);
    CUdeviceptr device = session.upload(std::vector<int>(1));
    for (int joins = 0; joins < 2; joins++) {
        CHECK_EQUAL(begin(session), CUDA_SUCCESS);
        CHECK_EQUAL(cuEventRecord(fork, session.stream), CUDA_SUCCESS);
        CHECK_EQUAL(cuStreamWaitEvent(side, fork, 0), CUDA_SUCCESS);
        CHECK_EQUAL(cuMemsetD32Async(device, 9, 1, side), CUDA_SUCCESS);
        CHECK_EQUAL(cuEventRecord(join, side), CUDA_SUCCESS);
        if (joins == 1) {
            CHECK_EQUAL(cuStreamWaitEvent(session.stream, join, 0), CUDA_SUCCESS);
        }
        CUresult expected = joins == 1 ? CUDA_SUCCESS : CUDA_ERROR_STREAM_CAPTURE_UNJOINED;
        CHECK_EQUAL(cuStreamEndCapture(session.stream, &graph), expected);
    }
    CUgraphExec executable;
    CHECK_EQUAL(cuGraphInstantiateWithFlags(&executable, graph, 0), CUDA_SUCCESS);
    CHECK_EQUAL(cuGraphLaunch(executable, session.stream), CUDA_SUCCESS);
    CHECK_EQUAL(session.download<int>(device, 1)[0], 9);
    CHECK_EQUAL(cuEventSynchronize(join), CUDA_ERROR_CAPTURED_EVENT);
}

void testCapture() {
    forbiddenCalls();
    replaysWithRecordedArguments();
    otherStreamsJoinByEvents();
}
