// Kernels with one fault each, which the emulation must show.
#include "common.cuh"

// The neighbour's number may not have been written yet. Shared memory: 4 * blockDim.x.
extern "C" __global__ void no_barrier(int *y) {
    int *shared = reinterpret_cast<int *>(smem);
    shared[threadIdx.x] = (int)threadIdx.x;
    y[threadIdx.x] = shared[(threadIdx.x + 1) % blockDim.x];
}
CUDA_KERNEL(no_barrier)

// The second write may come before the neighbour's read. Shared memory: 4 * blockDim.x.
extern "C" __global__ void write_after_read(int *y) {
    int *shared = reinterpret_cast<int *>(smem);
    shared[threadIdx.x] = (int)threadIdx.x;
    __syncthreads();
    y[threadIdx.x] = shared[(threadIdx.x + 1) % blockDim.x];
    shared[threadIdx.x] = -1;
}
CUDA_KERNEL(write_after_read)

// Blocks that depend on one another's order.
extern "C" __global__ void blocks_in_order(int *y) {
    if (threadIdx.x == 0) {
        y[0] = (int)blockIdx.x;
    }
}
CUDA_KERNEL(blocks_in_order)

extern "C" __global__ void half_barrier(int *y) {
    if (threadIdx.x < 40) {
        __syncthreads();
        y[threadIdx.x] = 1;
    } else {
        __syncwarp(__activemask());
        while (threadIdx.x == 63) {
            __syncwarp(0xffffffffu);
        }
    }
}
CUDA_KERNEL(half_barrier)

extern "C" __global__ void two_barriers(int *y) {
    if (threadIdx.x < 32) {
        __syncthreads();
    } else {
        __syncthreads();
    }
    y[threadIdx.x] = 1;
}
CUDA_KERNEL(two_barriers)

extern "C" __global__ void lone_shuffle(int *y) {
    int value = 1;
    if (threadIdx.x != 7) {
        value = __shfl_xor_sync(0xffffffffu, value, 1);
    } else {
        __syncthreads();
    }
    y[threadIdx.x] = value;
}
CUDA_KERNEL(lone_shuffle)

extern "C" __global__ void shuffle_meets_vote(int *y) {
    int lane = (int)threadIdx.x & 31;
    y[threadIdx.x] = lane < 16 ? __shfl_sync(0xffffffffu, lane, 0) : (int)__ballot_sync(0xffffffffu, 1);
}
CUDA_KERNEL(shuffle_meets_vote)

// Thread 5 of block 1 writes far outside, or just past the end.
extern "C" __global__ void write_at(int *y, long long index) {
    if (blockIdx.x == 1 && threadIdx.x == 5) {
        y[index] = 1;
    }
}
CUDA_KERNEL(write_at)

extern "C" __global__ void read_nothing(const int *x, int *y) {
    y[threadIdx.x] = x[threadIdx.x];
}
CUDA_KERNEL(read_nothing)

// Writes four bytes past its dynamic shared memory.
extern "C" __global__ void shared_overrun(int *y) {
    int *shared = reinterpret_cast<int *>(smem);
    shared[threadIdx.x + 1] = (int)threadIdx.x;
    __syncthreads();
    y[threadIdx.x] = shared[threadIdx.x + 1];
}
CUDA_KERNEL(shared_overrun)

// Reads what cp.async has not brought for certain: wait 0 for commits, 1 waits for too few groups.
extern "C" __global__ void early_read(const float *x, float *y, int mistake) {
    float *shared = reinterpret_cast<float *>(smem);
    cp_async16(shared + 4 * threadIdx.x, x + 4 * threadIdx.x);
    if (mistake == 1) {
        cp_async_commit();
        cp_async_wait<1>();
    } else if (mistake == 0) {
        cp_async_wait<0>();
    } else {
        cp_async_commit();
        cp_async_wait<0>();
    }
    y[threadIdx.x] = shared[4 * threadIdx.x];
}
CUDA_KERNEL(early_read)

extern "C" __global__ void misaligned_copy(const float *x, float *y) {
    cp_async16(smem, x + 1);
    cp_async_commit();
    cp_async_wait<0>();
    y[threadIdx.x] = 0.0f;
}
CUDA_KERNEL(misaligned_copy)

static __device__ __noinline__ int deep(int depth) {
    volatile int room[256];
    room[depth % 256] = depth;
    return depth == 0 ? room[0] : deep(depth - 1) + room[depth % 256];
}

extern "C" __global__ void deep_stack(int *y, int depth) {
    y[threadIdx.x] = deep(depth);
}
CUDA_KERNEL(deep_stack)
