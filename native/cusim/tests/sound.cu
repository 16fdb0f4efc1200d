// Kernels without faults, which prove what the emulation must do.
#include "common.cuh"

// y[row, :] = every lane's view of the warp's primitives. Grid 1, block 64. y [64, 8].
extern "C" __global__ void warp_primitives(const float *x, float *y) {
    float value = x[threadIdx.x];
    int lane = threadIdx.x & 31;
    float *row = y + threadIdx.x * 8;
    float xors = value;
    for (int lanes = 16; lanes > 0; lanes >>= 1) {
        xors += __shfl_xor_sync(0xffffffffu, xors, lanes);
    }
    row[0] = warp_sum(value);
    row[1] = xors;
    row[2] = warp_max(value);
    row[3] = __shfl_sync(0xffffffffu, value, 5);
    row[4] = __shfl_up_sync(0xffffffffu, value, 1);
    row[5] = __shfl_down_sync(0xffffffffu, value, 2, 8);
    row[6] = (float)__popc(__ballot_sync(0xffffffffu, lane % 3 == 0));
    // Lanes that part into groups of their own masks.
    unsigned mine = lane % 2 == 0 ? 0x55555555u : 0xaaaaaaaau;
    row[7] = lane % 2 == 0 ? __shfl_sync(mine, value, 30) : __shfl_sync(mine, value, 31);
}
CUDA_KERNEL(warp_primitives)

// y[0] = block_sum(x), y[1] = block_max(x), y[2] = how many are positive. Grid 1, block n of whole warps.
extern "C" __global__ void block_reductions(const float *x, float *y) {
    float sum = block_sum(x[threadIdx.x]);
    float largest = block_max(x[threadIdx.x]);
    int positive = __syncthreads_count(x[threadIdx.x] > 0.0f);
    if (threadIdx.x == blockDim.x - 1) {
        y[0] = sum;
        y[1] = largest;
        y[2] = (float)positive;
    }
}
CUDA_KERNEL(block_reductions)

// Reverses blockDim.x numbers by way of shared memory. Grid 1. Shared memory: 4 * blockDim.x.
extern "C" __global__ void reverse(int *x) {
    int *shared = reinterpret_cast<int *>(smem);
    shared[threadIdx.x] = x[threadIdx.x];
    __syncthreads();
    x[threadIdx.x] = shared[blockDim.x - 1 - threadIdx.x];
}
CUDA_KERNEL(reverse)

// y[grid index] += 1 in three dimensions. Block (4, 2, 2); y [gridDim].
extern "C" __global__ void count_threads(int *y) {
    int block = (int)((blockIdx.z * gridDim.y + blockIdx.y) * gridDim.x + blockIdx.x);
    atomicAdd(&y[block], (int)(threadIdx.x + 10 * threadIdx.y + 100 * threadIdx.z));
}
CUDA_KERNEL(count_threads)

// y[M, N] = a[M, K] * b[K, N], row-major. Grid (N / 8, M / 16), block 32. Shared memory: 1 KiB.
template <class T>
static __device__ void multiply(float *y, const T *a, const T *b, int N, int K) {
    T *as = reinterpret_cast<T *>(smem);
    T *bs = as + 16 * 16;
    int lane = (int)threadIdx.x;
    int m0 = (int)blockIdx.y * 16;
    int n0 = (int)blockIdx.x * 8;
    float d[4] = {0.0f, 0.0f, 0.0f, 0.0f};
    for (int k0 = 0; k0 < K; k0 += 16) {
        cp_async16(as + lane / 2 * 16 + lane % 2 * 8, a + (size_t)(m0 + lane / 2) * K + k0 + lane % 2 * 8);
        cp_async16_or_zero(bs + lane % 16 * 8, b + (size_t)(k0 + lane % 16) * N + n0, lane < 32);
        cp_async_commit();
        cp_async_wait<0>();
        __syncthreads();
        unsigned aFragment[4];
        unsigned bFragment[2];
        ldmatrix_x4(aFragment, as + lane % 16 * 16 + lane / 16 * 8);
        ldmatrix_x2_trans(bFragment, bs + lane % 16 * 8);
        mma_m16n8k16<T>(d, aFragment, bFragment);
        __syncthreads();
    }
    float *row = y + (size_t)(m0 + lane / 4) * N + n0 + lane % 4 * 2;
    row[0] = d[0];
    row[1] = d[1];
    row[8 * (size_t)N] = d[2];
    row[8 * (size_t)N + 1] = d[3];
}

extern "C" __global__ void multiply_bf16(float *y, const __nv_bfloat16 *a, const __nv_bfloat16 *b, int N, int K) {
    multiply(y, a, b, N, K);
}
CUDA_KERNEL(multiply_bf16)

extern "C" __global__ void multiply_f16(float *y, const __half *a, const __half *b, int N, int K) {
    multiply(y, a, b, N, K);
}
CUDA_KERNEL(multiply_f16)

// x[i] += value for i < n. Any grid and block.
extern "C" __global__ void add(float *x, float value, int n) {
    int i = (int)(blockIdx.x * blockDim.x + threadIdx.x);
    if (i < n) {
        x[i] += value;
    }
}
CUDA_KERNEL(add)
