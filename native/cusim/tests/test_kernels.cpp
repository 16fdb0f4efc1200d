// Kernels without faults give what they must, in both orders of threads.
#include "support.h"

static void warpPrimitives() {
    std::vector<float> x = noise(64, 1);
    std::vector<float> first;
    for (int order = 0; order < 2; order++) {
        Session session;
        cusim_set_order(order);
        CUdeviceptr from = session.upload(x);
        CUdeviceptr to = session.allocate(64 * 8 * 4);
        CHECK_EQUAL(session.run(session.kernel("sound", "warp_primitives"), 1, 64, 0, from, to), CUDA_SUCCESS);
        std::vector<float> y = session.download<float>(to, 64 * 8);
        for (int i = 0; i < 64; i++) {
            int base = i / 32 * 32;
            int lane = i % 32;
            float largest = x[base];
            for (int j = 1; j < 32; j++) {
                largest = fmaxf(largest, x[base + j]);
            }
            CHECK(y[i * 8] == y[i * 8 + 1]);
            CHECK(y[i * 8] == y[base * 8]);
            CHECK(y[i * 8 + 2] == largest);
            CHECK(y[i * 8 + 3] == x[base + 5]);
            CHECK(y[i * 8 + 4] == x[lane == 0 ? i : i - 1]);
            CHECK(y[i * 8 + 5] == x[lane % 8 < 6 ? i + 2 : i]);
            CHECK(y[i * 8 + 6] == 11.0f);
            CHECK(y[i * 8 + 7] == x[base + 30 + lane % 2]);
        }
        first = order == 0 ? y : first;
        CHECK(memcmp(first.data(), y.data(), y.size() * sizeof(float)) == 0);
    }
}

static void blockReductions() {
    for (int order = 0; order < 2; order++) {
        Session session;
        cusim_set_order(order);
        std::vector<float> x(96);
        for (int i = 0; i < 96; i++) {
            x[i] = (float)(i % 7 - 3);
        }
        CUdeviceptr to = session.allocate(12);
        CUfunction kernel = session.kernel("sound", "block_reductions");
        CHECK_EQUAL(session.run(kernel, 1, 96, 0, session.upload(x), to), CUDA_SUCCESS);
        std::vector<float> y = session.download<float>(to, 3);
        CHECK(y[0] == -1.0f * 3 - 2);
        CHECK(y[1] == 3.0f);
        CHECK(y[2] == 40.0f);
    }
}

static void sharedMemoryAndGrids() {
    Session session;
    std::vector<int> x(512);
    for (int i = 0; i < 512; i++) {
        x[i] = i;
    }
    CUdeviceptr device = session.upload(x);
    CHECK_EQUAL(session.run(session.kernel("sound", "reverse"), 1, 512, 2048, device), CUDA_SUCCESS);
    CHECK_EQUAL(session.download<int>(device, 512)[3], 508);

    CUdeviceptr counts = session.upload(std::vector<int>(24));
    void *arguments[] = {&counts};
    CUfunction kernel = session.kernel("sound", "count_threads");
    CHECK_EQUAL(cuLaunchKernel(kernel, 2, 3, 4, 4, 2, 2, 0, session.stream, arguments, nullptr), CUDA_SUCCESS);
    CHECK_EQUAL(cuStreamSynchronize(session.stream), CUDA_SUCCESS);
    for (int count : session.download<int>(counts, 24)) {
        CHECK_EQUAL(count, 16 / 4 * 6 + 10 * 8 + 100 * 8);
    }
}

static void matrixFragments(const char *name, unsigned short (*narrow)(float)) {
    constexpr int M = 32, N = 24, K = 48;
    // Small integers: every order of the additions gives the same.
    std::vector<unsigned short> a(M * K), b(K * N);
    std::vector<float> expected(M * N);
    auto valueA = [](int i) { return (float)(i * 7 % 13 - 6); };
    auto valueB = [](int i) { return (float)(i * 5 % 11 - 5); };
    for (int i = 0; i < M * K; i++) {
        a[i] = narrow(valueA(i));
    }
    for (int i = 0; i < K * N; i++) {
        b[i] = narrow(valueB(i));
    }
    for (int i = 0; i < M * N; i++) {
        for (int k = 0; k < K; k++) {
            expected[i] += valueA(i / N * K + k) * valueB(k * N + i % N);
        }
    }
    for (int order = 0; order < 2; order++) {
        Session session;
        cusim_set_order(order);
        CUdeviceptr y = session.allocate(M * N * 4), da = session.upload(a), db = session.upload(b);
        int columns = N, depth = K;
        void *arguments[] = {&y, &da, &db, &columns, &depth};
        CUfunction kernel = session.kernel("sound", name);
        CHECK_EQUAL(cuLaunchKernel(kernel, N / 8, M / 16, 1, 32, 1, 1, 1024, session.stream, arguments, nullptr),
                    CUDA_SUCCESS);
        CHECK_EQUAL(cuStreamSynchronize(session.stream), CUDA_SUCCESS);
        CHECK(session.download<float>(y, M * N) == expected);
    }
}

static void launchLimits() {
    Session session;
    CUfunction kernel = session.kernel("sound", "reverse");
    CUdeviceptr device = session.allocate(4096);
    void *arguments[] = {&device};
    auto launch = [&](unsigned x, unsigned y, unsigned z, unsigned block, unsigned shared) {
        return cuLaunchKernel(kernel, x, y, z, block, 1, 1, shared, session.stream, arguments, nullptr);
    };
    CHECK_EQUAL(launch(1, 1, 1, 1025, 0), CUDA_ERROR_INVALID_VALUE);
    CHECK_EQUAL(launch(1, 65536, 1, 32, 128), CUDA_ERROR_INVALID_VALUE);
    CHECK_EQUAL(launch(1, 1, 65536, 32, 128), CUDA_ERROR_INVALID_VALUE);
    CHECK_EQUAL(launch(0, 1, 1, 32, 128), CUDA_ERROR_INVALID_VALUE);
    CHECK_EQUAL(launch(1, 1, 1, 32, (48 << 10) + 1), CUDA_ERROR_INVALID_VALUE);
    constexpr CUfunction_attribute LIMIT = CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES;
    CHECK_EQUAL(cuFuncSetAttribute(kernel, LIMIT, 232449), CUDA_ERROR_INVALID_VALUE);
    CHECK_EQUAL(cuFuncSetAttribute(kernel, LIMIT, 232448), CUDA_SUCCESS);
    CHECK_EQUAL(launch(1, 1, 1, 32, 232448), CUDA_SUCCESS);
    CHECK_EQUAL(launch(1, 1, 1, 32, 232449), CUDA_ERROR_INVALID_VALUE);
    CHECK_EQUAL(cuStreamSynchronize(session.stream), CUDA_SUCCESS);
}

static void modules() {
    Session session;
    CUmodule module;
    CUfunction function;
    const char *ptx = ".version 9.0\n.target sm_80\n.visible .entry reverse(\n.param .u64 x\n)\n{ ret; }\n";
    CHECK_EQUAL(cuModuleLoadData(&module, ptx), CUDA_SUCCESS);
    CHECK_EQUAL(cuModuleGetFunction(&function, module, "reverse"), CUDA_SUCCESS);
    CHECK_EQUAL(cuModuleGetFunction(&function, module, "add"), CUDA_ERROR_NOT_FOUND);
    CHECK_EQUAL(cuModuleUnload(module), CUDA_SUCCESS);
    CHECK_EQUAL(cuModuleUnload(module), CUDA_ERROR_INVALID_HANDLE);
    CHECK_EQUAL(cuModuleLoadData(&module, "cusim:nothing"), CUDA_ERROR_INVALID_IMAGE);
    CHECK_EQUAL(cuModuleLoadData(&module, "\x7f" "ELF"), CUDA_ERROR_NO_BINARY_FOR_GPU);
}

void testKernels() {
    warpPrimitives();
    blockReductions();
    sharedMemoryAndGrids();
    matrixFragments("multiply_bf16", bfloat16);
    matrixFragments("multiply_f16", float16);
    launchLimits();
    modules();
}
