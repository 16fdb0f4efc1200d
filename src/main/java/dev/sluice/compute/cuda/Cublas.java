package dev.sluice.compute.cuda;

import static dev.sluice.compute.cuda.ffi.cublas.Cublas.CUBLAS_COMPUTE_32F;
import static dev.sluice.compute.cuda.ffi.cublas.Cublas.CUBLAS_DEFAULT_MATH;
import static dev.sluice.compute.cuda.ffi.cublas.Cublas.CUBLAS_GEMM_DEFAULT;
import static dev.sluice.compute.cuda.ffi.cublas.Cublas.CUBLAS_OP_N;
import static dev.sluice.compute.cuda.ffi.cublas.Cublas.CUBLAS_OP_T;
import static dev.sluice.compute.cuda.ffi.cublas.Cublas.CUBLAS_STATUS_SUCCESS;
import static dev.sluice.compute.cuda.ffi.cublas.Cublas.CUDA_R_16BF;
import static dev.sluice.compute.cuda.ffi.cublas.Cublas.CUDA_R_16F;
import static dev.sluice.compute.cuda.ffi.cublas.Cublas.CUDA_R_32F;
import static dev.sluice.compute.cuda.ffi.cublas.Cublas.cublasCreate_v2;
import static dev.sluice.compute.cuda.ffi.cublas.Cublas.cublasDestroy_v2;
import static dev.sluice.compute.cuda.ffi.cublas.Cublas.cublasGemmEx;
import static dev.sluice.compute.cuda.ffi.cublas.Cublas.cublasGetStatusName;
import static dev.sluice.compute.cuda.ffi.cublas.Cublas.cublasSetMathMode;
import static dev.sluice.compute.cuda.ffi.cublas.Cublas.cublasSetStream_v2;
import static dev.sluice.compute.cuda.ffi.cublas.Cublas.cublasSetWorkspace_v2;

import dev.sluice.compute.DType;
import dev.sluice.compute.DeviceException;
import dev.sluice.compute.MadeSoFar;
import dev.sluice.compute.cuda.ffi.NativeLibraries;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Products of matrices by cuBLAS, queued on one stream. Calls are checked: a failure is a
/// [DeviceException] with the function, cuBLAS's name for the error and the sizes involved. Owned
/// by the [CudaContext].
final class Cublas implements AutoCloseable {
    /// What cuBLAS asks for on the largest GPUs; it must not allocate while a graph is captured.
    private static final long WORKSPACE_BYTES = 32L << 20;

    private static final String LIBRARY = "cublas";
    private static final Logger log = LoggerFactory.getLogger(Cublas.class);

    private final Arena arena;
    private final MemorySegment one;
    private final MemorySegment zero;
    private final MemorySegment handle;
    private final DeviceMemory workspace;

    /// Opens cuBLAS, with a workspace of its own.
    ///
    /// @throws DeviceException if the library is not there
    Cublas(CudaStream stream) {
        if (!isPresent()) {
            throw new DeviceException("cuBLAS (%s) is not here".formatted(file()));
        }
        try (MadeSoFar made = new MadeSoFar()) {
            arena = made.keep(Arena.ofShared(), Arena::close);
            one = arena.allocateFrom(ValueLayout.JAVA_FLOAT, 1f);
            zero = arena.allocateFrom(ValueLayout.JAVA_FLOAT, 0f);
            workspace = made.keep(DeviceMemory.allocate(WORKSPACE_BYTES), DeviceMemory::close);
            handle = made.keep(create(), Cublas::destroy);
            check(cublasSetStream_v2(handle, stream.handle()), "cublasSetStream", "");
            check(
                    cublasSetWorkspace_v2(
                            handle, MemorySegment.ofAddress(workspace.address()), WORKSPACE_BYTES),
                    "cublasSetWorkspace",
                    "");
            check(cublasSetMathMode(handle, CUBLAS_DEFAULT_MATH()), "cublasSetMathMode", "");
            made.complete();
        }
    }

    /// Whether the library can be opened. Only then may this be made.
    static boolean isPresent() {
        return NativeLibraries.isPresent(LIBRARY);
    }

    /// The library, as it is looked for.
    static String file() {
        return NativeLibraries.file(LIBRARY);
    }

    private static MemorySegment create() {
        try (Arena calling = Arena.ofConfined()) {
            MemorySegment out = calling.allocate(ValueLayout.ADDRESS);
            check(cublasCreate_v2(out), "cublasCreate", "");
            return out.get(ValueLayout.ADDRESS, 0);
        }
    }

    private static void destroy(MemorySegment handle) {
        int status = cublasDestroy_v2(handle);
        if (status != CUBLAS_STATUS_SUCCESS()) {
            log.warn("cublasDestroy failed with {}", name(status));
        }
    }

    private static void check(int status, String function, String sizes) {
        if (status != CUBLAS_STATUS_SUCCESS()) {
            throw new DeviceException(
                    "%s failed with %s%s".formatted(function, name(status), sizes));
        }
    }

    private static String name(int status) {
        return "%s (%d)".formatted(cublasGetStatusName(status).getString(0), status);
    }

    /// Multiplies row-major matrices: `out = x W^T`, with sums in float32.
    ///
    /// @param x address of `[n, cols]`, of the type of `w`
    /// @param xStride elements between two rows of `x`
    /// @param w address of `[rows, cols]`: float32, float16 or bfloat16
    /// @param wStride elements between two rows of `w`
    /// @param out address of float32 `[n, rows]`
    /// @param outStride elements between two rows of `out`
    void linear(
            DType type,
            long x,
            long xStride,
            int n,
            long w,
            int wStride,
            int rows,
            int cols,
            long out,
            long outStride) {
        int code = code(type);
        // Column-major cuBLAS sees the transposes: out^T = W x^T.
        int status =
                cublasGemmEx(
                        handle,
                        CUBLAS_OP_T(),
                        CUBLAS_OP_N(),
                        rows,
                        n,
                        cols,
                        one,
                        MemorySegment.ofAddress(w),
                        code,
                        wStride,
                        MemorySegment.ofAddress(x),
                        code,
                        Math.toIntExact(xStride),
                        zero,
                        MemorySegment.ofAddress(out),
                        CUDA_R_32F(),
                        Math.toIntExact(outStride),
                        CUBLAS_COMPUTE_32F(),
                        CUBLAS_GEMM_DEFAULT());
        if (status != CUBLAS_STATUS_SUCCESS()) {
            check(
                    status,
                    "cublasGemmEx",
                    ": %s[%d, %d] times [%d, %d]".formatted(type, n, cols, cols, rows));
        }
    }

    private static int code(DType type) {
        return switch (type) {
            case F32 -> CUDA_R_32F();
            case F16 -> CUDA_R_16F();
            case BF16 -> CUDA_R_16BF();
            default -> throw new IllegalArgumentException("cuBLAS does not multiply " + type);
        };
    }

    /// Gives everything back, as far as a device that is lost lets it.
    @Override
    public void close() {
        destroy(handle);
        workspace.close();
        arena.close();
    }
}
