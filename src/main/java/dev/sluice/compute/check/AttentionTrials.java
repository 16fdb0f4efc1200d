package dev.sluice.compute.check;

import dev.sluice.compute.AttentionSpec;
import dev.sluice.compute.DType;
import dev.sluice.compute.ForwardBatch;
import dev.sluice.compute.HeadNorms;
import dev.sluice.compute.RotarySpec;
import dev.sluice.compute.Tensor;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/// Rotation, the cache of keys and values, and attention, against the reference device with a cache
/// of the same type.
///
/// @param sequences of equal length
/// @param past tokens of each that are in the cache
/// @param now tokens of each in the step that is tried; 1 is decoding
record AttentionTrials(
        DType type, int heads, int kvHeads, int headDim, int sequences, int past, int now) {
    private static final int BLOCK = 16;
    private static final double BASE = 10_000;
    private static final float EPS = 1e-6f;

    /// Rotation alone, with the table that it reads.
    List<Trial> rotation() {
        String shape =
                "%d tokens, %d+%d heads of %d, %s"
                        .formatted(sequences * now, heads, kvHeads, headDim, type);
        return List.of(
                Trial.asOnReference(
                        "rotary",
                        "table " + shape,
                        1e-6,
                        lab -> {
                            Step step = new Step(lab, 0);
                            return new Trial.Run(step::table, () -> lab.read(step.table));
                        }),
                Trial.asOnReference("rotary", "halves " + shape, 5e-6, lab -> rotated(lab, false)),
                Trial.asOnReference("rotary", "pairs " + shape, 5e-6, lab -> rotated(lab, true)),
                Trial.asOnReferenceByRms(
                        "rotary", "norms and halves " + shape, allowed(), this::normed));
    }

    /// Of the cache only what is attended to can be compared, for its arrangement is the device's.
    private Trial.Run normed(Lab lab) {
        Step step = new Step(lab, 0);
        step.table();
        Tensor kv = cache(lab);
        HeadNorms norms = new HeadNorms(lab.random(headDim), lab.random(headDim), EPS);
        RotarySpec rotation = new RotarySpec(headDim, headDim, false);
        Tensor out = lab.blank(DType.F32, sequences * now, heads * headDim);
        return new Trial.Run(
                () ->
                        lab.device()
                                .normRotaryAndStore(
                                        step.q,
                                        step.k,
                                        step.v,
                                        norms,
                                        step.table,
                                        rotation,
                                        step.batch,
                                        kv),
                () -> {
                    lab.device().attention(step.q, kv, step.batch, layer(), out);
                    return lab.read(out);
                });
    }

    private Trial.Run rotated(Lab lab, boolean interleaved) {
        Step step = new Step(lab, past);
        step.table();
        Tensor kv = cache(lab);
        return new Trial.Run(() -> step.store(kv, interleaved), () -> lab.read(step.q));
    }

    /// Attention of the step over what is in the cache. Errors count in units of the root mean
    /// square.
    Trial attention() {
        String shape =
                "%s %d x %d over %d, %d/%d heads of %d, %s"
                        .formatted(
                                now == 1 ? "decode" : "prefill",
                                sequences,
                                now,
                                past + now,
                                heads,
                                kvHeads,
                                headDim,
                                type);
        return Trial.asOnReferenceByRms("attention", shape, allowed(), this::attend);
    }

    /// Either side may round queries and weights to the type of the cache, by 2^-8 of themselves in
    /// bfloat16 and 2^-11 in float16; the largest of some thousand errors is several times that.
    private double allowed() {
        return switch (type) {
            case BF16 -> 5e-2;
            case F16 -> 6.25e-3;
            default -> 2e-5;
        };
    }

    private Trial.Run attend(Lab lab) {
        Tensor kv = cache(lab);
        if (past > 0) {
            Step before =
                    new AttentionTrials(type, heads, kvHeads, headDim, sequences, 0, past)
                            .step(lab);
            before.table();
            before.store(kv, false);
        }
        Step step = new Step(lab, past);
        step.table();
        step.store(kv, false);
        Tensor out = lab.blank(DType.F32, sequences * now, heads * headDim);
        return new Trial.Run(
                () -> lab.device().attention(step.q, kv, step.batch, layer(), out),
                () -> lab.read(out));
    }

    private AttentionSpec layer() {
        float scale = (float) (1 / Math.sqrt(headDim));
        return new AttentionSpec(heads, kvHeads, headDim, scale, OptionalInt.empty());
    }

    private Step step(Lab lab) {
        return new Step(lab, 0);
    }

    private int blocks(int tokens) {
        return Math.ceilDiv(tokens, BLOCK);
    }

    private Tensor cache(Lab lab) {
        int blocks = sequences * blocks(past + now);
        return lab.blank(type, blocks, 2, kvHeads, BLOCK, headDim);
    }

    /// The next tokens of all sequences.
    private final class Step {
        private final Lab lab;
        private final ForwardBatch batch;
        private final Tensor table;
        private final Tensor q;
        private final Tensor k;
        private final Tensor v;

        Step(Lab lab, int from) {
            this.lab = lab;
            int tokens = sequences * now;
            int blocks = blocks(from + now);
            this.batch = lab.batch(tokens, sequences, blocks, BLOCK);
            for (int s = 0; s < sequences; s++) {
                int sequence = s;
                // Blocks of the sequences take turns: none has two that are neighbours.
                int[] list =
                        IntStream.range(0, blocks).map(b -> b * sequences + sequence).toArray();
                batch.add(new int[from + now], from, from + now, list, blocks, false);
            }
            this.table = lab.blank(DType.F32, tokens, headDim);
            this.q = lab.random(tokens, heads * headDim);
            this.k = lab.random(tokens, kvHeads * headDim);
            this.v = lab.random(tokens, kvHeads * headDim);
        }

        void table() {
            float[] frequencies = new float[headDim / 2];
            for (int i = 0; i < frequencies.length; i++) {
                frequencies[i] = (float) Math.pow(BASE, -2.0 * i / headDim);
            }
            MemorySegment host = lab.host(frequencies);
            lab.device().rotaryTable(batch, host, 1, table);
        }

        void store(Tensor kv, boolean interleaved) {
            RotarySpec spec = new RotarySpec(headDim, headDim, interleaved);
            lab.device().rotaryAndStore(q, k, v, table, spec, batch, kv);
        }
    }
}
