package dev.sluice.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.LongStream;

final class IncrementalDetokenizerTest {
    private final Tokenizer bytes =
            TokenizerLoader.fromGguf(SmallTokenizers.byteLevel()).tokenizer();
    private final Tokenizer pieces =
            TokenizerLoader.fromGguf(SmallTokenizers.sentencePiece()).tokenizer();

    static LongStream seeds() {
        return LongStream.range(0, 200);
    }

    private static String deltas(Tokenizer tokenizer, int... ids) {
        IncrementalDetokenizer detokenizer =
                new IncrementalDetokenizer(tokenizer.vocabulary(), false);
        StringBuilder deltas = new StringBuilder();
        for (int id : ids) {
            deltas.append(detokenizer.accept(id)).append('|');
        }
        return deltas.append(detokenizer.flush()).toString();
    }

    @Test
    void holdsBackAnIncompleteCharacter() {
        assertThat(deltas(bytes, 'a', 0xE2, 0x82, 0xAC, 'b')).isEqualTo("a|||\u20AC|b|");
    }

    @Test
    void replacesEachPartOfACharacterThatCannotGoOn() {
        assertThat(deltas(bytes, 0xE2, 0x82, 'a')).isEqualTo("||\uFFFDa|");
        assertThat(deltas(bytes, 0xED, 0xA0, 0x80)).isEqualTo("|\uFFFD\uFFFD|\uFFFD|");
        assertThat(deltas(bytes, 0xF0, 0x9F)).isEqualTo("||\uFFFD");
        assertThat(deltas(bytes, 0xC0, 0xAF)).isEqualTo("\uFFFD|\uFFFD|");
    }

    @Test
    void dropsOneLeadingSpaceOfPieces() {
        assertThat(deltas(pieces, 263, 263)).isEqualTo("hello| hello|");
        assertThat(deltas(pieces, 264, 263)).isEqualTo("| hello|");
    }

    @ParameterizedTest
    @CsvSource({
        "OF_EACH_TOKEN, ' ', 'B', 'B', 'C B'",
        "ONE, ' ', ' B', 'B', 'C B'",
        "KEPT, '  ', '  B', ' B', ' C B'"
    })
    void dropsLeadingSpacesAsTheDecoderHasIt(
            LeadingSpace mode, String two, String spaceAndB, String b, String cAndB) {
        TokenTable table =
                new TokenTable(
                        new TokenIndex(
                                new String[] {"\u2581\u2581", "\u2581", "\u2581B", "\u2581C"}),
                        Map.of(),
                        TokenDecoder.sentencePiece(mode),
                        new BitSet(),
                        new TokenTable.Ends(OptionalInt.empty(), Set.of()));

        assertThat(decoded(table, 0)).isEqualTo(two);
        assertThat(decoded(table, 1, 2)).isEqualTo(spaceAndB);
        assertThat(decoded(table, 2)).isEqualTo(b);
        assertThat(decoded(table, 3, 2)).isEqualTo(cAndB);
    }

    private static String decoded(Vocabulary vocabulary, int... ids) {
        IncrementalDetokenizer detokenizer = new IncrementalDetokenizer(vocabulary, false);
        StringBuilder text = new StringBuilder();
        Arrays.stream(ids).forEach(id -> text.append(detokenizer.accept(id)));
        return text.append(detokenizer.flush()).toString();
    }

    @Test
    void keepsTheLeadingSpaceOfAContinuation() {
        IncrementalDetokenizer detokenizer =
                IncrementalDetokenizer.continuing(pieces.vocabulary(), true);

        assertThat(detokenizer.accept(263)).isEqualTo(" hello");
    }

    @Test
    void givesARunOfBytesWholeOrReplaced() {
        int e = 3 + 0xC3;
        int acute = 3 + 0xA9;

        assertThat(deltas(pieces, e, acute, 265)).isEqualTo("||\u00E9h|");
        assertThat(deltas(pieces, e, acute, e, 265)).isEqualTo("|||\uFFFD\uFFFD\uFFFDh|");
        assertThat(deltas(pieces, e, acute)).isEqualTo("||\u00E9");
    }

    @Test
    void tellsWhatOfATextIsOfEarlierIdsAlone() {
        IncrementalDetokenizer run = new IncrementalDetokenizer(pieces.vocabulary(), false);
        IncrementalDetokenizer part = new IncrementalDetokenizer(bytes.vocabulary(), false);
        run.accept(3 + 0xC3);
        run.accept(3 + 0xA9);
        part.accept(0xE2);

        assertThat(run.held()).isEqualTo("é");
        assertThat(run.accept(265)).isEqualTo("éh");
        assertThat(run.carried()).isEqualTo(1);
        assertThat(run.held()).isEmpty();
        assertThat(part.held()).isEqualTo("�");
        assertThat(part.accept('a')).isEqualTo("�a");
        assertThat(part.carried()).isEqualTo(1);
        assertThat(part.accept('b')).isEqualTo("b");
        assertThat(part.carried()).isZero();
        part.accept(0xC3);
        assertThat(part.accept(0xA9)).isEqualTo("é");
        assertThat(part.carried()).isZero();
    }

    @Test
    void skipsSpecialTokensWithinARunOfBytes() {
        IncrementalDetokenizer detokenizer = new IncrementalDetokenizer(pieces.vocabulary(), true);
        String deltas =
                detokenizer.accept(3 + 0xC3)
                        + detokenizer.accept(2)
                        + detokenizer.accept(3 + 0xA9)
                        + detokenizer.flush();

        assertThat(deltas).isEqualTo("\u00E9");
    }

    @Test
    void givesNothingForIdsPastTheVocabulary() {
        assertThat(deltas(bytes, 'a', 5000, 'b')).isEqualTo("a||b|");
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void deltasAreTheDecodedText(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        int[] ids = random.ints(random.nextInt(1, 60), 0, 280).toArray();

        for (Tokenizer tokenizer : new Tokenizer[] {bytes, pieces}) {
            String deltas = deltas(tokenizer, ids).replace("|", "");
            String whole = tokenizer.decode(TokenIds.of(ids), false).replace("|", "");
            assertThat(deltas).isEqualTo(whole);
        }
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void textSurvivesAnyCutOfItsBytes(long seed) {
        byte[] text = TextSamples.of(seed).getBytes(StandardCharsets.UTF_8);
        Utf8Stream stream = new Utf8Stream();
        StringBuilder out = new StringBuilder();
        SplittableRandom random = new SplittableRandom(seed);
        for (int i = 0; i < text.length; ) {
            int end = Math.min(text.length, i + random.nextInt(1, 5));
            stream.accept(Arrays.copyOfRange(text, i, end), out);
            i = end;
        }
        stream.flush(out);

        assertThat(out).hasToString(new String(text, StandardCharsets.UTF_8));
    }
}
