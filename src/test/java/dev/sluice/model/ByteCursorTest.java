package dev.sluice.model;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

class ByteCursorTest {
    private static final int WINDOW = 1 << 16;

    @TempDir private Path directory;

    @Test
    void readsStringsOfAllLengths() throws IOException {
        int[] lengths = {0, 1, WINDOW - 1, WINDOW, WINDOW + 1, WINDOW + 1000, 2 * WINDOW, 3};
        ByteBuffer bytes = ByteBuffer.allocate(8 * WINDOW).order(ByteOrder.LITTLE_ENDIAN);
        for (int length : lengths) {
            bytes.putLong(length).put(text(length).getBytes(StandardCharsets.US_ASCII));
        }
        Path path = Files.write(directory.resolve("strings"), bytes.array());

        try (MappedFile file = MappedFile.open(path)) {
            ByteCursor cursor = new ByteCursor(file, file.size());
            for (int length : lengths) {
                assertThat(cursor.readString("text")).isEqualTo(text(length));
            }
            assertThat(cursor.position()).isEqualTo(bytes.position());
        }
    }

    private static String text(int length) {
        return "0123456".repeat(length / 7 + 1).substring(0, length);
    }
}
