package dev.sluice.compute.cpu;

import dev.sluice.compute.DeviceException;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.Optional;

/// Finds the native library and turns options into kernels.
final class KernelChoice {
    private static final Logger log = LoggerFactory.getLogger(KernelChoice.class);
    private static final String FILE = "native/libsluice_cpu.so";
    private static final String HOME = "sluice.home";

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
        Optional<Path> home = Optional.ofNullable(System.getProperty(HOME)).map(Path::of);
        Optional<Path> atHome = home.map(path -> path.resolve("lib").resolve(FILE));
        if (atHome.filter(Files::isRegularFile).isPresent()) {
            return NativeLibrary.load(atHome.get());
        }
        Optional<Path> besideJar = jarFolder().map(folder -> folder.resolve(FILE));
        if (besideJar.filter(Files::isRegularFile).isPresent()) {
            return NativeLibrary.load(besideJar.get());
        }
        Path expected = atHome.or(() -> besideJar).orElse(Path.of("lib", FILE));
        return new NativeLibrary.Loading.Refused(
                "it was not built (no C compiler?), or is not at " + expected);
    }

    /// The folder of the jar, or of the classes, that this class was loaded from.
    private static Optional<Path> jarFolder() {
        CodeSource source = KernelChoice.class.getProtectionDomain().getCodeSource();
        if (source == null || source.getLocation() == null) {
            return Optional.empty();
        }
        try {
            URI location = source.getLocation().toURI();
            return location.getScheme().equals("file")
                    ? Optional.ofNullable(Path.of(location).getParent())
                    : Optional.empty();
        } catch (URISyntaxException _) {
            return Optional.empty();
        }
    }
}
