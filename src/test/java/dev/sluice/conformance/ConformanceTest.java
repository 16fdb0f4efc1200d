package dev.sluice.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.GZIPOutputStream;

class ConformanceTest {
    private static final String TEMPLATE =
            "{\"id\":\"greet\",\"template\":\"Hi {{ messages[0].content }}\"}";
    private static final String CONVERSATION =
            "[{\"id\":\"one\",\"messages\":[{\"role\":\"user\",\"content\":\"you\"}]}]";
    private static final String RIGHT = "{\"t\":\"greet\",\"c\":\"one\",\"out\":\"Hi you\"}\n";
    private static final String WRONG = "{\"t\":\"greet\",\"c\":\"one\",\"out\":\"Hi me\"}\n";

    @TempDir private Path folder;
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @BeforeEach
    void writeTemplateAndConversation() throws IOException {
        write("templates.jsonl", TEMPLATE);
        write("conversations.json", CONVERSATION);
    }

    @Test
    void endsWithZeroWhenAllRowsAreRight() throws IOException {
        write("deep/inside/any-name.jsonl", RIGHT);

        assertThat(run("templates", folder.toString())).isZero();
        assertThat(lastLine()).isEqualTo("1 passed, 0 failed, 0 skipped");
    }

    @Test
    void showsAWrongRowAndEndsWithOne() throws IOException {
        write("expected.jsonl", RIGHT + WRONG);

        assertThat(run("templates", folder.toString())).isEqualTo(1);
        assertThat(out.toString())
                .contains("template outputs: 1 right, 1 wrong, 0 refused, 0 skipped (50.00 %")
                .contains("expected.jsonl:2: wrong: greet with one: char 3: expected \"Hi me\"");
        assertThat(lastLine()).isEqualTo("1 passed, 1 failed, 0 skipped");
    }

    @Test
    void countsAnErrorWhereAnOutputWasExpectedAsRefused() throws IOException {
        write("more.jsonl", "{\"id\":\"bad\",\"template\":\"{% if %}\"}");
        write("expected.jsonl", "{\"t\":\"bad\",\"c\":\"one\",\"out\":\"x\"}");

        assertThat(run("templates", folder.toString())).isEqualTo(1);
        assertThat(out.toString()).contains("0 right, 0 wrong, 1 refused");
    }

    @Test
    void wantsAnErrorWhereOneIsExpected() throws IOException {
        write("more.jsonl", "{\"id\":\"bad\",\"template\":\"{{ nothing() }}\"}");
        write(
                "expected.jsonl",
                "{\"t\":\"bad\",\"c\":\"one\",\"error\":\"UndefinedError: 'nothing' is undefined\"}\n"
                        + "{\"t\":\"greet\",\"c\":\"one\",\"error\":\"TypeError: x\"}");

        assertThat(run("templates", folder.toString())).isEqualTo(1);
        assertThat(out.toString())
                .contains("template errors: 1 right, 1 wrong")
                .contains("1 of 1 errors in Python's own words");
    }

    @Test
    void endsWithOneForASkippedRowUnlessSkipsAreAllowed() throws IOException {
        write("expected.jsonl", RIGHT + "{\"t\":\"unknown\",\"c\":\"one\",\"out\":\"x\"}");

        assertThat(run("templates", folder.toString())).isEqualTo(1);
        assertThat(run("templates", folder.toString(), "--allow-skips")).isZero();
        assertThat(out.toString()).contains("skipped: no template unknown");
        assertThat(lastLine()).isEqualTo("1 passed, 0 failed, 1 skipped");
    }

    @Test
    void namesFilesAndLinesThatItCantRead() throws IOException {
        write("expected.jsonl", RIGHT);
        write("broken.jsonl", "{\"t\": \n");
        write("broken.jsonl.gz", "no gzip");

        assertThat(run("templates", folder.toString())).isEqualTo(1);
        assertThat(out.toString())
                .contains("can't read " + folder.resolve("broken.jsonl") + ":1: ")
                .contains("can't read " + folder.resolve("broken.jsonl.gz") + ": ");
        assertThat(lastLine()).isEqualTo("1 passed, 0 failed, 2 skipped");
    }

    @Test
    void readsCompressedRows() throws IOException {
        try (OutputStream file = Files.newOutputStream(folder.resolve("rows.jsonl.gz"));
                OutputStream gzip = new GZIPOutputStream(file)) {
            gzip.write(RIGHT.getBytes(StandardCharsets.UTF_8));
        }

        assertThat(run("templates", folder.toString())).isZero();
    }

    @Test
    void takesTheTemplateOfTheSameFolder() throws IOException {
        write("other/templates.jsonl", TEMPLATE.replace("Hi", "Bye"));
        write("other/expected.jsonl", RIGHT.replace("Hi", "Bye"));
        write("expected.jsonl", RIGHT);

        assertThat(run("templates", folder.toString())).isZero();
        assertThat(lastLine()).isEqualTo("2 passed, 0 failed, 0 skipped");
    }

    @Test
    void endsWithOneWhenThereIsNothingToTry() throws IOException {
        assertThat(run("templates", folder.toString())).isEqualTo(1);
        assertThat(err.toString()).contains("There was no case to try.");
    }

    @Test
    void endsWithTwoForAWrongCommandLine() throws IOException {
        assertThat(run("templates")).isEqualTo(2);
        assertThat(run("poems", folder.toString())).isEqualTo(2);
        assertThat(run("templates", folder.resolve("absent").toString())).isEqualTo(2);
        assertThat(run("templates", folder.toString(), folder.resolve("absent").toString()))
                .isEqualTo(2);
    }

    @Test
    void skipsGrammarsWithoutTheVocabularyThatTheirTextsNeed() throws IOException {
        write(
                "any.jsonl",
                "{\"grammar\":\"root ::= \\\"a\\\"\",\"input\":\"a\",\"accepted\":true}\n");

        assertThat(run("grammar", folder.toString())).isEqualTo(1);
        assertThat(lastLine()).isEqualTo("0 passed, 0 failed, 1 skipped");
    }

    private int run(String... arguments) throws IOException {
        return new Conformance(new PrintWriter(out, true), new PrintWriter(err, true))
                .run(List.of(arguments));
    }

    private String lastLine() {
        return out.toString().lines().reduce("", (_, line) -> line);
    }

    private void write(String name, String text) throws IOException {
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }
}
