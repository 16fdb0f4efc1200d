// Attention of prompts (sequences with several tokens in this step) over paged keys and values, causal, with the keys
// of former chunks and of a cached prefix before them.
//
// A block serves a run of consecutive tokens of the batch, for the heads that share one kv head: row r of its queries
// is token r / heads, head r % heads. A run may end one sequence and begin another; then it walks through both, one
// after the other. Tiles of keys begin at multiples of their size in a sequence, so that a row's order of additions
// depends on its position alone. Sequences with one token are left to attention_decode.cu.
//
// Sources: FlashAttention-2, Dao 2023; PagedAttention, Kwon et al. 2023; the layouts of fragments: PTX ISA, "Matrix
// Fragments for mma.m16n8k16".
#include "attention.cuh"

#define PREFILL_PARAMETERS                                                                        \
    const float *q, long long q_stride, const void *kv, float *out, long long out_stride,         \
    const int *sequence_of_token, const int *seq_starts, const int *context_lengths,              \
    const int *block_tables, int table_stride, int tokens, int heads, int kv_heads,               \
    int head_part, int block_size, int head_dim, int window, float scale

#define PREFILL_ARGUMENTS                                                                         \
    q, q_stride, kv, out, out_stride, sequence_of_token, seq_starts, context_lengths,             \
    block_tables, table_stride, tokens, heads, kv_heads, head_part, block_size, head_dim,         \
    window, scale

// The tokens of one sequence that a block serves, and the heads.
struct QueryRows {
    int token;
    int count;
    int sequence;
    int position;  // of the first token
    int head;
    int heads;

    __device__ __forceinline__ int rows() const {
        return count * heads;
    }

    __device__ __forceinline__ int position_of(int row) const {
        return position + min(row / heads, count - 1);
    }

    // Element of a row in a matrix of tokens.
    __device__ __forceinline__ long long at(int row, long long stride, int dim) const {
        return (token + row / heads) * stride + (long long)(head + row % heads) * dim;
    }
};

// Walks through the sequences of a block's run of tokens. The last runs of a prompt see most keys and begin first.
template <class Attend>
static __device__ __forceinline__ void for_each_sequence(
        int rows,
        const int *sequence_of_token,
        const int *seq_starts,
        const int *context_lengths,
        int tokens,
        int heads,
        int kv_heads,
        int head_part,
        Attend attend) {
    int group = heads / kv_heads;
    int head_parts = (group + head_part - 1) / head_part;
    int kv_head = blockIdx.y / head_parts;
    int first = blockIdx.y % head_parts * head_part;
    int run = rows / head_part;
    int token = (gridDim.x - 1 - blockIdx.x) * run;
    int end = min(token + run, tokens);
    while (token < end) {
        int sequence = sequence_of_token[token];
        if (sequence < 0) {
            return;
        }
        int seq_end = seq_starts[sequence + 1];
        int stop = min(end, seq_end);
        if (seq_end - seq_starts[sequence] > 1) {
            QueryRows queries;
            queries.token = token;
            queries.count = stop - token;
            queries.sequence = sequence;
            queries.position = context_lengths[sequence] - (seq_end - token);
            queries.head = kv_head * group + first;
            queries.heads = min(head_part, group - first);
            attend(queries, kv_head);
        }
        token = stop;
    }
}

// ---- bfloat16 and float16 on tensor cores ----

static constexpr int mma_rows = 64;

// 64 queries, a warp owns 16. In shared memory: offsets int64 [2][keys], keys and values T [keys][DIM + 8], and the
// queries T [64][DIM + 8] where registers don't hold them.
template <class T, int DIM>
struct MmaAttention {
    static constexpr int keys_of_tile = DIM > 128 ? 32 : 64;
    static constexpr int stride = DIM + 8;
    static constexpr int steps = DIM / 16;
    static constexpr bool query_in_registers = DIM <= 128;

    long long *offsets;
    T *keys;
    T *values;
    T *query;
    unsigned fragments[query_in_registers ? steps : 1][4];
    float out[DIM / 8][4];
    float largest[2];
    float sum[2];

    __device__ MmaAttention() {
        offsets = (long long *)smem;
        keys = (T *)(offsets + 2 * keys_of_tile);
        values = keys + keys_of_tile * stride;
        query = query_in_registers ? keys : values + keys_of_tile * stride;
    }

    __device__ void load_queries(const QueryRows &queries, const float *q, long long q_stride) {
        for (int i = threadIdx.x; i < mma_rows * DIM; i += attention_threads) {
            int row = i / DIM;
            float value = row < queries.rows() ? q[queries.at(row, q_stride, DIM) + i % DIM] : 0.f;
            query[row * stride + i % DIM] = from_float<T>(value);
        }
        __syncthreads();
        if constexpr (query_in_registers) {
#pragma unroll
            for (int step = 0; step < steps; step++) {
                ldmatrix_x4(fragments[step], query_row(step));
            }
            __syncthreads();
        }
    }

    // Where this lane's row of the queries begins that a step of the head multiplies.
    __device__ __forceinline__ const T *query_row(int step) const {
        int lane = threadIdx.x & 31;
        int warp = threadIdx.x >> 5;
        return query + (warp * 16 + lane % 16) * stride + step * 16 + lane / 16 * 8;
    }

    // Begins to copy a tile; keys outside of [low, high) become zeros, for a weight of zero times NaN is NaN.
    __device__ __forceinline__ void load(
            const PagedKeys<T> &paged, T *target, long long shift, int begin, int low, int high) {
        constexpr int chunks = DIM / 8;
        const long long *found = offsets + (begin / keys_of_tile & 1) * keys_of_tile;
        if (begin < high) {
            for (int i = threadIdx.x; i < keys_of_tile * chunks; i += attention_threads) {
                int key = i / chunks;
                int part = i % chunks * 8;
                bool valid = begin + key >= low && begin + key < high;
                const T *source = valid ? paged.cache + found[key] + shift + part : paged.cache;
                cp_async16_or_zero(target + key * stride + part, source, valid);
            }
        }
        cp_async_commit();
    }

    // scores[64, keys] of this warp's 16 rows.
    __device__ __forceinline__ void score(float (&scores)[keys_of_tile / 8][4]) {
        int lane = threadIdx.x & 31;
        const T *row = keys + (lane / 16 * 8 + lane % 8) * stride + lane / 8 % 2 * 8;
#pragma unroll
        for (int n = 0; n < keys_of_tile / 8; n++) {
#pragma unroll
            for (int i = 0; i < 4; i++) {
                scores[n][i] = 0.f;
            }
        }
#pragma unroll
        for (int step = 0; step < steps; step++) {
            unsigned a[4];
            if constexpr (query_in_registers) {
#pragma unroll
                for (int i = 0; i < 4; i++) {
                    a[i] = fragments[step][i];
                }
            } else {
                ldmatrix_x4(a, query_row(step));
            }
#pragma unroll
            for (int pair = 0; pair < keys_of_tile / 16; pair++) {
                unsigned b[4];
                ldmatrix_x4(b, row + pair * 16 * stride + step * 16);
                unsigned low[2] = {b[0], b[1]};
                unsigned high[2] = {b[2], b[3]};
                mma_m16n8k16<T>(scores[2 * pair], a, low);
                mma_m16n8k16<T>(scores[2 * pair + 1], a, high);
            }
        }
    }

    // Turns scores into weights and rescales what was added so far. A lane has elements of two rows, at the positions.
    __device__ __forceinline__ void soften(
            float (&scores)[keys_of_tile / 8][4], float factor, bool masks, int begin, const int (&positions)[2], int window) {
        int column = begin + (threadIdx.x & 3) * 2;
#pragma unroll
        for (int half = 0; half < 2; half++) {
            int last = positions[half];
            int first = first_key(last, window);
            float top = -CUDART_INF_F;
#pragma unroll
            for (int n = 0; n < keys_of_tile / 8; n++) {
#pragma unroll
                for (int i = 0; i < 2; i++) {
                    float &score = scores[n][2 * half + i];
                    int key = column + n * 8 + i;
                    score = masks && (key > last || key < first) ? -CUDART_INF_F : score * factor;
                    top = fmaxf(top, score);
                }
            }
            top = fmaxf(top, __shfl_xor_sync(0xffffffffu, top, 1));
            top = fmaxf(top, __shfl_xor_sync(0xffffffffu, top, 2));
            top = fmaxf(top, largest[half]);
            float shrink = rescale(largest[half], top);
            float total = 0.f;
#pragma unroll
            for (int n = 0; n < keys_of_tile / 8; n++) {
#pragma unroll
                for (int i = 0; i < 2; i++) {
                    float &score = scores[n][2 * half + i];
                    score = rescale(score, top);
                    total += score;
                }
            }
            largest[half] = top;
            sum[half] = fmaf(sum[half], shrink, total);
#pragma unroll
            for (int n = 0; n < DIM / 8; n++) {
                out[n][2 * half] *= shrink;
                out[n][2 * half + 1] *= shrink;
            }
        }
    }

    // Adds the weighted values: what was an accumulator of scores is a fragment of weights.
    __device__ __forceinline__ void add(const float (&weights)[keys_of_tile / 8][4]) {
        int lane = threadIdx.x & 31;
        const T *row = values + lane % 16 * stride + lane / 16 * 8;
#pragma unroll
        for (int step = 0; step < keys_of_tile / 16; step++) {
            unsigned a[4];
#pragma unroll
            for (int i = 0; i < 4; i++) {
                const float *pair = &weights[2 * step + i / 2][i % 2 * 2];
                a[i] = pack_pair<T>(pair[0], pair[1]);
            }
#pragma unroll
            for (int pair = 0; pair < DIM / 16; pair++) {
                unsigned b[4];
                ldmatrix_x4_trans(b, row + step * 16 * stride + pair * 16);
                unsigned low[2] = {b[0], b[1]};
                unsigned high[2] = {b[2], b[3]};
                mma_m16n8k16<T>(out[2 * pair], a, low);
                mma_m16n8k16<T>(out[2 * pair + 1], a, high);
            }
        }
    }

    __device__ void store(const QueryRows &queries, float *target, long long target_stride) {
        int lane = threadIdx.x & 31;
        int warp = threadIdx.x >> 5;
#pragma unroll
        for (int half = 0; half < 2; half++) {
            float total = sum[half];
            total += __shfl_xor_sync(0xffffffffu, total, 1);
            total += __shfl_xor_sync(0xffffffffu, total, 2);
            int row = warp * 16 + half * 8 + lane / 4;
            if (row < queries.rows()) {
                float inverse = 1.f / total;
                float *place = target + queries.at(row, target_stride, DIM) + lane % 4 * 2;
#pragma unroll
                for (int n = 0; n < DIM / 8; n++) {
                    place[n * 8] = out[n][2 * half] * inverse;
                    place[n * 8 + 1] = out[n][2 * half + 1] * inverse;
                }
            }
        }
    }

    // The values of a tile travel while its scores are computed, the next keys while values are added.
    __device__ void attend(const QueryRows &queries, const PagedKeys<T> &paged, int window, float factor) {
        int last = queries.position + queries.count - 1;
        int low = first_key(queries.position, window);
        int high = last + 1;
        int row = (threadIdx.x >> 5) * 16 + (threadIdx.x & 31) / 4;
        int positions[2] = {queries.position_of(row), queries.position_of(row + 8)};
        bool busy = (int)(threadIdx.x >> 5) * 16 < queries.rows();
        int begin = low / keys_of_tile * keys_of_tile;
        find_keys<attention_threads>(paged, offsets, keys_of_tile, begin, low, high);
        __syncthreads();
        load(paged, keys, 0, begin, low, high);
        for (; begin < high; begin += keys_of_tile) {
            float scores[keys_of_tile / 8][4];
            int next = begin + keys_of_tile;
            cp_async_wait<0>();
            __syncthreads();
            load(paged, values, paged.values, begin, low, high);
            find_keys<attention_threads>(paged, offsets, keys_of_tile, next, low, high);
            if (busy) {
                score(scores);
                bool masks = next - 1 > queries.position || begin < first_key(last, window);
                soften(scores, factor, masks, begin, positions, window);
            }
            cp_async_wait<0>();
            __syncthreads();
            load(paged, keys, 0, next, low, high);
            if (busy) {
                add(scores);
            }
        }
    }

    __device__ void clear() {
#pragma unroll
        for (int n = 0; n < DIM / 8; n++) {
#pragma unroll
            for (int i = 0; i < 4; i++) {
                out[n][i] = 0.f;
            }
        }
#pragma unroll
        for (int half = 0; half < 2; half++) {
            largest[half] = -CUDART_INF_F;
            sum[half] = 0.f;
        }
    }
};

// q, out float32 [tokens, heads * DIM] with row strides. Grid (ceil(tokens / (64 / head_part)), kv_heads * head_parts),
// block 128, shared memory as in MmaAttention. A kv head's heads are cut into head_parts pieces of head_part (at most
// 64). Queries and weights are rounded to the cache's type.
template <class T, int DIM>
static __device__ void prefill_mma(PREFILL_PARAMETERS) {
    (void)head_dim;
    auto attend = [&](const QueryRows &queries, int kv_head) {
        MmaAttention<T, DIM> attention;
        PagedKeys<T> paged(
                kv, block_tables + (long long)queries.sequence * table_stride, kv_head, kv_heads, block_size, DIM);
        // The keys of the sequence before may still be read.
        __syncthreads();
        attention.load_queries(queries, q, q_stride);
        attention.clear();
        attention.attend(queries, paged, window, scale * log2_e);
        attention.store(queries, out, out_stride);
    };
    for_each_sequence(
            mma_rows, sequence_of_token, seq_starts, context_lengths, tokens, heads, kv_heads, head_part, attend);
}

// ---- float32, and heads of other sizes: plain FMA ----

// Rows of queries of a block.
static __device__ __forceinline__ int plain_rows(int dim) {
    return dim <= 128 ? 16 : dim <= 256 ? 8 : 4;
}

// As prefill_mma with plain_rows(dim) rows instead of 64, and shared memory as in PlainAttention. Adds in the order of
// attention_decode.cu.
template <class T, int DIM>
static __device__ void prefill_plain(PREFILL_PARAMETERS) {
    int dim = DIM > 0 ? DIM : head_dim;
    int rows = plain_rows(dim);
    PlainAttention<T, DIM> plain(dim, rows, true);
    auto attend = [&](const QueryRows &queries, int kv_head) {
        PagedKeys<T> paged(
                kv, block_tables + (long long)queries.sequence * table_stride, kv_head, kv_heads, block_size, dim);
        int used = queries.rows();
        int low = first_key(queries.position, window);
        int high = queries.position + queries.count;
        // The keys of the sequence before may still be read.
        __syncthreads();
        plain.prepare(paged, low, high);
        for (int i = threadIdx.x; i < rows * dim; i += attention_threads) {
            int row = i / dim;
            plain.query[i] =
                    row < used ? q[queries.at(row, q_stride, dim) + i % dim] * (scale * log2_e) : 0.f;
        }
        for (int row = threadIdx.x; row < rows; row += attention_threads) {
            int position = queries.position_of(row);
            plain.from[row] = first_key(position, window);
            plain.to[row] = position + 1;
        }
        plain.clear();
        plain.clear_merged();
        plain.clear_weights();
        for (int begin = low / plain.tile * plain.tile; begin < high; begin += plain.tile) {
            plain.meet(paged, used, begin, low, high);
            if ((begin + plain.tile) % split_keys == 0 || begin + plain.tile >= high) {
                plain.finish_split(used);
            }
        }
        __syncthreads();
        for (int i = threadIdx.x; i < used * dim; i += attention_threads) {
            int row = i / dim;
            out[queries.at(row, out_stride, dim) + i % dim] = plain.merged[i] / plain.merged_sum[row];
        }
    };
    for_each_sequence(
            rows, sequence_of_token, seq_starts, context_lengths, tokens, heads, kv_heads, head_part, attend);
}

#define PREFILL_KERNEL(NAME, FUNCTION, T, DIM)                                                    \
    extern "C" __global__ void __launch_bounds__(attention_threads, 2) NAME(PREFILL_PARAMETERS) {    \
        FUNCTION<T, DIM>(PREFILL_ARGUMENTS);                                                      \
    }                                                                                             \
    CUDA_KERNEL(NAME)

#define PREFILL_KERNELS(NAME, T)                                         \
    PREFILL_KERNEL(attention_prefill_##NAME, prefill_plain, T, 0)        \
    PREFILL_KERNEL(attention_prefill_##NAME##_64, prefill_mma, T, 64)    \
    PREFILL_KERNEL(attention_prefill_##NAME##_96, prefill_mma, T, 96)    \
    PREFILL_KERNEL(attention_prefill_##NAME##_128, prefill_mma, T, 128)  \
    PREFILL_KERNEL(attention_prefill_##NAME##_256, prefill_mma, T, 256)

PREFILL_KERNEL(attention_prefill_f32, prefill_plain, float, 0)
PREFILL_KERNEL(attention_prefill_f32_64, prefill_plain, float, 64)
PREFILL_KERNEL(attention_prefill_f32_128, prefill_plain, float, 128)
PREFILL_KERNELS(f16, __half)
PREFILL_KERNELS(bf16, __nv_bfloat16)
