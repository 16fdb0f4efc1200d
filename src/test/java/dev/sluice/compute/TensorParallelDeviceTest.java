package dev.sluice.compute;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.compute.cpu.CpuDevice;
import dev.sluice.compute.cpu.CpuOptions;
import dev.sluice.testing.NaiveDevice;
import dev.sluice.testing.Randoms;
import dev.sluice.testing.TrackingDevice;

import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/// Several ranks are one device that does what every device must, and what ranks do together.
class TensorParallelDeviceTest {
    private static final int RANKS = 3;

    /// What is the same on all ranks is computed as on one.
    @Nested
    class AsOneDevice extends AbstractDeviceTest {
        @Override
        protected Device open() {
            return TensorParallelDevice.sharing(
                    CpuDevice.open(CpuOptions.defaults().withThreads(2)), RANKS);
        }
    }

    private final NaiveDevice shared = new NaiveDevice();
    private final Device device = TensorParallelDevice.sharing(shared, RANKS);

    private Tensor upload(float[][] perRank, int rows) {
        Tensor tensor = device.allocate(DType.F32, Shape.of(rows, perRank[0].length / rows));
        try (Arena arena = Arena.ofConfined()) {
            List<MemorySegment> host =
                    List.of(perRank).stream()
                            .map(values -> arena.allocateFrom(ValueLayout.JAVA_FLOAT, values))
                            .toList();
            device.uploadShards(host, tensor);
        }
        return tensor;
    }

    private float[] read(Tensor tensor) {
        float[] values = new float[(int) tensor.shape().elements()];
        device.download(tensor, MemorySegment.ofArray(values));
        return values;
    }

    @Test
    void sumsOverTheRanksInTheirOrder() {
        // 1e8 + -1e8 + 1 is 1; in the other order it is 0.
        Tensor part = upload(new float[][] {{1e8f, 1, 2}, {-1e8f, 10, 20}, {1, 100, 200}}, 1);
        Tensor sum = device.allocateReplicated(DType.F32, Shape.of(1, 3));

        device.allReduce(part, sum);

        assertThat(read(sum)).containsExactly(1, 111, 222);
        assertThat(read(part)).containsExactly(1e8f, 1, 2);
        device.release(part);
        device.release(sum);
        assertThat(shared.numAllocated()).isZero();
    }

    @Test
    void aSumInPlaceReachesEveryRank() {
        Tensor part = upload(new float[][] {{1, 2}, {10, 20}, {100, 200}}, 2);

        device.allReduce(part, part);
        device.allReduce(part, part);

        assertThat(read(part)).containsExactly(333, 666);
    }

    @Test
    void sumsAView() {
        Tensor part = upload(new float[][] {{0, 0, 1, 2}, {0, 0, 10, 20}, {0, 0, 100, 200}}, 2);
        Tensor sum = device.allocateReplicated(DType.F32, Shape.of(1, 2));

        device.allReduce(part.rows(1, 2), sum);

        assertThat(read(sum)).containsExactly(111, 222);
    }

    @Test
    void gathersColumnsAndLeavesOutWhatIsTooMany() {
        Tensor part = upload(new float[][] {{1, 2, 11, 12}, {3, 4, 13, 14}, {5, 6, 15, 16}}, 2);
        Tensor whole = device.allocateReplicated(DType.F32, Shape.of(2, 5));

        device.gatherColumns(part, whole);

        assertThat(read(whole)).containsExactly(1, 2, 3, 4, 5, 11, 12, 13, 14, 15);
    }

    @Test
    void sharesOfATableAddUpToItsRows() {
        try (Arena arena = Arena.ofShared();
                ForwardBatch batch = new ForwardBatch(4, 1, 1, 4)) {
            MemorySegment data = new Randoms(1).weights(DType.F32, 9L * 5, arena);
            MatrixSource table = MatrixSource.of(data, DType.F32, 9, 5);
            PackedMatrix shares =
                    device.packShards(
                            List.of(
                                    List.of(table.rows(0, 3)),
                                    List.of(table.rows(3, 6)),
                                    List.of(table.rows(6, 9))),
                            Packing.SOURCE);
            Tensor part = device.allocate(DType.F32, Shape.of(4, 5));
            Tensor sum = device.allocateReplicated(DType.F32, Shape.of(4, 5));
            batch.add(new int[] {8, 0, 3, 5}, 0, 4, new int[1], 1, false);

            device.embedding(shares, batch, 2, part);
            device.allReduce(part, sum);

            float[] found = read(sum);
            int[] ids = {8, 0, 3, 5};
            for (int i = 0; i < found.length; i++) {
                float weight = data.getAtIndex(ValueLayout.JAVA_FLOAT, ids[i / 5] * 5 + i % 5);
                assertThat(found[i]).isEqualTo(2 * weight);
            }
            assertThat(shares.bytes()).isEqualTo(4 * 9 * 5);
            assertThat(shares.rows()).isEqualTo(3);
        }
    }

    @Test
    void whatIsTheSameOnAllRanksLiesInASharedMemoryOnce() {
        int before = shared.numAllocated();
        Tensor replicated = device.allocateReplicated(DType.F32, Shape.of(2, 2));
        assertThat(shared.numAllocated() - before).isEqualTo(1);
        Tensor own = device.allocate(DType.F32, Shape.of(2, 2));
        assertThat(shared.numAllocated() - before).isEqualTo(1 + RANKS);

        device.release(own);
        device.release(replicated);

        assertThat(shared.numAllocated()).isEqualTo(before);
    }

    @Test
    void whatOneRankCannotHaveTheOthersGiveBack() {
        try (Arena arena = Arena.ofShared();
                TrackingDevice cpu =
                        new TrackingDevice(CpuDevice.open(CpuOptions.defaults().withThreads(1)))) {
            MemorySegment data = arena.allocate(4 * 40 * 32, 4);
            MatrixSource good = MatrixSource.of(data, DType.F32, 40, 32);
            MatrixSource tooLong = MatrixSource.of(data, DType.F32, 41, 32);
            Device two = TensorParallelDevice.sharing(cpu, 2);
            List<List<MatrixSource>> shares = List.of(List.of(good), List.of(tooLong));

            assertThatThrownBy(() -> two.packShards(shares, Packing.SOURCE))
                    .isInstanceOf(IllegalArgumentException.class);
            cpu.assertNothingAllocated();

            two.release(two.packShards(List.of(List.of(good), List.of(good)), Packing.SOURCE));
            cpu.assertNothingAllocated();
        }
    }

    @Test
    void foreignTensorsAndMatricesAreRefused() {
        Tensor foreign = shared.allocate(DType.F32, Shape.of(1, 1));

        assertThatThrownBy(() -> device.add(foreign, foreign))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> device.release(foreign))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
