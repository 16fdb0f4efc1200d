/// The CUDA device: NVIDIA's driver and libraries behind checked calls.
///
/// Main types: `CudaDevice`, `CudaRanks` (several GPUs as one device), `CudaSupport` (what the
/// machine has), `Cuda` (checked calls). May import: `compute`, `compute.weights`,
/// `compute.cuda.ffi`, the JDK; only `Cuda`, `Cublas` and `Nccl` see the bindings. Threading: one
/// thread owns the context and makes all calls; asking what the machine has may happen on any
/// thread.
@NullMarked
package dev.sluice.compute.cuda;

import org.jspecify.annotations.NullMarked;
