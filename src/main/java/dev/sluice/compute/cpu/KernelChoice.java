package dev.sluice.compute.cpu;

import dev.sluice.compute.BuiltLibraries;
import dev.sluice.compute.DeviceException;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// Finds the native library and turns options into kernels.
final class KernelChoice {
    private static final Logger log = LoggerFactory.getLogger(KernelChoice.class);
    private static final String FILE = "libsluice_cpu.so";

    private KernelChoice() {}

    /// Loads what the options ask for. Where `AUTO` finds no usable library, the plain Java twins
    /// run, and a line in the log says why.
    static CpuKernels open(CpuOptions options) {
        if (options.kernels() == Kernels.JAVA) {
            return new JavaKernels();
        }
        return switch (load(options)) {
            case NativeLibrary.Loading.Loaded(_, NativeLibrary library) ->
                    new NativeKernels(library, library.levelName(choose(options, library)));
            case NativeLibrary.Loading.Refused(String reason) -> {
                if (options.kernels() != Kernels.AUTO) {
                    throw new DeviceException(
                            "the %s kernels can't run: %s".formatted(options.kernels(), reason));
                }
                log.warn("no native CPU kernels, the slower Java ones run: {}", reason);
                yield new JavaKernels();
            }
        };
    }

    /// Says what [#open] would do; loads and unloads the library on the way.
    static CpuInfo inspect(CpuOptions options) {
        String java = JavaKernels.NAME;
        switch (load(options)) {
            case NativeLibrary.Loading.Refused(String reason) -> {
                return new CpuInfo(
                        new CpuInfo.Library.Absent(reason), java, java, options.threads());
            }
            case NativeLibrary.Loading.Loaded(Path path, NativeLibrary library) -> {
                try (library) {
                    String supported = library.levelName(library.supportedLevel());
                    String inUse =
                            options.kernels() == Kernels.JAVA
                                    ? java
                                    : library.levelName(level(options, library));
                    CpuInfo.Library found = new CpuInfo.Library.Found(path);
                    return new CpuInfo(found, supported, inUse, options.threads());
                }
            }
        }
    }

    private static long choose(CpuOptions options, NativeLibrary library) {
        try {
            return library.useLevel(level(options, library));
        } catch (DeviceException e) {
            library.close();
            throw e;
        }
    }

    private static long level(CpuOptions options, NativeLibrary library) {
        long supported = library.supportedLevel();
        long wanted =
                switch (options.kernels()) {
                    case AUTO -> supported;
                    case PLAIN -> 0;
                    case AVX2 -> 1;
                    case AVX512 -> 2;
                    case AMX -> 3;
                    case JAVA -> throw new IllegalArgumentException("Java has no level");
                };
        if (wanted > supported) {
            throw new DeviceException(
                    "the %s kernels can't run: this processor has %s only"
                            .formatted(options.kernels(), library.levelName(supported)));
        }
        return wanted;
    }

    private static NativeLibrary.Loading load(CpuOptions options) {
        if (options.library().isPresent()) {
            return NativeLibrary.load(options.library().get());
        }
        List<Path> places = BuiltLibraries.places(FILE);
        Optional<Path> built = places.stream().filter(Files::isRegularFile).findFirst();
        if (built.isPresent()) {
            return NativeLibrary.load(built.get());
        }
        return new NativeLibrary.Loading.Refused(
                "it was not built (no C compiler?), or is not at "
                        + places.stream().findFirst().orElse(Path.of(FILE)));
    }
}
