package dev.sluice.compute.cuda;

import dev.sluice.compute.DeviceException;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;

/// Where the kernels come from: fatbins on the class path, made by nvcc when the program was built,
/// or a name by which the emulated driver knows the kernels that were compiled into it.
final class KernelImages {
    private static final String FOLDER = "kernels/";
    private static final String PROBE = "rows";

    private final boolean emulated;

    KernelImages(boolean emulated) {
        this.emulated = emulated;
    }

    /// Whether this build has kernels for GPUs.
    static boolean inThisBuild() {
        return KernelImages.class.getResource(resource(PROBE)) != null;
    }

    /// The image of the kernels of one `.cu` file.
    ///
    /// @param name of the file, without its extension
    /// @throws DeviceException if this build has none
    byte[] image(String name) {
        if (emulated) {
            return ("cusim:" + name).getBytes(StandardCharsets.US_ASCII);
        }
        try (InputStream in = KernelImages.class.getResourceAsStream(resource(name))) {
            if (in == null) {
                throw new DeviceException(
                        "this build has no GPU kernels (%s): it was made without nvcc"
                                .formatted(name));
            }
            return in.readAllBytes();
        } catch (IOException e) {
            throw new DeviceException("the GPU kernels of " + name + " can't be read", e);
        }
    }

    private static String resource(String name) {
        return FOLDER + name + ".fatbin";
    }
}
