// What tests set and ask: failing calls, the record of threads.
#include <pthread.h>

#include "support.h"

static void theNthCallFails() {
    Session session;
    CUdeviceptr pointer;
    CHECK_EQUAL(cusim_fail("cuMemAlloc_v2:3:2"), 0);
    CHECK_EQUAL(cuMemAlloc_v2(&pointer, 16), CUDA_SUCCESS);
    CHECK_EQUAL(cuMemAlloc_v2(&pointer, 16), CUDA_SUCCESS);
    CHECK_EQUAL(cuMemAlloc_v2(&pointer, 16), CUDA_ERROR_OUT_OF_MEMORY);
    CHECK_EQUAL(cuMemAlloc_v2(&pointer, 16), CUDA_SUCCESS);

    cublasHandle_t handle;
    CHECK_EQUAL(cusim_fail("cublasCreate_v2:1:3,ncclGetVersion:1:2,cuCtxSynchronize:2:719"), 0);
    CHECK_EQUAL(cublasCreate_v2(&handle), CUBLAS_STATUS_ALLOC_FAILED);
    CHECK_EQUAL(cublasCreate_v2(&handle), CUBLAS_STATUS_SUCCESS);
    int version;
    CHECK_EQUAL(ncclGetVersion(&version), ncclSystemError);
    CHECK_EQUAL(cuCtxSynchronize(), CUDA_SUCCESS);
    // An error of that kind sticks.
    CHECK_EQUAL(cuCtxSynchronize(), CUDA_ERROR_LAUNCH_FAILED);
    CHECK_EQUAL(cuMemFree_v2(pointer), CUDA_ERROR_LAUNCH_FAILED);

    CHECK_EQUAL(cusim_fail("cuMemAlloc_v2"), 1);
    CHECK_EQUAL(cusim_fail("cuMemAlloc_v2:0:2"), 1);
    CHECK_EQUAL(cusim_fail(""), 0);
}

static void threadsAreRecorded() {
    Session session;
    cusim_threads_reset();
    CHECK_EQUAL(cusim_thread_count(), 0);
    CHECK_EQUAL(cusim_call_count(), 0);
    std::thread other([] {
        pthread_setname_np(pthread_self(), "engine-7");
        int version;
        cuDriverGetVersion(&version);
        cublasGetStatusName(CUBLAS_STATUS_SUCCESS);
        ncclGetVersion(&version);
    });
    other.join();
    CHECK_EQUAL(cusim_thread_count(), 1);
    CHECK_EQUAL(cusim_call_count(), 3);
    char name[32];
    CHECK_EQUAL(cusim_thread_name(0, name, sizeof name), 8);
    CHECK(strcmp(name, "engine-7") == 0);
    CHECK_EQUAL(cusim_thread_name(1, name, sizeof name), -1);
    CHECK_EQUAL(cuCtxSynchronize(), CUDA_SUCCESS);
    CHECK_EQUAL(cusim_thread_count(), 2);
}

void testControls() {
    theNthCallFails();
    threadsAreRecorded();
}
