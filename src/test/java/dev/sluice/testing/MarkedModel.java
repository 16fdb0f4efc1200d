package dev.sluice.testing;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/// Copies of the default model whose spare special tokens, ids 3 to 16, are markers of thinking and
/// of calls. The names change, no byte moves.
public final class MarkedModel {
    private static final int FIRST_SPARE = 3;
    private static final List<String> SPARE =
            List.of(
                    "<repo_name>",
                    "<reponame>",
                    "<file_sep>",
                    "<filename>",
                    "<gh_stars>",
                    "<issue_start>",
                    "<issue_comment>",
                    "<issue_closed>",
                    "<jupyter_start>",
                    "<jupyter_text>",
                    "<jupyter_code>",
                    "<jupyter_output>",
                    "<jupyter_script>",
                    "<empty_output>");

    private MarkedModel() {}

    /// Copies a model.
    ///
    /// @param markers new names of the first spare ids
    public static void copy(Path source, Path target, List<String> markers) {
        try {
            Files.copy(source, target);
            byte[] before = names(SPARE);
            byte[] after = names(padded(markers));
            try (RandomAccessFile file = new RandomAccessFile(target.toFile(), "rw")) {
                byte[] start = new byte[1 << 20];
                file.readFully(start);
                file.seek(indexOf(start, before));
                file.write(after);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// The id of a marker.
    public static int id(List<String> markers, String marker) {
        return FIRST_SPARE + markers.indexOf(marker);
    }

    /// As many names of the same length together.
    private static List<String> padded(List<String> markers) {
        int left = SPARE.stream().mapToInt(String::length).sum();
        left -= markers.stream().mapToInt(MarkedModel::length).sum();
        int fillers = SPARE.size() - markers.size();
        StringBuilder all = new StringBuilder();
        for (int i = 0; i < fillers; i++) {
            int length = i == fillers - 1 ? left : left / (fillers - i);
            all.append(filler(i, length)).append('\n');
            left -= length;
        }
        return Stream.concat(markers.stream(), all.toString().lines()).toList();
    }

    private static String filler(int number, int length) {
        String name = "<spare" + number;
        return name + "_".repeat(length - name.length() - 1) + ">";
    }

    private static int length(String name) {
        return name.getBytes(StandardCharsets.UTF_8).length;
    }

    private static byte[] names(List<String> names) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (String name : names) {
            byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
            out.write(
                    ByteBuffer.allocate(Long.BYTES)
                            .order(ByteOrder.LITTLE_ENDIAN)
                            .putLong(bytes.length)
                            .array());
            out.write(bytes);
        }
        return out.toByteArray();
    }

    private static int indexOf(byte[] bytes, byte[] part) {
        for (int at = 0; at + part.length <= bytes.length; at++) {
            if (Arrays.equals(bytes, at, at + part.length, part, 0, part.length)) {
                return at;
            }
        }
        throw new IllegalStateException("this is not the default model");
    }
}
