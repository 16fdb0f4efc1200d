package dev.sluice.compute;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.testing.TrackingDevice;

import org.junit.jupiter.api.Test;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/// Memory of a device.
interface MemoryContract {
    TrackingDevice device();

    @Test
    default void memoryIsZeroedAndHoldsWhatIsUploaded() {
        Tensor tensor = device().allocate(DType.F32, Shape.of(700, 1000));
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment host = arena.allocate(ValueLayout.JAVA_FLOAT, 700_000);
            host.fill((byte) 1);

            device().download(tensor, host);

            assertThat(host.mismatch(arena.allocate(host.byteSize()))).isEqualTo(-1);

            host.setAtIndex(ValueLayout.JAVA_FLOAT, 699_999, 4.5f);
            device().upload(host, tensor);
            host.fill((byte) 1);
            device().download(tensor, host);

            assertThat(host.getAtIndex(ValueLayout.JAVA_FLOAT, 699_999)).isEqualTo(4.5f);
            assertThat(host.getAtIndex(ValueLayout.JAVA_FLOAT, 0)).isZero();
        }
        device().release(tensor);
    }

    @Test
    default void aTensorMayBeEmpty() {
        Tensor tensor = device().allocate(DType.F32, Shape.of(0, 5));

        assertThat(tensor.rows()).isZero();

        device().release(tensor);
    }

    @Test
    default void moreMemoryThanThereIsIsADeviceException() {
        Shape petabyte = Shape.of(1 << 30, 1 << 18);

        assertThatThrownBy(() -> device().allocate(DType.F32, petabyte))
                .isInstanceOf(DeviceException.class)
                .hasMessageContaining("memory");
        assertThat(device().numHeld()).isZero();
    }

    @Test
    default void someMemoryIsAvailable() {
        assertThat(device().availableBytes()).isPositive();
    }

    @Test
    default void copiesOfTheWrongSizeAreRefused() {
        Tensor tensor = device().allocate(DType.F32, Shape.of(2, 3));
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment host = arena.allocate(20);

            assertThatThrownBy(() -> device().upload(host, tensor))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("24");
            assertThatThrownBy(() -> device().download(tensor.columns(0, 2), host))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("contiguous");
        }
        device().release(tensor);
    }

    @Test
    default void packedMatricesGiveTheirMemoryBackInAnyOrder() {
        try (Arena arena = Arena.ofShared()) {
            MatrixSource source =
                    MatrixSource.of(arena.allocate(4 * 40 * 50, 4), DType.F32, 40, 50);
            PackedMatrix first = device().pack(List.of(source), Packing.SOURCE);
            PackedMatrix second = device().pack(List.of(source, source), Packing.BFLOAT16);

            assertThat(first.rows()).isEqualTo(40);
            assertThat(second.rows()).isEqualTo(80);
            assertThat(second.cols()).isEqualTo(50);
            assertThat(first.bytes()).isGreaterThanOrEqualTo(4 * 40 * 50);
            assertThat(second.format()).isEqualTo("bf16");

            device().release(first);
            device().release(second);
            device().assertNothingAllocated();
        }
    }
}
