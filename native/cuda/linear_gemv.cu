// Products of one row of activations with quantised weights: out = x W^T for n = 1, with any number of
// inputs and at any address, which linear_few.cu does not take.
//
// The weights are read once, dequantised in registers to float32 and multiplied with float32
// activations; sums are float32. A warp makes two outputs: each lane takes 16 bytes of codes at a
// time, every 32nd. Source: the dequantising matrix-vector products of ggml (mmvq.cu), with float
// activations instead of bytes.
#include "weights.cuh"

static constexpr int OUTPUTS = 2;

// Eight activations from column k; zeros beyond cols, where the weights are padding.
static __device__ __forceinline__ void load_activations(const float *x, int k, int cols, int vectors,
                                                        float (&values)[8]) {
    if (vectors && k + 8 <= cols) {
        float4 low = *(const float4 *)(x + k);
        float4 high = *(const float4 *)(x + k + 4);
        values[0] = low.x;
        values[1] = low.y;
        values[2] = low.z;
        values[3] = low.w;
        values[4] = high.x;
        values[5] = high.y;
        values[6] = high.z;
        values[7] = high.w;
        return;
    }
#pragma unroll
    for (int i = 0; i < 8; i++) {
        values[i] = k + i < cols ? x[k + i] : 0.0f;
    }
}

// Adds the products of 16 bytes of codes of each output, from column k.
template <class Format>
static __device__ __forceinline__ void add_products(const PackedRows &w, const unsigned char *const (&rows)[OUTPUTS],
                                                    int k, const float *x, int vectors, float (&sums)[OUTPUTS]) {
    uint4 codes[OUTPUTS];
    float scales[OUTPUTS];
    float minima[OUTPUTS];
#pragma unroll
    for (int r = 0; r < OUTPUTS; r++) {
        codes[r] = *(const uint4 *)(rows[r] + Format::offset(k));
        scales[r] = Format::scale(rows[r], w, k);
        minima[r] = Format::minimum(rows[r], w, k);
    }
#pragma unroll
    for (int s = 0; s < Format::per_load / 8; s++) {
        float values[8];
        load_activations(x, k + 8 * s, w.cols, vectors, values);
#pragma unroll
        for (int r = 0; r < OUTPUTS; r++) {
            float weights[8];
            Format::weights(codes[r], s, scales[r], minima[r], weights);
#pragma unroll
            for (int i = 0; i < 8; i++) {
                sums[r] += values[i] * weights[i];
            }
        }
    }
}

template <class Format>
static __device__ __forceinline__ void gemv(const PackedRows &w, const float *x, int vectors, float *out) {
    int lane = threadIdx.x % 32;
    int first = (blockIdx.x * (blockDim.x / 32) + threadIdx.x / 32) * OUTPUTS;
    if (first >= w.rows) {
        return;
    }
    const unsigned char *rows[OUTPUTS];
    float sums[OUTPUTS];
#pragma unroll
    for (int r = 0; r < OUTPUTS; r++) {
        // The last warp of an odd matrix computes its last output twice.
        rows[r] = w.data + min(first + r, w.rows - 1) * w.row_bytes;
        sums[r] = 0.0f;
    }
    int end = padded_cols(w.cols);
    for (int k = lane * Format::per_load; k < end; k += 32 * Format::per_load) {
        add_products<Format>(w, rows, k, x, vectors, sums);
    }
#pragma unroll
    for (int r = 0; r < OUTPUTS; r++) {
        float sum = warp_sum(sums[r]);
        if (lane == 0 && first + r < w.rows) {
            out[first + r] = sum;
        }
    }
}

// x float32 [cols]; `vectors`: it begins at a multiple of 16 bytes. w [rows, cols] packed; out float32
// [rows]. Grid ceil(rows / 8), 128 threads.
#define GEMV(suffix, format)                                                                                  \
    extern "C" __global__ void __launch_bounds__(128)                                                         \
            gemv_##suffix(const unsigned char *data, long long row_bytes, int scale_offset, int min_offset,   \
                          int rows, int cols, const float *x, int vectors, float *out) {                      \
        PackedRows w = {data, row_bytes, scale_offset, min_offset, rows, cols};                               \
        gemv<format>(w, x, vectors, out);                                                                     \
    }                                                                                                         \
    CUDA_KERNEL(gemv_##suffix)
FOR_INTEGERS(GEMV)
