package dev.sluice.compute.cuda;

import dev.sluice.compute.BuiltLibraries;
import dev.sluice.compute.DeviceException;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/// The driver that runs kernels on the processor: `libcusim.so`, built with the program.
final class EmulatedDriver {
    private static final String FILE = "libcusim.so";

    private EmulatedDriver() {}

    /// The library, if it was built.
    static Optional<Path> file() {
        return BuiltLibraries.places(FILE).stream().filter(Files::isRegularFile).findFirst();
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
