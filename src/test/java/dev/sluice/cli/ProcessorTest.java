package dev.sluice.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.util.List;

final class ProcessorTest {

    @Test
    void namesTheProcessorAndWhatMattersToKernels() {
        Processor processor =
                Processor.parse(
                        List.of(
                                "processor\t: 0",
                                "model name\t: Some Processor 9000",
                                "flags\t\t: fpu vme fma avx2 avx512f avx512_bf16",
                                "",
                                "processor\t: 1",
                                "model name\t: Another"));

        assertThat(processor.name()).isEqualTo("Some Processor 9000");
        assertThat(processor.features()).containsExactly("fma", "avx2", "avx512f", "avx512_bf16");
    }

    @Test
    void knowsTheArchitectureWhereTheSystemDoesNotTell() {
        Processor processor = Processor.parse(List.of());

        assertThat(processor.name()).isEqualTo(System.getProperty("os.arch"));
        assertThat(processor.features()).containsExactly("unknown");
    }
}
