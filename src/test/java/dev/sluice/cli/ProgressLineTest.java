package dev.sluice.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.model.DownloadProgress;

import org.junit.jupiter.api.Test;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.OptionalLong;

final class ProgressLineTest {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);

    private String written() {
        return bytes.toString(StandardCharsets.UTF_8);
    }

    private static DownloadProgress progress(long here) {
        return new DownloadProgress("model", here, OptionalLong.of(100));
    }

    @Test
    void aDownloadThatBreaksOffEndsItsLine() {
        new ProgressLine(out, true).accept(progress(10));
        assertThat(written()).doesNotContain("\n");

        ProgressLine.end();
        ProgressLine.end();

        assertThat(written()).endsWith("MB\n");
    }

    @Test
    void aDownloadThatIsCompleteHasEndedItsLine() {
        new ProgressLine(out, true).accept(progress(100));

        ProgressLine.end();

        assertThat(written()).endsWith("MB\n").doesNotContain("\n\n");
    }
}
