package dev.sluice.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// The JVM's start-up cache beside the jars, and whether the launcher uses it.
final class StartUpCache {
    private static final String CACHE = "sluice.aot";
    private static final String RELEASE = "release";

    private StartUpCache() {}

    /// What there is, in words. Follows the rule of `bin/sluice`: a cache fits only the very JDK
    /// that made it.
    ///
    /// @param app where Sluice was put
    /// @param javaHome the JDK that runs
    static String describe(Path app, Path javaHome) {
        Path cache = app.resolve("lib").resolve(CACHE);
        if (!Files.isRegularFile(cache)) {
            return "none; it is made by the build";
        }
        try {
            Path builtWith = Path.of(Files.readString(beside(cache, ".jdk")).strip());
            if (!isSame(builtWith, javaHome)) {
                return "not used, for it was made with another JDK, in %s: %s"
                        .formatted(builtWith, cache);
            }
            boolean isUnchanged =
                    Files.mismatch(javaHome.resolve(RELEASE), beside(cache, "." + RELEASE)) < 0;
            return isUnchanged
                    ? cache + ", made with this JDK"
                    : "not used, for the JDK has changed since it was made: " + cache;
        } catch (IOException e) {
            return "not used, for what tells its JDK can't be read: " + cache;
        }
    }

    private static boolean isSame(Path builtWith, Path javaHome) throws IOException {
        return Files.isDirectory(builtWith) && Files.isSameFile(builtWith, javaHome);
    }

    private static Path beside(Path cache, String suffix) {
        return cache.resolveSibling(CACHE + suffix);
    }
}
