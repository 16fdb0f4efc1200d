/* Draws a token from each row of logits and tells how likely tokens are, without sorting a row.
 *
 * The layout of the parameters and results is that of dev.sluice.compute.SamplingLayout, the rules
 * are those of SamplingBatch. Weights are exp(logit - largest), rounded step by step as the host
 * does it, and then summed as integers of 2^-43: sums are the same in any order, so that neither
 * atomics nor prefix sums depend on the threads. A weight below 2^-43 counts as none.
 *
 * Top-k, top-p and the most likely tokens are found by radix selection on the bits of the values
 * (Alabi et al. 2012, Fast k-selection algorithms for graphics processing units): the mass of the
 * tokens in each of 256 classes says in which one the cut lies, four times. */
#include "common.cuh"

typedef unsigned long long u64;

#define ALL_LANES 0xffffffffu
#define FORBIDDEN_LOGIT (-1e10f)
#define LEAST_VALUE (-9999.0)
#define CERTAIN_BELOW 1e-5f
#define MAX_TOP 20

/* What stands in a row of logits for an id that must not come: a NaN that no arithmetic makes. */
#define FORBIDDEN_MARK 0x7fc5f0f0u

enum outcome { DRAWN, NO_TOKEN, NOT_FINITE };
enum row_flag { GREEDY = 1, REPORTS = 2, RAW = 4, LOGITS = 8 };
enum edit_flag { SEEN = 1, FORBIDDEN = 2 };

struct Header {
    int num_rows;
    int top_width;
    int unused[2];
};

struct Row {
    double uniform;
    int logits_row;
    int flags;
    float temperature;
    float min_p;
    int top_k;
    float top_p;
    float repetition;
    float frequency;
    float presence;
    int edits_at;
    int num_edits;
    int mask_at;
    int top;
    float report_temperature;
    float report_top_p;
    int unused;
};

struct Edit {
    int id;
    float bias; /* the logit as it was, once it is edited */
    int count;
    int flags;
};

static_assert(sizeof(Header) == 16 && sizeof(Row) == 72 && sizeof(Edit) == 16,
              "the layout is SamplingLayout's");

struct Sum {
    __device__ u64 operator()(u64 a, u64 b) const { return a + b; }
};

struct Largest {
    template <class T>
    __device__ T operator()(T a, T b) const {
        return a > b ? a : b;
    }
};

/* Combines the values of all threads, in every thread. The order of the combinations is fixed. */
template <class T, class Combine>
static __device__ T block_combine(T value, Combine combine) {
    __shared__ T parts[32];
    for (int lanes = 16; lanes > 0; lanes >>= 1) {
        value = combine(value, __shfl_xor_sync(ALL_LANES, value, lanes));
    }
    __syncthreads(); /* a former call's parts may still be read */
    if ((threadIdx.x & 31) == 0) {
        parts[threadIdx.x >> 5] = value;
    }
    __syncthreads();
    T all = parts[0];
    for (unsigned warp = 1; warp < blockDim.x >> 5; warp++) {
        all = combine(all, parts[warp]);
    }
    return all;
}

/* Orders floats as unsigned numbers; the two zeros are one. 0 for NaN, which nothing else is. */
static __device__ unsigned ordered(float value) {
    if (value != value) {
        return 0;
    }
    unsigned bits = __float_as_uint(__fadd_rn(value, 0.0f));
    return bits & 0x80000000u ? ~bits : bits | 0x80000000u;
}

/* A row of logits, divided by the temperature, and with what must not come as low as it is. */
struct Values {
    const float *row;
    float divisor;

    __device__ float operator()(int id) const {
        float value = row[id];
        if (__float_as_uint(value) != FORBIDDEN_MARK) {
            return __fdiv_rn(value, divisor);
        }
        /* No temperature brings it closer to what may come. */
        return fminf(FORBIDDEN_LOGIT, __fdiv_rn(FORBIDDEN_LOGIT, divisor));
    }
};

/* Exponential function for arguments up to 0, to about 1e-7 of the result; 0 below -87 and for NaN, 1
 * above 0, where a forbidden id is when all others are still lower. Every product and sum is rounded,
 * so that the host has the same bits. */
static __device__ float exponential(float argument) {
    if (!(argument >= -87.0f)) {
        return 0.0f;
    }
    float x = fminf(argument, 0.0f);
    int n = (int)__fadd_rn(__fmul_rn(x, 1.442695f), -0.5f);
    float whole = (float)n;
    float r = __fadd_rn(__fadd_rn(x, -__fmul_rn(whole, 355.0f / 512.0f)),
                        __fmul_rn(whole, 2.1219444e-4f));
    float p = 1.0f / 720.0f;
    p = __fadd_rn(__fmul_rn(p, r), 1.0f / 120.0f);
    p = __fadd_rn(__fmul_rn(p, r), 1.0f / 24.0f);
    p = __fadd_rn(__fmul_rn(p, r), 1.0f / 6.0f);
    p = __fadd_rn(__fmul_rn(p, r), 0.5f);
    p = __fadd_rn(__fmul_rn(p, r), 1.0f);
    p = __fadd_rn(__fmul_rn(p, r), 1.0f);
    return __fmul_rn(p, __int_as_float((n + 127) << 23));
}

/* A weight in [0, 1] as an integer: the sum of 2^20 of them is 2^63 at most. */
static __device__ u64 fixed_point(float weight) {
    return (u64)(fminf(weight, 1.0f) * 8796093022208.0f);
}

/* The key of a weight: its bits, which are in order; 0 for a weight that counts as none. */
static __device__ unsigned weight_key(float weight) {
    return fixed_point(weight) == 0 ? 0 : __float_as_uint(weight);
}

/* The first id with which the running sum of the weights exceeds target, which their total does.
 * The range that holds it shrinks to a 32nd with each turn. */
template <class WeightOf>
static __device__ int pick(int n, WeightOf weight_of, u64 target) {
    __shared__ u64 parts[32];
    int lane = (int)threadIdx.x & 31;
    int warp = (int)threadIdx.x >> 5;
    int warps = (int)blockDim.x >> 5;
    int from = 0;
    int to = n;
    while (to - from > 32) {
        int size = (to - from + warps - 1) / warps;
        int begin = min(to, from + warp * size);
        int end = min(to, begin + size);
        u64 sum = 0;
        for (int id = begin + lane; id < end; id += 32) {
            sum += weight_of(id);
        }
        for (int lanes = 16; lanes > 0; lanes >>= 1) {
            sum += __shfl_xor_sync(ALL_LANES, sum, lanes);
        }
        __syncthreads();
        if (lane == 0) {
            parts[warp] = sum;
        }
        __syncthreads();
        int part = 0;
        while (part < warps - 1 && parts[part] <= target) {
            target -= parts[part++];
        }
        from = min(to, from + part * size);
        to = min(to, from + size);
    }
    int id = from;
    for (; id < to - 1; id++) {
        u64 weight = weight_of(id);
        if (weight > target) {
            break;
        }
        target -= weight;
    }
    return id;
}

/* What is kept of a row: greater keys, and of the equal ones those up to an id. */
struct Cut {
    unsigned key;
    int last;

    __device__ bool keeps(unsigned other, int id) const {
        return other > key || (other == key && id <= last);
    }
};

/* In which class the cut lies, and the weight of the classes above it. */
struct Class {
    int digit;
    u64 above;
    u64 within;
};

/* The lowest class that is not empty and has at most limit above it. Each lane of the first warp
 * looks at eight classes. */
static __device__ void find_class(const u64 *classes, u64 above, u64 limit, Class *found) {
    int lane = (int)threadIdx.x;
    int highest = 255 - 8 * lane;
    u64 own = 0;
    for (int i = 0; i < 8; i++) {
        own += classes[highest - i];
    }
    u64 running = own;
    for (int lanes = 1; lanes < 32; lanes *= 2) {
        u64 lower = __shfl_up_sync(ALL_LANES, running, lanes);
        running += lane >= lanes ? lower : 0;
    }
    u64 before = above + running - own;
    Class mine = {-1, 0, 0};
    for (int i = 0; i < 8; i++) {
        u64 weight = classes[highest - i];
        if (weight != 0 && before <= limit) {
            mine = {highest - i, before, weight};
        }
        before += weight;
    }
    unsigned candidates = __ballot_sync(ALL_LANES, mine.digit >= 0);
    int winner = candidates == 0 ? 0 : 31 - __clz((int)candidates);
    if (lane == winner) {
        *found = mine;
    }
}

/* Finds what is to be kept: an id with a key other than 0, if the weight of those before it is at
 * most limit. Greater keys come before, and lower ids among equals. Equal keys weigh the same. */
template <class KeyOf, class WeightOfKey>
static __device__ Cut cut_at(int n, KeyOf key_of, WeightOfKey weight_of_key, u64 limit) {
    __shared__ u64 classes[256];
    __shared__ Class found;
    unsigned key = 0;
    Class in = {0, 0, 0};
    for (int shift = 24; shift >= 0; shift -= 8) {
        __syncthreads();
        for (unsigned i = threadIdx.x; i < 256; i += blockDim.x) {
            classes[i] = 0;
        }
        __syncthreads();
        for (int id = (int)threadIdx.x; id < n; id += (int)blockDim.x) {
            unsigned other = key_of(id);
            if (other != 0 && (shift == 24 || (other ^ key) >> (shift + 8) == 0)) {
                atomicAdd(&classes[other >> shift & 255], weight_of_key(other));
            }
        }
        __syncthreads();
        if (threadIdx.x < 32) {
            find_class(classes, in.above, limit, &found);
        }
        __syncthreads();
        in = found;
        if (in.digit < 0) {
            return {~0u, -1};
        }
        key |= (unsigned)in.digit << shift;
    }
    u64 each = weight_of_key(key);
    u64 kept = (limit - in.above) / each + 1;
    if (kept * each >= in.within) {
        return {key, n - 1};
    }
    return {key, pick(n, [=](int id) -> u64 { return key_of(id) == key ? 1 : 0; }, kept - 1)};
}

template <class WeightOf>
static __device__ u64 total_of(int n, WeightOf weight_of) {
    u64 sum = 0;
    for (int id = (int)threadIdx.x; id < n; id += (int)blockDim.x) {
        sum += fixed_point(weight_of(id));
    }
    return block_combine(sum, Sum());
}

/* Keeps a token if the mass of the more likely ones is at most top_p of all. */
template <class WeightOf>
static __device__ Cut nucleus(int n, WeightOf weight_of, float top_p) {
    u64 limit = (u64)((double)top_p * (double)total_of(n, weight_of));
    return cut_at(
            n, [=](int id) { return weight_key(weight_of(id)); },
            [](unsigned key) { return fixed_point(__uint_as_float(key)); }, limit);
}

/* Closes the ids whose bit is 0. */
static __device__ void apply_mask(float *row, int n, const unsigned *words) {
    for (int id = (int)threadIdx.x; id < n; id += (int)blockDim.x) {
        if ((words[id >> 5] >> (id & 31) & 1) == 0) {
            row[id] = -CUDART_INF_F;
        }
    }
    __syncthreads();
}

/* Biases, penalties and what must not come. The ids of the edits are distinct. */
static __device__ void apply_edits(float *row, const Row *rules, Edit *edits) {
    for (int i = (int)threadIdx.x; i < rules->num_edits; i += (int)blockDim.x) {
        Edit edit = edits[i];
        float was = row[edit.id];
        float value = __fadd_rn(was, edit.bias);
        if (edit.flags & SEEN) {
            value = value < 0.0f ? __fmul_rn(value, rules->repetition)
                                 : __fdiv_rn(value, rules->repetition);
        }
        if (edit.count > 0) {
            float penalty = __fadd_rn(__fmul_rn((float)edit.count, rules->frequency),
                                      rules->presence);
            value = __fadd_rn(value, -penalty);
        }
        bool forbidden = (edit.flags & FORBIDDEN) && value > -CUDART_INF_F;
        row[edit.id] = forbidden ? __uint_as_float(FORBIDDEN_MARK) : value;
        edits[i].bias = was;
    }
    __syncthreads();
}

static __device__ void undo_edits(float *row, const Row *rules, const Edit *edits) {
    __syncthreads();
    for (int i = (int)threadIdx.x; i < rules->num_edits; i += (int)blockDim.x) {
        row[edits[i].id] = edits[i].bias;
    }
    __syncthreads();
}

/* The id of the largest value, the lowest among equals; -1 if there is none above -inf. */
static __device__ int best_of(int n, Values values) {
    u64 best = 0;
    for (int id = (int)threadIdx.x; id < n; id += (int)blockDim.x) {
        float value = values(id);
        if (value > -CUDART_INF_F) {
            best = Largest()(best, (u64)ordered(value) << 32 | (0xffffffffu - (unsigned)id));
        }
    }
    best = block_combine(best, Largest());
    return best == 0 ? -1 : (int)(0xffffffffu - (unsigned)best);
}

static __device__ int draw(int n, Values values, int best, const Row *rules) {
    float largest = values(best);
    float least = rules->min_p;
    auto candidate = [=](int id) {
        float weight = exponential(__fadd_rn(values(id), -largest));
        return weight >= least ? weight : 0.0f;
    };
    Cut most_likely = {0, n};
    if (rules->top_k > 0 && rules->top_k < n) {
        most_likely = cut_at(
                n, [=](int id) { return candidate(id) > 0.0f ? ordered(values(id)) : 0; },
                [](unsigned) -> u64 { return 1; }, (u64)rules->top_k - 1);
    }
    auto weight = [=](int id) {
        return most_likely.keeps(ordered(values(id)), id) ? candidate(id) : 0.0f;
    };
    Cut massive = {0, n};
    if (rules->top_p < 1.0f) {
        massive = nucleus(n, weight, rules->top_p);
    }
    auto kept = [=](int id) {
        float own = weight(id);
        return massive.keeps(weight_key(own), id) ? own : 0.0f;
    };
    u64 total = total_of(n, kept);
    u64 target = (u64)(rules->uniform * (double)total);
    return pick(n, [=](int id) { return fixed_point(kept(id)); }, min(target, total - 1));
}

/* How the values of a row become what is told of them. */
struct Scale {
    Values values;
    int n;
    int token;
    bool certain;
    bool in_nucleus;
    Cut cut;
    float largest;
    float temperature;
    float inverse;
    double shift;

    __device__ float weight(int id) const {
        return exponential(__fmul_rn(__fadd_rn(values(id), -largest), inverse));
    }

    __device__ float told(int id) const {
        if (certain) {
            return id == token ? 0.0f : (float)LEAST_VALUE;
        }
        if (in_nucleus && !cut.keeps(weight_key(weight(id)), id)) {
            return (float)LEAST_VALUE;
        }
        double value = ((double)values(id) - (double)largest) / (double)temperature - shift;
        return value >= LEAST_VALUE && value <= 3.4028234663852886e38 ? (float)value
                                                                       : (float)LEAST_VALUE;
    }
};

static __device__ Scale scale_of(int n, Values values, int token, const Row *rules) {
    Scale scale = {values, n, token, false, false, {0, n}, 0.0f, 1.0f, 1.0f, 0.0};
    if (rules->flags & LOGITS) {
        return scale;
    }
    if (rules->report_top_p < CERTAIN_BELOW) {
        scale.certain = true;
        return scale;
    }
    float largest = -CUDART_INF_F;
    for (int id = (int)threadIdx.x; id < n; id += (int)blockDim.x) {
        float value = values(id);
        largest = value > largest ? value : largest;
    }
    scale.largest = block_combine(largest, Largest());
    scale.temperature = rules->report_temperature;
    scale.inverse = __fdiv_rn(1.0f, scale.temperature);
    auto weight = [=](int id) { return scale.weight(id); };
    if (rules->report_top_p < 1.0f) {
        scale.in_nucleus = true;
        scale.cut = nucleus(n, weight, rules->report_top_p);
    }
    Scale cut = scale;
    u64 total = total_of(n, [=](int id) {
        float own = cut.weight(id);
        return cut.cut.keeps(weight_key(own), id) ? own : 0.0f;
    });
    scale.shift = log((double)total * 0x1p-43);
    return scale;
}

/* The most likely tokens, in order: keys of value and id. */
static __device__ int find_top(int n, Values values, int top, u64 *keys) {
    __shared__ u64 unordered[MAX_TOP];
    __shared__ int size;
    if (top == 0) {
        return 0;
    }
    Cut cut = cut_at(
            n, [=](int id) { return ordered(values(id)); }, [](unsigned) -> u64 { return 1; },
            (u64)top - 1);
    if (threadIdx.x == 0) {
        size = 0;
    }
    __syncthreads();
    for (int id = (int)threadIdx.x; id < n; id += (int)blockDim.x) {
        unsigned key = ordered(values(id));
        if (key != 0 && cut.keeps(key, id)) {
            unordered[atomicAdd(&size, 1)] = (u64)key << 32 | (0xffffffffu - (unsigned)id);
        }
    }
    __syncthreads();
    if ((int)threadIdx.x < size) {
        u64 own = unordered[threadIdx.x];
        int at = 0;
        for (int i = 0; i < size; i++) {
            at += unordered[i] > own;
        }
        keys[at] = own;
    }
    __syncthreads();
    return size;
}

/* How many values are at least as large as two given ones; the second in the high half. */
static __device__ u64 ranks_of(int n, Values values, float first, float second) {
    u64 counts = 0;
    for (int id = (int)threadIdx.x; id < n; id += (int)blockDim.x) {
        float value = values(id);
        counts += (value >= first ? 1ull : 0ull) + (value >= second ? 1ull << 32 : 0ull);
    }
    return block_combine(counts, Sum());
}

static __device__ int id_of(u64 key) {
    return (int)(0xffffffffu - (unsigned)key);
}

/* Writes value and rank of the token, then the most likely tokens. Equals have the rank of the last
 * of them. */
static __device__ void report(int n, Values values, int token, const Row *rules, int *result) {
    __shared__ u64 keys[MAX_TOP];
    Scale scale = scale_of(n, values, token, rules);
    int size = find_top(n, values, rules->top, keys);
    float own = values(token);
    float last = size > 0 ? values(id_of(keys[size - 1])) : own;
    u64 ranks = ranks_of(n, values, own, last);
    if (threadIdx.x == 0) {
        result[2] = __float_as_int(scale.told(token));
        result[3] = own == own ? (int)(unsigned)ranks : n;
        result[4] = size;
    }
    if ((int)threadIdx.x < size) {
        int at = (int)threadIdx.x;
        int id = id_of(keys[at]);
        while (at < size - 1 && keys[at] >> 32 == keys[at + 1] >> 32) {
            at++;
        }
        int *entry = result + 5 + 3 * (int)threadIdx.x;
        entry[0] = id;
        entry[1] = __float_as_int(scale.told(id));
        entry[2] = at < size - 1 ? at + 1 : (int)(ranks >> 32);
    }
}

/* One token from each row that the parameters name.
 * logits float32, rows `stride` elements apart, the first `n` columns count, at most 2^20; the rows
 * named are changed. input: header, rows, and from `pool_at` bytes on masks and edits in units of 16
 * bytes; the edits are changed. results int32 [num_rows, 5 + 3 * top_width].
 * Grid (num_rows or more), 128 to 1024 threads in whole warps, 11 KiB of static shared memory. */
extern "C" __global__ void __launch_bounds__(1024)
        sample_rows(float *logits, long long stride, int n, char *input, long long pool_at,
                    int *results) {
    const Header *header = (const Header *)input;
    if ((int)blockIdx.x >= header->num_rows) {
        return;
    }
    const Row *rules = (const Row *)(input + sizeof(Header)) + blockIdx.x;
    Edit *pool = (Edit *)(input + pool_at);
    Edit *edits = pool + rules->edits_at;
    float *row = logits + rules->logits_row * stride;
    int *result = results + (long long)blockIdx.x * (5 + 3 * header->top_width);
    bool greedy = rules->flags & GREEDY;

    if (rules->mask_at >= 0) {
        apply_mask(row, n, (const unsigned *)(pool + rules->mask_at));
    }
    apply_edits(row, rules, edits);
    Values processed = {row, rules->temperature};
    int token = best_of(n, {row, 1.0f});
    int outcome = token < 0 ? NO_TOKEN : DRAWN;
    if (outcome == DRAWN && !greedy) {
        outcome = fabsf(processed(token)) < CUDART_INF_F ? DRAWN : NOT_FINITE;
    }
    if (outcome == DRAWN && !greedy) {
        token = draw(n, processed, token, rules);
    }
    if (threadIdx.x == 0) {
        result[0] = outcome;
        result[1] = token;
    }
    if (outcome != DRAWN || !(rules->flags & REPORTS)) {
        return;
    }
    bool raw = rules->flags & RAW;
    if (raw) {
        undo_edits(row, rules, edits);
    }
    report(n, {row, raw ? 1.0f : rules->temperature}, token, rules, result);
}
CUDA_KERNEL(sample_rows)
