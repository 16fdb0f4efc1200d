// cuBLAS: products against float64, arguments that are refused, and reads outside of memory.
#include "support.h"

struct Case {
    cudaDataType inputs;
    cudaDataType output;
    double tolerance;
};

static size_t sizeOf(cudaDataType type) {
    return type == CUDA_R_32F ? 4 : 2;
}

// Values that all types hold exactly.
static std::vector<float> values(size_t count, unsigned seed) {
    std::vector<float> values = noise(count, seed);
    for (float &value : values) {
        value = fromBfloat16(bfloat16(floorf(value * 128.0f) / 128.0f));
    }
    return values;
}

static CUdeviceptr upload(Session &session, const std::vector<float> &values, cudaDataType type) {
    if (type == CUDA_R_32F) {
        return session.upload(values);
    }
    std::vector<unsigned short> narrow;
    for (float value : values) {
        narrow.push_back(type == CUDA_R_16F ? float16(value) : bfloat16(value));
    }
    return session.upload(narrow);
}

static void product(const Case &test, bool transposeA, bool transposeB, int m, int n, int k) {
    Session session;
    cublasHandle_t handle;
    CHECK_EQUAL(cublasCreate_v2(&handle), CUBLAS_STATUS_SUCCESS);
    CHECK_EQUAL(cublasSetStream_v2(handle, session.stream), CUBLAS_STATUS_SUCCESS);
    int lda = (transposeA ? k : m) + 3, ldb = (transposeB ? n : k) + 1, ldc = m + 2;
    std::vector<float> a = values((size_t)lda * (transposeA ? m : k), 1), b = values((size_t)ldb * (transposeB ? k : n), 2);
    CUdeviceptr da = upload(session, a, test.inputs), db = upload(session, b, test.inputs);
    CUdeviceptr dc = session.allocate((size_t)ldc * n * sizeOf(test.output));
    float alpha = 0.5f, beta = 0.0f;
    auto operation = [](bool transpose) { return transpose ? CUBLAS_OP_T : CUBLAS_OP_N; };
    CHECK_EQUAL(cublasGemmEx(handle, operation(transposeA), operation(transposeB), m, n, k, &alpha, (void *)da,
                             test.inputs, lda, (void *)db, test.inputs, ldb, &beta, (void *)dc, test.output, ldc,
                             CUBLAS_COMPUTE_32F, (cublasGemmAlgo_t)-1),
                CUBLAS_STATUS_SUCCESS);
    CHECK_EQUAL(cuStreamSynchronize(session.stream), CUDA_SUCCESS);
    std::vector<float> c;
    if (test.output == CUDA_R_32F) {
        c = session.download<float>(dc, (size_t)ldc * n);
    } else {
        for (unsigned short bits : session.download<unsigned short>(dc, (size_t)ldc * n)) {
            // float16's exponent range covers what the products give.
            float value = test.output == CUDA_R_16BF ? fromBfloat16(bits)
                                                     : ldexpf((bits & 0x3ff) | 0x400, (bits >> 10 & 31) - 25)
                            * ((bits & 0x7c00) == 0 ? 0.0f : (bits & 0x8000) ? -1.0f : 1.0f);
            c.push_back(value);
        }
    }
    double worst = 0;
    for (int i = 0; i < m; i++) {
        for (int j = 0; j < n; j++) {
            double sum = 0, size = 0;
            for (int q = 0; q < k; q++) {
                double x = (double)a[transposeA ? (size_t)i * lda + q : (size_t)q * lda + i]
                        * b[transposeB ? (size_t)q * ldb + j : (size_t)j * ldb + q];
                sum += x;
                size += fabs(x);
            }
            worst = fmax(worst, fabs(c[(size_t)j * ldc + i] - alpha * sum) / (size + 1e-6));
        }
    }
    CHECK(worst < test.tolerance);
    CHECK_EQUAL(cublasDestroy_v2(handle), CUBLAS_STATUS_SUCCESS);
}

static void products() {
    const Case cases[] = {
            {CUDA_R_32F, CUDA_R_32F, 1e-6},   {CUDA_R_16BF, CUDA_R_32F, 1e-6}, {CUDA_R_16F, CUDA_R_32F, 1e-6},
            {CUDA_R_16BF, CUDA_R_16BF, 4e-3}, {CUDA_R_16F, CUDA_R_16F, 1e-3},
    };
    for (const Case &test : cases) {
        for (int transposes = 0; transposes < 4; transposes++) {
            product(test, transposes & 1, transposes & 2, 7, 9, 53);
            product(test, transposes & 1, transposes & 2, 5, 1, 32);
        }
    }
}

// One column's result is the same whatever other columns there are.
static void columnsAreIndependent() {
    Session session;
    cublasHandle_t handle;
    CHECK_EQUAL(cublasCreate_v2(&handle), CUBLAS_STATUS_SUCCESS);
    constexpr int M = 13, K = 100, N = 6;
    CUdeviceptr a = session.upload(noise(M * K, 1)), b = session.upload(noise(K * N, 2));
    CUdeviceptr all = session.allocate(M * N * 4), one = session.allocate(M * 4);
    float alpha = 1.0f, beta = 0.0f;
    auto multiply = [&](CUdeviceptr from, int n, CUdeviceptr to) {
        return cublasGemmEx(handle, CUBLAS_OP_T, CUBLAS_OP_N, M, n, K, &alpha, (void *)a, CUDA_R_32F, K, (void *)from,
                            CUDA_R_32F, K, &beta, (void *)to, CUDA_R_32F, M, CUBLAS_COMPUTE_32F, (cublasGemmAlgo_t)-1);
    };
    CHECK_EQUAL(multiply(b, N, all), CUBLAS_STATUS_SUCCESS);
    std::vector<float> whole = session.download<float>(all, M * N);
    for (int column = 0; column < N; column++) {
        CHECK_EQUAL(multiply(b + column * K * 4, 1, one), CUBLAS_STATUS_SUCCESS);
        std::vector<float> alone = session.download<float>(one, M);
        CHECK(memcmp(alone.data(), &whole[column * M], M * 4) == 0);
    }
}

static void batches() {
    Session session;
    cublasHandle_t handle;
    CHECK_EQUAL(cublasCreate_v2(&handle), CUBLAS_STATUS_SUCCESS);
    // Two products of 2x2 matrices, column-major: the identity, and a swap of rows, times b.
    CUdeviceptr a = session.upload(std::vector<float>{1, 0, 0, 1, 0, 1, 1, 0});
    CUdeviceptr b = session.upload(std::vector<float>{1, 2, 3, 4, 5, 6, 7, 8});
    CUdeviceptr c = session.upload(std::vector<float>(8, 1.0f));
    std::vector<float> expected = {1, 2, 3, 4, 6, 5, 8, 7}, accumulated = {2, 4, 6, 8, 12, 10, 16, 14};
    float alpha = 1.0f, beta = 0.0f;
    CHECK_EQUAL(cublasGemmStridedBatchedEx(handle, CUBLAS_OP_N, CUBLAS_OP_N, 2, 2, 2, &alpha, (void *)a, CUDA_R_32F, 2,
                                           4, (void *)b, CUDA_R_32F, 2, 4, &beta, (void *)c, CUDA_R_32F, 2, 4, 2,
                                           CUBLAS_COMPUTE_32F, (cublasGemmAlgo_t)-1),
                CUBLAS_STATUS_SUCCESS);
    CHECK(session.download<float>(c, 8) == expected);

    CUdeviceptr as = session.upload(std::vector<CUdeviceptr>{a, a + 16});
    CUdeviceptr bs = session.upload(std::vector<CUdeviceptr>{b, b + 16});
    CUdeviceptr cs = session.upload(std::vector<CUdeviceptr>{c, c + 16});
    CUdeviceptr scalars = session.upload(std::vector<float>{1.0f, 1.0f});
    CHECK_EQUAL(cublasSetPointerMode_v2(handle, CUBLAS_POINTER_MODE_DEVICE), CUBLAS_STATUS_SUCCESS);
    CHECK_EQUAL(cublasGemmBatchedEx(handle, CUBLAS_OP_N, CUBLAS_OP_N, 2, 2, 2, (void *)scalars,
                                    (const void *const *)as, CUDA_R_32F, 2, (const void *const *)bs, CUDA_R_32F, 2,
                                    (void *)(scalars + 4), (void *const *)cs, CUDA_R_32F, 2, 2, CUBLAS_COMPUTE_32F,
                                    (cublasGemmAlgo_t)-1),
                CUBLAS_STATUS_SUCCESS);
    CHECK(session.download<float>(c, 8) == accumulated);

    CHECK_EQUAL(cublasSetPointerMode_v2(handle, CUBLAS_POINTER_MODE_HOST), CUBLAS_STATUS_SUCCESS);
    cublasOperation_t operations[2] = {CUBLAS_OP_N, CUBLAS_OP_N};
    int twos[2] = {2, 2}, ones[2] = {1, 1};
    float alphas[2] = {1.0f, 1.0f}, betas[2] = {0.0f, 0.0f};
    CHECK_EQUAL(cublasGemmGroupedBatchedEx(handle, operations, operations, twos, twos, twos, alphas,
                                           (const void *const *)as, CUDA_R_32F, twos, (const void *const *)bs,
                                           CUDA_R_32F, twos, betas, (void *const *)cs, CUDA_R_32F, twos, 2, ones,
                                           CUBLAS_COMPUTE_32F),
                CUBLAS_STATUS_SUCCESS);
    CHECK(session.download<float>(c, 8) == expected);
}

static void refusedArguments() {
    Session session;
    cublasHandle_t handle;
    CHECK_EQUAL(cublasCreate_v2(&handle), CUBLAS_STATUS_SUCCESS);
    CUdeviceptr x = session.allocate(4096);
    float one = 1.0f;
    auto multiply = [&](int lda, int ldb, int ldc, cudaDataType inputs, cudaDataType output, int k) {
        return cublasGemmEx(handle, CUBLAS_OP_T, CUBLAS_OP_N, 8, 4, k, &one, (void *)x, inputs, lda, (void *)x,
                            inputs, ldb, &one, (void *)x, output, ldc, CUBLAS_COMPUTE_32F, (cublasGemmAlgo_t)-1);
    };
    CHECK_EQUAL(multiply(15, 16, 8, CUDA_R_32F, CUDA_R_32F, 16), CUBLAS_STATUS_INVALID_VALUE);
    CHECK_EQUAL(multiply(16, 15, 8, CUDA_R_32F, CUDA_R_32F, 16), CUBLAS_STATUS_INVALID_VALUE);
    CHECK_EQUAL(multiply(16, 16, 7, CUDA_R_32F, CUDA_R_32F, 16), CUBLAS_STATUS_INVALID_VALUE);
    CHECK_EQUAL(multiply(16, 16, 8, CUDA_R_16BF, CUDA_R_16F, 16), CUBLAS_STATUS_NOT_SUPPORTED);
    CHECK_EQUAL(multiply(16, 16, 8, CUDA_R_32F, CUDA_R_32F, 16), CUBLAS_STATUS_SUCCESS);
    CHECK(strcmp(cublasGetStatusName(CUBLAS_STATUS_NOT_SUPPORTED), "CUBLAS_STATUS_NOT_SUPPORTED") == 0);
    // The matrices end before this depth does.
    CHECK_EQUAL(multiply(1000, 1000, 8, CUDA_R_32F, CUDA_R_32F, 1000), CUBLAS_STATUS_SUCCESS);
    CHECK_EQUAL(cuCtxSynchronize(), CUDA_ERROR_ILLEGAL_ADDRESS);
    CHECK(failureSays("matrix A of 1000 rows, 8 columns and leading dimension 1000"));
    CHECK_EQUAL(multiply(16, 16, 8, CUDA_R_32F, CUDA_R_32F, 16), CUBLAS_STATUS_EXECUTION_FAILED);
}

void testBlas() {
    products();
    columnsAreIndependent();
    batches();
    refusedArguments();
}
