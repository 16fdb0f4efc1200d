package dev.sluice.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;

/// Models on disk that load in a moment, for tests that start the whole program.
public final class TinyModels {
    private TinyModels() {}

    /// A model of bytes with a chat template, random weights and a context of 32,768 tokens, that
    /// never ends by itself.
    ///
    /// @param directory is made
    /// @return the directory
    public static Path write(Path directory) {
        try {
            RehearsalModel.write(directory);
            return directory;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
