package dev.sluice.compute.cuda;

import dev.sluice.compute.DeviceException;

import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.Optional;
import java.util.stream.Stream;

/// The driver that runs kernels on the processor: `libcusim.so`, built with the program.
final class EmulatedDriver {
    private static final String HOME = "sluice.home";
    private static final String FILE = "native/libcusim.so";

    private EmulatedDriver() {}

    /// The library, if it was built.
    static Optional<Path> file() {
        Stream<Path> atHome =
                Stream.ofNullable(System.getProperty(HOME)).map(home -> Path.of(home, "lib", FILE));
        return Stream.concat(atHome, besideJar().stream()).filter(Files::isRegularFile).findFirst();
    }

    private static Optional<Path> besideJar() {
        CodeSource source = EmulatedDriver.class.getProtectionDomain().getCodeSource();
        try {
            return Optional.ofNullable(source)
                    .map(CodeSource::getLocation)
                    .filter(location -> location.getProtocol().equals("file"))
                    .map(location -> Path.of(location.getPath()).resolveSibling(FILE));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    /// Puts it in the place of NVIDIA's libraries, with as many devices at least.
    ///
    /// @throws DeviceException as [#install()]
    static void install(int devices) {
        install();
        Cuda.emulate(devices);
    }

    /// Puts it in the place of NVIDIA's libraries, for the rest of this process.
    ///
    /// @throws DeviceException if it was not built, or a real driver is in use already
    static void install() {
        Path library =
                file().orElseThrow(() ->
                        new DeviceException(
                                "there is no emulated GPU (libcusim.so): it is built with g++"));
        if (!Cuda.redirect(library.toString())) {
            throw new DeviceException(
                    "the emulated GPU (%s) can't take the place of %s, which is in use or can't be replaced"
                            .formatted(library, Cuda.file()));
        }
    }
}
