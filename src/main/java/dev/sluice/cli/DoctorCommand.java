package dev.sluice.cli;

import dev.sluice.compute.cpu.CpuDevice;
import dev.sluice.compute.cpu.CpuInfo;
import dev.sluice.compute.cpu.CpuOptions;
import dev.sluice.compute.cuda.CudaSupport;
import dev.sluice.embed.BatchOptions;
import dev.sluice.embed.ComputeOptions;
import dev.sluice.embed.Devices;
import dev.sluice.model.ModelSource;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// `sluice doctor`: what this machine has, and what would be used of it.
@Command(
        name = "doctor",
        description = "Says what this machine has and what Sluice would use of it.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class DoctorCommand implements Callable<Integer> {
    private static final double GIGABYTE = 1e9;

    @Mixin private ComputeFlags compute = new ComputeFlags();

    @Option(
            names = "--gpu",
            description =
                    "Runs every operation of the GPU instead, compares it with plain Java and"
                            + " times it: a table, and exit code 1 if one is wrong. With --device"
                            + " cuda-sim the emulated GPU.")
    private boolean gpu;

    private final PrintStream out = Standard.out();

    @Override
    public Integer call() {
        if (gpu) {
            int exit = new GpuCheck(out).run(compute.toOptions());
            out.flush();
            return exit;
        }
        CpuOptions options = compute.toOptions().cpu();
        java();
        processor();
        kernels(CpuDevice.inspect(options));
        line("GPU", gpus());
        models();
        try (CpuDevice device = CpuDevice.open(options)) {
            memory(device.availableBytes());
            // A device that can't be used ends the command, and the rest says why.
            out.flush();
            line("would use", chosen(device));
        }
        out.flush();
        return 0;
    }

    private String chosen(CpuDevice cpu) {
        ComputeOptions options = compute.toOptions();
        int ranks = options.tensorParallelSize();
        return switch (Devices.choose(options)) {
            case AUTO, CPU -> cpu.describe();
            case CUDA -> ranks == 1 ? "the first GPU" : "the first %d GPUs".formatted(ranks);
            case CUDA_SIM -> "the emulated GPU, on the processor";
        };
    }

    private void java() {
        line("Sluice", Version.number());
        line(
                "Java",
                "%s (%s) in %s"
                        .formatted(
                                Runtime.version(),
                                System.getProperty("java.vendor"),
                                System.getProperty("java.home")));
        Path app = Path.of(System.getProperty("sluice.home", "."));
        Path javaHome = Path.of(System.getProperty("java.home"));
        line("start-up cache", StartUpCache.describe(app, javaHome));
    }

    private void processor() {
        Processor processor = Processor.read();
        line(
                "processor",
                "%s, %d usable"
                        .formatted(processor.name(), Runtime.getRuntime().availableProcessors()));
        line("CPU features", String.join(" ", processor.features()));
    }

    private void kernels(CpuInfo info) {
        line(
                "kernels",
                switch (info.library()) {
                    case CpuInfo.Library.Found(Path path) ->
                            "%s (this processor can: %s) from %s"
                                    .formatted(info.inUse(), info.supported(), path);
                    case CpuInfo.Library.Absent(String reason) ->
                            info.inUse() + ", which are slow: " + reason;
                });
    }

    private static String gpus() {
        return Devices.trouble()
                .map(reason -> "not used: " + reason)
                .orElseGet(() ->
                        switch (CudaSupport.inspect()) {
                            case CudaSupport.Unusable(String reason) -> reason;
                            case CudaSupport.Usable(_, List<CudaSupport.Gpu> gpus) ->
                                    gpus.stream()
                                            .map(CudaSupport.Gpu::describe)
                                            .collect(Collectors.joining(", "));
                        });
    }

    private void models() {
        Path cache = new ModelSource(System.getenv(), _ -> {}).cacheDirectory();
        List<Path> models = modelsIn(cache);
        line("model cache", cache + (models.isEmpty() ? " (no models)" : ""));
        for (Path model : models) {
            line("", cache.relativize(model) + sizeOf(model));
        }
    }

    private static List<Path> modelsIn(Path cache) {
        try (Stream<Path> files = Files.walk(cache)) {
            return files.filter(file -> file.toString().endsWith(".gguf")).sorted().toList();
        } catch (IOException e) {
            return List.of();
        }
    }

    private static String sizeOf(Path file) {
        try {
            return String.format(Locale.ROOT, ", %.0f MB", Files.size(file) / 1e6);
        } catch (IOException e) {
            return "";
        }
    }

    private void memory(long availableBytes) {
        line(
                "memory",
                String.format(
                        Locale.ROOT,
                        "%.1f GB available; the KV pool would take up to %.1f GB of it (a quarter),"
                                + " touched only as it is used",
                        availableBytes / GIGABYTE,
                        availableBytes / GIGABYTE / 4));
        line(
                "",
                "heap up to %.1f GB; %d sequences of the model's context unless told otherwise"
                        .formatted(
                                Runtime.getRuntime().maxMemory() / GIGABYTE,
                                BatchOptions.MAX_NUM_SEQS));
    }

    private void line(String name, String value) {
        out.printf("%-15s %s%n", name, value);
    }
}
