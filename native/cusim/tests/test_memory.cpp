// Device and pinned memory: limits, bounds, counts.
#include "support.h"

static void allocations() {
    Session session(1, 1 << 20);
    CUdeviceptr a, b;
    CHECK_EQUAL(cuMemAlloc_v2(&a, 0), CUDA_ERROR_INVALID_VALUE);
    CHECK_EQUAL(cuMemAlloc_v2(&a, (1 << 20) + 1), CUDA_ERROR_OUT_OF_MEMORY);
    CHECK_EQUAL(cuMemAlloc_v2(&a, 700000), CUDA_SUCCESS);
    CHECK_EQUAL(a % 256, 0);
    CHECK_EQUAL(cuMemAlloc_v2(&b, 700000), CUDA_ERROR_OUT_OF_MEMORY);
    size_t free, total;
    CHECK_EQUAL(cuMemGetInfo_v2(&free, &total), CUDA_SUCCESS);
    CHECK_EQUAL(total - free, 700000);
    CHECK_EQUAL(cusim_allocated_bytes(), 700000);
    CHECK(std::isnan(session.download<float>(a, 1)[0]));
    CHECK_EQUAL(cuMemFree_v2(a + 256), CUDA_ERROR_INVALID_VALUE);
    CHECK_EQUAL(cuMemFree_v2(a), CUDA_SUCCESS);
    CHECK_EQUAL(cuMemFree_v2(a), CUDA_ERROR_INVALID_VALUE);
    CHECK_EQUAL(cuMemFree_v2(0), CUDA_SUCCESS);
    CHECK_EQUAL(cusim_allocated_bytes(), 0);
}

static void leaksStayCounted() {
    Session session;
    session.allocate(1000);
    CHECK_EQUAL(cuDevicePrimaryCtxRelease_v2(0), CUDA_SUCCESS);
    CHECK_EQUAL(cusim_allocated_bytes(), 1000);
    cusim_reset();
    CHECK_EQUAL(cusim_allocated_bytes(), 0);
}

static void virtualMemoryIsNotTouched() {
    Session session(1, 1LL << 36);
    CUdeviceptr pool = session.allocate(1LL << 35);
    CHECK_EQUAL(cuMemsetD32Async(pool + (1LL << 34), 7, 16, session.stream), CUDA_SUCCESS);
    CHECK_EQUAL(cuStreamSynchronize(session.stream), CUDA_SUCCESS);
    CHECK_EQUAL(session.download<int>(pool + (1LL << 34), 16)[15], 7);
}

static void boundsOfCopies() {
    Session session;
    std::vector<char> host(4096);
    CUdeviceptr a = session.allocate(1000), b = session.allocate(1000);
    CHECK_EQUAL(cuMemcpyHtoD_v2(a, host.data(), 1001), CUDA_ERROR_INVALID_VALUE);
    CHECK_EQUAL(cuMemcpyHtoD_v2(a + 1, host.data(), 1000), CUDA_ERROR_INVALID_VALUE);
    CHECK_EQUAL(cuMemcpyHtoD_v2(a - 1, host.data(), 10), CUDA_ERROR_INVALID_VALUE);
    CHECK_EQUAL(cuMemcpyDtoH_v2(host.data(), a, 1001), CUDA_ERROR_INVALID_VALUE);
    CHECK_EQUAL(cuMemcpyDtoDAsync_v2(a, b, 1001, session.stream), CUDA_ERROR_INVALID_VALUE);
    CHECK_EQUAL(cuMemcpyHtoD_v2(a, (void *)b, 10), CUDA_ERROR_INVALID_VALUE);
    CHECK_EQUAL(cuMemcpyDtoH_v2((void *)b, a, 10), CUDA_ERROR_INVALID_VALUE);
    CHECK_EQUAL(cuMemsetD8Async(a, 1, 1001, session.stream), CUDA_ERROR_INVALID_VALUE);
    CHECK_EQUAL(cuMemsetD32Async(a + 1, 1, 4, session.stream), CUDA_ERROR_INVALID_VALUE);
    CHECK_EQUAL(cuMemcpyHtoD_v2(a, host.data(), 1000), CUDA_SUCCESS);
    CHECK_EQUAL(cuCtxSynchronize(), CUDA_SUCCESS);
}

static void pinnedMemory() {
    Session session;
    void *pinned;
    CHECK_EQUAL(cuMemHostAlloc(&pinned, 100, 1), CUDA_SUCCESS);
    CHECK_EQUAL(cusim_pinned_bytes(), 100);
    CHECK_EQUAL(cuMemFreeHost(pinned), CUDA_SUCCESS);
    CHECK_EQUAL(cuMemFreeHost(pinned), CUDA_ERROR_INVALID_VALUE);
    CHECK_EQUAL(cusim_pinned_bytes(), 0);
    std::vector<char> host(64);
    CHECK_EQUAL(cuMemHostRegister_v2(host.data(), 64, 0), CUDA_SUCCESS);
    CHECK_EQUAL(cuMemHostRegister_v2(host.data() + 8, 8, 0), CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED);
    CHECK_EQUAL(cuMemHostUnregister(host.data()), CUDA_SUCCESS);
    CHECK_EQUAL(cuMemHostUnregister(host.data()), CUDA_ERROR_HOST_MEMORY_NOT_REGISTERED);
}

static void callsInTheWrongOrder() {
    cusim_reset();
    CUcontext context;
    CUdeviceptr pointer;
    int count;
    CHECK_EQUAL(cuCtxSynchronize(), CUDA_ERROR_NOT_INITIALIZED);
    CHECK_EQUAL(cuDeviceGetCount(&count), CUDA_ERROR_NOT_INITIALIZED);
    cusim_set_devices(0, 0);
    CHECK_EQUAL(cuInit(0), CUDA_ERROR_NO_DEVICE);
    cusim_reset();
    cusim_set_devices(1, 1 << 20);
    CHECK_EQUAL(cuInit(0), CUDA_SUCCESS);
    CHECK_EQUAL(cuMemAlloc_v2(&pointer, 16), CUDA_ERROR_INVALID_CONTEXT);
    CHECK_EQUAL(cuDevicePrimaryCtxRetain(&context, 1), CUDA_ERROR_INVALID_DEVICE);
    const char *name;
    CHECK_EQUAL(cuGetErrorName(CUDA_ERROR_ILLEGAL_ADDRESS, &name), CUDA_SUCCESS);
    CHECK(strcmp(name, "CUDA_ERROR_ILLEGAL_ADDRESS") == 0);
    CHECK_EQUAL(cuGetErrorName((CUresult)12345, &name), CUDA_ERROR_INVALID_VALUE);
    cusim_reset();
}

void testMemory() {
    allocations();
    leaksStayCounted();
    virtualMemoryIsNotTouched();
    boundsOfCopies();
    pinnedMemory();
    callsInTheWrongOrder();
}
