package dev.sluice.compute.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The argument structs against the header that the C side is compiled with.
class NativeOpTest {
    private static final Path HEADER = Path.of("native/cpu/sluice_cpu.h");
    private static final Pattern FIELD =
            Pattern.compile(
                    "^\\s*(?:const )?(struct sl_matrix|void|float|int32_t|int64_t|double)\\s*"
                            + "(\\*?)(\\w+);\\s*/\\*\\s*(\\d+).*");

    private static String header() throws IOException {
        return Files.readString(HEADER);
    }

    /// `offset kind name` of each field of a struct, nested matrices taken apart.
    private static List<String> fields(String struct, long base, String prefix) throws IOException {
        String start = "struct " + struct + " {";
        String text = header();
        assertThat(text).contains(start);
        String body = text.substring(text.indexOf(start) + start.length());
        List<String> fields = new ArrayList<>();
        for (String line : body.substring(0, body.indexOf("};")).split("\n", -1)) {
            Matcher field = FIELD.matcher(line);
            if (!field.matches()) {
                continue;
            }
            long offset = base + Long.parseLong(field.group(4));
            String name = prefix + field.group(3);
            if (field.group(1).equals("struct sl_matrix")) {
                fields.addAll(fields("sl_matrix", offset, name + "."));
            } else {
                fields.add(offset + " " + kind(field) + " " + name);
            }
        }
        return fields;
    }

    private static NativeOp.Kind kind(Matcher field) {
        if (!field.group(2).isEmpty()) {
            return NativeOp.Kind.POINTER;
        }
        return field.group(1).equals("double") ? NativeOp.Kind.REAL : NativeOp.Kind.INTEGER;
    }

    @ParameterizedTest
    @EnumSource
    void everyFieldIsWhereTheHeaderPutsIt(NativeOp op) throws IOException {
        List<String> expected = new ArrayList<>();
        for (int i = 0; i < op.fields().size(); i++) {
            NativeOp.Field field = op.fields().get(i);
            expected.add(8 * i + " " + field.kind() + " " + field.name());
        }

        assertThat(fields(op.symbol() + "_args", 0, "")).isEqualTo(expected);
    }

    @Test
    void theInterfaceVersionIsTheHeaders() throws IOException {
        assertThat(header()).contains("#define SL_ABI_VERSION " + NativeLibrary.ABI_VERSION + "\n");
    }

    @Test
    void everyOperationOfTheHeaderIsBound() throws IOException {
        Matcher functions =
                Pattern.compile("SL_API void (sl_\\w+)\\(const struct").matcher(header());

        assertThat(functions.results().map(match -> match.group(1)))
                .containsExactlyInAnyOrderElementsOf(
                        List.of(NativeOp.values()).stream().map(NativeOp::symbol).toList());
    }
}
