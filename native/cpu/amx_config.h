/* LDTILECFG's memory, palette 1. */
#ifndef SLUICE_AMX_CONFIG_H
#define SLUICE_AMX_CONFIG_H

#include "kernels.h"

struct amx_config {
    uint8_t palette, start_row, reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
};

#endif
