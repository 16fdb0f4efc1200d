/// The CPU device: native kernels with a plain Java twin for each operation.
///
/// Main types: `CpuDevice`, `StepRecorder` (the operations of a step as one list), `CpuThreads`,
/// `NativeKernels` (checked calls). May import: `compute`, `compute.weights`, the JDK. Threading:
/// called on the engine thread; `cpu-N` threads run partitions of operations and start nothing of
/// their own.
@NullMarked
package dev.sluice.compute.cpu;

import org.jspecify.annotations.NullMarked;
