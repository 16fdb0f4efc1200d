package dev.sluice.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.testing.SluiceServer;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/// A machine without NVIDIA's libraries, which every machine can play.
final class NvidiaLibrariesIT {
    private static final String NO_DRIVER = "-Dsluice.native.cuda=libcuda-of-no-machine.so.1";

    @TempDir private Path directory;

    @Test
    void doctorNamesTheLibraryThatItCouldNotOpen() throws Exception {
        String out = run(NO_DRIVER, "doctor");

        assertThat(out.lines())
                .anyMatch(line ->
                        line.matches(
                                "GPU +not used: no NVIDIA driver"
                                        + " \\(libcuda-of-no-machine\\.so\\.1\\) here"));
    }

    @Test
    void aServerLoadsNoBindings() throws Exception {
        Path log = directory.resolve("classes.log");

        run(NO_DRIVER + " -Xlog:class+load:file=" + log, "rehearse");

        assertThat(Files.readString(log))
                .contains("dev.sluice.compute.cpu.CpuDevice")
                .doesNotContain(
                        "dev.sluice.compute.cuda.ffi.cuda.",
                        "dev.sluice.compute.cuda.ffi.cublas.",
                        "dev.sluice.compute.cuda.ffi.nccl.");
    }

    private String run(String options, String command) throws IOException, InterruptedException {
        ProcessBuilder builder =
                new ProcessBuilder(SluiceServer.launcher().toString(), command)
                        .redirectError(directory.resolve("err").toFile());
        builder.environment().put("SLUICE_JAVA_OPTS", options);
        Process process = builder.start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(Files.readString(directory.resolve("err"))).isZero();
        return out;
    }
}
