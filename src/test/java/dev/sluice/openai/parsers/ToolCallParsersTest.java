package dev.sluice.openai.parsers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.tokenizer.TokenIds;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.IOException;
import java.io.OutputStream;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;

import javax.tools.ToolProvider;

class ToolCallParsersTest {
    private static final String HERE = ToolCallParsersTest.class.getName();
    private static final String JAR_PARSER =
            """
            package com.acme;

            import dev.sluice.openai.parsers.ToolCallParser;
            import dev.sluice.tokenizer.TokenIds;
            import java.util.List;

            public class JarParser implements ToolCallParser {
                @Override
                public String name() {
                    return "test-jarred";
                }

                @Override
                public Extraction extract(String text, TokenIds ids) {
                    return new Extraction("jar:" + text, List.of());
                }
            }
            """;
    private static final MarkerTokenizer CALLS = new MarkerTokenizer(List.of("<call>"), true);

    /// `<call>name` at the end of an answer.
    public static class Whole implements ToolCallParser {
        private int asked;

        @Override
        public Optional<Extension> extractDelta(Growth growth) {
            asked++;
            assertThat(asked).isEqualTo(1);
            return Optional.empty();
        }

        @Override
        public String name() {
            return "Test_Whole";
        }

        @Override
        public Set<String> markers() {
            return Set.of("<call>");
        }

        @Override
        public Extraction extract(String text, TokenIds ids) {
            int at = text.indexOf("<call>");
            return at < 0
                    ? new Extraction(text + "#" + ids.size(), List.of())
                    : new Extraction(
                            text.substring(0, at),
                            List.of(
                                    new Call(text.substring(at + 6), ""),
                                    new Call("second", "{\"a\": 1}")));
        }
    }

    /// Each char is a call; what it saw is kept.
    public static class Growing implements ToolCallParser {
        static final List<Growth> SEEN = new ArrayList<>();

        @Override
        public String name() {
            return "test-growing";
        }

        @Override
        public Extraction extract(String text, TokenIds ids) {
            throw new IllegalStateException("streams");
        }

        @Override
        public Optional<Extension> extractDelta(Growth growth) {
            SEEN.add(growth);
            if (growth.last()) {
                return Optional.of(new Extension("end", List.of()));
            }
            List<CallExtension> calls = new ArrayList<>();
            for (int i = growth.previousText().length(); i < growth.currentText().length(); i++) {
                String name = growth.currentText().substring(i, i + 1);
                calls.add(new CallExtension(i, Optional.of(name), i == 0 ? "[1" : ""));
            }
            if (growth.previousText().length() == 1) {
                calls.add(new CallExtension(0, Optional.empty(), "]"));
            }
            return Optional.of(new Extension("", calls));
        }
    }

    /// Always fails.
    public static class Failing extends Whole {
        @Override
        public String name() {
            return "test-failing";
        }

        @Override
        public Extraction extract(String text, TokenIds ids) {
            throw new IllegalStateException("no luck");
        }
    }

    /// Skips a call.
    public static class Skipping extends Whole {
        @Override
        public String name() {
            return "test-skipping";
        }

        @Override
        public Optional<Extension> extractDelta(Growth growth) {
            return Optional.of(
                    new Extension("", List.of(new CallExtension(1, Optional.of("b"), "{}"))));
        }
    }

    /// Can't be made from outside.
    public static final class Hidden extends Whole {
        private Hidden() {}
    }

    /// Fails when it is made.
    public static class Exploding extends Whole {
        public Exploding() {
            throw new IllegalStateException("no licence");
        }
    }

    /// Has the name of one of ours.
    public static class Copycat extends Whole {
        @Override
        public String name() {
            return "hermes";
        }
    }

    @BeforeAll
    static void register() {
        ToolCallParsers.register(Whole::new);
        ToolCallParsers.register(Growing::new);
        ToolCallParsers.register(Failing::new);
        ToolCallParsers.register(Skipping::new);
    }

    private static Speaker speaker(String name, boolean parallel, String output) {
        return new Speaker(
                new ParserSettings(
                        Optional.of("ernie-45-vl"), Optional.of(name), true, parallel, true),
                "",
                output,
                false);
    }

    @Test
    void findsCallsInAWholeAnswer() {
        Speaker speaker = speaker("test-whole", true, "hm</think>a <call>go");
        String expected =
                "reasoning=[hm] content=[a ] names=[go, second] arguments=[{}, {\"a\": 1}] called=true";

        assertThat(speaker.whole(CALLS)).hasToString(expected);
        assertThat(speaker.eachToken(CALLS)).hasToString(expected);
    }

    @Test
    void seesTheTokensOfTheAnswerOnly() {
        Speaker speaker = speaker("test_whole", true, "hm</think>abc");

        assertThat(speaker.whole(new MarkerTokenizer(List.of("</think>"), false)))
                .hasToString("reasoning=[hm] content=[abc#3] names=[] arguments=[] called=false");
    }

    @Test
    void keepsOnlyTheFirstCallWhereOneIsWanted() {
        assertThat(speaker("test-whole", false, "</think><call>go").whole(CALLS))
                .hasToString("reasoning=[] content=[] names=[go] arguments=[{}] called=true");
    }

    @Test
    void showsAGrowingAnswerAndCompletesItsCalls() {
        Growing.SEEN.clear();
        MarkerTokenizer tokenizer = new MarkerTokenizer(List.of("</think>"), false);

        assertThat(speaker("test-growing", true, "x</think>ab").eachToken(tokenizer))
                .hasToString(
                        "reasoning=[x] content=[end] names=[a, b] arguments=[[1], {}] called=true");
        assertThat(Growing.SEEN)
                .containsExactly(
                        growth("", "a", "a", false),
                        growth("a", "b", "ab", false),
                        growth("ab", "", "ab", true));
    }

    private static ToolCallParser.Growth growth(
            String before, String delta, String after, boolean last) {
        return new ToolCallParser.Growth(
                before, delta, after, ids(before), ids(delta), ids(after), last);
    }

    private static TokenIds ids(String text) {
        return MarkerTokenizer.ofChars().encode(text, false);
    }

    @Test
    void namesTheClassThatFails() {
        assertThatThrownBy(() -> speaker("test-failing", true, "a</think>b").whole(CALLS))
                .isInstanceOf(ToolCallParserException.class)
                .hasMessageContaining(HERE + "$Failing")
                .hasMessageContaining("no luck");
        assertThatThrownBy(() -> speaker("test-skipping", true, "a</think>b").whole(CALLS))
                .isInstanceOf(ToolCallParserException.class)
                .hasMessageContaining(HERE + "$Skipping");
    }

    @Test
    void listsTheNamesOfUsersParsers() {
        assertThat(OutputParsers.toolCallNames()).contains("test-whole", "hermes");
    }

    @ParameterizedTest
    @CsvSource({
        "com.acme.Nothing, was not found",
        "java.lang.String, does not implement",
        "$Hidden, no public constructor",
        "$Exploding, no licence",
        "$Copycat, hermes",
        "$Whole, another parser has it",
        "missing.jar:com.acme.Parser, no readable file missing.jar"
    })
    void refusesInOneSentenceThatNamesTheClass(String plugin, String reason) {
        String name = plugin.startsWith("$") ? HERE + plugin : plugin;

        assertThatThrownBy(() -> ToolCallParsers.load(name))
                .isInstanceOf(ToolCallParserException.class)
                .hasMessageContaining(name.substring(name.lastIndexOf(':') + 1))
                .hasMessageContaining(reason)
                .message()
                .endsWith(".")
                .doesNotContain("\n");
    }

    @Test
    void refusesAJarWithoutAClass() {
        assertThatThrownBy(() -> ToolCallParsers.load("parsers.jar"))
                .isInstanceOf(ToolCallParserException.class)
                .hasMessageContaining("path/to.jar:name.of.Class");
    }

    @Test
    void loadsAClassOfTheClassPath() {
        assertThat(ToolCallParsers.load(LoadedParser.class.getName())).isEqualTo("test-loaded");
        assertThat(OutputParsers.toolCallNames()).contains("test-loaded");
    }

    @Test
    void loadsAClassThatOnlyTheJarHas(@TempDir Path folder) throws Exception {
        Path jar = jar(folder);

        assertThat(ToolCallParsers.load(jar + ":com.acme.JarParser")).isEqualTo("test-jarred");
        assertThat(speaker("test-jarred", true, "a</think>b").whole(CALLS))
                .hasToString("reasoning=[a] content=[jar:b] names=[] arguments=[] called=false");
        assertThatThrownBy(() -> ToolCallParsers.load(jar + ":com.acme.Parser"))
                .isInstanceOf(ToolCallParserException.class)
                .hasMessageContaining("com.acme.Parser");
    }

    private static Path jar(Path folder) throws IOException, URISyntaxException {
        Path source = folder.resolve("JarParser.java");
        Files.writeString(source, JAR_PARSER);
        String classes =
                Path.of(
                                ToolCallParser.class
                                        .getProtectionDomain()
                                        .getCodeSource()
                                        .getLocation()
                                        .toURI())
                        .toString();
        assertThat(
                        ToolProvider.getSystemJavaCompiler()
                                .run(
                                        null,
                                        OutputStream.nullOutputStream(),
                                        OutputStream.nullOutputStream(),
                                        "-proc:none",
                                        "-cp",
                                        classes,
                                        "-d",
                                        folder.toString(),
                                        source.toString()))
                .isZero();
        Path jar = folder.resolve("parsers.jar");
        try (OutputStream file = Files.newOutputStream(jar);
                JarOutputStream out = new JarOutputStream(file)) {
            out.putNextEntry(new JarEntry("com/acme/JarParser.class"));
            Files.copy(folder.resolve("com/acme/JarParser.class"), out);
        }
        return jar;
    }

    /// For loading by name.
    public static class LoadedParser extends Whole {
        @Override
        public String name() {
            return "test-loaded";
        }
    }
}
