package dev.sluice.compute.cuda;

import dev.sluice.compute.AttentionSpec;
import dev.sluice.compute.DType;

import java.util.List;
import java.util.Locale;

/// How the attention of layers of one kind is launched: what `native/cuda/attention.cuh` says about
/// shapes and shared memory, in numbers.
///
/// @param decode kernel for sequences with one token in a step
/// @param prefill kernel for sequences with several
/// @param decodeHeads heads of a kv head that one block serves, in decoding
/// @param decodeSharedBytes shared memory of such a block
/// @param prefillRows queries (pairs of a token and a head) of one block
/// @param prefillHeads heads of a kv head among them
/// @param prefillSharedBytes shared memory of such a block
record AttentionPlan(
        CudaFunction decode,
        CudaFunction prefill,
        int decodeHeads,
        int decodeSharedBytes,
        int prefillRows,
        int prefillHeads,
        int prefillSharedBytes) {
    static final String DECODE_MODULE = "attention_decode";
    static final String PREFILL_MODULE = "attention_prefill";

    /// All modules that plans have kernels of.
    static final List<String> MODULES = List.of(DECODE_MODULE, PREFILL_MODULE);

    /// Threads of a block.
    static final int THREADS = 128;

    private static final int MMA_ROWS = 64;
    private static final int MMA_PADDING = 8;

    static AttentionPlan of(CudaContext context, AttentionSpec spec, DType type) {
        int dim = spec.headDim();
        int group = spec.numHeads() / spec.numKvHeads();
        String kernel = "_" + type.name().toLowerCase(Locale.ROOT);
        boolean mma = type != DType.F32 && hasOwnKernel(type, dim);
        if (hasOwnKernel(type, dim)) {
            kernel += "_" + dim;
        }
        int plainRows = plainRows(dim);
        int decodeHeads = Math.min(group, plainRows);
        int prefillRows = mma ? MMA_ROWS : plainRows;
        return new AttentionPlan(
                context.function(DECODE_MODULE, DECODE_MODULE + kernel),
                context.function(PREFILL_MODULE, PREFILL_MODULE + kernel),
                decodeHeads,
                plainSharedBytes(type, dim, Math.ceilDiv(decodeHeads, 4) * 4, false),
                prefillRows,
                Math.min(group, prefillRows),
                mma ? mmaSharedBytes(dim) : plainSharedBytes(type, dim, plainRows, true));
    }

    /// Whether the kernels are compiled for this head size; the others read it from an argument.
    private static boolean hasOwnKernel(DType type, int dim) {
        return switch (dim) {
            case 64, 128 -> true;
            case 96, 256 -> type != DType.F32;
            default -> false;
        };
    }

    private static int plainRows(int dim) {
        if (dim <= 128) {
            return 16;
        }
        return dim <= 256 ? 8 : 4;
    }

    /// The sum of what `PlainAttention` lists.
    private static int plainSharedBytes(DType type, int dim, int rows, boolean merges) {
        int element = type.blockBytes();
        int rowBytes = dim * element;
        int tile = rowBytes <= 1024 ? 32 : 16;
        if (rowBytes <= 256) {
            tile = 64;
        }
        int parts = dim >= THREADS ? 1 : Math.min(THREADS / dim, 4);
        int offsets = 2 * tile * Long.BYTES;
        int keysAndValues = 2 * tile * (rowBytes + 16);
        int matrices = rows * dim * (1 + parts + (merges ? 1 : 0));
        int floats = matrices + THREADS * rows + tile * rows + 7 * rows;
        return offsets + keysAndValues + floats * Float.BYTES;
    }

    /// The sum of what `MmaAttention` lists.
    private static int mmaSharedBytes(int dim) {
        int keys = dim > 128 ? 32 : 64;
        int queries = dim > 128 ? MMA_ROWS : 0;
        return 2 * keys * Long.BYTES + (2 * keys + queries) * (dim + MMA_PADDING) * Short.BYTES;
    }

    /// Blocks side by side in decoding: kv heads, and pieces of their heads.
    int decodePieces(AttentionSpec spec) {
        return pieces(spec, decodeHeads);
    }

    /// Blocks side by side in prompts.
    int prefillPieces(AttentionSpec spec) {
        return pieces(spec, prefillHeads);
    }

    private static int pieces(AttentionSpec spec, int heads) {
        int group = spec.numHeads() / spec.numKvHeads();
        return spec.numKvHeads() * Math.ceilDiv(group, heads);
    }

    /// Tokens of one block, in prompts.
    int prefillTokens() {
        return prefillRows / prefillHeads;
    }
}
