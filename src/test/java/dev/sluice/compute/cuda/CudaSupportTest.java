package dev.sluice.compute.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.util.List;
import java.util.Optional;

/// Read by what the answers print: the classes of a test's own have types of their own.
final class CudaSupportTest {
    @Test
    void aMachineWithoutADriverSaysWhichLibraryIsNotThere() throws Throwable {
        OwnCuda cuda = OwnCuda.without("cuda", "libcuda.so.1");

        assertThat(cuda.call("CudaSupport", "inspect"))
                .hasToString("Unusable[reason=no NVIDIA driver (libcuda.so.1) here]");
    }

    @Test
    void librariesAreOpenedBySonameUnlessAPropertyNamesAnother() throws Throwable {
        String property = "sluice.native.nccl";
        OwnCuda untouched = OwnCuda.without("cublas", "none");

        assertThat(untouched.call("ffi.NativeLibraries", "file", "cuda")).isEqualTo("libcuda.so.1");
        try {
            System.setProperty(property, "/nowhere/libnccl.so");
            assertThat(untouched.call("ffi.NativeLibraries", "file", "nccl"))
                    .isEqualTo("/nowhere/libnccl.so");
        } finally {
            System.clearProperty(property);
        }
    }

    @Test
    void aFileThatIsNotThereIsNotPresent() throws Throwable {
        String property = "sluice.native.nccl";
        System.setProperty(property, "/nowhere/libnccl.so");
        try {
            Object present =
                    OwnCuda.without("cuda", "none")
                            .call("ffi.NativeLibraries", "isPresent", "nccl");

            assertThat(present).isEqualTo(false);
        } finally {
            System.clearProperty(property);
        }
    }

    @Test
    void anOldDriverIsToldFromAnAbsentOne() throws Throwable {
        OwnCuda cuda = OwnCuda.with("cuda", new FakeDriver(12_050, 0, 1));

        assertThat(cuda.call("CudaSupport", "inspect"))
                .hasToString(
                        "Unusable[reason=the NVIDIA driver supports CUDA 12.5, and 13.0 is needed:"
                                + " driver 580 or newer]");
    }

    @Test
    void aDriverWithoutAGpuIsNamedByTheDriversOwnError() throws Throwable {
        OwnCuda cuda = OwnCuda.with("cuda", new FakeDriver(13_000, 100, 0));

        assertThat(cuda.call("CudaSupport", "inspect"))
                .hasToString(
                        "Unusable[reason=the NVIDIA driver shows no usable GPU: cuInit failed with"
                                + " CUDA_ERROR_NO_DEVICE (100)]");
    }

    @Test
    void aDriverThatShowsNoGpuIsUnusable() throws Throwable {
        OwnCuda cuda = OwnCuda.with("cuda", new FakeDriver(13_000, 0, 0));

        assertThat(cuda.call("CudaSupport", "inspect"))
                .hasToString("Unusable[reason=the NVIDIA driver shows no GPU]");
    }

    @Test
    void gpusAreListedWithCapabilityAndMemory() throws Throwable {
        OwnCuda cuda = OwnCuda.with("cuda", new FakeDriver(13_010, 0, 2));

        assertThat(cuda.call("CudaSupport", "inspect"))
                .hasToString(
                        "Usable[version=13010, gpus=["
                                + "Gpu[name=GPU at 70 in 256 bytes, major=9, minor=0,"
                                + " memoryBytes=70000000000], "
                                + "Gpu[name=GPU at 71 in 256 bytes, major=9, minor=0,"
                                + " memoryBytes=71000000000]]]");
        assertThat(new CudaSupport.Gpu("GPU", 9, 0, 70_000_000_000L).describe())
                .isEqualTo("GPU (sm_90, 70.0 GB)");
    }

    @Test
    void moreRanksThanGpusAreRefusedAndSoAreSeveralWithoutNccl() throws Throwable {
        OwnCuda cuda = OwnCuda.without("nccl", "libnccl.so.2");
        CudaSupport.Gpu gpu = new CudaSupport.Gpu("GPU", 9, 0, 1);

        assertThat(cuda.call("CudaSupport", "troubleOfRanks", List.of(gpu), 2))
                .isEqualTo(Optional.of("2 ranks need as many GPUs, and there is one"));
        assertThat(cuda.call("CudaSupport", "troubleOfRanks", List.of(gpu, gpu), 8))
                .isEqualTo(Optional.of("8 ranks need as many GPUs, and there are 2"));
        assertThat(cuda.call("CudaSupport", "troubleOfRanks", List.of(gpu, gpu), 2))
                .isEqualTo(Optional.of("several GPUs need NCCL (libnccl.so.2), which is not here"));
        assertThat(cuda.call("CudaSupport", "troubleOfRanks", List.of(gpu), 1))
                .isEqualTo(Optional.empty());
    }

    private static OwnCuda withGpu(int major) {
        return OwnCuda.with("cuda", new FakeDriver(13_000, 0, 1, major)).and("cublas");
    }

    @Test
    void aGpuIsUsedWhereDriverKernelsAndCublasAreThere() throws Throwable {
        assertThat(withGpu(8).andKernels().call("CudaSupport", "trouble", 1))
                .isEqualTo(Optional.empty());
    }

    @Test
    void aBuildWithoutKernelsIsToldInALineThoughTheDriverIsUsable() throws Throwable {
        OwnCuda cuda = withGpu(9);

        assertThat(cuda.call("CudaSupport", "inspect")).asString().startsWith("Usable[");
        assertThat(cuda.call("CudaSupport", "trouble", 1))
                .isEqualTo(
                        Optional.of("this build has no kernels for GPUs, for there was no nvcc"));
    }

    @Test
    void aGpuOfAnOlderGenerationIsNotUsed() throws Throwable {
        assertThat(withGpu(7).andKernels().call("CudaSupport", "trouble", 1))
                .isEqualTo(
                        Optional.of(
                                "GPU at 70 in 256 bytes (sm_70, 70.0 GB) is too old: compute"
                                        + " capability 8.0 or newer is needed"));
    }

    @Test
    void withoutCublasAGpuIsNotUsed() throws Throwable {
        OwnCuda cuda = withGpu(9).andKernels().andWithout("cublas", "libcublas.so.13");

        assertThat(cuda.call("CudaSupport", "trouble", 1))
                .isEqualTo(Optional.of("cuBLAS (libcublas.so.13) is not here"));
    }

    @Test
    void whatIsWrongWithTheDriverIsToldFirst() throws Throwable {
        OwnCuda cuda = OwnCuda.with("cuda", new FakeDriver(12_050, 0, 1));

        assertThat(cuda.call("CudaSupport", "trouble", 1))
                .asString()
                .contains("13.0 is needed: driver 580 or newer");
    }
}
