/* INT8_ROW matrices in portable C. */
#include "linear_int_row.h"

void SL_FN(panel_int8_row)(const struct panel_job *job) {
    const struct int_row_job ints = sl_int_row_job(job);
    for (int64_t row = 0; row < ints.n; row++) {
        const int8_t *q = (const int8_t *)ints.q + row * ints.row_stride;
        int32_t t[SL_PANEL];
        for (int n = 0; n < SL_PANEL; n++) {
            t[n] = sl_row_start(&ints, row);
        }
        const uint8_t *codes = ints.codes;
        for (int64_t k = 0; k < ints.groups * SL_GROUP; k += 4, codes += 4 * SL_PANEL) {
            for (int n = 0; n < SL_PANEL; n++) {
                for (int i = 0; i < 4; i++) {
                    t[n] += codes[n * 4 + i] * q[k + i];
                }
            }
        }
        float *out = ints.out + row * ints.out_stride;
        for (int n = 0; n < SL_PANEL; n++) {
            out[n] = (float)t[n] * (ints.weight_scales[n] * sl_row_scale(&ints, row));
        }
    }
}
