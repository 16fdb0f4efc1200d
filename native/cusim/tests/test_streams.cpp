// Streams and events, at once and deferred.
#include "support.h"

static void deferredWorkRunsWhenSomebodyWaits() {
    Session session;
    cusim_set_streams(1);
    int *pinned;
    CHECK_EQUAL(cuMemHostAlloc((void **)&pinned, 4, 0), CUDA_SUCCESS);
    CUdeviceptr device = session.allocate(4);
    // The planted bug: a page-locked buffer that is filled anew before its copy has been made.
    pinned[0] = 1;
    CHECK_EQUAL(cuMemcpyHtoDAsync_v2(device, pinned, 4, session.stream), CUDA_SUCCESS);
    pinned[0] = 2;
    CHECK_EQUAL(cuStreamSynchronize(session.stream), CUDA_SUCCESS);
    CHECK_EQUAL(session.download<int>(device, 1)[0], 2);

    // Pageable memory is staged at the call.
    int pageable = 3;
    CHECK_EQUAL(cuMemcpyHtoDAsync_v2(device, &pageable, 4, session.stream), CUDA_SUCCESS);
    pageable = 4;
    CHECK_EQUAL(cuStreamSynchronize(session.stream), CUDA_SUCCESS);
    CHECK_EQUAL(session.download<int>(device, 1)[0], 3);

    // A result that is read before anybody has waited for it.
    pinned[0] = 5;
    CHECK_EQUAL(cuMemcpyDtoHAsync_v2(pinned, device, 4, session.stream), CUDA_SUCCESS);
    CHECK_EQUAL(pinned[0], 5);
    CHECK_EQUAL(cuStreamQuery(session.stream), CUDA_ERROR_NOT_READY);
    CHECK_EQUAL(cuStreamQuery(session.stream), CUDA_SUCCESS);
    CHECK_EQUAL(pinned[0], 3);
}

static void workAtOnceIsDoneAtTheCall() {
    Session session;
    int *pinned;
    CHECK_EQUAL(cuMemHostAlloc((void **)&pinned, 4, 0), CUDA_SUCCESS);
    CUdeviceptr device = session.allocate(4);
    pinned[0] = 1;
    CHECK_EQUAL(cuMemcpyHtoDAsync_v2(device, pinned, 4, session.stream), CUDA_SUCCESS);
    pinned[0] = 2;
    CHECK_EQUAL(session.download<int>(device, 1)[0], 1);
    CHECK_EQUAL(cuStreamQuery(session.stream), CUDA_SUCCESS);
}

static void eventsOrderStreams() {
    Session session;
    cusim_set_streams(1);
    CUstream other;
    CUevent event;
    CHECK_EQUAL(cuStreamCreate(&other, CU_STREAM_NON_BLOCKING), CUDA_SUCCESS);
    CHECK_EQUAL(cuEventCreate(&event, 0), CUDA_SUCCESS);
    CHECK_EQUAL(cuEventQuery(event), CUDA_SUCCESS);
    CUdeviceptr from = session.upload(std::vector<int>(1)), to = session.upload(std::vector<int>(1));
    CHECK_EQUAL(cuMemsetD32Async(from, 7, 1, session.stream), CUDA_SUCCESS);
    CHECK_EQUAL(cuEventRecord(event, session.stream), CUDA_SUCCESS);
    CHECK_EQUAL(cuMemsetD32Async(from, 8, 1, session.stream), CUDA_SUCCESS);
    CHECK_EQUAL(cuStreamWaitEvent(other, event, 0), CUDA_SUCCESS);
    CHECK_EQUAL(cuMemcpyDtoDAsync_v2(to, from, 4, other), CUDA_SUCCESS);
    CHECK_EQUAL(cuEventQuery(event), CUDA_ERROR_NOT_READY);
    CHECK_EQUAL(cuEventQuery(event), CUDA_SUCCESS);
    CHECK_EQUAL(cuStreamSynchronize(other), CUDA_SUCCESS);
    CHECK_EQUAL(cuEventSynchronize(event), CUDA_SUCCESS);
    int value = session.download<int>(to, 1)[0];
    CHECK(value == 7 || value == 8);
    CHECK_EQUAL(cuEventDestroy_v2(event), CUDA_SUCCESS);
    CHECK_EQUAL(cuEventQuery(event), CUDA_ERROR_INVALID_HANDLE);
    CHECK_EQUAL(cuStreamDestroy_v2(other), CUDA_SUCCESS);
    CHECK_EQUAL(cuStreamSynchronize(other), CUDA_ERROR_INVALID_HANDLE);
}

static void aMissingWaitShows() {
    Session session;
    cusim_set_streams(1);
    CUstream other;
    CHECK_EQUAL(cuStreamCreate(&other, CU_STREAM_NON_BLOCKING), CUDA_SUCCESS);
    CUdeviceptr from = session.upload(std::vector<int>(1)), to = session.upload(std::vector<int>(1));
    CHECK_EQUAL(cuMemsetD32Async(from, 7, 1, session.stream), CUDA_SUCCESS);
    CHECK_EQUAL(cuMemcpyDtoDAsync_v2(to, from, 4, other), CUDA_SUCCESS);
    CHECK_EQUAL(cuStreamSynchronize(other), CUDA_SUCCESS);
    CHECK_EQUAL(session.download<int>(to, 1)[0], 0);
}

static void theLegacyStreamWaitsForBlockingOnes() {
    Session session;
    cusim_set_streams(1);
    CUstream blocking;
    CHECK_EQUAL(cuStreamCreate(&blocking, CU_STREAM_DEFAULT), CUDA_SUCCESS);
    CUdeviceptr device = session.upload(std::vector<int>(1));
    CHECK_EQUAL(cuMemsetD32Async(device, 7, 1, blocking), CUDA_SUCCESS);
    CHECK_EQUAL(session.download<int>(device, 1)[0], 7);
    CHECK_EQUAL(cuMemsetD32Async(device, 8, 1, session.stream), CUDA_SUCCESS);
    CHECK_EQUAL(session.download<int>(device, 1)[0], 7);
}

static void hostFunctionsMayNotCallBack() {
    Session session;
    static CUresult inside;
    inside = CUDA_SUCCESS;
    CHECK_EQUAL(cuLaunchHostFunc(session.stream, [](void *) { inside = cuCtxSynchronize(); }, nullptr), CUDA_SUCCESS);
    CHECK_EQUAL(inside, CUDA_ERROR_NOT_PERMITTED);
    CHECK_EQUAL(cuCtxSynchronize(), CUDA_SUCCESS);
}

static void useAfterFreeInDeferredWork() {
    Session session;
    cusim_set_streams(1);
    // Freeing waits for the device, so work that was enqueued before is safe.
    CUdeviceptr device = session.allocate(64);
    CHECK_EQUAL(cuMemsetD32Async(device, 1, 16, session.stream), CUDA_SUCCESS);
    CHECK_EQUAL(cuMemFree_v2(device), CUDA_SUCCESS);
    CHECK_EQUAL(cuStreamSynchronize(session.stream), CUDA_SUCCESS);
    CHECK_EQUAL(cuMemsetD32Async(device, 1, 16, session.stream), CUDA_ERROR_INVALID_VALUE);
}

void testStreams() {
    deferredWorkRunsWhenSomebodyWaits();
    workAtOnceIsDoneAtTheCall();
    eventsOrderStreams();
    aMissingWaitShows();
    theLegacyStreamWaitsForBlockingOnes();
    hostFunctionsMayNotCallBack();
    useAfterFreeInDeferredWork();
}
