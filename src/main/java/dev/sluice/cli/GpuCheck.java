package dev.sluice.cli;

import dev.sluice.compute.Device;
import dev.sluice.compute.check.CheckResult;
import dev.sluice.compute.check.DeviceCheck;
import dev.sluice.compute.cpu.CpuDevice;
import dev.sluice.compute.cpu.Kernels;
import dev.sluice.embed.ComputeOptions;
import dev.sluice.embed.DeviceKind;
import dev.sluice.embed.Devices;

import java.io.PrintStream;
import java.util.List;
import java.util.Locale;

/// `sluice doctor --gpu`: whether the GPU computes what plain Java does, and how fast.
///
/// @param out gets the table; is flushed row by row
record GpuCheck(PrintStream out) {
    private static final String ROW = "%-10s %-46s %12s %9s %9s  %s%n";
    private static final double MICRO = 1e6;

    /// Runs it.
    ///
    /// @return the exit code: 0, or 1 if something is wrong
    /// @throws Refusal if there is no GPU
    int run(ComputeOptions options) {
        boolean emulated = options.device() == DeviceKind.CUDA_SIM;
        try (Device gpu = Devices.openDevice(checked(options));
                Device java = CpuDevice.open(options.cpu().withKernels(Kernels.JAVA))) {
            out.printf("%s against %s%n%n", gpu.describe(), java.describe());
            out.printf(ROW, "family", "operation", "time, us", "error", "allowed", "");
            List<CheckResult> results = new DeviceCheck(gpu, java).run(!emulated, this::print);
            long wrong = results.stream().filter(result -> !result.passed()).count();
            out.printf(
                    "%n%d operations, %s. Times are one call's by the host's clock, launches"
                            + " included%s.%n",
                    results.size(),
                    wrong == 0 ? "all right" : wrong + " wrong",
                    emulated ? "; they say nothing about a GPU" : "");
            return wrong == 0 ? 0 : 1;
        }
    }

    private static ComputeOptions checked(ComputeOptions options) {
        return switch (options.device()) {
            case CUDA_SIM -> options;
            case CPU ->
                    throw new Refusal(
                            "--gpu checks a GPU and --device cpu is none; leave one of them out.");
            case AUTO, CUDA -> {
                Devices.trouble()
                        .ifPresent(reason -> {
                            throw new Refusal(
                                    "There is no GPU to check: %s; --device cuda-sim checks the"
                                                    .formatted(reason)
                                            + " emulated one.");
                        });
                yield options.withDevice(DeviceKind.CUDA);
            }
        };
    }

    private void print(CheckResult result) {
        String verdict = result.trouble().orElseGet(() -> result.passed() ? "ok" : "WRONG");
        out.printf(
                ROW,
                result.family(),
                result.shape(),
                String.format(Locale.ROOT, "%,.1f", result.seconds() * MICRO),
                small(result.error()),
                small(result.allowed()),
                verdict);
        out.flush();
    }

    private static String small(double value) {
        return value == 0 ? "0" : String.format(Locale.ROOT, "%.1e", value);
    }
}
