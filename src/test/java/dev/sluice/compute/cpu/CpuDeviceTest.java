package dev.sluice.compute.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sluice.compute.DType;
import dev.sluice.compute.DeviceException;
import dev.sluice.compute.MatrixSource;
import dev.sluice.compute.PackedMatrix;
import dev.sluice.compute.Packing;
import dev.sluice.compute.Shape;
import dev.sluice.compute.Tensor;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;

class CpuDeviceTest {
    private static CpuOptions with(Path library, Kernels kernels) {
        return new CpuOptions(2, kernels, Optional.of(library));
    }

    private static CpuDevice java() {
        return CpuDevice.open(CpuOptions.defaults().withKernels(Kernels.JAVA).withThreads(2));
    }

    @Test
    void withoutALibraryTheJavaTwinsRun(@TempDir Path folder) {
        CpuOptions options = with(folder.resolve("absent.so"), Kernels.AUTO);

        CpuInfo info = CpuDevice.inspect(options);

        assertThat(info)
                .isEqualTo(
                        new CpuInfo(
                                new CpuInfo.Library.Absent(
                                        "there is no file " + folder.resolve("absent.so")),
                                "java",
                                "java",
                                2));
        try (CpuDevice device = CpuDevice.open(options)) {
            assertThat(device.describe()).isEqualTo("cpu (java, 2 threads)");
        }
    }

    @Test
    void aFileThatIsNoLibraryIsAReasonAndNoCrash(@TempDir Path folder) throws IOException {
        Path broken = Files.writeString(folder.resolve("libsluice_cpu.so"), "not a library");

        CpuInfo info = CpuDevice.inspect(with(broken, Kernels.AUTO));

        assertThat(info.library())
                .isInstanceOfSatisfying(
                        CpuInfo.Library.Absent.class,
                        absent -> assertThat(absent.reason()).contains("can't be loaded"));
        try (CpuDevice device = CpuDevice.open(with(broken, Kernels.AUTO))) {
            assertThat(device.describe()).contains("java");
        }
    }

    @Test
    void kernelsThatWereAskedForByNameAndCannotRunAreAnError(@TempDir Path folder) {
        assertThatThrownBy(() -> CpuDevice.open(with(folder.resolve("absent.so"), Kernels.PLAIN)))
                .isInstanceOf(DeviceException.class)
                .hasMessageStartingWith("the PLAIN kernels can't run: there is no file");
    }

    @Test
    void noThreadsAreRefused() {
        assertThatThrownBy(() -> new CpuOptions(0, Kernels.AUTO, Optional.empty()))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void packedMatricesGiveTheirSlabsBack() {
        try (Arena arena = Arena.ofShared();
                CpuDevice device = java()) {
            MatrixSource source =
                    MatrixSource.of(arena.allocate(4L * 1024 * 1024), DType.F32, 1024, 1024);
            long before = device.allocatedBytes();
            List<PackedMatrix> matrices = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                matrices.add(device.pack(List.of(source), Packing.SOURCE));
            }
            matrices.add(device.pack(List.of(source, source, source), Packing.SOURCE));
            assertThat(device.allocatedBytes() - before).isGreaterThanOrEqualTo((23 * 4L) << 20);
            Collections.shuffle(matrices, new Random(1));

            matrices.forEach(device::release);

            assertThat(device.allocatedBytes()).isEqualTo(before);
        }
    }

    @Test
    void memoryThatIsTouchedLaterIsReservedOnly() throws IOException {
        Path status = Path.of("/proc/self/status");
        assumeTrue(Files.isReadable(status), "this system does not tell the resident memory");
        try (CpuDevice device = java()) {
            long before = residentKiB(status);

            Tensor tensor = device.allocate(DType.F32, Shape.of(256 << 10, 256));

            assertThat(tensor.data().byteSize()).isEqualTo(256L << 20);
            assertThat(residentKiB(status) - before).isLessThan(128 << 10);
            device.release(tensor);
        }
    }

    private static long residentKiB(Path status) throws IOException {
        return Files.readAllLines(status).stream()
                .filter(line -> line.startsWith("VmRSS:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void releasingTwiceOrWhatIsNotItsOwnIsRefused() {
        try (CpuDevice device = java()) {
            Tensor tensor = device.allocate(DType.BF16, Shape.of(3));
            device.release(tensor);

            assertThatThrownBy(() -> device.release(tensor))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> device.release(new ForeignMatrix()))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("another device");
        }
    }

    private static final class ForeignMatrix implements PackedMatrix {
        @Override
        public int rows() {
            return 1;
        }

        @Override
        public int cols() {
            return 1;
        }

        @Override
        public long bytes() {
            return 4;
        }

        @Override
        public String format() {
            return "foreign";
        }
    }
}
