package dev.sluice.compute;

import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// Where the native libraries are that were built with the program.
public final class BuiltLibraries {
    private static final String HOME = "sluice.home";
    private static final String FOLDER = "native";

    private BuiltLibraries() {}

    /// The places where a library can be, the likeliest first: in the folder that the start script
    /// names, and beside the jar or the classes. Empty where neither is known.
    ///
    /// @param file name of the library, without a folder
    public static List<Path> places(String file) {
        Stream<Path> atHome =
                Stream.ofNullable(System.getProperty(HOME))
                        .map(home -> Path.of(home, "lib", FOLDER, file));
        Stream<Path> besideJar =
                Optional.ofNullable(BuiltLibraries.class.getProtectionDomain().getCodeSource())
                        .map(CodeSource::getLocation)
                        .flatMap(location -> beside(location, file))
                        .stream();
        return Stream.concat(atHome, besideJar).toList();
    }

    /// The place beside a jar or a folder of classes, if it is a file of this machine.
    static Optional<Path> beside(URL location, String file) {
        try {
            return location.getProtocol().equals("file")
                    ? Optional.of(Path.of(location.toURI()).resolveSibling(FOLDER).resolve(file))
                    : Optional.empty();
        } catch (URISyntaxException | IllegalArgumentException _) {
            return Optional.empty();
        }
    }
}
