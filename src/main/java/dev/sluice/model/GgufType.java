package dev.sluice.model;

import dev.sluice.compute.DType;

import java.util.Arrays;
import java.util.Optional;

/// GGUF's numbers for tensor types.
///
/// @see "enum ggml_type in ggml.h of ggml-org/ggml"
enum GgufType {
    F32(0, DType.F32),
    F16(1, DType.F16),
    Q4_0(2, DType.Q4_0),
    Q4_1(3, DType.Q4_1),
    Q5_0(6, DType.Q5_0),
    Q5_1(7, DType.Q5_1),
    Q8_0(8, DType.Q8_0),
    Q4_K(12, DType.Q4_K),
    Q5_K(13, DType.Q5_K),
    Q6_K(14, DType.Q6_K),
    I32(26, DType.I32),
    BF16(30, DType.BF16);

    private final int code;
    private final DType dtype;

    GgufType(int code, DType dtype) {
        this.code = code;
        this.dtype = dtype;
    }

    /// The type with a number of ggml's, if Sluice reads it.
    static Optional<DType> dtype(int code) {
        return Arrays.stream(values()).filter(t -> t.code == code).map(t -> t.dtype).findFirst();
    }

    /// The number of a type.
    static int code(DType dtype) {
        return Arrays.stream(values())
                .filter(type -> type.dtype == dtype)
                .mapToInt(type -> type.code)
                .findFirst()
                .orElseThrow();
    }
}
