// Products of few rows of activations with quantised weights on tensor cores: out = x W^T.
//
// Such a product is the reading of the weights, so the shape of the work follows from that: a block
// makes 16 or 32 outputs for 8 to 32 rows of x, and its warps share the inputs, each a run of groups
// of 32, so that a narrow matrix is read by thousands of threads at once. Each lane holds the loads of
// several groups in flight, straight from global memory to the fragments of mma.m16n8k16: weights are
// a, activations b. Which input is where in a fragment is free, for it is summed over; a lane takes
// eight neighbouring codes, and the same activations.
//
// Codes become bfloat16 integers, which is exact, and x the sum of two bfloat16 (to 2^-17 of itself),
// so that products are exact; a group's are added up in float32 by the tensor core, then multiplied by
// its scale, and added in float32 to the groups before. The parts of the warps are added in order. So
// a row's result depends on the matrix alone: not on n, on the other rows, or on the tile that makes it.
//
// Sources: the fused dequantising products of Marlin (Frantar et al. 2024); sums of bfloat16: Henry,
// Tang and Heinecke 2019, Leveraging the bfloat16 Artificial Intelligence Datatype.
#include "weights.cuh"

static constexpr int GROUP = 32;
static constexpr int MOST_WARPS = 8;

// bfloat16 from 128 to 255 are these bits and seven more.
static constexpr unsigned BASE = 0x43004300u;
static constexpr unsigned BASE_AND_8 = 0x43084308u;
static constexpr unsigned ONES = 0x3f803f80u;

// A lane's part of a group of one output: eight codes, in two quads of neighbours.
template <class Format>
struct Codes {
    using Scale = typename Format::ScaleType;
    static constexpr int words_of_codes = Format::bits / 4;
    static constexpr int scales_of_group = GROUP / Format::group_size;
    static constexpr int bytes_of_group = GROUP * Format::bits / 8;

    // Columns from a lane's first quad to its second. A step of the tensor core takes 16 inputs of one
    // scale, so with two scales the lanes' first quads are the first half of the group.
    static constexpr int second_quad = scales_of_group == 1 ? 4 : 16;

    unsigned words[words_of_codes];
    Scale scales[scales_of_group];
    Scale min;

    // Columns from the beginning of a group to a lane's first quad.
    static __device__ __forceinline__ int first_quad() {
        return threadIdx.x % 4 * (scales_of_group == 1 ? 8 : 4);
    }

    // Loads the part of a group, counted from where the pointers are.
    __device__ __forceinline__ void load(const unsigned char *codes, const Scale *scale, long long to_min, int group) {
        codes += group * bytes_of_group;
        scale += group * scales_of_group;
        if constexpr (Format::bits == 4) {
            words[0] = *(const unsigned *)codes;
        } else if constexpr (scales_of_group == 1) {
            uint2 both = *(const uint2 *)codes;
            words[0] = both.x;
            words[1] = both.y;
        } else {
            words[0] = *(const unsigned *)codes;
            words[1] = *(const unsigned *)(codes + second_quad);
        }
#pragma unroll
        for (int i = 0; i < scales_of_group; i++) {
            scales[i] = scale[i];
        }
        if constexpr (Format::has_min) {
            min = scale[to_min];
        }
    }

    // Two codes as bfloat16: of 4 bits the p-th of each quad; of 8 bits those of quad p / 2 that are
    // p % 2 and two more from its beginning.
    __device__ __forceinline__ unsigned pair(int p) const {
        if constexpr (Format::bits == 4) {
            unsigned codes = words[0] >> (4 * p) & 0x000f000fu;
            return subtract_pairs(codes | BASE, Format::has_min ? BASE : BASE_AND_8);
        } else {
            // The sign's weight of 128 makes 256 of 128, which is the next exponent.
            unsigned codes = words[p / 2] >> (8 * (p % 2));
            return subtract_pairs((codes & 0x007f007fu) | BASE, (codes & 0x00800080u) | BASE);
        }
    }
};

// A lane's activations of a group and one row of x, in the quads of its codes.
struct Activations {
    float quads[2][4];

    // Loads the quads of a group, counted from where the pointer is.
    template <class Format>
    __device__ __forceinline__ void load(const float *x, int group) {
#pragma unroll
        for (int i = 0; i < 2; i++) {
            float4 v = *(const float4 *)(x + GROUP * group + i * Codes<Format>::second_quad);
            quads[i][0] = v.x;
            quads[i][1] = v.y;
            quads[i][2] = v.z;
            quads[i][3] = v.w;
        }
    }

    // The pairs of codes' activations.
    template <class Format>
    __device__ __forceinline__ void split(unsigned (&high)[2][2], unsigned (&low)[2][2]) const {
#pragma unroll
        for (int p = 0; p < 4; p++) {
            if constexpr (Format::bits == 4) {
                split_pair(quads[0][p], quads[1][p], &high[p / 2][p % 2], &low[p / 2][p % 2]);
            } else {
                split_pair(quads[p / 2][p % 2], quads[p / 2][p % 2 + 2], &high[p / 2][p % 2], &low[p / 2][p % 2]);
            }
        }
    }
};

// A warp's share of the inputs for 16 * OUTPUTS outputs and 8 * TOKENS rows of x.
template <class Format, int OUTPUTS, int TOKENS>
struct Share {
    using Part = Codes<Format>;

    // Groups whose loads are under way, as registers allow.
    static constexpr int codes_ahead = OUTPUTS == 1 && (TOKENS == 1 || !Format::has_min) ? 4 : 2;
    static constexpr int tokens_ahead = TOKENS == 1 ? codes_ahead : TOKENS == 2 ? 2 : 1;

    // Where this lane's parts of the next groups begin; of minima that many scales behind the scale.
    const unsigned char *codes[OUTPUTS][2];
    const typename Part::Scale *scales[OUTPUTS][2];
    long long to_min;
    const float *tokens[TOKENS];

    Part parts[codes_ahead][OUTPUTS][2];
    Activations activations[tokens_ahead][TOKENS];
    float sums[OUTPUTS][TOKENS][4];

    // Begins at a group. Outputs and rows of x beyond the last one are the last one again, and are not stored.
    __device__ __forceinline__ Share(const PackedRows &w, const float *x, long long x_stride, int n, int output,
                                     int token, int group)
        : to_min((w.min_offset - w.scale_offset) / (int)sizeof(typename Part::Scale)) {
        int g = threadIdx.x % 32 / 4;
        int column = GROUP * group + Part::first_quad();
#pragma unroll
        for (int i = 0; i < 2 * OUTPUTS; i++) {
            const unsigned char *row = w.data + min(output + 8 * i + g, w.rows - 1) * w.row_bytes;
            codes[i / 2][i % 2] = row + Format::offset(column);
            scales[i / 2][i % 2] =
                    (const typename Part::Scale *)(row + w.scale_offset) + group * Part::scales_of_group;
        }
#pragma unroll
        for (int j = 0; j < TOKENS; j++) {
            tokens[j] = x + min(token + 8 * j + g, n - 1) * x_stride + column;
#pragma unroll
            for (int i = 0; i < 4 * OUTPUTS; i++) {
                sums[i / 4][j][i % 4] = 0.0f;
            }
        }
    }

    __device__ __forceinline__ void advance(int groups) {
#pragma unroll
        for (int i = 0; i < 2 * OUTPUTS; i++) {
            codes[i / 2][i % 2] += groups * Part::bytes_of_group;
            scales[i / 2][i % 2] += groups * Part::scales_of_group;
        }
#pragma unroll
        for (int j = 0; j < TOKENS; j++) {
            tokens[j] += GROUP * groups;
        }
    }

    __device__ __forceinline__ void load_codes(int group) {
#pragma unroll
        for (int i = 0; i < 2 * OUTPUTS; i++) {
            parts[group % codes_ahead][i / 2][i % 2].load(codes[i / 2][i % 2], scales[i / 2][i % 2], to_min, group);
        }
    }

    __device__ __forceinline__ void load_activations(int group) {
#pragma unroll
        for (int j = 0; j < TOKENS; j++) {
            activations[group % tokens_ahead][j].template load<Format>(tokens[j], group);
        }
    }

    // Adds scale * product to an output's sums, the products of inputs in steps [from, to) of 16.
    static __device__ __forceinline__ void add_scaled(float (&sum)[4], const unsigned (&a)[2][4],
                                                      const unsigned (&high)[2][2], const unsigned (&low)[2][2],
                                                      int from, int to, float scale, float scale_below) {
        float d[4] = {0.0f, 0.0f, 0.0f, 0.0f};
        float rest[4] = {0.0f, 0.0f, 0.0f, 0.0f};
#pragma unroll
        for (int s = from; s < to; s++) {
            mma_m16n8k16<__nv_bfloat16>(d, a[s], high[s]);
            mma_m16n8k16<__nv_bfloat16>(rest, a[s], low[s]);
        }
#pragma unroll
        for (int e = 0; e < 4; e++) {
            sum[e] = fmaf(e < 2 ? scale : scale_below, d[e] + rest[e], sum[e]);
        }
    }

    // Adds minimum * sum of the activations: the product with ones has it in every row.
    __device__ __forceinline__ void add_minima(const Codes<Format> (&part)[OUTPUTS][2], int j,
                                               const unsigned (&high)[2][2], const unsigned (&low)[2][2]) {
        const unsigned ones[4] = {ONES, ONES, ONES, ONES};
        float d[4] = {0.0f, 0.0f, 0.0f, 0.0f};
        float rest[4] = {0.0f, 0.0f, 0.0f, 0.0f};
#pragma unroll
        for (int s = 0; s < 2; s++) {
            mma_m16n8k16<__nv_bfloat16>(d, ones, high[s]);
            mma_m16n8k16<__nv_bfloat16>(rest, ones, low[s]);
        }
#pragma unroll
        for (int i = 0; i < OUTPUTS; i++) {
#pragma unroll
            for (int e = 0; e < 4; e++) {
                sums[i][j][e] = fmaf(to_float(part[i][e / 2].min), d[e] + rest[e], sums[i][j][e]);
            }
        }
    }

    __device__ __forceinline__ void multiply(const Codes<Format> (&part)[OUTPUTS][2],
                                             const Activations (&values)[TOKENS]) {
        constexpr int scales = Codes<Format>::scales_of_group;
        unsigned a[OUTPUTS][2][4];
#pragma unroll
        for (int i = 0; i < OUTPUTS; i++) {
#pragma unroll
            for (int p = 0; p < 4; p++) {
                a[i][p / 2][p % 2 * 2] = part[i][0].pair(p);
                a[i][p / 2][p % 2 * 2 + 1] = part[i][1].pair(p);
            }
        }
#pragma unroll
        for (int j = 0; j < TOKENS; j++) {
            unsigned high[2][2];
            unsigned low[2][2];
            values[j].template split<Format>(high, low);
#pragma unroll
            for (int i = 0; i < OUTPUTS; i++) {
#pragma unroll
                for (int s = 0; s < scales; s++) {
                    add_scaled(sums[i][j], a[i], high, low, 2 / scales * s, 2 / scales * (s + 1),
                               to_float(part[i][0].scales[s]), to_float(part[i][1].scales[s]));
                }
            }
            if constexpr (Format::has_min) {
                add_minima(part, j, high, low);
            }
        }
    }

    // Adds as many groups.
    __device__ __forceinline__ void add(int groups) {
#pragma unroll
        for (int i = 0; i < codes_ahead; i++) {
            if (i < groups) {
                load_codes(i);
                if (i < tokens_ahead) {
                    load_activations(i);
                }
            }
        }
        for (; groups > 0; groups -= codes_ahead) {
#pragma unroll
            for (int i = 0; i < codes_ahead; i++) {
                if (i >= groups) {
                    break;
                }
                multiply(parts[i], activations[i % tokens_ahead]);
                if (i + codes_ahead < groups) {
                    load_codes(i + codes_ahead);
                }
                if (i + tokens_ahead < groups) {
                    load_activations(i + tokens_ahead);
                }
            }
            advance(codes_ahead);
        }
    }
};

// Adds up the warps' sums and stores them. In shared memory: float [warps][values][32 lanes].
template <int OUTPUTS, int TOKENS>
static __device__ __forceinline__ void store(const float (&sums)[OUTPUTS][TOKENS][4], int output, int token,
                                             int rows, int n, float *out, long long out_stride) {
    constexpr int values = OUTPUTS * TOKENS * 4;
    float *parts = (float *)smem;
    int lane = threadIdx.x % 32;
    int warp = threadIdx.x / 32;
    int warps = blockDim.x / 32;
#pragma unroll
    for (int v = 0; v < values; v++) {
        parts[(warp * values + v) * 32 + lane] = sums[v / (4 * TOKENS)][v / 4 % TOKENS][v % 4];
    }
    __syncthreads();
    for (int v = warp; v < values; v += warps) {
        float sum = parts[v * 32 + lane];
#pragma unroll
        for (int i = 1; i < MOST_WARPS; i++) {
            if (i < warps) {
                sum += parts[(i * values + v) * 32 + lane];
            }
        }
        int row = token + v / 4 % TOKENS * 8 + lane % 4 * 2 + v % 2;
        int column = output + v / (4 * TOKENS) * 16 + v % 4 / 2 * 8 + lane / 4;
        if (row < n && column < rows) {
            out[row * out_stride + column] = sum;
        }
    }
}

template <class Format, int OUTPUTS, int TOKENS>
static __device__ __forceinline__ void multiply_few(const PackedRows &w, const float *x, long long x_stride,
                                                    int n, float *out, long long out_stride) {
    int output = blockIdx.x * 16 * OUTPUTS;
    int token = blockIdx.y * 8 * TOKENS;
    int warp = threadIdx.x / 32;
    int shift = 31 - __clz((int)blockDim.x / 32);
    int groups = w.cols / GROUP;
    int begin = groups * warp >> shift;
    int end = groups * (warp + 1) >> shift;
    Share<Format, OUTPUTS, TOKENS> share(w, x, x_stride, n, output, token, begin);
    share.add(end - begin);
    store<OUTPUTS, TOKENS>(share.sums, output, token, w.rows, n, out, out_stride);
}

// x float32 [n, cols], its rows at multiples of 16 bytes. w [rows, cols] packed, cols a multiple of 32; out
// float32 [n, rows]. A name has the outputs and rows of x of a block. Grid (ceil(rows / outputs),
// ceil(n / rows of x)), 32 to 256 threads, a power of two, on which the order of additions depends;
// shared memory of a float for each warp, output and row of x.
#define FEW(suffix, format, outputs, tokens)                                                                   \
    extern "C" __global__ void __launch_bounds__(32 * MOST_WARPS)                                              \
            linear##outputs##x##tokens##_##suffix(const unsigned char *data, long long row_bytes,              \
                                                  int scale_offset, int min_offset, int rows, int cols,        \
                                                  const float *x, long long x_stride, int n, float *out,       \
                                                  long long out_stride) {                                      \
        PackedRows w = {data, row_bytes, scale_offset, min_offset, rows, cols};                                \
        multiply_few<format, outputs / 16, tokens / 8>(w, x, x_stride, n, out, out_stride);                    \
    }                                                                                                          \
    CUDA_KERNEL(linear##outputs##x##tokens##_##suffix)

#define FEW_OF_EACH_SIZE(suffix, format) \
    FEW(suffix, format, 16, 8)           \
    FEW(suffix, format, 16, 16)          \
    FEW(suffix, format, 32, 8)           \
    FEW(suffix, format, 32, 16)          \
    FEW(suffix, format, 32, 32)
FOR_INTEGERS(FEW_OF_EACH_SIZE)
