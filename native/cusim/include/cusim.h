// The part of the CUDA C++ language that our kernels use, for g++. Force-included before each .cu file.
//
// A block's threads are fibers on one OS thread (see ../fibers.h), so a block's shared memory is that
// thread's thread-local storage, and a barrier is a switch to the next fiber.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>

#define CUSIM 1

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline __attribute__((always_inline))
#define __noinline__ __attribute__((noinline))
#define __launch_bounds__(...)
#define __shared__ thread_local
#define __constant__ static const
#define __align__(n) __attribute__((aligned(n)))
#define __restrict__ __restrict

#include "cusim_vectors.h"

#include "cusim_threads.h"

#include "cusim_atomics.h"
#include "cusim_kernels.h"
#include "cusim_math.h"
