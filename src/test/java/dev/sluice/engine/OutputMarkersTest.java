package dev.sluice.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.sluice.testing.ByteTokenizer;
import dev.sluice.testing.GgufMetadataReader;
import dev.sluice.tokenizer.TokenIds;
import dev.sluice.tokenizer.Tokenizer;
import dev.sluice.tokenizer.TokenizerLoader;
import dev.sluice.tokenizer.Vocabulary;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/// The text of real vocabularies, and the places of markers in it.
class OutputMarkersTest {
    private static final StopConditions ENDLESS = StopConditions.maxTokens(10_000);

    /// Vocabularies of all kinds of bytes.
    enum Kind {
        SENTENCE_PIECE_BYTES("unigram-bytes"),
        SENTENCE_PIECE_BPE("bpe"),
        BYTE_LEVEL("");

        private final String model;

        Kind(String model) {
            this.model = model;
        }

        Tokenizer load() throws IOException {
            if (this == BYTE_LEVEL) {
                Optional<Path> file = defaultModel();
                assumeThat(file)
                        .as("the default model in ~/.cache/sluice; fetch it first")
                        .isPresent();
                return TokenizerLoader.fromGguf(GgufMetadataReader.read(file.orElseThrow()))
                        .tokenizer();
            }
            Path file = Path.of("src/test/resources/tokenizer", model + ".model");
            return TokenizerLoader.fromSentencePiece(file).tokenizer();
        }

        private static Optional<Path> defaultModel() throws IOException {
            String home = System.getenv().getOrDefault("HOME", System.getProperty("user.home"));
            Path cache = Path.of(home, ".cache", "sluice");
            if (!Files.isDirectory(cache)) {
                return Optional.empty();
            }
            try (Stream<Path> files = Files.walk(cache)) {
                return files.filter(path -> path.endsWith("SmolLM2-135M-Instruct.Q4_1.gguf"))
                        .findFirst();
            }
        }
    }

    /// Text, and the markers with their places in it.
    private record Output(String text, List<Marker> markers) {}

    private static OutputText output(
            Vocabulary vocabulary, StopConditions stop, boolean skip, boolean goesOn, int... ids) {
        Set<Integer> markers = new HashSet<>();
        Arrays.stream(ids).forEach(markers::add);
        GenerationRequest request =
                new GenerationRequest(
                        "a",
                        TokenIds.of(1),
                        SamplingParams.GREEDY,
                        LogitsRules.NONE,
                        stop,
                        new OutputOptions(skip, goesOn, markers, LogprobsOptions.NONE));
        return new OutputText(request, Set.of(), vocabulary);
    }

    private static Output feed(OutputText output, int... ids) {
        StringBuilder text = new StringBuilder();
        List<Marker> markers = new ArrayList<>();
        for (int i = 0; i < ids.length; i++) {
            OutputText.Piece piece = output.accept(ids[i], i == ids.length - 1);
            for (Marker marker : piece.markers()) {
                assertThat(marker.textOffset()).isBetween(0, piece.text().length());
                markers.add(
                        new Marker(
                                marker.tokenId(),
                                text.length() + marker.textOffset(),
                                marker.tokenIndex()));
            }
            text.append(piece.text());
            if (piece.reason().isPresent()) {
                break;
            }
        }
        return new Output(text.toString(), markers);
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void deltasTogetherAreWhatTheTokenizerDecodes(Kind kind) throws IOException {
        Tokenizer tokenizer = kind.load();
        int size = tokenizer.vocabulary().size();
        for (long seed = 0; seed < 300; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            int limit = random.nextBoolean() ? size : Math.min(size, 270);
            int[] ids = random.ints(random.nextInt(1, 60), 0, limit).toArray();
            boolean skip = random.nextBoolean();

            Output actual = feed(output(tokenizer.vocabulary(), ENDLESS, skip, false), ids);

            assertThat(actual.text())
                    .as("seed %d", seed)
                    .isEqualTo(tokenizer.decode(TokenIds.of(ids), skip));
        }
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void aContinuationIsTheTextAfterThePrompts(Kind kind) throws IOException {
        Tokenizer tokenizer = kind.load();
        String text = "hello world, gr\u00FC\u00DFe \u4F60\u597D! how are you";
        int[] ids = tokenizer.encode(text, false).toArray();
        for (int cut = 1; cut < ids.length; cut++) {
            int[] prompt = Arrays.copyOf(ids, cut);
            int[] rest = Arrays.copyOfRange(ids, cut, ids.length);
            String before = tokenizer.decode(TokenIds.of(prompt), true);
            String whole = tokenizer.decode(TokenIds.of(ids), true);
            if (before.isEmpty() || before.contains("\uFFFD")) {
                continue;
            }

            String after = feed(output(tokenizer.vocabulary(), ENDLESS, true, true), rest).text();

            if (!after.startsWith("\uFFFD")) {
                assertThat(before + after).as("cut at %d", cut).isEqualTo(whole);
            }
        }
    }

    static LongStream seeds() {
        return LongStream.range(0, 300);
    }

    /// Texts between markers, decoded apart: text and places are the same with and without stop
    /// strings that never match but hold text back.
    @ParameterizedTest
    @MethodSource("seeds")
    void markersStandWhereTheirTokensAre(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        ByteTokenizer tokenizer = new ByteTokenizer();
        int[] markerIds = {ByteTokenizer.BOS, '#'};
        StringBuilder expected = new StringBuilder();
        List<Marker> places = new ArrayList<>();
        List<Integer> ids = new ArrayList<>();
        for (int i = random.nextInt(1, 12); i > 0; i--) {
            if (random.nextBoolean()) {
                int id = markerIds[random.nextInt(2)];
                places.add(new Marker(id, expected.length(), ids.size()));
                ids.add(id);
            } else {
                String text = "a\u20ACab\uD83D\uDE00".substring(0, random.nextInt(1, 5));
                expected.append(text);
                Arrays.stream(tokenizer.encode(text, false).toArray()).forEach(ids::add);
            }
        }
        int[] array = ids.stream().mapToInt(Integer::intValue).toArray();
        StopConditions holding =
                new StopConditions(
                        10_000, List.of("a\u20ACabX", "b\uD83D\uDE00aX"), Set.of(), false, false);

        for (StopConditions stop : List.of(ENDLESS, holding)) {
            Output actual =
                    feed(output(tokenizer.vocabulary(), stop, true, false, markerIds), array);

            assertThat(actual).isEqualTo(new Output(expected.toString(), places));
        }
    }

    @Test
    void aMarkerWaitsForTheTextBeforeIt() {
        StopConditions stop = new StopConditions(99, List.of("abc"), Set.of(), false, false);
        OutputText output = output(new ByteTokenizer().vocabulary(), stop, true, false, '#');

        assertThat(output.accept('a', false).text()).isEmpty();
        assertThat(output.accept('#', false).markers()).isEmpty();
        assertThat(output.accept('b', false).markers()).isEmpty();
        OutputText.Piece released = output.accept('x', false);
        assertThat(released.text()).isEqualTo("abx");
        assertThat(released.markers()).containsExactly(new Marker('#', 1, 1));
    }

    @Test
    void aStopStringMatchesAcrossAMarkerWhichThenStandsAtTheEnd() {
        StopConditions stop = new StopConditions(99, List.of("ab"), Set.of(), false, false);

        Output output =
                feed(
                        output(new ByteTokenizer().vocabulary(), stop, true, false, '#'),
                        'x',
                        'a',
                        '#',
                        'b',
                        'y');

        assertThat(output).isEqualTo(new Output("x", List.of(new Marker('#', 1, 2))));
    }

    @Test
    void aMarkerThatEndsTheSequenceIsReportedWithoutText() {
        StopConditions stop = new StopConditions(99, List.of(), Set.of((int) '#'), false, true);

        Output output =
                feed(
                        output(new ByteTokenizer().vocabulary(), stop, true, false, '#'),
                        'x',
                        '#',
                        'y');

        assertThat(output).isEqualTo(new Output("x", List.of(new Marker('#', 1, 1))));
    }

    @Test
    void fallbackBytesBeforeAMarkerAreTextBeforeIt() throws IOException {
        Tokenizer tokenizer = Kind.SENTENCE_PIECE_BYTES.load();
        Vocabulary vocabulary = tokenizer.vocabulary();
        int[] euro = {
            vocabulary.id("<0xE2>").orElseThrow(),
            vocabulary.id("<0x82>").orElseThrow(),
            vocabulary.id("<0xAC>").orElseThrow()
        };
        int marker = vocabulary.id("<0x00>").orElseThrow();

        Output output =
                feed(
                        output(vocabulary, ENDLESS, true, false, marker),
                        euro[0],
                        euro[1],
                        euro[2],
                        marker,
                        euro[0],
                        euro[1],
                        euro[2]);

        assertThat(output).isEqualTo(new Output("\u20AC\u20AC", List.of(new Marker(marker, 1, 3))));
    }
}
