// Activations as the products read them: float32 rows rounded to 16 bits.
#include "common.cuh"

// The largest number that float16 holds; larger ones would become infinite, and then NaN.
static __device__ __forceinline__ float in_range(float value, __half) {
    return value > 65504.0f ? 65504.0f : value < -65504.0f ? -65504.0f : value;
}

static __device__ __forceinline__ float in_range(float value, __nv_bfloat16) {
    return value;
}

template <class T>
static __device__ __forceinline__ unsigned rounded_pair(const float *row, int k, int cols) {
    float first = k < cols ? row[k] : 0.0f;
    float second = k + 1 < cols ? row[k + 1] : 0.0f;
    return pack_pair<T>(in_range(first, T()), in_range(second, T()));
}

template <class T>
static __device__ __forceinline__ void convert(const float *x, long long x_stride, int cols, T *out,
                                               int out_stride) {
    int k = 8 * (blockIdx.y * blockDim.x + threadIdx.x);
    if (k >= out_stride) {
        return;
    }
    const float *row = x + blockIdx.x * x_stride;
    uint4 pairs = make_uint4(rounded_pair<T>(row, k, cols), rounded_pair<T>(row, k + 2, cols),
                             rounded_pair<T>(row, k + 4, cols), rounded_pair<T>(row, k + 6, cols));
    *(uint4 *)(out + (long long)blockIdx.x * out_stride + k) = pairs;
}

// Rounds to bfloat16, to nearest even.
// x float32 [n, cols]; out [n, out_stride], zeros beyond cols, 16-byte aligned; out_stride a multiple
// of 8. Grid (n, ceil(out_stride / 1024)), 128 threads.
extern "C" __global__ void convert_bf16(const float *x, long long x_stride, int cols, __nv_bfloat16 *out,
                                        int out_stride) {
    convert(x, x_stride, cols, out, out_stride);
}

// Rounds to float16, to nearest even; what is out of its range becomes its largest number. Otherwise
// as convert_bf16.
extern "C" __global__ void convert_f16(const float *x, long long x_stride, int cols, __half *out,
                                       int out_stride) {
    convert(x, x_stride, cols, out, out_stride);
}

CUDA_KERNEL(convert_bf16)
CUDA_KERNEL(convert_f16)
