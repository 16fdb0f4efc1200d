package dev.sluice.compute.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.util.OptionalDouble;

class CpuLimitsTest {
    private static final CpuLimits LIMITS =
            new CpuLimits(1, OptionalDouble.of(2), OptionalDouble.of(3), OptionalDouble.of(4));

    @Test
    void measuresMemoryWithEitherKernels() {
        CpuLimits natively = CpuLimits.measure(CpuOptions.defaults().withThreads(2));
        CpuLimits java =
                CpuLimits.measure(CpuOptions.defaults().withThreads(1).withKernels(Kernels.JAVA));

        assertThat(natively.bytesPerSecond()).isGreaterThan(1e8);
        assertThat(java.bytesPerSecond()).isGreaterThan(1e8);
    }

    @Test
    void knowsNoArithmeticPeakOfJava() {
        CpuLimits java =
                CpuLimits.measure(CpuOptions.defaults().withThreads(1).withKernels(Kernels.JAVA));

        assertThat(java.float32()).isEmpty();
    }

    @Test
    void choosesThePeakByTheFormatOfTheWeights() {
        assertThat(LIMITS.arithmetic("f32")).hasValue(2);
        assertThat(LIMITS.arithmetic("bf16")).hasValue(3);
        assertThat(LIMITS.arithmetic("int4+min")).hasValue(4);
        assertThat(LIMITS.arithmetic("int8")).hasValue(4);
    }
}
