/// The CPU device: native kernels with a plain Java twin for each operation but the drawing of
/// tokens, which is the engine's without them.
///
/// Main types: `CpuDevice`, `StepRecorder` (the operations of a step as one list), `CpuThreads`,
/// `NativeKernels` (checked calls). May import: `compute`, `compute.weights`, the JDK. Threading:
/// called on the engine thread; `cpu-N` threads run partitions of operations and start nothing of
/// their own.
@NullMarked
package dev.sluice.compute.cpu;

import org.jspecify.annotations.NullMarked;
