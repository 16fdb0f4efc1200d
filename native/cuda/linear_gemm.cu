// Products of many rows of activations with quantised weights: out = x W^T.
//
// A block of four warps makes a tile of 64 rows of x by 64 outputs. Activations (bfloat16) and codes
// come by cp.async, two steps of 64 inputs ahead, for one step is shorter than the way from memory; the
// codes of a step are dequantised and rounded to bfloat16 in shared memory, then multiplied by
// mma.m16n8k16 with float32 sums, each warp a tile of 32 by 32. Inputs are added up in order, whatever
// n is. Source: the pipelined tiles of CUTLASS's mixed-input GEMM for sm_80, in plain form.
#include "weights.cuh"

static constexpr int TILE = 64;
static constexpr int STEP = 64;
static constexpr int STAGES = 3;
static constexpr int THREADS = 128;
// Eight elements more than a step: ldmatrix then reads eight rows from different banks.
static constexpr int LINE = STEP + 8;
static constexpr int MAX_CODE_BYTES = TILE * STEP;

struct Tiles {
    __nv_bfloat16 x[STAGES][TILE][LINE];
    __nv_bfloat16 w[TILE][LINE];
    unsigned char codes[STAGES][MAX_CODE_BYTES];
};

// The step's codes that a thread dequantises: 16 bytes at a time, with scales and minima, which are loaded
// a step ahead.
template <class Format>
struct Chunks {
    static constexpr int per_row = STEP / Format::per_load;
    static constexpr int count = TILE * per_row / THREADS;
    float scales[count];
    float minima[count];
};

static __device__ __forceinline__ void start_activations(Tiles *tiles, int buffer, const __nv_bfloat16 *x,
                                                         int x_stride, int n, int token, int k) {
    constexpr int per_row = STEP / 8;
#pragma unroll
    for (int i = 0; i < TILE * per_row / THREADS; i++) {
        int chunk = i * THREADS + threadIdx.x;
        int row = chunk / per_row;
        int column = chunk % per_row * 8;
        bool valid = token + row < n;
        const __nv_bfloat16 *from = valid ? x + (long long)(token + row) * x_stride + k + column : x;
        cp_async16_or_zero(&tiles->x[buffer][row][column], from, valid);
    }
}

// Where a thread's codes of a step begin that are not padding of the matrix.
template <class Format>
struct ChunkPlace {
    bool valid;
    int column;
    const unsigned char *row;

    __device__ __forceinline__ ChunkPlace(const PackedRows &w, int output, int k, int i) {
        int chunk = i * THREADS + threadIdx.x;
        int at = output + chunk / Chunks<Format>::per_row;
        column = k + chunk % Chunks<Format>::per_row * Format::per_load;
        valid = at < w.rows && column < padded_cols(w.cols);
        row = valid ? w.data + at * w.row_bytes : w.data;
    }
};

template <class Format>
static __device__ __forceinline__ void start_codes(Tiles *tiles, int buffer, const PackedRows &w, int output, int k) {
#pragma unroll
    for (int i = 0; i < Chunks<Format>::count; i++) {
        ChunkPlace<Format> place(w, output, k, i);
        cp_async16_or_zero(&tiles->codes[buffer][16 * (i * THREADS + threadIdx.x)],
                           place.valid ? place.row + Format::offset(place.column) : place.row, place.valid);
    }
}

template <class Format>
static __device__ __forceinline__ void load_scales(const PackedRows &w, int output, int k, Chunks<Format> &chunks) {
#pragma unroll
    for (int i = 0; i < Chunks<Format>::count; i++) {
        ChunkPlace<Format> place(w, output, k, i);
        chunks.scales[i] = place.valid ? Format::scale(place.row, w, place.column) : 0.0f;
        chunks.minima[i] = place.valid ? Format::minimum(place.row, w, place.column) : 0.0f;
    }
}

template <class Format>
static __device__ __forceinline__ void dequantise(Tiles *tiles, int buffer, const Chunks<Format> &chunks) {
#pragma unroll
    for (int i = 0; i < Chunks<Format>::count; i++) {
        int chunk = i * THREADS + threadIdx.x;
        int row = chunk / Chunks<Format>::per_row;
        int column = chunk % Chunks<Format>::per_row * Format::per_load;
        uint4 codes = *(const uint4 *)&tiles->codes[buffer][16 * chunk];
#pragma unroll
        for (int s = 0; s < Format::per_load / 8; s++) {
            float v[8];
            Format::weights(codes, s, chunks.scales[i], chunks.minima[i], v);
            *(uint4 *)&tiles->w[row][column + 8 * s] =
                    make_uint4(pack_pair<__nv_bfloat16>(v[0], v[1]), pack_pair<__nv_bfloat16>(v[2], v[3]),
                               pack_pair<__nv_bfloat16>(v[4], v[5]), pack_pair<__nv_bfloat16>(v[6], v[7]));
        }
    }
}

// Adds one step: the warp's 32 by 32 of the tile, in fragments of 16 by 8.
static __device__ __forceinline__ void multiply(const Tiles *tiles, int buffer, float (&sums)[2][4][4]) {
    int lane = threadIdx.x % 32;
    int token = threadIdx.x / 64 * 32;
    int output = threadIdx.x / 32 % 2 * 32;
#pragma unroll
    for (int k = 0; k < STEP; k += 16) {
        unsigned a[2][4];
        unsigned b[2][4];
#pragma unroll
        for (int i = 0; i < 2; i++) {
            // Rows 0-7 and 8-15 of inputs 0-7, then of inputs 8-15.
            ldmatrix_x4(a[i], &tiles->x[buffer][token + 16 * i + lane % 16][k + lane / 16 * 8]);
            // Outputs 0-7 by inputs 0-7 and 8-15, then outputs 8-15.
            ldmatrix_x4(b[i], &tiles->w[output + 16 * i + lane / 16 * 8 + lane % 8][k + lane / 8 % 2 * 8]);
        }
#pragma unroll
        for (int i = 0; i < 2; i++) {
#pragma unroll
            for (int j = 0; j < 4; j++) {
                unsigned pair[2] = {b[j / 2][j % 2 * 2], b[j / 2][j % 2 * 2 + 1]};
                mma_m16n8k16<__nv_bfloat16>(sums[i][j], a[i], pair);
            }
        }
    }
}

static __device__ __forceinline__ void store(const float (&sums)[2][4][4], int token, int output, int n, int rows,
                                             float *out, long long out_stride) {
    int lane = threadIdx.x % 32;
    token += threadIdx.x / 64 * 32 + lane / 4;
    output += threadIdx.x / 32 % 2 * 32 + lane % 4 * 2;
#pragma unroll
    for (int i = 0; i < 2; i++) {
#pragma unroll
        for (int j = 0; j < 4; j++) {
#pragma unroll
            for (int e = 0; e < 4; e++) {
                int row = token + 16 * i + e / 2 * 8;
                int column = output + 8 * j + e % 2;
                if (row < n && column < rows) {
                    out[row * out_stride + column] = sums[i][j][e];
                }
            }
        }
    }
}

template <class Format>
static __device__ __forceinline__ void gemm(const PackedRows &w, const __nv_bfloat16 *x, int x_stride, int n,
                                            float *out, long long out_stride) {
    Tiles *tiles = (Tiles *)smem;
    int output = blockIdx.x * TILE;
    int token = blockIdx.y * TILE;
    Chunks<Format> chunks;
    float sums[2][4][4] = {};
    auto start = [&](int buffer, int k) {
        if (k < w.cols) {
            start_activations(tiles, buffer, x, x_stride, n, token, k);
            start_codes<Format>(tiles, buffer, w, output, k);
        }
        cp_async_commit();
    };
#pragma unroll
    for (int stage = 0; stage < STAGES - 1; stage++) {
        start(stage, stage * STEP);
    }
    load_scales<Format>(w, output, 0, chunks);
    int buffer = 0;
    for (int k = 0; k < w.cols; k += STEP) {
        Chunks<Format> current = chunks;
        cp_async_wait<STAGES - 2>();
        // Everybody's copies are there, and nobody reads the buffer before or w any more.
        __syncthreads();
        start(buffer == 0 ? STAGES - 1 : buffer - 1, k + (STAGES - 1) * STEP);
        load_scales<Format>(w, output, k + STEP, chunks);
        dequantise<Format>(tiles, buffer, current);
        __syncthreads();
        multiply(tiles, buffer, sums);
        buffer = buffer == STAGES - 1 ? 0 : buffer + 1;
    }
    store(sums, token, output, n, w.rows, out, out_stride);
}

// x bfloat16 [n, cols], rows of x_stride elements, a multiple of 64, with zeros beyond cols. w
// [rows, cols] packed; out float32 [n, rows]. Grid (ceil(rows / 64), ceil(n / 64)), 128 threads,
// 49,152 bytes of shared memory.
#define GEMM(suffix, format)                                                                                  \
    extern "C" __global__ void __launch_bounds__(THREADS)                                                     \
            gemm_##suffix(const unsigned char *data, long long row_bytes, int scale_offset, int min_offset,   \
                          int rows, int cols, const __nv_bfloat16 *x, int x_stride, int n, float *out,        \
                          long long out_stride) {                                                             \
        PackedRows w = {data, row_bytes, scale_offset, min_offset, rows, cols};                               \
        gemm<format>(w, x, x_stride, n, out, out_stride);                                                     \
    }                                                                                                         \
    CUDA_KERNEL(gemm_##suffix)
FOR_INTEGERS(GEMM)

static_assert(sizeof(Tiles) == 49152, "CudaLinear knows the size");
