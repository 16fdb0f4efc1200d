// The exported functions of cuBLAS.
#include <string.h>

#include <algorithm>
#include <set>

#include "api_cublas.h"
#include "driver.h"
#include "gemm.h"
#include "status.h"
#include "streams.h"

struct cublasContext {
    CUcontext context;
    CUstream stream = nullptr;
    cublasPointerMode_t pointerMode = CUBLAS_POINTER_MODE_HOST;
};

using cusim::Call;
using cusim::driver;
using cusim::Element;
using cusim::Needs;

namespace {

std::set<const cublasContext *> &handles() {
    static auto *handles = new std::set<const cublasContext *>;
    return *handles;
}

// Begins a call that has a handle; what to return at once unless it is success.
cublasStatus_t begin(const Call &call, cublasHandle_t handle) {
    if (call.status != CUDA_SUCCESS) {
        bool sticky = call.context != nullptr && call.context->sticky != CUDA_SUCCESS;
        return call.planned ? static_cast<cublasStatus_t>(call.status)
                : sticky    ? CUBLAS_STATUS_EXECUTION_FAILED
                            : CUBLAS_STATUS_NOT_INITIALIZED;
    }
    return handles().count(handle) != 0 ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_NOT_INITIALIZED;
}

bool elementOf(cudaDataType type, Element *element) {
    switch (type) {
        case CUDA_R_32F: *element = Element::FLOAT32; return true;
        case CUDA_R_16F: *element = Element::FLOAT16; return true;
        case CUDA_R_16BF: *element = Element::BFLOAT16; return true;
        default: return false;
    }
}

struct Shape {
    cublasOperation_t transposeA, transposeB;
    int m, n, k, lda, ldb, ldc;
    cudaDataType typeA, typeB, typeC;
    cublasComputeType_t computeType;
};

cublasStatus_t check(const Shape &shape) {
    bool sizes = shape.m >= 0 && shape.n >= 0 && shape.k >= 0;
    int rowsA = shape.transposeA == CUBLAS_OP_N ? shape.m : shape.k;
    int rowsB = shape.transposeB == CUBLAS_OP_N ? shape.k : shape.n;
    bool leading = shape.lda >= std::max(1, rowsA) && shape.ldb >= std::max(1, rowsB)
            && shape.ldc >= std::max(1, shape.m);
    if (!sizes || !leading) {
        return CUBLAS_STATUS_INVALID_VALUE;
    }
    Element a, c;
    bool types = elementOf(shape.typeA, &a) && shape.typeA == shape.typeB && elementOf(shape.typeC, &c)
            && (shape.typeC == shape.typeA || shape.typeC == CUDA_R_32F);
    bool compute = shape.computeType == CUBLAS_COMPUTE_32F || shape.computeType == CUBLAS_COMPUTE_32F_PEDANTIC
            || (shape.computeType == CUBLAS_COMPUTE_32F_FAST_TF32 && a == Element::FLOAT32);
    return types && compute ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_NOT_SUPPORTED;
}

// Whether a column-major matrix lies in the context's memory; else the context fails.
bool isThere(CUcontext context, const void *data, int rows, int columns, int leading, Element element, char name) {
    if (rows == 0 || columns == 0) {
        return true;
    }
    size_t elements = (size_t)(columns - 1) * leading + rows;
    if (cusim::isDeviceMemory(context, reinterpret_cast<uintptr_t>(data), elements * cusim::elementSize(element))) {
        return true;
    }
    cusim::failContext(context, cusim::status::ILLEGAL_ADDRESS,
                       std::string("cuBLAS: matrix ") + name + " of " + std::to_string(rows) + " rows, "
                               + std::to_string(columns) + " columns and leading dimension " + std::to_string(leading)
                               + " reaches outside of its memory");
    return false;
}

float scalar(const void *pointer) {
    float value;
    memcpy(&value, pointer, sizeof value);
    return value;
}

void multiply(CUcontext context, const Shape &shape, const float *scalars, const void *a, const void *b, void *c) {
    cusim::Product product{};
    bool transposedA = shape.transposeA != CUBLAS_OP_N;
    bool transposedB = shape.transposeB != CUBLAS_OP_N;
    product.m = shape.m;
    product.n = shape.n;
    product.k = shape.k;
    product.alpha = scalars[0];
    product.beta = scalars[1];
    product.a = {a, Element::FLOAT32, shape.lda, transposedA};
    product.b = {b, Element::FLOAT32, shape.ldb, transposedB};
    product.c = c;
    product.leadingC = shape.ldc;
    elementOf(shape.typeA, &product.a.element);
    elementOf(shape.typeB, &product.b.element);
    elementOf(shape.typeC, &product.elementC);
    int m = shape.m, n = shape.n, k = shape.k;
    if (isThere(context, a, transposedA ? k : m, transposedA ? m : k, shape.lda, product.a.element, 'A')
        && isThere(context, b, transposedB ? n : k, transposedB ? k : n, shape.ldb, product.b.element, 'B')
        && isThere(context, c, m, n, shape.ldc, product.elementC, 'C')) {
        cusim::multiply(product);
    }
}

// Where alpha and beta are: on the host they are read at the call, on the device when the work runs.
class Scalars {
  public:
    Scalars(cublasPointerMode_t mode, const void *alpha, const void *beta)
        : onDevice(mode == CUBLAS_POINTER_MODE_DEVICE), pointers{alpha, beta} {
        if (!onDevice) {
            values[0] = scalar(alpha);
            values[1] = scalar(beta);
        }
    }

    bool read(CUcontext context, float *to) const {
        for (int i = 0; i < 2; i++) {
            if (onDevice && !isThere(context, pointers[i], 1, 1, 1, Element::FLOAT32, i == 0 ? 'a' : 'b')) {
                return false;
            }
            to[i] = onDevice ? scalar(pointers[i]) : values[i];
        }
        return true;
    }

  private:
    bool onDevice;
    const void *pointers[2];
    float values[2] = {};
};

cublasStatus_t enqueue(cublasHandle_t handle, std::function<void(CUstream)> action) {
    CUresult status = cusim::submit(handle->context, handle->stream, "gemm", std::move(action));
    return status == CUDA_SUCCESS ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_EXECUTION_FAILED;
}

// A device array of pointers, which is read when the work runs.
bool readPointers(CUcontext context, const void *const *array, int count, std::vector<const void *> *pointers) {
    size_t bytes = (size_t)count * sizeof *array;
    if (!cusim::isDeviceMemory(context, reinterpret_cast<uintptr_t>(array), bytes)) {
        cusim::failContext(context, cusim::status::ILLEGAL_ADDRESS,
                           "cuBLAS: an array of " + std::to_string(count) + " pointers is not in device memory");
        return false;
    }
    pointers->assign(array, array + count);
    return true;
}

void multiplyBatch(
        CUcontext context,
        const Shape &shape,
        const Scalars &scalars,
        const void *const *a,
        const void *const *b,
        void *const *c,
        int count) {
    std::vector<const void *> as, bs, cs;
    float values[2];
    if (!readPointers(context, a, count, &as) || !readPointers(context, b, count, &bs)
        || !readPointers(context, const_cast<const void *const *>(c), count, &cs) || !scalars.read(context, values)) {
        return;
    }
    for (int i = 0; i < count && context->sticky == CUDA_SUCCESS; i++) {
        multiply(context, shape, values, as[i], bs[i], const_cast<void *>(cs[i]));
    }
}

}  // namespace

void cusim::resetBlas() {
    handles().clear();
}

#define CUSIM_BLAS_CALL(handle)                             \
    Call call(__func__, Needs::CONTEXT);                    \
    cublasStatus_t status = begin(call, handle);            \
    if (status != CUBLAS_STATUS_SUCCESS) {                  \
        return status;                                      \
    }

cublasStatus_t cublasCreate_v2(cublasHandle_t *handle) {
    Call call(__func__, Needs::CONTEXT);
    if (call.status != CUDA_SUCCESS) {
        return begin(call, nullptr);
    }
    *handle = new cublasContext{call.context};
    handles().insert(*handle);
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasDestroy_v2(cublasHandle_t handle) {
    CUSIM_BLAS_CALL(handle)
    handles().erase(handle);
    delete handle;
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasGetVersion_v2(cublasHandle_t handle, int *version) {
    CUSIM_BLAS_CALL(handle)
    *version = 130101;
    return CUBLAS_STATUS_SUCCESS;
}

const char *cublasGetStatusName(cublasStatus_t status) {
    cusim::recordCall(__func__);
    switch (status) {
        case CUBLAS_STATUS_SUCCESS: return "CUBLAS_STATUS_SUCCESS";
        case CUBLAS_STATUS_NOT_INITIALIZED: return "CUBLAS_STATUS_NOT_INITIALIZED";
        case CUBLAS_STATUS_ALLOC_FAILED: return "CUBLAS_STATUS_ALLOC_FAILED";
        case CUBLAS_STATUS_INVALID_VALUE: return "CUBLAS_STATUS_INVALID_VALUE";
        case CUBLAS_STATUS_ARCH_MISMATCH: return "CUBLAS_STATUS_ARCH_MISMATCH";
        case CUBLAS_STATUS_MAPPING_ERROR: return "CUBLAS_STATUS_MAPPING_ERROR";
        case CUBLAS_STATUS_EXECUTION_FAILED: return "CUBLAS_STATUS_EXECUTION_FAILED";
        case CUBLAS_STATUS_INTERNAL_ERROR: return "CUBLAS_STATUS_INTERNAL_ERROR";
        case CUBLAS_STATUS_NOT_SUPPORTED: return "CUBLAS_STATUS_NOT_SUPPORTED";
        case CUBLAS_STATUS_LICENSE_ERROR: return "CUBLAS_STATUS_LICENSE_ERROR";
        default: return "<unknown>";
    }
}

cublasStatus_t cublasSetStream_v2(cublasHandle_t handle, cudaStream_t stream) {
    CUSIM_BLAS_CALL(handle)
    if (cusim::resolveStream(handle->context, stream) == nullptr) {
        return CUBLAS_STATUS_INVALID_VALUE;
    }
    handle->stream = stream;
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasSetWorkspace_v2(cublasHandle_t handle, void *workspace, size_t bytes) {
    CUSIM_BLAS_CALL(handle)
    bool aligned = reinterpret_cast<uintptr_t>(workspace) % 256 == 0;
    bool there = bytes == 0 || cusim::isDeviceMemory(handle->context, reinterpret_cast<uintptr_t>(workspace), bytes);
    return aligned && there ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_INVALID_VALUE;
}

cublasStatus_t cublasSetMathMode(cublasHandle_t handle, cublasMath_t) {
    CUSIM_BLAS_CALL(handle)
    // All modes give full float32 here.
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasSetPointerMode_v2(cublasHandle_t handle, cublasPointerMode_t mode) {
    CUSIM_BLAS_CALL(handle)
    handle->pointerMode = mode;
    return CUBLAS_STATUS_SUCCESS;
}

static cublasStatus_t strided(
        cublasHandle_t handle,
        const Shape &shape,
        const void *alpha,
        const void *beta,
        const void *a,
        const void *b,
        void *c,
        const long long *strides,
        int count) {
    cublasStatus_t status = check(shape);
    if (status != CUBLAS_STATUS_SUCCESS || count < 0) {
        return status != CUBLAS_STATUS_SUCCESS ? status : CUBLAS_STATUS_INVALID_VALUE;
    }
    Element input = Element::FLOAT32;
    Element output = Element::FLOAT32;
    elementOf(shape.typeA, &input);
    elementOf(shape.typeC, &output);
    long long stepA = strides[0] * (long long)cusim::elementSize(input);
    long long stepB = strides[1] * (long long)cusim::elementSize(input);
    long long stepC = strides[2] * (long long)cusim::elementSize(output);
    Scalars scalars(handle->pointerMode, alpha, beta);
    CUcontext context = handle->context;
    return enqueue(handle, [=](CUstream) {
        float values[2];
        if (!scalars.read(context, values)) {
            return;
        }
        for (int i = 0; i < count && context->sticky == CUDA_SUCCESS; i++) {
            multiply(context, shape, values, static_cast<const char *>(a) + i * stepA,
                     static_cast<const char *>(b) + i * stepB, static_cast<char *>(c) + i * stepC);
        }
    });
}

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
        cublasGemmAlgo_t) {
    CUSIM_BLAS_CALL(handle)
    Shape shape{transposeA, transposeB, m, n, k, lda, ldb, ldc, typeA, typeB, typeC, computeType};
    constexpr long long STRIDES[3] = {0, 0, 0};
    return strided(handle, shape, alpha, beta, a, b, c, STRIDES, 1);
}

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
        cublasGemmAlgo_t) {
    CUSIM_BLAS_CALL(handle)
    Shape shape{transposeA, transposeB, m, n, k, lda, ldb, ldc, typeA, typeB, typeC, computeType};
    long long strides[3] = {strideA, strideB, strideC};
    return strided(handle, shape, alpha, beta, a, b, c, strides, count);
}

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
        cublasGemmAlgo_t) {
    CUSIM_BLAS_CALL(handle)
    Shape shape{transposeA, transposeB, m, n, k, lda, ldb, ldc, typeA, typeB, typeC, computeType};
    status = check(shape);
    if (status != CUBLAS_STATUS_SUCCESS || count < 0) {
        return status != CUBLAS_STATUS_SUCCESS ? status : CUBLAS_STATUS_INVALID_VALUE;
    }
    Scalars scalars(handle->pointerMode, alpha, beta);
    CUcontext context = handle->context;
    return enqueue(handle, [=](CUstream) { multiplyBatch(context, shape, scalars, a, b, c, count); });
}

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
        cublasComputeType_t computeType) {
    CUSIM_BLAS_CALL(handle)
    const float *alphas = static_cast<const float *>(alpha);
    const float *betas = static_cast<const float *>(beta);
    int first = 0;
    // The shapes are arrays of the host and read now, the matrices' addresses lie on the device.
    for (int group = 0; group < groups; group++) {
        Shape shape{transposeA[group], transposeB[group], m[group], n[group], k[group], lda[group],
                    ldb[group],        ldc[group],        typeA,    typeB,    typeC,    computeType};
        status = check(shape);
        if (status != CUBLAS_STATUS_SUCCESS || groupSizes[group] < 0) {
            return status != CUBLAS_STATUS_SUCCESS ? status : CUBLAS_STATUS_INVALID_VALUE;
        }
    }
    for (int group = 0; group < groups && status == CUBLAS_STATUS_SUCCESS; group++) {
        Shape shape{transposeA[group], transposeB[group], m[group], n[group], k[group], lda[group],
                    ldb[group],        ldc[group],        typeA,    typeB,    typeC,    computeType};
        Scalars scalars(handle->pointerMode, alphas + group, betas + group);
        CUcontext context = handle->context;
        int count = groupSizes[group];
        auto as = a + first;
        auto bs = b + first;
        auto cs = c + first;
        status = enqueue(handle, [=](CUstream) { multiplyBatch(context, shape, scalars, as, bs, cs, count); });
        first += count;
    }
    return status;
}
