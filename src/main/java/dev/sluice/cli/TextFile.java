package dev.sluice.cli;

import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;

/// A text that a flag names the file of.
final class TextFile {
    private TextFile() {}

    /// The text, in UTF-8.
    ///
    /// @param flag that names the file
    /// @throws Refusal if it can't be read
    static String read(String flag, String file) {
        try {
            return Files.readString(Path.of(file));
        } catch (MalformedInputException e) {
            throw unreadable(flag, file, "it is not UTF-8");
        } catch (IOException | InvalidPathException e) {
            throw unreadable(flag, file, "there is no such file, or it may not be read");
        }
    }

    private static Refusal unreadable(String flag, String file, String why) {
        return new Refusal("%s %s can't be read: %s.".formatted(flag, file, why));
    }
}
