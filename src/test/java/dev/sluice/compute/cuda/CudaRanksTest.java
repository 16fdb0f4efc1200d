package dev.sluice.compute.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.compute.DType;
import dev.sluice.compute.Device;
import dev.sluice.compute.DeviceException;
import dev.sluice.compute.DrawSpec;
import dev.sluice.compute.MatrixSource;
import dev.sluice.compute.Packing;
import dev.sluice.compute.PenaltySpec;
import dev.sluice.compute.SamplingBatch;
import dev.sluice.compute.Shape;
import dev.sluice.compute.Tensor;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/// Several emulated GPUs as one device, driven by one thread. Their work is deferred, so that what
/// is not waited for is not done.
@Timeout(20)
final class CudaRanksTest {
    private static final int RANKS = 3;
    private static final CudaOptions OPTIONS = CudaOptions.defaults().withEmulation();

    private final Cusim cusim = Cusim.open();

    @BeforeEach
    void defer() {
        cusim.reset();
        cusim.deferStreams(true);
        cusim.forgetThreads();
    }

    @AfterEach
    void runAtOnce() {
        cusim.fail("");
        cusim.deferStreams(false);
        cusim.reset();
    }

    private void assertNothingIsLeft() {
        assertThat(cusim.allocatedBytes()).isZero();
        assertThat(cusim.pinnedBytes()).isZero();
    }

    private static Tensor upload(Device device, int rows, float[]... perRank) {
        Tensor tensor = device.allocate(DType.F32, Shape.of(rows, perRank[0].length / rows));
        try (Arena arena = Arena.ofConfined()) {
            List<MemorySegment> host = new ArrayList<>();
            for (float[] values : perRank) {
                host.add(arena.allocateFrom(ValueLayout.JAVA_FLOAT, values));
            }
            device.uploadShards(host, tensor);
        }
        return tensor;
    }

    private static float[] read(Device device, Tensor tensor) {
        float[] values = new float[(int) tensor.shape().elements()];
        device.download(tensor, MemorySegment.ofArray(values));
        return values;
    }

    @Test
    void sumsOverTheRanksInTheirOrderOnEachOfThem() {
        try (Device device = CudaRanks.open(OPTIONS, RANKS)) {
            // 1e8 + -1e8 + 1 is 1; in the other order it is 0.
            Tensor part =
                    upload(
                            device,
                            1,
                            new float[] {1e8f, 1, 2},
                            new float[] {-1e8f, 10, 20},
                            new float[] {1, 100, 200});
            Tensor sum = device.allocate(DType.F32, Shape.of(1, 3));

            device.allReduce(part, sum);
            assertThat(read(device, sum)).containsExactly(1, 111, 222);
            assertThat(read(device, part)).containsExactly(1e8f, 1, 2);

            // Only if all of them have the first sum the second is three times it.
            device.allReduce(sum, sum);
            assertThat(read(device, sum)).containsExactly(3, 333, 666);
        }
        assertNothingIsLeft();
        assertThat(cusim.threads()).hasSize(1);
    }

    @Test
    void sumsRowsOfViewsAndNothingElse() {
        try (Device device = CudaRanks.open(OPTIONS, 2)) {
            Tensor part =
                    upload(
                            device,
                            2,
                            new float[] {1, 2, 3, 4, 5, 6},
                            new float[] {10, 20, 30, 40, 50, 60});

            device.allReduce(part.columns(1, 3), part.columns(1, 3));

            assertThat(read(device, part)).containsExactly(1, 22, 33, 4, 55, 66);
        }
    }

    @Test
    void gathersColumnsAndLeavesOutWhatIsTooMany() {
        try (Device device = CudaRanks.open(OPTIONS, RANKS)) {
            Tensor part =
                    upload(
                            device,
                            2,
                            new float[] {1, 2, 11, 12},
                            new float[] {3, 4, 13, 14},
                            new float[] {5, 6, 15, 16});
            Tensor whole = device.allocate(DType.F32, Shape.of(2, 5));

            device.gatherColumns(part, whole);

            assertThat(read(device, whole)).containsExactly(1, 2, 3, 4, 5, 11, 12, 13, 14, 15);
        }
        assertNothingIsLeft();
    }

    /// More than the first rank can take in at once, and more than the kernels copy at once.
    @Test
    void gathersInSeveralParts() {
        int columns = 1_000_001;
        int rows = 10;
        float[][] parts = new float[2][rows * columns];
        for (int i = 0; i < rows * columns; i++) {
            parts[0][i] = i % 4099;
            parts[1][i] = -i % 4093;
        }
        try (Device device = CudaRanks.open(OPTIONS, 2)) {
            Tensor part = upload(device, rows, parts);
            Tensor whole = device.allocate(DType.F32, Shape.of(rows, 2 * columns - 1));

            device.gatherColumns(part, whole);

            float[] found = read(device, whole);
            for (int row = 0; row < rows; row++) {
                int at = row * (2 * columns - 1);
                assertThat(found[at]).isEqualTo(parts[0][row * columns]);
                assertThat(found[at + columns - 1]).isEqualTo(parts[0][(row + 1) * columns - 1]);
                assertThat(found[at + columns]).isEqualTo(parts[1][row * columns]);
                assertThat(found[at + 2 * columns - 2])
                        .isEqualTo(parts[1][(row + 1) * columns - 2]);
            }
        }
    }

    @Test
    void tokensAreDrawnFromWhatWasGathered() {
        try (Device device = CudaRanks.open(OPTIONS, 2);
                SamplingBatch batch = new SamplingBatch(2, 6, 0)) {
            Tensor part =
                    upload(
                            device,
                            2,
                            new float[] {0, 1, 2, 9, 1, 0},
                            new float[] {8, 1, 0, 1, 2, 3});
            Tensor logits = device.allocate(DType.F32, Shape.of(2, 6));
            int[] ids = new int[2];
            batch.clear();
            batch.add(0, DrawSpec.GREEDY, PenaltySpec.NONE);
            batch.add(1, DrawSpec.GREEDY, PenaltySpec.NONE);

            device.gatherColumns(part, logits);
            device.argmax(logits, MemorySegment.ofArray(ids));
            device.sample(logits, batch);

            assertThat(device.samples()).isTrue();
            assertThat(ids).containsExactly(3, 0);
            assertThat(batch.token(0)).isEqualTo(3);
            assertThat(batch.token(1)).isZero();
        }
    }

    @Test
    void saysWhatItIsAndHowManyRanks() {
        try (Device device = CudaRanks.open(OPTIONS, 2)) {
            assertThat(device.describe()).startsWith("cuda-sim (").endsWith("), 2 ranks");
            assertThat(device.ranks()).isEqualTo(2);
        }
    }

    private static void multiply(Device device, Tensor x) {
        try (Arena arena = Arena.ofConfined()) {
            MatrixSource one =
                    MatrixSource.of(
                            arena.allocateFrom(ValueLayout.JAVA_FLOAT, 1f), DType.F32, 1, 1);
            device.linear(x, device.pack(List.of(one), Packing.SOURCE), x);
        }
    }

    /// The first rank waits for the second in the sum: nothing may wait for the first alone.
    @Test
    void oneLostGpuEndsAllAtOnce() {
        Device device = CudaRanks.open(OPTIONS, 2);
        Tensor part = upload(device, 1, new float[] {1}, new float[] {2});
        multiply(device, part);
        device.allReduce(part, part);
        cusim.fail("cuStreamQuery:2:700");

        assertThatThrownBy(() -> read(device, part))
                .isInstanceOfSatisfying(DeviceException.class, CudaRanksTest::isLost)
                .hasMessageContaining("CUDA_ERROR_ILLEGAL_ADDRESS (700)");
        assertThatThrownBy(() -> read(device, part))
                .isInstanceOfSatisfying(DeviceException.class, CudaRanksTest::isLost);
        long before = cusim.allocatedBytes();
        device.close();
        assertThat(cusim.allocatedBytes()).as("of the lost one").isLessThanOrEqualTo(before / 2);
    }

    private static void isLost(DeviceException e) {
        assertThat(e.deviceLost()).isTrue();
    }

    @Test
    void aFailureOfNcclIsNamedWithItsSizes() {
        try (Device device = CudaRanks.open(OPTIONS, 2)) {
            Tensor part = upload(device, 1, new float[] {1}, new float[] {2});
            cusim.fail("ncclAllReduce:2:3");

            assertThatThrownBy(() -> device.allReduce(part, part))
                    .isInstanceOfSatisfying(DeviceException.class, CudaRanksTest::isLost)
                    .hasMessage(
                            "ncclAllReduce failed with ncclInternalError (3), internal error,"
                                    + " floats: 1");
        }
    }

    @Test
    void whatCannotBeOpenedLeavesNothing() {
        cusim.fail("ncclCommInitAll:1:2");

        assertThatThrownBy(() -> CudaRanks.open(OPTIONS, 2))
                .isInstanceOfSatisfying(
                        DeviceException.class, e -> assertThat(e.deviceLost()).isFalse())
                .hasMessage(
                        "ncclCommInitAll failed with ncclSystemError (2), unhandled system error,"
                                + " GPUs: 2");
        assertNothingIsLeft();

        cusim.fail("cuStreamCreate:2:2");
        assertThatThrownBy(() -> CudaRanks.open(OPTIONS, 2)).isInstanceOf(DeviceException.class);
        assertNothingIsLeft();
    }

    @Test
    void devicesOfOneThreadAreUsedInTurn() {
        EmulatedDriver.install(2);
        try (CudaDevice first = CudaDevice.open(OPTIONS);
                CudaDevice second = CudaDevice.open(OPTIONS.withOrdinal(1))) {
            Tensor a = upload(first, 1, new float[] {1, 2});
            Tensor b = upload(second, 1, new float[] {10, 20});
            first.add(a, a);
            second.add(b, b);
            first.add(a, a);

            assertThat(read(first, a)).containsExactly(4, 8);
            assertThat(read(second, b)).containsExactly(20, 40);
            first.release(a);
            second.release(b);
        }
        assertNothingIsLeft();
    }
}
