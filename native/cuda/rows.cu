/* Operations that work row by row on float32 matrices with a row stride in elements.
 *
 * `vectors` says that all rows begin at multiples of 16 bytes and have whole quads of columns, so
 * that a thread loads four at a time. Without it the same thread takes the same four columns one by
 * one: results do not depend on alignment, nor on the other rows. */
#include "common.cuh"

static __device__ float4 load_quad(const float *row, int i, int n, int vectors) {
    if (vectors) {
        return *(const float4 *)(row + i);
    }
    float4 v = make_float4(row[i], 0.0f, 0.0f, 0.0f);
    if (i + 1 < n) v.y = row[i + 1];
    if (i + 2 < n) v.z = row[i + 2];
    if (i + 3 < n) v.w = row[i + 3];
    return v;
}

static __device__ void store_quad(float *row, int i, int n, int vectors, float4 v) {
    if (vectors) {
        *(float4 *)(row + i) = v;
        return;
    }
    row[i] = v.x;
    if (i + 1 < n) row[i + 1] = v.y;
    if (i + 2 < n) row[i + 2] = v.z;
    if (i + 3 < n) row[i + 3] = v.w;
}

static __device__ float4 add_quads(float4 a, float4 b) {
    return make_float4(a.x + b.x, a.y + b.y, a.z + b.z, a.w + b.w);
}

static __device__ float squares(float4 v) {
    return v.x * v.x + v.y * v.y + (v.z * v.z + v.w * v.w);
}

static __device__ float norm_factor(float sum, int n, float eps) {
    return 1.0f / sqrtf(sum / (float)n + eps);
}

static __device__ void scale_row(const float *x, const float *weight, float factor, float *out,
                                 int n, int vectors, int first, int step) {
    for (int i = first; i < n; i += step) {
        float4 v = load_quad(x, i, n, vectors);
        float4 w = load_quad(weight, i, n, vectors);
        v = make_float4(w.x * (v.x * factor), w.y * (v.y * factor), w.z * (v.z * factor),
                        w.w * (v.w * factor));
        store_quad(out, i, n, vectors, v);
    }
}

/* Norm of groups of `group` columns by a block each; `out` may be `x`.
 * x, out [rows, groups * group]; weight [group].
 * Grid (rows, groups), 256 threads. RMSNorm: Zhang and Sennrich 2019. */
extern "C" __global__ void rms_norm(const float *x, long long x_stride, const float *weight,
                                    float eps, float *out, long long out_stride, int group,
                                    int vectors) {
    long long column = (long long)blockIdx.y * group;
    const float *from = x + blockIdx.x * x_stride + column;
    float sum = 0.0f;
    for (int i = 4 * threadIdx.x; i < group; i += 4 * blockDim.x) {
        sum += squares(load_quad(from, i, group, vectors));
    }
    float factor = norm_factor(block_sum(sum), group, eps);
    scale_row(from, weight, factor, out + blockIdx.x * out_stride + column, group, vectors,
              4 * threadIdx.x, 4 * blockDim.x);
}

/* The same by a warp each, for short groups: the heads of a QK-norm.
 * Grid ceil(rows * groups / warps), 256 threads. */
extern "C" __global__ void rms_norm_groups(const float *x, long long x_stride, const float *weight,
                                           float eps, float *out, long long out_stride, int group,
                                           int groups, int rows, int vectors) {
    int lane = threadIdx.x % 32;
    int at = blockIdx.x * (blockDim.x / 32) + threadIdx.x / 32;
    if (at >= rows * groups) {
        return;
    }
    long long row = at / groups;
    long long column = (long long)(at % groups) * group;
    const float *from = x + row * x_stride + column;
    float sum = 0.0f;
    for (int i = 4 * lane; i < group; i += 4 * 32) {
        sum += squares(load_quad(from, i, group, vectors));
    }
    float factor = norm_factor(warp_sum(sum), group, eps);
    scale_row(from, weight, factor, out + row * out_stride + column, group, vectors, 4 * lane,
              4 * 32);
}

/* Adds x to the residual, then writes the norm of the sum; `out` may be `x`.
 * residual, x, out [rows, groups * group]; weight [group]. Grid (rows, groups), 256 threads. */
extern "C" __global__ void add_rms_norm(float *residual, long long residual_stride, const float *x,
                                        long long x_stride, const float *weight, float eps,
                                        float *out, long long out_stride, int group, int vectors) {
    long long column = (long long)blockIdx.y * group;
    float *sums = residual + blockIdx.x * residual_stride + column;
    const float *from = x + blockIdx.x * x_stride + column;
    float sum = 0.0f;
    for (int i = 4 * threadIdx.x; i < group; i += 4 * blockDim.x) {
        float4 v = add_quads(load_quad(sums, i, group, vectors), load_quad(from, i, group, vectors));
        store_quad(sums, i, group, vectors, v);
        sum += squares(v);
    }
    float factor = norm_factor(block_sum(sum), group, eps);
    scale_row(sums, weight, factor, out + blockIdx.x * out_stride + column, group, vectors,
              4 * threadIdx.x, 4 * blockDim.x);
}

/* x += y, where a stride of 0 makes y a vector that is added to every row.
 * Grid (rows, ceil(columns / 1024)), 256 threads. */
extern "C" __global__ void add_rows(float *x, long long x_stride, const float *y,
                                    long long y_stride, int columns, int vectors) {
    int i = 4 * (blockIdx.y * blockDim.x + threadIdx.x);
    if (i < columns) {
        float *to = x + blockIdx.x * x_stride;
        float4 v = load_quad(y + blockIdx.x * y_stride, i, columns, vectors);
        store_quad(to, i, columns, vectors, add_quads(load_quad(to, i, columns, vectors), v));
    }
}

static __device__ float silu(float x) {
    return x / (1.0f + expf(-x));
}

/* x * sigmoid(2 u) = x / 2 * (1 + tanh(u)). */
static __device__ float gelu_tanh(float x) {
    float u = 0.7978845608028654f * (x + 0.044715f * x * x * x);
    return x / (1.0f + expf(-2.0f * u));
}

template <float (*ACTIVATION)(float)>
static __device__ void gate(const float *gate_up, long long gate_up_stride, float *out,
                            long long out_stride, int columns, int vectors) {
    int i = 4 * (blockIdx.y * blockDim.x + threadIdx.x);
    if (i < columns) {
        const float *gates = gate_up + blockIdx.x * gate_up_stride;
        float4 g = load_quad(gates, i, columns, vectors);
        float4 u = load_quad(gates + columns, i, columns, vectors);
        g = make_float4(ACTIVATION(g.x) * u.x, ACTIVATION(g.y) * u.y, ACTIVATION(g.z) * u.z,
                        ACTIVATION(g.w) * u.w);
        store_quad(out + blockIdx.x * out_stride, i, columns, vectors, g);
    }
}

/* out = silu(gate_up[:, :columns]) * gate_up[:, columns:].
 * gate_up [rows, 2 * columns]; out [rows, columns].
 * Grid (rows, ceil(columns / 1024)), 256 threads. */
extern "C" __global__ void gated_silu(const float *gate_up, long long gate_up_stride, float *out,
                                      long long out_stride, int columns, int vectors) {
    gate<silu>(gate_up, gate_up_stride, out, out_stride, columns, vectors);
}

/* The same with the tanh approximation of GELU: Hendrycks and Gimpel 2016. */
extern "C" __global__ void gated_gelu_tanh(const float *gate_up, long long gate_up_stride,
                                           float *out, long long out_stride, int columns,
                                           int vectors) {
    gate<gelu_tanh>(gate_up, gate_up_stride, out, out_stride, columns, vectors);
}

/* out[i] = x[rows[i]]. Grid (rows of out, ceil(columns / 1024)), 256 threads. */
extern "C" __global__ void gather_rows(const float *x, long long x_stride, const int *rows,
                                       float *out, long long out_stride, int columns, int vectors) {
    int i = 4 * (blockIdx.y * blockDim.x + threadIdx.x);
    if (i < columns) {
        const float *from = x + rows[blockIdx.x] * x_stride;
        store_quad(out + blockIdx.x * out_stride, i, columns, vectors,
                   load_quad(from, i, columns, vectors));
    }
}

/* The best value so far and its column; column -1 is none, and worse than any. */
struct Best {
    float value;
    int column;
};

/* The larger value, the lower column among equals: the order in which they meet doesn't matter. */
static __device__ Best better(Best a, Best b) {
    bool second = b.column >= 0 && (a.column < 0 || b.value > a.value ||
                                    (b.value == a.value && b.column < a.column));
    return second ? b : a;
}

static __device__ Best with(Best best, float value, int column) {
    Best candidate = {value, value == value ? column : -1};
    return better(best, candidate);
}

/* The best of the block, in thread 0; `partial` has room for each warp's. */
static __device__ Best block_best(Best best, Best *partial) {
    for (int apart = 16; apart > 0; apart /= 2) {
        Best other;
        other.value = __shfl_down_sync(0xffffffffu, best.value, apart);
        other.column = __shfl_down_sync(0xffffffffu, best.column, apart);
        best = better(best, other);
    }
    if (threadIdx.x % 32 == 0) {
        partial[threadIdx.x / 32] = best;
    }
    __syncthreads();
    if (threadIdx.x == 0) {
        for (unsigned w = 1; w < blockDim.x / 32; w++) {
            best = better(best, partial[w]);
        }
    }
    return best;
}

/* The largest value of each part of each row; NaN is none.
 * x [rows, columns]; values, found [rows, parts].
 * Grid (rows, parts), 256 threads; a part has `part` columns, a multiple of 4. */
extern "C" __global__ void argmax_parts(const float *x, long long x_stride, float *values,
                                        int *found, int columns, int part, int vectors) {
    __shared__ Best partial[32];
    const float *row = x + blockIdx.x * x_stride;
    int begin = blockIdx.y * part;
    int end = min(begin + part, columns);
    Best best = {0.0f, -1};
    for (int i = begin + 4 * threadIdx.x; i < end; i += 4 * blockDim.x) {
        float4 v = load_quad(row, i, end, vectors);
        best = with(best, v.x, i);
        if (i + 1 < end) best = with(best, v.y, i + 1);
        if (i + 2 < end) best = with(best, v.z, i + 2);
        if (i + 3 < end) best = with(best, v.w, i + 3);
    }
    best = block_best(best, partial);
    if (threadIdx.x == 0) {
        values[blockIdx.x * gridDim.y + blockIdx.y] = best.value;
        found[blockIdx.x * gridDim.y + blockIdx.y] = best.column;
    }
}

/* The best of all parts of a row; -1 where there is none. ids [rows]. Grid rows, 32 threads. */
extern "C" __global__ void argmax_rows(const float *values, const int *found, int parts, int *ids) {
    __shared__ Best partial[1];
    Best best = {0.0f, -1};
    for (int i = threadIdx.x; i < parts; i += blockDim.x) {
        Best other = {values[blockIdx.x * parts + i], found[blockIdx.x * parts + i]};
        best = better(best, other);
    }
    best = block_best(best, partial);
    if (threadIdx.x == 0) {
        ids[blockIdx.x] = best.column;
    }
}

/* Rows of zeros. Grid (rows, ceil(columns / 1024)), 256 threads. */
extern "C" __global__ void zero_rows(float *x, long long x_stride, int columns, int vectors) {
    int i = 4 * (blockIdx.y * blockDim.x + threadIdx.x);
    if (i < columns) {
        float4 zero = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
        store_quad(x + blockIdx.x * x_stride, i, columns, vectors, zero);
    }
}

CUDA_KERNEL(rms_norm)
CUDA_KERNEL(rms_norm_groups)
CUDA_KERNEL(add_rms_norm)
CUDA_KERNEL(add_rows)
CUDA_KERNEL(gated_silu)
CUDA_KERNEL(gated_gelu_tanh)
CUDA_KERNEL(gather_rows)
CUDA_KERNEL(argmax_parts)
CUDA_KERNEL(argmax_rows)
CUDA_KERNEL(zero_rows)
