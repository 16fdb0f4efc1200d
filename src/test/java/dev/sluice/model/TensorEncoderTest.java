package dev.sluice.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.compute.DType;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

class TensorEncoderTest {
    /// As the bits of float32: NaNs whose upper half alone is infinite, or that rounding carries
    /// over into the sign.
    @ParameterizedTest
    @ValueSource(ints = {0x7fc00000, 0x7f800001, 0x7fffffff, 0xff800001, 0xffffffff})
    void whatIsNoNumberStaysNone(int bits) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment value = arena.allocateFrom(ValueLayout.JAVA_INT, bits);

            MemorySegment encoded = TensorEncoder.encode(value, DType.F32, 1, DType.BF16);

            assertThat(TensorBytes.floatAt(encoded, DType.BF16, 0)).isNaN();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "-3.5, -3.5",
        "1.00390625, 1",
        "1.01171875, 1.015625",
        "Infinity, Infinity",
        "-Infinity, -Infinity",
        "3.4028235e38, Infinity"
    })
    void aNumberBecomesTheNearestOne(float value, float nearest) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment data = arena.allocateFrom(ValueLayout.JAVA_FLOAT, value);

            MemorySegment encoded = TensorEncoder.encode(data, DType.F32, 1, DType.BF16);

            assertThat(TensorBytes.floatAt(encoded, DType.BF16, 0)).isEqualTo(nearest);
        }
    }
}
