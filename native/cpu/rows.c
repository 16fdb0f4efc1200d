/* Operations that work row by row. */
#include "simd.h"

#include <math.h>

/* 1 / sqrt(mean(x^2) + eps) over one group. */
static float inverse_rms(const float *x, int64_t group, float eps) {
    vf sum[4] = {vf_zero(), vf_zero(), vf_zero(), vf_zero()};
    int64_t i = 0;
    for (; i + 4 * VW <= group; i += 4 * VW) {
        SL_UNROLL for (int v = 0; v < 4; v++) {
            vf a = vf_load(x + i + v * VW);
            sum[v] = vf_fma(a, a, sum[v]);
        }
    }
    for (; i < group; i += VW) {
        vf a = vf_load_n(x + i, sl_min(VW, group - i));
        sum[0] = vf_fma(a, a, sum[0]);
    }
    float total = vf_hsum(vf_add(vf_add(sum[0], sum[1]), vf_add(sum[2], sum[3])));
    return 1.0f / sqrtf(total / (float)group + eps);
}

static void norm_row(const float *x, const float *weight, int64_t group, int64_t cols, float eps,
                     float *out) {
    for (int64_t first = 0; first < cols; first += group) {
        float factor = inverse_rms(x + first, group, eps);
        vf f = vf_set1(factor);
        int64_t i = 0;
        for (; i + VW <= group; i += VW) {
            vf y = vf_mul(vf_load(x + first + i), f);
            vf_store(out + first + i, vf_mul(vf_load(weight + i), y));
        }
        if (i < group) {
            int64_t n = group - i;
            vf y = vf_mul(vf_load_n(x + first + i, n), f);
            vf_store_n(out + first + i, vf_mul(vf_load_n(weight + i, n), y), n);
        }
    }
}

static void add_row(float *x, const float *y, int64_t cols) {
    int64_t i = 0;
    for (; i + VW <= cols; i += VW) {
        vf_store(x + i, vf_add(vf_load(x + i), vf_load(y + i)));
    }
    for (; i < cols; i++) {
        x[i] += y[i];
    }
}

void SL_FN(rms_norm)(const struct sl_rms_norm_args *args, int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; r++) {
        norm_row(args->x + r * args->x_stride, args->weight, args->group, args->cols,
                 (float)args->eps, args->out + r * args->out_stride);
    }
}

void SL_FN(add_rms_norm)(const struct sl_add_rms_norm_args *args, int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; r++) {
        float *residual = args->residual + r * args->residual_stride;
        if (r + 1 < end) {
            sl_fetch_row(args->x + (r + 1) * args->x_stride, args->cols);
        }
        add_row(residual, args->x + r * args->x_stride, args->cols);
        norm_row(residual, args->weight, args->group, args->cols, (float)args->eps,
                 args->out + r * args->out_stride);
    }
}

void SL_FN(add)(const struct sl_add_args *args, int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; r++) {
        add_row(args->x + r * args->x_stride, args->y + r * args->y_stride, args->cols);
    }
}

/* x / (1 + exp(-u)), where u is x for SILU. */
SL_INLINE vf activate(vf x, int gelu) {
    vf u = x;
    if (gelu) {
        vf cube = vf_mul(vf_mul(x, x), x);
        u = vf_mul(vf_set1(1.5957691216057308f), vf_fma(vf_set1(0.044715f), cube, x));
    }
    return vf_div(x, vf_add(vf_set1(1.0f), vf_exp(vf_sub(vf_zero(), u))));
}

SL_INLINE void gate_row(const float *gate, const float *up, int64_t cols, int gelu, float *out) {
    int64_t i = 0;
    for (; i + VW <= cols; i += VW) {
        vf_store(out + i, vf_mul(activate(vf_load(gate + i), gelu), vf_load(up + i)));
    }
    if (i < cols) {
        int64_t n = cols - i;
        vf y = vf_mul(activate(vf_load_n(gate + i, n), gelu), vf_load_n(up + i, n));
        vf_store_n(out + i, y, n);
    }
}

void SL_FN(gated_activation)(const struct sl_gated_activation_args *args, int64_t begin,
                             int64_t end) {
    for (int64_t r = begin; r < end; r++) {
        const float *gate = args->gate_up + r * args->gate_up_stride;
        if (r + 1 < end) {
            sl_fetch_row(gate + args->gate_up_stride, 2 * args->cols);
        }
        float *out = args->out + r * args->out_stride;
        if (args->activation == SL_SILU) {
            gate_row(gate, gate + args->cols, args->cols, 0, out);
        } else {
            gate_row(gate, gate + args->cols, args->cols, 1, out);
        }
    }
}

void SL_FN(gather_rows)(const struct sl_gather_rows_args *args, int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; r++) {
        memcpy(args->out + r * args->out_stride, args->x + args->rows[r] * args->x_stride,
               (size_t)args->cols * sizeof(float));
    }
}

/* The largest value that is not NaN; -infinity if there is none. */
static float largest(const float *x, int64_t cols) {
    vf best[4];
    for (int v = 0; v < 4; v++) {
        best[v] = vf_set1(-INFINITY);
    }
    int64_t i = 0;
    for (; i + 4 * VW <= cols; i += 4 * VW) {
        SL_UNROLL for (int v = 0; v < 4; v++) {
            best[v] = vf_max(vf_load(x + i + v * VW), best[v]);
        }
    }
    float result = vf_hmax(vf_max(vf_max(best[0], best[1]), vf_max(best[2], best[3])));
    for (; i < cols; i++) {
        result = x[i] > result ? x[i] : result;
    }
    return result;
}

static int32_t first_equal(const float *x, int64_t cols, float value) {
    int64_t i = 0;
    while (i + VW <= cols && !vf_any_equal(vf_load(x + i), vf_set1(value))) {
        i += VW;
    }
    for (; i < cols; i++) {
        if (x[i] == value) {
            return (int32_t)i;
        }
    }
    return -1;
}

void SL_FN(argmax)(const struct sl_argmax_args *args, int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; r++) {
        const float *x = args->x + r * args->x_stride;
        args->ids[r] = first_equal(x, args->cols, largest(x, args->cols));
    }
}
