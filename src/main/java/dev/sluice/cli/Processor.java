package dev.sluice.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/// The processor as Linux describes it.
///
/// @param name of the model; the architecture where the system does not tell
/// @param features those that matter to the kernels
record Processor(String name, List<String> features) {
    private static final Path CPU_INFO = Path.of("/proc/cpuinfo");
    private static final Set<String> OF_INTEREST =
            Set.of(
                    "avx2",
                    "fma",
                    "f16c",
                    "avx_vnni",
                    "avx512f",
                    "avx512bw",
                    "avx512vl",
                    "avx512_vnni",
                    "avx512_bf16",
                    "avx512_fp16",
                    "amx_tile",
                    "amx_bf16",
                    "amx_int8",
                    "asimd",
                    "asimddp",
                    "bf16",
                    "i8mm",
                    "sve");

    Processor {
        features = List.copyOf(features);
    }

    static Processor read() {
        try {
            return parse(Files.readAllLines(CPU_INFO));
        } catch (IOException e) {
            return parse(List.of());
        }
    }

    /// Reads the first processor of `/proc/cpuinfo`.
    static Processor parse(List<String> lines) {
        String flags = value(lines, "flags", value(lines, "Features", ""));
        List<String> features =
                List.of(flags.split(" ")).stream().filter(OF_INTEREST::contains).toList();
        return new Processor(
                value(lines, "model name", System.getProperty("os.arch", "unknown")),
                features.isEmpty() ? List.of("unknown") : features);
    }

    private static String value(List<String> lines, String key, String otherwise) {
        return lines.stream()
                .filter(line -> line.startsWith(key) && line.contains(":"))
                .map(line -> line.substring(line.indexOf(':') + 1).strip())
                .findFirst()
                .orElse(otherwise);
    }
}
