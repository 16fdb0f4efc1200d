// Rows of embedding tables, from every format of weights.
//
// out[t] = scale * table[ids[t] - first], or zeros where the table has no such row; ids int32
// [tokens]; out float32 [tokens, cols]. The weights are dequantised to float32 exactly as the host
// does it, then scaled. Grid (tokens, ceil(cols / 1024)), 128 threads, eight columns each.
#include "weights.cuh"

static __device__ __forceinline__ void store(const float (&w)[8], int k, int cols, float scale, float *out) {
#pragma unroll
    for (int i = 0; i < 8; i++) {
        if (k + i < cols) {
            out[k + i] = scale * w[i];
        }
    }
}

static __device__ __forceinline__ void store_zeros(int cols, float *out) {
    const float zeros[8] = {};
    store(zeros, 8 * (blockIdx.y * blockDim.x + threadIdx.x), cols, 1.0f, out);
}

template <class T>
static __device__ __forceinline__ void embed_floats(PackedRows table, int id, float scale, float *out) {
    int k = 8 * (blockIdx.y * blockDim.x + threadIdx.x);
    const T *row = (const T *)(table.data + id * table.row_bytes);
    float w[8];
#pragma unroll
    for (int i = 0; i < 8; i++) {
        w[i] = k + i < table.cols ? to_float(row[k + i]) : 0.0f;
    }
    store(w, k, table.cols, scale, out);
}

template <class Format>
static __device__ __forceinline__ void embed_integers(PackedRows table, int id, float scale, float *out) {
    int k = 8 * (blockIdx.y * blockDim.x + threadIdx.x);
    if (k >= table.cols) {
        return;
    }
    const unsigned char *row = table.data + id * table.row_bytes;
    int first = k / Format::per_load * Format::per_load;
    uint4 codes = *(const uint4 *)(row + Format::offset(first));
    float w[8];
    Format::weights(codes, (k - first) / 8, Format::scale(row, table, k), Format::minimum(row, table, k), w);
    store(w, k, table.cols, scale, out);
}

#define EMBEDDING(suffix, function)                                                                           \
    extern "C" __global__ void embedding_##suffix(const unsigned char *data, long long row_bytes,             \
                                                  int scale_offset, int min_offset, int rows, int cols,       \
                                                  const int *ids, int first, float scale, float *out,         \
                                                  long long out_stride) {                                     \
        PackedRows table = {data, row_bytes, scale_offset, min_offset, rows, cols};                           \
        int id = ids[blockIdx.x] - first;                                                                     \
        float *row = out + blockIdx.x * out_stride;                                                           \
        if (id >= 0 && id < rows) {                                                                           \
            function(table, id, scale, row);                                                                  \
        } else {                                                                                              \
            store_zeros(cols, row);                                                                           \
        }                                                                                                     \
    }                                                                                                         \
    CUDA_KERNEL(embedding_##suffix)

EMBEDDING(f32, embed_floats<float>)
EMBEDDING(f16, embed_floats<__half>)
EMBEDDING(bf16, embed_floats<__nv_bfloat16>)

#define EMBEDDING_INTEGERS(suffix, format) EMBEDDING(suffix, embed_integers<format>)
FOR_INTEGERS(EMBEDDING_INTEGERS)
