package dev.sluice.compute.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.compute.DType;
import dev.sluice.compute.DeviceException;
import dev.sluice.compute.MatrixSource;
import dev.sluice.compute.Packing;

import org.junit.jupiter.api.Test;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;

class MatrixPackerTest {
    @Test
    void aMatrixThatDoesNotFitLeavesNoMemoryBehind() {
        try (Arena arena = Arena.ofConfined();
                CpuMemory memory = new CpuMemory();
                CpuThreads threads = new CpuThreads(1)) {
            MatrixPacker packer =
                    new MatrixPacker(new JavaKernels(), threads, new PanelMemory(memory));
            MemorySegment row = arena.allocate(4096, 4);
            MatrixSource small = MatrixSource.of(row, DType.F32, 1, 1024);
            // The same row a thousand million times: terabytes once they are packed.
            MatrixSource huge =
                    new MatrixSource(row, DType.BF16, 1 << 30, 1024, 0, false, Optional.empty());

            assertThatThrownBy(() -> packer.pack(List.of(small, huge), Packing.SOURCE))
                    .isInstanceOf(DeviceException.class)
                    .hasMessageContaining("not enough memory");

            assertThat(memory.allocatedBytes()).isZero();
        }
    }
}
