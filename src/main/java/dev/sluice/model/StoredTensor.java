package dev.sluice.model;

import dev.sluice.compute.DType;
import dev.sluice.compute.Shape;

import java.lang.foreign.MemorySegment;

/// A tensor as a file holds it, row-major.
///
/// @param shape outermost extent first, also where the file has it the other way round; `[1]` for a
///   scalar
/// @param data exactly the bytes of the tensor, mapped
record StoredTensor(String name, DType dtype, Shape shape, MemorySegment data) {}
