// The part of cublas_v2.h that the emulation exports; see api_cuda.h.
#pragma once

#include <stddef.h>

#ifndef CUSIM_REAL_TYPES

enum cublasStatus_t {
    CUBLAS_STATUS_SUCCESS = 0,
    CUBLAS_STATUS_NOT_INITIALIZED = 1,
    CUBLAS_STATUS_ALLOC_FAILED = 3,
    CUBLAS_STATUS_INVALID_VALUE = 7,
    CUBLAS_STATUS_ARCH_MISMATCH = 8,
    CUBLAS_STATUS_MAPPING_ERROR = 11,
    CUBLAS_STATUS_EXECUTION_FAILED = 13,
    CUBLAS_STATUS_INTERNAL_ERROR = 14,
    CUBLAS_STATUS_NOT_SUPPORTED = 15,
    CUBLAS_STATUS_LICENSE_ERROR = 16
};

enum cublasOperation_t { CUBLAS_OP_N = 0, CUBLAS_OP_T = 1, CUBLAS_OP_C = 2 };
enum cublasPointerMode_t { CUBLAS_POINTER_MODE_HOST = 0, CUBLAS_POINTER_MODE_DEVICE = 1 };
enum cublasMath_t : int;
enum cublasGemmAlgo_t : int;
enum cublasComputeType_t { CUBLAS_COMPUTE_32F = 68, CUBLAS_COMPUTE_32F_PEDANTIC = 69, CUBLAS_COMPUTE_32F_FAST_TF32 = 77 };
enum cudaDataType { CUDA_R_32F = 0, CUDA_R_16F = 2, CUDA_R_16BF = 14 };

typedef cudaDataType cudaDataType_t;
typedef struct cublasContext *cublasHandle_t;
typedef struct CUstream_st *cudaStream_t;

#endif

#pragma GCC visibility push(default)
extern "C" {

cublasStatus_t cublasCreate_v2(cublasHandle_t *handle);
cublasStatus_t cublasDestroy_v2(cublasHandle_t handle);
cublasStatus_t cublasGetVersion_v2(cublasHandle_t handle, int *version);
const char *cublasGetStatusName(cublasStatus_t status);
cublasStatus_t cublasSetStream_v2(cublasHandle_t handle, cudaStream_t stream);
cublasStatus_t cublasSetWorkspace_v2(cublasHandle_t handle, void *workspace, size_t bytes);
cublasStatus_t cublasSetMathMode(cublasHandle_t handle, cublasMath_t mode);
cublasStatus_t cublasSetPointerMode_v2(cublasHandle_t handle, cublasPointerMode_t mode);

cublasStatus_t cublasGemmEx(
        cublasHandle_t handle,
        cublasOperation_t transposeA,
        cublasOperation_t transposeB,
        int m,
        int n,
        int k,
        const void *alpha,
        const void *a,
        cudaDataType typeA,
        int lda,
        const void *b,
        cudaDataType typeB,
        int ldb,
        const void *beta,
        void *c,
        cudaDataType typeC,
        int ldc,
        cublasComputeType_t computeType,
        cublasGemmAlgo_t algorithm);
cublasStatus_t cublasGemmStridedBatchedEx(
        cublasHandle_t handle,
        cublasOperation_t transposeA,
        cublasOperation_t transposeB,
        int m,
        int n,
        int k,
        const void *alpha,
        const void *a,
        cudaDataType typeA,
        int lda,
        long long strideA,
        const void *b,
        cudaDataType typeB,
        int ldb,
        long long strideB,
        const void *beta,
        void *c,
        cudaDataType typeC,
        int ldc,
        long long strideC,
        int count,
        cublasComputeType_t computeType,
        cublasGemmAlgo_t algorithm);
cublasStatus_t cublasGemmBatchedEx(
        cublasHandle_t handle,
        cublasOperation_t transposeA,
        cublasOperation_t transposeB,
        int m,
        int n,
        int k,
        const void *alpha,
        const void *const a[],
        cudaDataType typeA,
        int lda,
        const void *const b[],
        cudaDataType typeB,
        int ldb,
        const void *beta,
        void *const c[],
        cudaDataType typeC,
        int ldc,
        int count,
        cublasComputeType_t computeType,
        cublasGemmAlgo_t algorithm);
cublasStatus_t cublasGemmGroupedBatchedEx(
        cublasHandle_t handle,
        const cublasOperation_t transposeA[],
        const cublasOperation_t transposeB[],
        const int m[],
        const int n[],
        const int k[],
        const void *alpha,
        const void *const a[],
        cudaDataType_t typeA,
        const int lda[],
        const void *const b[],
        cudaDataType_t typeB,
        const int ldb[],
        const void *beta,
        void *const c[],
        cudaDataType_t typeC,
        const int ldc[],
        int groups,
        const int groupSizes[],
        cublasComputeType_t computeType);

}
#pragma GCC visibility pop
