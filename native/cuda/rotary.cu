/* Rotary positions, and keys and values on their way into the paged cache. */
#include "common.cuh"

/* out[t] = factor * [cos(a_0) .. cos(a_{half-1}), sin(a_0) .. sin(a_{half-1})] with a_i the product
 * of position and frequency, rounded to float32. Once a step; the double precision keeps far
 * positions exact and costs nothing beside a layer.
 * positions [tokens]; frequencies [half]; out [tokens, 2 * half].
 * Grid (tokens, ceil(half / 64)), 64 threads. RoFormer: Su et al. 2021. */
extern "C" __global__ void rotary_table(const int *positions, const float *frequencies, int half,
                                        float factor, float *out, long long out_stride) {
    int i = blockIdx.y * blockDim.x + threadIdx.x;
    if (i < half) {
        float angle = (float)positions[blockIdx.x] * frequencies[i];
        float *row = out + blockIdx.x * out_stride;
        row[i] = factor * (float)cos((double)angle);
        row[half + i] = factor * (float)sin((double)angle);
    }
}

static __device__ void store(float *to, float value) {
    *to = value;
}

static __device__ void store(__nv_bfloat16 *to, float value) {
    *to = __float2bfloat16_rn(value);
}

/* Saturates at the largest finite number. */
static __device__ void store(__half *to, float value) {
    value = value > 65504.0f ? 65504.0f : value < -65504.0f ? -65504.0f : value;
    *to = __float2half_rn(value);
}

/* The two elements that a thread turns. */
struct Pair {
    int first;
    int second;
};

static __device__ Pair pair_at(int i, int half, int interleaved) {
    Pair neighbours = {2 * i, 2 * i + 1};
    Pair halves = {i, half + i};
    return interleaved ? neighbours : halves;
}

/* Turns the pairs of one head in place. */
static __device__ void rotate(float *head, const float *rotary, int half, int interleaved) {
    for (int i = threadIdx.x; i < half; i += blockDim.x) {
        Pair p = pair_at(i, half, interleaved);
        float a = head[p.first];
        float b = head[p.second];
        head[p.first] = a * rotary[i] - b * rotary[half + i];
        head[p.second] = b * rotary[i] + a * rotary[half + i];
    }
}

/* Normalises one head in place; a thread has the elements that it copied. */
static __device__ void norm(float *head, const float *weight, int head_dim, float eps) {
    float sum = 0.0f;
    for (int d = threadIdx.x; d < head_dim; d += blockDim.x) {
        sum += head[d] * head[d];
    }
    float factor = 1.0f / sqrtf(block_sum(sum) / (float)head_dim + eps);
    for (int d = threadIdx.x; d < head_dim; d += blockDim.x) {
        head[d] = weight[d] * (head[d] * factor);
    }
}

template <class T>
static __device__ void copy_head(const float *head, int head_dim, T *to) {
    for (int d = threadIdx.x; d < head_dim; d += blockDim.x) {
        store(to + d, head[d]);
    }
}

struct RotaryStore {
    float *q;
    long long q_stride;
    const float *k;
    long long k_stride;
    const float *v;
    long long v_stride;
    const float *q_norm;
    const float *k_norm;
    float eps;
    const float *rotary;
    long long rotary_stride;
    const int *positions;
    const int *sequence_of_token;
    const int *tables;
    int table_stride;
    int heads;
    int kv_heads;
    int head_dim;
    int rotary_dim;
    int interleaved;
    int block_size;
};

/* A head of the block's token, normed where there is a weight and turned, in shared memory. */
static __device__ const float *turned(const RotaryStore &a, const float *from, const float *weight) {
    float *head = (float *)smem;
    copy_head(from, a.head_dim, head);
    if (weight != nullptr) {
        norm(head, weight, a.head_dim, a.eps);
    }
    __syncthreads();
    rotate(head, a.rotary + blockIdx.x * a.rotary_stride, a.rotary_dim / 2, a.interleaved);
    __syncthreads();
    return head;
}

template <class T>
static __device__ void rotary_store(const RotaryStore &a, T *cache) {
    int token = blockIdx.x;
    int head = blockIdx.y;
    if (head < a.heads) {
        float *query = a.q + token * a.q_stride + head * a.head_dim;
        copy_head(turned(a, query, a.q_norm), a.head_dim, query);
        return;
    }
    int sequence = a.sequence_of_token[token];
    if (sequence < 0) {
        return;
    }
    head -= a.heads;
    int position = a.positions[token];
    long long block = a.tables[(long long)sequence * a.table_stride + position / a.block_size];
    bool is_value = head >= a.kv_heads;
    long long plane = (2 * block + is_value) * a.kv_heads + (is_value ? head - a.kv_heads : head);
    T *slot = cache + (plane * a.block_size + position % a.block_size) * a.head_dim;
    if (is_value) {
        copy_head(a.v + token * a.v_stride + (head - a.kv_heads) * a.head_dim, a.head_dim, slot);
    } else {
        const float *key = a.k + token * a.k_stride + head * a.head_dim;
        copy_head(turned(a, key, a.k_norm), a.head_dim, slot);
    }
}

/* Normalises queries and keys by head where there are weights, rotates both, and writes keys and values into the
 * cache. Queries stay in their place; a token of no sequence (-1) writes nothing into the cache.
 * q [tokens, heads * head_dim]; k, v [tokens, kv_heads * head_dim]; q_norm, k_norm [head_dim] or null; rotary
 * [tokens, rotary_dim]; tables [sequences, table_stride]; cache [blocks, 2, kv_heads, block_size, head_dim].
 * Grid (tokens, heads + 2 * kv_heads), 64 threads: a block has a head. Shared memory: float [head_dim].
 * QK-norm: Henry et al. 2020; rotation: Su et al. 2021. */
#define ROTARY_STORE(NAME, TYPE)                                                                   \
    extern "C" __global__ void NAME(                                                               \
            float *q, long long q_stride, const float *k, long long k_stride, const float *v,      \
            long long v_stride, const float *q_norm, const float *k_norm, float eps,               \
            const float *rotary, long long rotary_stride, const int *positions,                    \
            const int *sequence_of_token, const int *tables, int table_stride, int heads,          \
            int kv_heads, int head_dim, int rotary_dim, int interleaved, int block_size,           \
            TYPE *cache) {                                                                         \
        RotaryStore a = {q,         q_stride,   k,           k_stride,  v,                         \
                         v_stride,  q_norm,     k_norm,      eps,       rotary,                    \
                         rotary_stride,         positions,   sequence_of_token,                    \
                         tables,    table_stride, heads,     kv_heads,  head_dim,                  \
                         rotary_dim, interleaved, block_size};                                     \
        rotary_store(a, cache);                                                                    \
    }

ROTARY_STORE(rotary_store_f32, float)
ROTARY_STORE(rotary_store_f16, __half)
ROTARY_STORE(rotary_store_bf16, __nv_bfloat16)

CUDA_KERNEL(rotary_table)
CUDA_KERNEL(rotary_store_f32)
CUDA_KERNEL(rotary_store_f16)
CUDA_KERNEL(rotary_store_bf16)
