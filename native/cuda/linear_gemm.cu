// Products of many rows of activations with quantised weights: out = x W^T.
//
// A block of four warps makes a tile of 64 rows of x by 64 outputs, or by 32 where there would be too few
// blocks: a multiprocessor needs several to have something to do while one waits. Activations (bfloat16) and codes
// come by cp.async, two steps of 64 inputs ahead, for one step is shorter than the way from memory; the
// codes of a step are dequantised and rounded to bfloat16 in shared memory, then multiplied by
// mma.m16n8k16 with float32 sums, each warp 32 rows by half of the outputs. Inputs are added up in order, whatever
// n or the tile is. Source: the pipelined tiles of CUTLASS's mixed-input GEMM for sm_80, in plain form.
#include "weights.cuh"

static constexpr int TOKENS = 64;
static constexpr int STEP = 64;
static constexpr int STAGES = 3;
static constexpr int THREADS = 128;
// Eight elements more than a step: ldmatrix then reads eight rows from different banks.
static constexpr int LINE = STEP + 8;

template <int OUTPUTS>
struct Tiles {
    __nv_bfloat16 x[STAGES][TOKENS][LINE];
    __nv_bfloat16 w[OUTPUTS][LINE];
    unsigned char codes[STAGES][OUTPUTS * STEP];
};

// The step's codes that a thread dequantises: 16 bytes at a time, which two threads share where there are
// not enough. Scales and minima are loaded a step ahead.
template <class Format, int OUTPUTS>
struct Chunks {
    static constexpr int per_row = STEP / Format::per_load;
    static constexpr int all = OUTPUTS * per_row;
    static constexpr int sharers = all < THREADS ? THREADS / all : 1;
    static constexpr int count = all * sharers / THREADS;
    // Eights of codes of a thread.
    static constexpr int eights = Format::per_load / 8 / sharers;
    float scales[count];
    float minima[count];

    // The i-th chunk of a thread, as it lies in the tile.
    static __device__ __forceinline__ int index(int i) {
        return (i * THREADS + (int)threadIdx.x) / sharers;
    }

    static __device__ __forceinline__ int row(int i) {
        return index(i) / per_row;
    }

    static __device__ __forceinline__ int column(int i) {
        return index(i) % per_row * Format::per_load;
    }
};

template <int OUTPUTS>
static __device__ __forceinline__ void start_activations(Tiles<OUTPUTS> *tiles, int buffer, const __nv_bfloat16 *x,
                                                         int x_stride, int n, int token, int k) {
    constexpr int per_row = STEP / 8;
#pragma unroll
    for (int i = 0; i < TOKENS * per_row / THREADS; i++) {
        int chunk = i * THREADS + threadIdx.x;
        int row = chunk / per_row;
        int column = chunk % per_row * 8;
        bool valid = token + row < n;
        const __nv_bfloat16 *from = valid ? x + (long long)(token + row) * x_stride + k + column : x;
        cp_async16_or_zero(&tiles->x[buffer][row][column], from, valid);
    }
}

template <class Format, int OUTPUTS>
static __device__ __forceinline__ void start_codes(Tiles<OUTPUTS> *tiles, int buffer, const PackedRows &w, int output,
                                                   int k) {
    using Own = Chunks<Format, OUTPUTS>;
    if (threadIdx.x % Own::sharers != 0) {
        return;
    }
#pragma unroll
    for (int i = 0; i < Own::count; i++) {
        int row = output + Own::row(i);
        int column = k + Own::column(i);
        bool valid = row < w.rows && column < padded_cols(w.cols);
        const unsigned char *from = valid ? w.data + row * w.row_bytes + Format::offset(column) : w.data;
        cp_async16_or_zero(&tiles->codes[buffer][16 * Own::index(i)], from, valid);
    }
}

template <class Format, int OUTPUTS>
static __device__ __forceinline__ void load_scales(const PackedRows &w, int output, int k,
                                                   Chunks<Format, OUTPUTS> &chunks) {
#pragma unroll
    for (int i = 0; i < Chunks<Format, OUTPUTS>::count; i++) {
        int row = output + chunks.row(i);
        int column = k + chunks.column(i);
        bool valid = row < w.rows && column < padded_cols(w.cols);
        const unsigned char *from = w.data + row * w.row_bytes;
        chunks.scales[i] = valid ? Format::scale(from, w, column) : 0.0f;
        chunks.minima[i] = valid ? Format::minimum(from, w, column) : 0.0f;
    }
}

template <class Format, int OUTPUTS>
static __device__ __forceinline__ void dequantise(Tiles<OUTPUTS> *tiles, int buffer,
                                                  const Chunks<Format, OUTPUTS> &chunks) {
    using Own = Chunks<Format, OUTPUTS>;
    int part = threadIdx.x % Own::sharers;
#pragma unroll
    for (int i = 0; i < Own::count; i++) {
        uint4 codes = *(const uint4 *)&tiles->codes[buffer][16 * chunks.index(i)];
        if (Own::sharers == 2 && part == 1) {
            codes.x = codes.z;
            codes.y = codes.w;
        }
        __nv_bfloat16 *to = &tiles->w[chunks.row(i)][chunks.column(i) + 8 * Own::eights * part];
#pragma unroll
        for (int s = 0; s < Own::eights; s++) {
            float v[8];
            Format::weights(codes, s, chunks.scales[i], chunks.minima[i], v);
            *(uint4 *)(to + 8 * s) =
                    make_uint4(pack_pair<__nv_bfloat16>(v[0], v[1]), pack_pair<__nv_bfloat16>(v[2], v[3]),
                               pack_pair<__nv_bfloat16>(v[4], v[5]), pack_pair<__nv_bfloat16>(v[6], v[7]));
        }
    }
}

// Adds one step: the warp's part of the tile, in fragments of 16 by 8.
template <int OUTPUTS>
static __device__ __forceinline__ void multiply(const Tiles<OUTPUTS> *tiles, int buffer,
                                                float (&sums)[2][OUTPUTS / 16][4]) {
    int lane = threadIdx.x % 32;
    int token = threadIdx.x / 64 * 32;
    int output = threadIdx.x / 32 % 2 * (OUTPUTS / 2);
#pragma unroll
    for (int k = 0; k < STEP; k += 16) {
        unsigned a[2][4];
        unsigned b[OUTPUTS / 32][4];
#pragma unroll
        for (int i = 0; i < 2; i++) {
            // Rows 0-7 and 8-15 of inputs 0-7, then of inputs 8-15.
            ldmatrix_x4(a[i], &tiles->x[buffer][token + 16 * i + lane % 16][k + lane / 16 * 8]);
        }
#pragma unroll
        for (int i = 0; i < OUTPUTS / 32; i++) {
            // Outputs 0-7 by inputs 0-7 and 8-15, then outputs 8-15.
            ldmatrix_x4(b[i], &tiles->w[output + 16 * i + lane / 16 * 8 + lane % 8][k + lane / 8 % 2 * 8]);
        }
#pragma unroll
        for (int i = 0; i < 2; i++) {
#pragma unroll
            for (int j = 0; j < OUTPUTS / 16; j++) {
                unsigned pair[2] = {b[j / 2][j % 2 * 2], b[j / 2][j % 2 * 2 + 1]};
                mma_m16n8k16<__nv_bfloat16>(sums[i][j], a[i], pair);
            }
        }
    }
}

template <int OUTPUTS>
static __device__ __forceinline__ void store(const float (&sums)[2][OUTPUTS / 16][4], int token, int output, int n,
                                             int rows, float *out, long long out_stride) {
    int lane = threadIdx.x % 32;
    token += threadIdx.x / 64 * 32 + lane / 4;
    output += threadIdx.x / 32 % 2 * (OUTPUTS / 2) + lane % 4 * 2;
#pragma unroll
    for (int i = 0; i < 2; i++) {
#pragma unroll
        for (int j = 0; j < OUTPUTS / 16; j++) {
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

template <class Format, int OUTPUTS>
static __device__ __forceinline__ void gemm(const PackedRows &w, const __nv_bfloat16 *x, int x_stride, int n,
                                            float *out, long long out_stride) {
    Tiles<OUTPUTS> *tiles = (Tiles<OUTPUTS> *)smem;
    int output = blockIdx.x * OUTPUTS;
    int token = blockIdx.y * TOKENS;
    Chunks<Format, OUTPUTS> chunks;
    float sums[2][OUTPUTS / 16][4] = {};
    auto start = [&](int buffer, int k) {
        if (k < w.cols) {
            start_activations(tiles, buffer, x, x_stride, n, token, k);
            start_codes<Format, OUTPUTS>(tiles, buffer, w, output, k);
        }
        cp_async_commit();
    };
#pragma unroll
    for (int stage = 0; stage < STAGES - 1; stage++) {
        start(stage, stage * STEP);
    }
    load_scales<Format, OUTPUTS>(w, output, 0, chunks);
    int buffer = 0;
    for (int k = 0; k < w.cols; k += STEP) {
        Chunks<Format, OUTPUTS> current = chunks;
        cp_async_wait<STAGES - 2>();
        // Everybody's copies are there, and nobody reads the buffer before or w any more.
        __syncthreads();
        start(buffer == 0 ? STAGES - 1 : buffer - 1, k + (STAGES - 1) * STEP);
        load_scales<Format, OUTPUTS>(w, output, k + STEP, chunks);
        dequantise<Format, OUTPUTS>(tiles, buffer, current);
        __syncthreads();
        multiply<OUTPUTS>(tiles, buffer, sums);
        buffer = buffer == STAGES - 1 ? 0 : buffer + 1;
    }
    store<OUTPUTS>(sums, token, output, n, w.rows, out, out_stride);
}

// x bfloat16 [n, cols], rows of x_stride elements, a multiple of 64, with zeros beyond cols. w
// [rows, cols] packed; out float32 [n, rows]. A name has the outputs of a tile. Grid
// (ceil(rows / outputs), ceil(n / 64)), 128 threads, 49,152 bytes of shared memory for 64 outputs, 38,400
// for 32.
#define GEMM(suffix, format, outputs)                                                                         \
    extern "C" __global__ void __launch_bounds__(THREADS)                                                     \
            gemm##outputs##_##suffix(const unsigned char *data, long long row_bytes, int scale_offset,        \
                                     int min_offset, int rows, int cols, const __nv_bfloat16 *x,              \
                                     int x_stride, int n, float *out, long long out_stride) {                 \
        PackedRows w = {data, row_bytes, scale_offset, min_offset, rows, cols};                               \
        gemm<format, outputs>(w, x, x_stride, n, out, out_stride);                                            \
    }                                                                                                         \
    CUDA_KERNEL(gemm##outputs##_##suffix)

#define GEMMS(suffix, format) \
    GEMM(suffix, format, 64)  \
    GEMM(suffix, format, 32)
FOR_INTEGERS(GEMMS)

static_assert(sizeof(Tiles<64>) == 49152 && sizeof(Tiles<32>) == 38400, "GemmTile knows the sizes");
