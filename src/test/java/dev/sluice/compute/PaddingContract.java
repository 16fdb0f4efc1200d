package dev.sluice.compute;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.testing.DeviceMatrix;
import dev.sluice.testing.Randoms;
import dev.sluice.testing.TrackingDevice;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.OptionalInt;

/// Tokens that belong to no sequence.
interface PaddingContract {
    int HEAD_DIM = 16;
    int BLOCK = 4;
    AttentionSpec LAYER = new AttentionSpec(4, 2, HEAD_DIM, 0.25f, OptionalInt.empty());

    TrackingDevice device();

    /// Two sequences that decode, whose blocks are 3, 1 and 2, 0.
    private static ForwardBatch decoding() {
        ForwardBatch batch = new ForwardBatch(8, 4, 2, BLOCK);
        batch.add(new int[8], 5, 6, new int[] {3, 1}, 2, true);
        batch.add(new int[8], 6, 7, new int[] {2, 0}, 2, true);
        return batch;
    }

    private byte[] contents(Tensor tensor) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment host = arena.allocate(tensor.dtype().bytesFor(tensor.shape().elements()));
            device().download(tensor, host);
            return host.toArray(ValueLayout.JAVA_BYTE);
        }
    }

    /// A cache of one layer that holds ones everywhere.
    private Tensor cache(DType type) {
        Tensor kv = device().allocate(type, Shape.of(4, 2, 2, BLOCK, HEAD_DIM));
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment ones = arena.allocate(type.bytesFor(kv.shape().elements()));
            device().upload(ones.fill((byte) 0x3C), kv);
        }
        return kv;
    }

    private void store(ForwardBatch batch, DeviceMatrix q, DeviceMatrix kAndV, Tensor kv) {
        RotarySpec spec = new RotarySpec(HEAD_DIM, HEAD_DIM, false);
        try (Arena arena = Arena.ofConfined();
                DeviceMatrix table = DeviceMatrix.blank(device(), batch.numTokens(), HEAD_DIM)) {
            MemorySegment frequencies = arena.allocate(ValueLayout.JAVA_FLOAT, HEAD_DIM / 2);
            device().rotaryTable(batch, frequencies.fill((byte) 0x3D), 1, table.tensor());
            Tensor k = kAndV.tensor().columns(0, 2 * HEAD_DIM);
            Tensor v = kAndV.tensor().columns(2 * HEAD_DIM, 4 * HEAD_DIM);
            device().rotaryAndStore(q.tensor(), k, v, table.tensor(), spec, batch, kv);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"F32", "F16", "BF16"})
    default void paddingStoresNothingAndChangesNoOtherToken(DType type) {
        float[][] queries = new Randoms(31).matrix(4, 4 * HEAD_DIM);
        float[][] keys = new Randoms(32).matrix(4, 4 * HEAD_DIM);
        Tensor untouched = cache(type);
        Tensor expected = cache(type);
        Tensor padded = cache(type);
        try (ForwardBatch batch = decoding();
                DeviceMatrix q2 = DeviceMatrix.of(device(), Arrays.copyOf(queries, 2));
                DeviceMatrix kv2 = DeviceMatrix.of(device(), Arrays.copyOf(keys, 2));
                DeviceMatrix q4 = DeviceMatrix.of(device(), queries);
                DeviceMatrix kv4 = DeviceMatrix.of(device(), keys)) {
            store(batch, q2, kv2, expected);
            batch.padTo(4);

            store(batch, q4, kv4, padded);

            assertThat(contents(padded)).isEqualTo(contents(expected));
            assertThat(contents(expected)).isNotEqualTo(contents(untouched));
            assertThat(Arrays.copyOf(q4.read(), 2)).isDeepEqualTo(q2.read());
        }
        device().release(untouched);
        device().release(expected);
        device().release(padded);
    }

    @Test
    default void paddingAttendsToNothing() {
        Tensor kv = cache(DType.BF16);
        float[][] queries = new Randoms(33).matrix(4, 4 * HEAD_DIM);
        try (ForwardBatch batch = decoding();
                DeviceMatrix q2 = DeviceMatrix.of(device(), Arrays.copyOf(queries, 2));
                DeviceMatrix q4 = DeviceMatrix.of(device(), queries);
                DeviceMatrix out2 = DeviceMatrix.blank(device(), 2, 4 * HEAD_DIM);
                DeviceMatrix out4 = DeviceMatrix.blank(device(), 4, 4 * HEAD_DIM)) {
            device().attention(q2.tensor(), kv, batch, LAYER, out2.tensor());
            batch.padTo(4);

            device().attention(q4.tensor(), kv, batch, LAYER, out4.tensor());

            float[][] actual = out4.read();
            assertThat(Arrays.copyOf(actual, 2)).isDeepEqualTo(out2.read());
            assertThat(actual[2]).containsOnly(0);
            assertThat(actual[3]).containsOnly(0);
        }
        device().release(kv);
    }
}
