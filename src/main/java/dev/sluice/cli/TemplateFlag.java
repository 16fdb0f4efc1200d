package dev.sluice.cli;

import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;

/// The value of `--chat-template`: a template, or the file that holds one.
final class TemplateFlag {
    private TemplateFlag() {}

    /// The template's source. A value with braces or several lines is the template itself.
    ///
    /// @throws Refusal if it is a file that can't be read
    static String source(String value) {
        if (value.indexOf('{') >= 0 || value.indexOf('}') >= 0 || value.indexOf('\n') >= 0) {
            return value;
        }
        try {
            return Files.readString(Path.of(value));
        } catch (MalformedInputException e) {
            throw unreadable(value, "it is not UTF-8");
        } catch (IOException | InvalidPathException e) {
            throw unreadable(value, "there is no such file, or it may not be read");
        }
    }

    private static Refusal unreadable(String value, String why) {
        return new Refusal("--chat-template %s can't be read: %s.".formatted(value, why));
    }
}
