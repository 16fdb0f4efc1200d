package dev.sluice.compute.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.compute.AbstractDeviceTest;
import dev.sluice.compute.AttentionSpec;
import dev.sluice.compute.Bfloat16;
import dev.sluice.compute.DType;
import dev.sluice.compute.Device;
import dev.sluice.compute.DeviceException;
import dev.sluice.compute.MatrixSource;
import dev.sluice.compute.PackedMatrix;
import dev.sluice.compute.Packing;
import dev.sluice.compute.Shape;
import dev.sluice.compute.Tensor;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/// The CUDA device on the emulated driver: every operation in both orders of threads, streams that
/// run only when somebody waits for them, and no memory left at the end.
class CudaDeviceTest extends AbstractDeviceTest {
    private Optional<Cusim> opened = Optional.empty();

    @Override
    protected Device open() {
        Cusim cusim = Cusim.open();
        opened = Optional.of(cusim);
        cusim.reset();
        cusim.deferStreams(true);
        return new BothOrdersDevice(cusim, CudaDevice.open(CudaOptions.defaults().withEmulation()));
    }

    private Cusim cusim() {
        return opened.orElseThrow();
    }

    @AfterEach
    void nothingIsLeft() {
        opened.ifPresent(cusim -> {
            cusim.fail("");
            cusim.deferStreams(false);
            device().close();
            assertThat(cusim.allocatedBytes()).isZero();
            assertThat(cusim.pinnedBytes()).isZero();
        });
    }

    /// Rounded to the weights' type for cuBLAS; as they are for a few rows with quantised weights;
    /// to bfloat16 for more.
    @Override
    public float[] asMultiplied(float[] row, String format, int rows) {
        return switch (format) {
            case "f32" -> row;
            case "f16" -> rounded(row, x -> Float.float16ToFloat(Float.floatToFloat16(x)));
            case "bf16" -> rounded(row, Bfloat16::round);
            default -> rows <= CudaLinear.FEW_ROWS ? row : rounded(row, Bfloat16::round);
        };
    }

    /// Quantised weights are dequantised to bfloat16 for more than a few rows.
    @Override
    public float[] weightsAsMultiplied(float[] row, String format, int rows) {
        boolean exact = rows <= CudaLinear.FEW_ROWS || !format.startsWith("int");
        return exact ? row : rounded(row, Bfloat16::round);
    }

    /// None in float32, nor of a few rows with quantised weights. With floats of 16 bits cuBLAS may
    /// add in another order: one rounding a product and a sum on either side.
    @Override
    public double effectOfTheBatch(String format, int cols) {
        return switch (format) {
            case "f16", "bf16" -> 2 * Math.scalb(cols + 4.0, -24);
            default -> 0;
        };
    }

    private static float[] rounded(float[] row, UnaryOperator<Float> rounding) {
        float[] result = new float[row.length];
        for (int i = 0; i < row.length; i++) {
            result[i] = rounding.apply(row[i]);
        }
        return result;
    }

    /// Tensor cores multiply queries and weights in the type of the cache.
    @Override
    public boolean attendsAlikeInChunksOfAnySize(DType type, AttentionSpec spec) {
        return type == DType.F32 || spec.headDim() == 40;
    }

    @Test
    void saysWhatItIs() {
        assertThat(device().describe()).startsWith("cuda-sim (").contains("sm_");
    }

    @Test
    void memoryThatTheDriverRefusesIsADeviceException() {
        cusim().fail("cuMemAlloc_v2:1:2");

        assertThatThrownBy(() -> device().allocate(DType.F32, Shape.of(64)))
                .isInstanceOfSatisfying(
                        DeviceException.class, e -> assertThat(e.deviceLost()).isFalse())
                .hasMessageContaining("cuMemAlloc failed with CUDA_ERROR_OUT_OF_MEMORY (2)")
                .hasMessageContaining("256");
    }

    @Test
    void aFailedProductNamesTheErrorOfCublasAndTheShape() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment values = arena.allocate(4L * 6 * 5);
            MatrixSource source = MatrixSource.of(values, DType.F32, 6, 5);
            PackedMatrix w = device().pack(List.of(source), Packing.FLOAT32);
            Tensor x = device().allocate(DType.F32, Shape.of(3, 5));
            Tensor out = device().allocate(DType.F32, Shape.of(3, 6));
            cusim().fail("cublasGemmEx:1:13");

            assertThatThrownBy(() -> device().linear(x, w, out))
                    .isInstanceOf(DeviceException.class)
                    .hasMessage(
                            "cublasGemmEx failed with CUBLAS_STATUS_EXECUTION_FAILED (13): F32[3, 5]"
                                    + " times [5, 6]");
            device().release(x);
            device().release(out);
            device().release(w);
        }
    }

    @Test
    void anArgmaxThatGetsNoMemoryLeavesThatOfTheOthers() {
        Tensor logits = device().allocate(DType.F32, Shape.of(9, 8));
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment ids = arena.allocate(ValueLayout.JAVA_INT, 9);
            long pinned = cusim().pinnedBytes();
            cusim().fail("cuMemHostAlloc:1:2");

            assertThatThrownBy(() -> device().argmax(logits, ids))
                    .isInstanceOf(DeviceException.class)
                    .hasMessageContaining("cuMemHostAlloc");
            assertThat(cusim().pinnedBytes()).isEqualTo(pinned);

            ids.fill((byte) 1);
            device().argmax(logits.rows(0, 4), ids);

            assertThat(ids.asSlice(0, 16).toArray(ValueLayout.JAVA_INT)).containsOnly(0);
        }
        device().release(logits);
    }
}
