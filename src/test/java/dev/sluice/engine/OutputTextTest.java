package dev.sluice.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.testing.ByteTokenizer;
import dev.sluice.tokenizer.TokenIds;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.LongStream;

/// One byte is one token here, so that characters and stop strings always span several.
class OutputTextTest {
    private final ByteTokenizer tokenizer = new ByteTokenizer();

    /// Pieces of a text, and why it ended.
    private record Run(List<String> pieces, Optional<FinishReason> reason, int numTokens) {
        String text() {
            return String.join("", pieces);
        }
    }

    private Run run(int[] ids, StopConditions stop, boolean skipSpecial) {
        GenerationRequest request =
                new GenerationRequest(
                        "a",
                        TokenIds.of(1),
                        SamplingParams.GREEDY,
                        LogitsRules.NONE,
                        stop,
                        new OutputOptions(skipSpecial, false, Set.of(), LogprobsOptions.NONE));
        OutputText output =
                new OutputText(request, Set.of(ByteTokenizer.EOS), tokenizer.vocabulary());
        List<String> pieces = new ArrayList<>();
        for (int i = 0; i < ids.length; i++) {
            OutputText.Piece piece = output.accept(ids[i], i == stop.maxTokens() - 1);
            pieces.add(piece.text());
            if (piece.reason().isPresent()) {
                return new Run(pieces, piece.reason(), i + 1);
            }
        }
        return new Run(pieces, Optional.empty(), ids.length);
    }

    private Run run(String text, StopConditions stop) {
        return run(tokenizer.encode(text, false).toArray(), stop, true);
    }

    private static StopConditions stops(int maxTokens, boolean include, String... strings) {
        return new StopConditions(maxTokens, List.of(strings), Set.of(), false, include);
    }

    @Test
    void showsACharacterOnlyWhenItIsComplete() {
        Run run = run("a€b", StopConditions.maxTokens(5));

        assertThat(run.pieces()).containsExactly("a", "", "", "€", "b");
        assertThat(run.reason()).contains(FinishReason.LENGTH);
    }

    @Test
    void showsWhatIsLeftOfACharacterAtTheLimit() {
        int[] euro = tokenizer.encode("€", false).toArray();

        Run run = run(euro, StopConditions.maxTokens(2), true);

        assertThat(run.text()).isEqualTo("\ufffd");
        assertThat(run.reason()).contains(FinishReason.LENGTH);
    }

    @Test
    void leavesAStopStringOut() {
        Run run = run("hello STOP more", stops(100, false, "STOP"));

        assertThat(run.text()).isEqualTo("hello ");
        assertThat(run.reason()).contains(FinishReason.STOP);
        assertThat(run.numTokens()).isEqualTo("hello STOP".length());
    }

    @Test
    void keepsAStopStringWhenAsked() {
        Run run = run("hello STOP more", stops(100, true, "STOP"));

        assertThat(run.text()).isEqualTo("hello STOP");
    }

    @Test
    void showsWhatWasHeldBackWhenItWasNoStopString() {
        Run run = run("STO hello", stops(9, false, "STOP"));

        assertThat(run.text()).isEqualTo("STO hello");
        assertThat(run.pieces().subList(0, 4)).containsExactly("", "", "", "STO ");
    }

    @Test
    void showsWhatWasHeldBackAtTheLimit() {
        Run run = run("aSTO", stops(4, false, "STOP"));

        assertThat(run.text()).isEqualTo("aSTO");
        assertThat(run.reason()).contains(FinishReason.LENGTH);
    }

    @Test
    void aStopStringAtTheLimitIsAStop() {
        Run run = run("aSTOP", stops(5, false, "STOP"));

        assertThat(run.text()).isEqualTo("a");
        assertThat(run.reason()).contains(FinishReason.STOP);
    }

    @Test
    void aStopStringThatBeginsBeforeTheLeastNumberOfTokensMayEndBehind() {
        List<String> strings = List.of("STOP", "TO");
        for (int min = 0; min < 8; min++) {
            StopConditions stop = new StopConditions(min, 12, strings, Set.of(), false, false);

            Run run = run("aSTOP more b", stop);

            // "TO" is whole with the 4th token, "STOP" with the 5th.
            String expected = min < 4 ? "aS" : min < 5 ? "a" : "aSTOP more b";
            assertThat(run.text()).isEqualTo(expected);
        }
    }

    @Test
    void aStopIdThatIsForcedBeforeTheLeastNumberOfTokensEndsNothing() {
        for (int min = 0; min < 4; min++) {
            StopConditions stop =
                    new StopConditions(min, 4, List.of(), Set.of((int) 'b'), false, false);

            assertThat(run("abcd", stop).text()).isEqualTo(min < 2 ? "a" : "abcd");
        }
    }

    @Test
    void endsAtTheEndOfSequence() {
        int[] ids = {'h', 'i', ByteTokenizer.EOS, 'x'};

        assertThat(run(ids, StopConditions.maxTokens(10), true).text()).isEqualTo("hi");
        assertThat(run(ids, stops(10, true), true).text()).isEqualTo("hi<eos>");
        assertThat(run(ids, StopConditions.maxTokens(10), true).reason())
                .contains(FinishReason.STOP);
    }

    @Test
    void ignoresTheEndOfSequenceWhenAsked() {
        int[] ids = {'h', ByteTokenizer.EOS, 'i'};

        Run run = run(ids, new StopConditions(3, List.of(), Set.of(), true, false), true);

        assertThat(run.text()).isEqualTo("hi");
        assertThat(run.reason()).contains(FinishReason.LENGTH);
    }

    @Test
    void endsAtAStopId() {
        int[] ids = {'h', 'i', 'x', 'y'};
        Set<Integer> stop = Set.of((int) 'x');

        Run without = run(ids, new StopConditions(9, List.of(), stop, false, false), true);
        Run with = run(ids, new StopConditions(9, List.of(), stop, false, true), true);

        assertThat(without.text()).isEqualTo("hi");
        assertThat(with.text()).isEqualTo("hix");
        assertThat(without.numTokens()).isEqualTo(3);
    }

    @Test
    void showsSpecialTokensWhenAsked() {
        int[] ids = {ByteTokenizer.BOS, 'h'};

        assertThat(run(ids, StopConditions.maxTokens(9), true).text()).isEqualTo("h");
        assertThat(run(ids, StopConditions.maxTokens(9), false).text()).isEqualTo("<bos>h");
    }

    static LongStream seeds() {
        return LongStream.range(0, 200);
    }

    /// Pieces together are the decoded text up to the first stop string, and no piece ever shows
    /// the beginning of one.
    @ParameterizedTest
    @MethodSource("seeds")
    void piecesTogetherAreTheTextUpToTheFirstStop(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        String alphabet = "ab€é😀";
        StringBuilder text = new StringBuilder();
        random.ints(random.nextInt(1, 60), 0, 5)
                .forEach(i -> text.appendCodePoint(alphabet.codePoints().toArray()[i]));
        List<String> stops = new ArrayList<>();
        for (int i = random.nextInt(4); i > 0; i--) {
            StringBuilder stop = new StringBuilder();
            random.ints(random.nextInt(1, 5), 0, 5)
                    .forEach(c -> stop.appendCodePoint(alphabet.codePoints().toArray()[c]));
            stops.add(stop.toString());
        }
        int[] ids = tokenizer.encode(text.toString(), false).toArray();

        Run run = run(ids, new StopConditions(ids.length, stops, Set.of(), false, false), true);

        assertThat(run.text()).isEqualTo(beforeFirstStop(text.toString(), stops));
    }

    /// The text is looked at after every character, as it is when tokens arrive one by one: a short
    /// stop string that ends first wins over a long one that began earlier.
    private static String beforeFirstStop(String text, List<String> stops) {
        for (int end = 0; end <= text.length(); end++) {
            String seen = text.substring(0, end);
            Optional<Integer> start =
                    stops.stream()
                            .filter(seen::endsWith)
                            .map(stop -> seen.length() - stop.length())
                            .min(Integer::compare);
            if (start.isPresent()) {
                return text.substring(0, start.get());
            }
        }
        return text;
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void piecesOfRandomBytesAreWhatADecoderMakesOfTheWhole(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        byte[] bytes = new byte[random.nextInt(1, 80)];
        random.nextBytes(bytes);
        int[] ids = new int[bytes.length];
        for (int i = 0; i < ids.length; i++) {
            // Java makes one U+FFFD of a surrogate in UTF-8, Unicode and we three.
            bytes[i] = bytes[i] == (byte) 0xed ? (byte) 0xec : bytes[i];
            ids[i] = bytes[i] & 0xff;
        }

        Run run = run(ids, StopConditions.maxTokens(ids.length), true);

        assertThat(run.text()).isEqualTo(new String(bytes, StandardCharsets.UTF_8));
    }
}
