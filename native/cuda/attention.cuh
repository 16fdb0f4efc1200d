// What the attention kernels share: where a token's keys lie, and plain FMA attention of some query rows over tiles of
// keys. Decoding and float32 prompts run the same code in the same order of additions, so that a token's result does
// not depend on the size of the chunk that it came in.
//
// Cache: [blocks, 2, kv_heads, block_size, head_dim], row-major. Keys are met in tiles that begin at multiples of their
// size and in splits of 256 that begin at multiples of 256, both counted from position 0 of the sequence.
#pragma once

#include "common.cuh"

static constexpr int attention_threads = 128;
static constexpr int split_keys = 256;
static constexpr float log2_e = 1.4426950408889634f;

// One layer of the cache as one sequence and one kv head see it.
template <class T>
struct PagedKeys {
    const T *cache;
    const int *table;
    long long values;  // elements from a key to its value
    int head;
    int heads;
    int block_size;
    int dim;

    __device__ PagedKeys(const void *kv, const int *block_table, int kv_head, int kv_heads, int keys_of_block, int head_dim)
        : cache((const T *)kv),
          table(block_table),
          values((long long)kv_heads * keys_of_block * head_dim),
          head(kv_head),
          heads(kv_heads),
          block_size(keys_of_block),
          dim(head_dim) {}

    // Element at which the key of a position begins.
    __device__ __forceinline__ long long at(int position) const {
        int block = table[position / block_size];
        return (((long long)block * 2 * heads + head) * block_size + position % block_size) * dim;
    }
};

// Notes where the keys of a tile begin that are in [low, high); a thread finds one. Tiles take turns in two rows.
template <int THREADS, class T>
static __device__ __forceinline__ void find_keys(
        const PagedKeys<T> &paged, long long *offsets, int tile, int begin, int low, int high) {
    for (int key = threadIdx.x; key < tile; key += THREADS) {
        if (begin + key >= low && begin + key < high) {
            offsets[(begin / tile & 1) * tile + key] = paged.at(begin + key);
        }
    }
}

// The first key that a position sees; window 0 means all.
static __device__ __forceinline__ int first_key(int position, int window) {
    return window > 0 && position >= window ? position - window + 1 : 0;
}

// What a sum relative to the maximum `from` is worth relative to the greater maximum `to`.
static __device__ __forceinline__ float rescale(float from, float to) {
    return from == -CUDART_INF_F ? 0.f : exp2f(from - to);
}

// Adds a split to the ones before it: the one order in which splits are merged anywhere.
static __device__ __forceinline__ float merge_split(
        float before, float weight_before, float split, float weight_split) {
    return fmaf(split, weight_split, before * weight_before);
}

// Keys of one tile, by the bytes of a row.
template <class T>
static __host__ __device__ __forceinline__ constexpr int tile_keys(int dim) {
    int bytes = dim * (int)sizeof(T);
    return bytes <= 256 ? 64 : bytes <= 1024 ? 32 : 16;
}

// Shared memory of plain attention, in this order. `rows` is a multiple of 4. Also known to CudaAttention.java.
//
//   keys, values   T      [tile][dim + 16 bytes]
//   query          float  [rows][dim], times scale * log2(e)
//   sums           float  [parts][rows][dim]: weighted values of the split, by keys = part modulo parts
//   merged         float  [rows][dim]: of the splits before (prompts only)
//   scores         float  [128 / tile][rows][tile]: parts of the dot products
//   weights        float  [tile][rows]
//   row state      float  [6][rows]: maximum, sum and rescaling of the split; maximum and sum of the splits before;
//                         and int [2][rows]: the keys [from, to) that a row sees
//   offsets        int64  [2][tile]
template <class T, int DIM>
struct PlainAttention {
    static constexpr int chunk = 16 / (int)sizeof(T);

    struct alignas(16) Chunk {
        T elements[chunk];
    };

    int dim;
    int stride;
    int tile;
    int rows;
    int parts;
    T *keys;
    T *values;
    float *query;
    float *sums;
    float *merged;
    float *scores;
    float *weights;
    float *largest;
    float *sum;
    float *scaling;
    float *merged_largest;
    float *merged_sum;
    int *from;
    int *to;
    long long *offsets;

    __device__ PlainAttention(int head_dim, int row_count, bool merges) {
        dim = DIM > 0 ? DIM : head_dim;
        stride = dim + chunk;
        tile = tile_keys<T>(dim);
        rows = row_count;
        parts = dim >= attention_threads ? 1 : min(attention_threads / dim, 4);
        offsets = (long long *)smem;
        keys = (T *)(offsets + 2 * tile);
        values = keys + tile * stride;
        query = (float *)(values + tile * stride);
        sums = query + rows * dim;
        merged = sums + parts * rows * dim;
        scores = merged + (merges ? rows * dim : 0);
        weights = scores + attention_threads * rows;
        largest = weights + tile * rows;
        sum = largest + rows;
        scaling = sum + rows;
        merged_largest = scaling + rows;
        merged_sum = merged_largest + rows;
        from = (int *)(merged_sum + rows);
        to = from + rows;
    }

    // Empties the state of the split.
    __device__ void clear() {
#pragma unroll 1
        for (int i = threadIdx.x; i < parts * rows * dim; i += attention_threads) {
            sums[i] = 0.f;
        }
        for (int i = threadIdx.x; i < rows; i += attention_threads) {
            largest[i] = -CUDART_INF_F;
            sum[i] = 0.f;
        }
    }

    // Empties what rows that are not used have.
    __device__ void clear_weights() {
#pragma unroll 1
        for (int i = threadIdx.x; i < tile * rows; i += attention_threads) {
            weights[i] = 0.f;
        }
        for (int i = threadIdx.x; i < rows; i += attention_threads) {
            scaling[i] = 1.f;
        }
    }

    __device__ void find(const PagedKeys<T> &paged, int begin, int low, int high) {
        find_keys<attention_threads>(paged, offsets, tile, begin, low, high);
    }

    // Begins to copy the keys (or values, `shift` elements behind) of a tile that are in [low, high).
    __device__ void load(const PagedKeys<T> &paged, T *target, long long shift, int begin, int low, int high) {
        int chunks = dim / chunk;
        int last = min(tile, high - begin);
        const long long *found = offsets + (begin / tile & 1) * tile;
        for (int i = threadIdx.x + max(low - begin, 0) * chunks; i < last * chunks; i += attention_threads) {
            int key = i / chunks;
            int part = i % chunks * chunk;
            cp_async16(target + key * stride + part, paged.cache + found[key] + shift + part);
        }
        cp_async_commit();
    }

    // A thread meets one key and every (128 / tile)-th chunk of 16 bytes of the head, four rows at a time.
    __device__ void score(int begin, int low, int high) {
        int key = threadIdx.x % tile;
        int part = threadIdx.x / tile;
        if (begin + key < low || begin + key >= high) {
            return;
        }
        const T *row = keys + key * stride;
#pragma unroll 1
        for (int r = 0; r < rows; r += 4) {
            float dots[4] = {0.f, 0.f, 0.f, 0.f};
            // More at a time takes more registers than it saves waiting.
#pragma unroll 2
            for (int c = part * chunk; c < dim; c += attention_threads / tile * chunk) {
                Chunk k = *(const Chunk *)(row + c);
#pragma unroll
                for (int quad = 0; quad < chunk; quad += 4) {
#pragma unroll
                    for (int i = 0; i < 4; i++) {
                        float4 q = *(const float4 *)(query + (r + i) * dim + c + quad);
                        dots[i] += q.x * to_float(k.elements[quad]);
                        dots[i] += q.y * to_float(k.elements[quad + 1]);
                        dots[i] += q.z * to_float(k.elements[quad + 2]);
                        dots[i] += q.w * to_float(k.elements[quad + 3]);
                    }
                }
            }
#pragma unroll
            for (int i = 0; i < 4; i++) {
                scores[(part * rows + r + i) * tile + key] = dots[i];
            }
        }
    }

    // Turns the scores of a tile into weights; a warp works on a row.
    __device__ void soften(int used, int begin) {
        int lane = threadIdx.x & 31;
#pragma unroll 1
        for (int row = threadIdx.x >> 5; row < used; row += attention_threads / 32) {
            float values_of_lane[2];
            float top = -CUDART_INF_F;
#pragma unroll
            for (int i = 0; i < 2; i++) {
                int key = lane + 32 * i;
                values_of_lane[i] = -CUDART_INF_F;
                if (key < tile && begin + key >= from[row] && begin + key < to[row]) {
                    values_of_lane[i] = scores[row * tile + key];
                    for (int part = 1; part < attention_threads / tile; part++) {
                        values_of_lane[i] += scores[(part * rows + row) * tile + key];
                    }
                }
                top = fmaxf(top, values_of_lane[i]);
            }
            float before = largest[row];
            top = fmaxf(before, warp_max(top));
            float total = 0.f;
#pragma unroll
            for (int i = 0; i < 2; i++) {
                int key = lane + 32 * i;
                if (key < tile) {
                    float weight = rescale(values_of_lane[i], top);
                    weights[key * rows + row] = weight;
                    total += weight;
                }
            }
            total = warp_sum(total);
            // All lanes have read the row's state.
            __syncwarp();
            if (lane == 0) {
                float factor = rescale(before, top);
                scaling[row] = factor;
                sum[row] = fmaf(sum[row], factor, total);
                largest[row] = top;
            }
        }
    }

    // Adds the weighted values of a tile; a thread owns an element of four rows and every parts-th key.
    __device__ void add(int begin, int low, int high) {
        int last = min(tile, high - begin);
        int skipped = max(low - begin, 0);
#pragma unroll 1
        for (int i = threadIdx.x; i < parts * (rows / 4) * dim; i += attention_threads) {
            int d = i % dim;
            int part = i / dim % parts;
            int row = i / (dim * parts) * 4;
            float *out = sums + (part * rows + row) * dim + d;
            float4 factor = *(const float4 *)(scaling + row);
            float total[4] = {
                    out[0] * factor.x, out[dim] * factor.y, out[2 * dim] * factor.z, out[3 * dim] * factor.w};
            int key = part + (max(skipped - part, 0) + parts - 1) / parts * parts;
#pragma unroll 4
            for (; key < last; key += parts) {
                float value = to_float(values[key * stride + d]);
                float4 weight = *(const float4 *)(weights + key * rows + row);
                total[0] += weight.x * value;
                total[1] += weight.y * value;
                total[2] += weight.z * value;
                total[3] += weight.w * value;
            }
            out[0] = total[0];
            out[dim] = total[1];
            out[2 * dim] = total[2];
            out[3 * dim] = total[3];
        }
    }

    // Begins the walk through the keys [low, high) that all rows together see.
    __device__ void prepare(const PagedKeys<T> &paged, int low, int high) {
        int begin = low / tile * tile;
        find(paged, begin, low, high);
        __syncthreads();
        load(paged, keys, 0, begin, low, high);
    }

    // Meets the tile at `begin`. The values travel while scores are computed, the next keys while values are added.
    // The results are in shared memory after the next barrier.
    __device__ void meet(const PagedKeys<T> &paged, int used, int begin, int low, int high) {
        int next = begin + tile;
        cp_async_wait<0>();
        __syncthreads();
        load(paged, values, paged.values, begin, low, high);
        find(paged, next, low, high);
        score(begin, low, high);
        __syncthreads();
        load(paged, keys, 0, next, low, high);
        soften(used, begin);
        cp_async_wait<1>();
        __syncthreads();
        add(begin, low, high);
    }

    // Adds the split to the ones before it, and empties its state. Begins with a barrier.
    __device__ void finish_split(int used) {
        __syncthreads();
#pragma unroll 1
        for (int i = threadIdx.x; i < used * dim; i += attention_threads) {
            int row = i / dim;
            float top = fmaxf(merged_largest[row], largest[row]);
            merged[i] = merge_split(
                    merged[i], rescale(merged_largest[row], top), total(row, i % dim), rescale(largest[row], top));
        }
        __syncthreads();
        for (int row = threadIdx.x; row < used; row += attention_threads) {
            float top = fmaxf(merged_largest[row], largest[row]);
            merged_sum[row] = merge_split(
                    merged_sum[row], rescale(merged_largest[row], top), sum[row], rescale(largest[row], top));
            merged_largest[row] = top;
        }
        clear();
    }

    // Empties the state of the splits before.
    __device__ void clear_merged() {
#pragma unroll 1
        for (int i = threadIdx.x; i < rows * dim; i += attention_threads) {
            merged[i] = 0.f;
        }
        for (int row = threadIdx.x; row < rows; row += attention_threads) {
            merged_largest[row] = -CUDART_INF_F;
            merged_sum[row] = 0.f;
        }
    }

    // The weighted sum of a row's values in this split.
    __device__ __forceinline__ float total(int row, int d) const {
        float value = sums[row * dim + d];
        for (int part = 1; part < parts; part++) {
            value += sums[(part * rows + row) * dim + d];
        }
        return value;
    }
};

