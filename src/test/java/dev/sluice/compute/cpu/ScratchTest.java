package dev.sluice.compute.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.compute.DeviceException;

import org.junit.jupiter.api.Test;

import java.lang.foreign.MemorySegment;

class ScratchTest {
    @Test
    void isOfUseAfterMoreMemoryWasAskedForThanThereIs() {
        try (CpuMemory memory = new CpuMemory();
                Scratch scratch = new Scratch(memory)) {
            scratch.take(100);

            assertThatThrownBy(() -> scratch.take(1L << 50)).isInstanceOf(DeviceException.class);

            MemorySegment again = scratch.take(50);
            assertThat(again.scope().isAlive()).isTrue();
            again.asSlice(0, 50).fill((byte) 1);
        }
    }
}
