package dev.sluice.compute;

import java.lang.foreign.MemorySegment;

/// Checks of operands, for devices; a failure is an [IllegalArgumentException] that names the
/// operation, the expected and the given shape.
public final class ShapeChecks {
    private ShapeChecks() {}

    /// A float32 matrix of any extent.
    public static void matrix(String op, String name, Tensor tensor) {
        if (tensor.dtype() != DType.F32 || tensor.shape().rank() != 2) {
            throw wrong(op, name, tensor, "F32[rows, columns]");
        }
    }

    /// A float32 matrix of the given extents.
    public static void matrix(String op, String name, Tensor tensor, int rows, int columns) {
        if (tensor.dtype() != DType.F32
                || tensor.shape().rank() != 2
                || tensor.rows() != rows
                || tensor.columns() != columns) {
            throw wrong(op, name, tensor, "F32[" + rows + ", " + columns + "]");
        }
    }

    /// Logits with all rows and ids of a batch.
    public static void sampling(String op, Tensor logits, SamplingBatch batch) {
        matrix(op, "logits", logits);
        if (batch.numIds() > Math.min(logits.columns(), SamplingBatch.MOST_IDS)) {
            throw wrong(op, "logits", logits, batch.numIds() + " ids");
        }
        for (int i = 0; i < batch.numRows(); i++) {
            if (batch.logitsRow(i) >= logits.rows()) {
                throw wrong(op, "logits", logits, "row " + batch.logitsRow(i));
            }
        }
    }

    /// A contiguous float32 vector whose length divides `columns`.
    public static void groupWeight(String op, Tensor weight, int columns) {
        if (weight.dtype() != DType.F32
                || weight.shape().rank() != 1
                || weight.shape().dim(0) == 0
                || columns % weight.shape().dim(0) != 0) {
            throw wrong(op, "weight", weight, "F32[a divisor of " + columns + "]");
        }
    }

    /// A contiguous float32 vector of the given length.
    public static void vector(String op, String name, Tensor vector, int length) {
        if (vector.dtype() != DType.F32
                || vector.shape().rank() != 1
                || vector.shape().dim(0) != length) {
            throw wrong(op, name, vector, "F32[" + length + "]");
        }
    }

    /// One layer of a key/value cache.
    public static void cache(String op, Tensor kv, int numKvHeads, int blockSize, int headDim) {
        Shape shape = kv.shape();
        boolean type =
                kv.dtype() == DType.F32 || kv.dtype() == DType.BF16 || kv.dtype() == DType.F16;
        if (!type
                || shape.rank() != 5
                || shape.dim(1) != 2
                || shape.dim(2) != numKvHeads
                || shape.dim(3) != blockSize
                || shape.dim(4) != headDim) {
            throw wrong(
                    op,
                    "kv",
                    kv,
                    "F32, BF16 or F16[blocks, 2, %d, %d, %d]"
                            .formatted(numKvHeads, blockSize, headDim));
        }
        if (blockSize % 2 != 0
                || blockSize > StepLimits.LARGEST_BLOCK
                || headDim % StepLimits.HEAD_MULTIPLE != 0
                || headDim > StepLimits.LARGEST_HEAD) {
            throw wrong(
                    op,
                    "kv",
                    kv,
                    "an even block size up to 256 and a head of 8, 16, .. 512 elements");
        }
    }

    /// A matrix whose columns are whole heads.
    public static void wholeHeads(String op, String name, Tensor tensor, int headDim) {
        if (tensor.columns() % headDim != 0) {
            throw wrong(op, name, tensor, "columns in multiples of " + headDim);
        }
    }

    /// Host memory of a least size.
    public static void host(String op, String name, MemorySegment memory, long bytes) {
        if (memory.byteSize() < bytes) {
            throw wrong(op, name, memory, bytes + " bytes at least");
        }
    }

    /// A whole tensor and the host memory that it is copied from or to.
    public static void copy(String op, Tensor tensor, MemorySegment host) {
        long bytes = tensor.dtype().bytesFor(tensor.shape().elements());
        that(tensor.isContiguous(), op, tensor + " is not contiguous");
        that(
                host.byteSize() == bytes,
                op,
                "%s has %d bytes, the host memory %d".formatted(tensor, bytes, host.byteSize()));
    }

    /// A condition that `what` says the breach of.
    public static void that(boolean holds, String op, String what) {
        if (!holds) {
            throw new IllegalArgumentException(op + ": " + what);
        }
    }

    /// What to throw for an operand that is not as expected.
    public static IllegalArgumentException wrong(
            String op, String name, Object given, String expected) {
        return new IllegalArgumentException(
                "%s: %s is %s, expected %s".formatted(op, name, given, expected));
    }

    /// The operands of [Device#rotaryAndStore].
    public static void rotation(
            String op,
            Tensor q,
            Tensor k,
            Tensor v,
            Tensor rotary,
            RotarySpec spec,
            ForwardBatch batch,
            Tensor kv) {
        int tokens = batch.numTokens();
        int headDim = spec.headDim();
        if (spec.rotaryDim() % 2 != 0 || spec.rotaryDim() < 0 || spec.rotaryDim() > headDim) {
            throw wrong(op, "the rotation", spec, "an even part of the head");
        }
        matrix(op, "q", q, tokens, q.columns());
        matrix(op, "k", k, tokens, k.columns());
        matrix(op, "v", v, tokens, k.columns());
        matrix(op, "rotary", rotary, tokens, spec.rotaryDim());
        wholeHeads(op, "q", q, headDim);
        wholeHeads(op, "k", k, headDim);
        cache(op, kv, k.columns() / headDim, batch.blockSize(), headDim);
    }

    /// The weights of [Device#normRotaryAndStore].
    public static void headNorms(String op, HeadNorms norms, RotarySpec spec) {
        vector(op, "weight of the queries", norms.queries(), spec.headDim());
        vector(op, "weight of the keys", norms.keys(), spec.headDim());
    }

    /// The operands of [Device#attention].
    public static void attention(
            String op, Tensor q, Tensor kv, ForwardBatch batch, AttentionSpec spec, Tensor out) {
        int columns = spec.numHeads() * spec.headDim();
        if (spec.numKvHeads() <= 0 || spec.numHeads() % spec.numKvHeads() != 0) {
            throw wrong(op, "the layer", spec, "whole groups of query heads");
        }
        matrix(op, "q", q, batch.numTokens(), columns);
        matrix(op, "out", out, batch.numTokens(), columns);
        cache(op, kv, spec.numKvHeads(), batch.blockSize(), spec.headDim());
    }
}
