// Attention of decoding sequences (one token in this step) over paged keys and values.
//
// Two kernels: the first meets 256 keys a block and writes a partial result, the second merges the partial results of
// a token in the order of positions. Blocks without keys return at once, so a grid for the longest context of a
// captured graph serves shorter ones. All heads that share a kv head share its loads.
//
// Sources: PagedAttention, Kwon et al. 2023; Flash-Decoding, Dao, Haziza, Massa, Sizov 2023; online softmax, Milakov
// and Gimelshein 2018.
#include "attention.cuh"

// What a row of the grid stands for: a token of the batch or, where sequences >= 0, a sequence; the rows behind the
// sequences are tokens of padding then.
struct DecodeRow {
    int token;
    int sequence;  // -1: padding, -2: a token of a prompt, which other kernels serve

    __device__ DecodeRow(int row, int sequences, const int *sequence_of_token, const int *seq_starts) {
        if (sequences < 0) {
            token = row;
            sequence = sequence_of_token[row];
        } else if (row < sequences) {
            token = seq_starts[row];
            sequence = row;
        } else {
            token = seq_starts[sequences] + row - sequences;
            sequence = -1;
        }
        if (sequence >= 0 && seq_starts[sequence + 1] - seq_starts[sequence] != 1) {
            sequence = -2;
        }
    }
};

// What the merge needs of a split: float [dim] weighted values, and maximum and sum.
struct Partials {
    float *values;
    float *states;
    int splits;
    int heads;
    int dim;

    // [rows, heads, splits, dim], then [rows, heads, splits, 2].
    __device__ Partials(float *scratch, int rows, int head_count, int split_count, int head_dim)
        : values(scratch),
          states(scratch + (long long)rows * head_count * split_count * head_dim),
          splits(split_count),
          heads(head_count),
          dim(head_dim) {}

    __device__ __forceinline__ long long at(int row, int head, int split) const {
        return ((long long)row * heads + head) * splits + split;
    }
};

// Writes zeros for a token of padding.
static __device__ void attend_to_nothing(float *out, int heads, int dim) {
    for (int i = threadIdx.x; i < heads * dim; i += attention_threads) {
        out[i] = 0.f;
    }
}

// The result of a context of one split.
template <class T, int DIM>
static __device__ void write_result(const PlainAttention<T, DIM> &plain, int used, float *out) {
    for (int i = threadIdx.x; i < used * plain.dim; i += attention_threads) {
        int row = i / plain.dim;
        out[i] = plain.total(row, i % plain.dim) / plain.sum[row];
    }
}

template <class T, int DIM>
static __device__ void write_partial(
        const PlainAttention<T, DIM> &plain, int used, const Partials &partials, int row, int head, int split) {
    for (int i = threadIdx.x; i < used * plain.dim; i += attention_threads) {
        int r = i / plain.dim;
        int d = i % plain.dim;
        partials.values[partials.at(row, head + r, split) * plain.dim + d] = plain.total(r, d);
    }
    for (int r = threadIdx.x; r < used; r += attention_threads) {
        long long at = partials.at(row, head + r, split);
        partials.states[2 * at] = plain.largest[r];
        partials.states[2 * at + 1] = plain.sum[r];
    }
}

// Which of a row's splits a block is for: the number of splits that the token has, and the block's first and last key.
struct SplitRange {
    int count;
    int low;
    int high;

    __device__ SplitRange(int context, int window, int index) {
        int first = first_key(context - 1, window);
        int split = first / split_keys + index;
        count = (context - 1) / split_keys - first / split_keys + 1;
        low = max(first, split * split_keys);
        high = min(context, (split + 1) * split_keys);
    }
};

#define DECODE_PARAMETERS                                                                         \
    const float *q, long long q_stride, const void *kv, float *out, long long out_stride,         \
    float *scratch, const int *sequence_of_token, const int *seq_starts,                          \
    const int *context_lengths, const int *block_tables, int table_stride, int first_row,         \
    int sequences, int heads, int kv_heads, int head_part, int block_size, int head_dim,          \
    int window, float scale

#define DECODE_ARGUMENTS                                                                          \
    q, q_stride, kv, out, out_stride, scratch, sequence_of_token, seq_starts, context_lengths,    \
    block_tables, table_stride, first_row, sequences, heads, kv_heads, head_part, block_size,     \
    head_dim, window, scale

// q, out float32 [tokens, heads * dim] with row strides; scratch as in Partials, for the rows of this launch.
// Grid (splits, kv_heads * head_parts, rows), block 128, shared memory as in PlainAttention for `head_part` heads
// rounded up to 4. A kv head's heads are cut into head_parts pieces of head_part where they are many.
template <class T, int DIM>
static __device__ void decode(DECODE_PARAMETERS) {
    DecodeRow token(first_row + blockIdx.z, sequences, sequence_of_token, seq_starts);
    if (token.sequence == -2) {
        return;
    }
    int group = heads / kv_heads;
    int head_parts = (group + head_part - 1) / head_part;
    int kv_head = blockIdx.y / head_parts;
    int first = blockIdx.y % head_parts * head_part;
    int used = min(head_part, group - first);
    int head = kv_head * group + first;
    int dim = DIM > 0 ? DIM : head_dim;
    float *target = out + token.token * out_stride + head * dim;
    if (token.sequence < 0) {
        if (blockIdx.x == 0) {
            attend_to_nothing(target, used, dim);
        }
        return;
    }
    int context = context_lengths[token.sequence];
    SplitRange range(context, window, blockIdx.x);
    if ((int)blockIdx.x >= range.count) {
        return;
    }
    PagedKeys<T> paged(
            kv, block_tables + (long long)token.sequence * table_stride, kv_head, kv_heads, block_size, dim);
    PlainAttention<T, DIM> plain(dim, (used + 3) / 4 * 4, false);
    plain.prepare(paged, range.low, range.high);
    const float *query = q + token.token * q_stride + head * dim;
    for (int i = threadIdx.x; i < plain.rows * dim; i += attention_threads) {
        plain.query[i] = i < used * dim ? query[i] * (scale * log2_e) : 0.f;
    }
    for (int i = threadIdx.x; i < plain.rows; i += attention_threads) {
        plain.from[i] = range.low;
        plain.to[i] = range.high;
    }
    plain.clear();
    plain.clear_weights();
    for (int begin = range.low / plain.tile * plain.tile; begin < range.high; begin += plain.tile) {
        plain.meet(paged, used, begin, range.low, range.high);
    }
    __syncthreads();
    if (range.count == 1) {
        write_result(plain, used, target);
    } else {
        Partials partials(scratch, gridDim.z, heads, gridDim.x, dim);
        write_partial(plain, used, partials, blockIdx.z, head, blockIdx.x);
    }
}

// Merges the splits of tokens that have several. Grid (heads, rows), block: dim rounded up to whole warps, at most 256.
extern "C" __global__ void __launch_bounds__(256) attention_merge(
        float *scratch,
        float *out,
        long long out_stride,
        const int *sequence_of_token,
        const int *seq_starts,
        const int *context_lengths,
        int first_row,
        int sequences,
        int splits,
        int head_dim,
        int window) {
    DecodeRow token(first_row + blockIdx.y, sequences, sequence_of_token, seq_starts);
    if (token.sequence < 0) {
        return;
    }
    SplitRange range(context_lengths[token.sequence], window, 0);
    if (range.count == 1) {
        return;
    }
    Partials partials(scratch, gridDim.y, gridDim.x, splits, head_dim);
    const float *states = partials.states + 2 * partials.at(blockIdx.y, blockIdx.x, 0);
    const float *values = partials.values + partials.at(blockIdx.y, blockIdx.x, 0) * head_dim;
    float *target = out + token.token * out_stride + (long long)blockIdx.x * head_dim;
    for (int d = threadIdx.x; d < head_dim; d += blockDim.x) {
        float largest = -CUDART_INF_F;
        float sum = 0.f;
        float total = 0.f;
#pragma unroll 4
        for (int split = 0; split < range.count; split++) {
            float top = fmaxf(largest, states[2 * split]);
            float before = rescale(largest, top);
            float weight = rescale(states[2 * split], top);
            sum = merge_split(sum, before, states[2 * split + 1], weight);
            total = merge_split(total, before, values[(long long)split * head_dim + d], weight);
            largest = top;
        }
        target[d] = total / sum;
    }
}
CUDA_KERNEL(attention_merge)

#define DECODE_KERNEL(NAME, T, DIM)                                                               \
    extern "C" __global__ void __launch_bounds__(attention_threads, 4) NAME(DECODE_PARAMETERS) {     \
        decode<T, DIM>(DECODE_ARGUMENTS);                                                         \
    }                                                                                             \
    CUDA_KERNEL(NAME)

#define DECODE_KERNELS(NAME, T)                          \
    DECODE_KERNEL(attention_decode_##NAME, T, 0)         \
    DECODE_KERNEL(attention_decode_##NAME##_64, T, 64)   \
    DECODE_KERNEL(attention_decode_##NAME##_96, T, 96)   \
    DECODE_KERNEL(attention_decode_##NAME##_128, T, 128) \
    DECODE_KERNEL(attention_decode_##NAME##_256, T, 256)

DECODE_KERNEL(attention_decode_f32, float, 0)
DECODE_KERNEL(attention_decode_f32_64, float, 64)
DECODE_KERNEL(attention_decode_f32_128, float, 128)
DECODE_KERNELS(f16, __half)
DECODE_KERNELS(bf16, __nv_bfloat16)
