package dev.sluice.openai.parsers;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.openai.parsers.Speaker.Result;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.stream.Stream;

/// Every transcript, cut in every way, with markers of one token and of several.
class TranscriptTest {
    private static final int SEEDS = 60;
    private static final List<String> ALL =
            Stream.of(
                            List.of(
                                    ReasoningFormat.THINK,
                                    ReasoningFormat.THINK_END,
                                    ReasoningFormat.RESPONSE,
                                    ReasoningFormat.RESPONSE_END),
                            CallFormat.HERMES.markers(),
                            CallFormat.DEEPSEEK.markers())
                    .flatMap(List::stream)
                    .distinct()
                    .toList();

    static Stream<Transcript> transcripts() {
        return Stream.of(
                        ThinkingTranscripts.all(),
                        ErnieTranscripts.all(),
                        TaggedCallTranscripts.all(),
                        DeepseekTranscripts.all(),
                        WholeTranscripts.all(),
                        GuidedTranscripts.all())
                .flatMap(List::stream);
    }

    private static List<MarkerTokenizer> tokenizers(int seed) {
        SplittableRandom random = new SplittableRandom(seed);
        List<String> some = new ArrayList<>(ALL);
        some.removeIf(_ -> random.nextBoolean());
        return List.of(
                MarkerTokenizer.ofChars(),
                new MarkerTokenizer(ALL, false),
                new MarkerTokenizer(some, false));
    }

    @ParameterizedTest
    @MethodSource("transcripts")
    void isTheSameWholeAndTokenByToken(Transcript transcript) {
        for (MarkerTokenizer tokenizer : tokenizers(1)) {
            Result whole = transcript.speaker().whole(tokenizer);
            Result tokens = transcript.speaker().eachToken(tokenizer);

            assertThat(whole).hasToString(transcript.expected());
            assertThat(tokens).hasToString(transcript.expected());
        }
    }

    @ParameterizedTest
    @MethodSource("transcripts")
    void isTheSameCutAtEverySinglePlace(Transcript transcript) {
        for (MarkerTokenizer tokenizer : tokenizers(2)) {
            for (int i = 1; i < transcript.speaker().length(tokenizer); i++) {
                assertThat(transcript.speaker().cut(tokenizer, Set.of(i)))
                        .as("cut at %d", i)
                        .hasToString(transcript.expected());
            }
        }
    }

    @ParameterizedTest
    @MethodSource("transcripts")
    void isTheSameCutAtRandomPlaces(Transcript transcript) {
        for (int seed = 0; seed < SEEDS; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            for (MarkerTokenizer tokenizer : tokenizers(seed)) {
                int length = Math.max(2, transcript.speaker().length(tokenizer));
                Set<Integer> cuts = new TreeSet<>();
                for (int i = 0; i < 2 + seed % 5; i++) {
                    cuts.add(random.nextInt(1, length));
                }

                assertThat(transcript.speaker().cut(tokenizer, cuts))
                        .as("seed %d", seed)
                        .hasToString(transcript.expected());
            }
        }
    }

    @ParameterizedTest
    @MethodSource("transcripts")
    void addsNothingToArgumentsWhereverTheTokenLimitFalls(Transcript transcript) {
        Speaker speaker = transcript.speaker();
        List<String> all = speaker.whole(MarkerTokenizer.ofChars()).heard().arguments();
        for (int end = 0; end <= speaker.output().length(); end++) {
            if (end > 0 && Character.isHighSurrogate(speaker.output().charAt(end - 1))) {
                continue;
            }
            Speaker shorter =
                    new Speaker(
                            speaker.settings(),
                            speaker.prompt(),
                            speaker.output().substring(0, end),
                            true);

            Result whole = shorter.whole(MarkerTokenizer.ofChars());
            Result tokens = shorter.eachToken(MarkerTokenizer.ofChars());

            assertThat(tokens).hasToString(whole.toString());
            List<String> some = whole.heard().arguments();
            for (int i = 0; i < Math.min(some.size(), all.size()); i++) {
                assertThat(all.get(i)).startsWith(some.get(i));
            }
        }
    }
}
