package dev.sluice.cli;

import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/// The standard streams, in UTF-8 whatever the locale.
final class Standard {
    private static final int BUFFER_BYTES = 8192;

    /// One for all, so that what it lost can be asked for when a command has ended.
    private static final PrintStream OUT =
            new PrintStream(
                    new BufferedOutputStream(
                            new FileOutputStream(FileDescriptor.out), BUFFER_BYTES),
                    false,
                    StandardCharsets.UTF_8);

    private Standard() {}

    /// Standard output. Must be flushed.
    static PrintStream out() {
        return OUT;
    }
}
