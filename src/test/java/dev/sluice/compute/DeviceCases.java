package dev.sluice.compute;

import org.junit.jupiter.params.provider.Arguments;

import java.util.Arrays;
import java.util.OptionalInt;
import java.util.stream.Stream;

/// What the contracts of a device are tried with.
final class DeviceCases {
    private DeviceCases() {}

    static Stream<Arguments> typesAndPackings() {
        return Arrays.stream(DType.values())
                .filter(type -> type != DType.I32)
                .flatMap(type ->
                        Arrays.stream(Packing.values())
                                .map(packing -> Arguments.of(type, packing)));
    }

    static Stream<Arguments> layers() {
        return Stream.of(
                Arguments.of(DType.F32, 16, new AttentionSpec(4, 4, 8, 0.35f, OptionalInt.empty())),
                Arguments.of(DType.F32, 2, new AttentionSpec(6, 2, 24, 0.2f, OptionalInt.empty())),
                Arguments.of(DType.F32, 32, new AttentionSpec(9, 3, 64, 0.125f, OptionalInt.of(7))),
                Arguments.of(
                        DType.F16, 16, new AttentionSpec(4, 1, 40, 0.16f, OptionalInt.empty())),
                Arguments.of(
                        DType.F16, 64, new AttentionSpec(2, 2, 128, 0.09f, OptionalInt.of(20))),
                Arguments.of(
                        DType.BF16, 16, new AttentionSpec(8, 2, 64, 0.125f, OptionalInt.empty())),
                Arguments.of(
                        DType.BF16, 64, new AttentionSpec(9, 3, 64, 0.125f, OptionalInt.empty())),
                Arguments.of(
                        DType.BF16, 4, new AttentionSpec(4, 1, 256, 0.06f, OptionalInt.of(33))));
    }
}
