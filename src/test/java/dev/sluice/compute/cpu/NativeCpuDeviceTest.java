package dev.sluice.compute.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.compute.AbstractDeviceTest;
import dev.sluice.compute.Device;

import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/// The device's contract at each level of the native kernels that this processor has.
class NativeCpuDeviceTest {
    @Nested
    class Plain extends AbstractDeviceTest {
        @Override
        protected Device open() {
            return NativeLevels.open(Kernels.PLAIN, 2);
        }

        @Test
        void saysWhatItIs() {
            assertThat(device().describe()).isEqualTo("cpu (plain, 2 threads)");
        }
    }

    @Nested
    class Avx2 extends AbstractDeviceTest {
        @Override
        protected Device open() {
            return NativeLevels.open(Kernels.AVX2, 3);
        }

        @Test
        void saysWhatItIs() {
            assertThat(device().describe()).isEqualTo("cpu (avx2, 3 threads)");
        }
    }

    @Nested
    class Avx512 extends AbstractDeviceTest {
        @Override
        protected Device open() {
            return NativeLevels.open(Kernels.AVX512, 1);
        }

        @Test
        void saysWhatItIs() {
            assertThat(device().describe()).isEqualTo("cpu (avx512-bf16-vnni, 1 thread)");
        }
    }

    @Nested
    class Amx extends AbstractDeviceTest {
        @Override
        protected Device open() {
            return NativeLevels.open(Kernels.AMX, 2);
        }

        @Test
        void saysWhatItIs() {
            assertThat(device().describe()).isEqualTo("cpu (amx-bf16, 2 threads)");
        }
    }
}
