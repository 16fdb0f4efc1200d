// Constants as in NVIDIA's header of this name: what our kernels use of it.
#pragma once

#include <math.h>

#define CUDART_INF_F INFINITY
#define CUDART_NAN_F NAN
