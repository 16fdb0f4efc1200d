package dev.sluice.tokenizer;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;

/// Test data that lies beside the project and is not part of it.
final class SharedData {
    private static final Path TOKENIZERS = Path.of("../shared/data/tokenizers");

    private SharedData() {}

    /// A file of the tokenizers' folder; skips the test where there is none.
    static Path tokenizers(String name) {
        Path file = TOKENIZERS.resolve(name);
        assumeTrue(Files.exists(file), "Skipped: " + file + " is not on this machine.");
        return file;
    }
}
