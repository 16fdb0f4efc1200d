package dev.sluice.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;

final class GgufTokenizerTest {
    private final Map<String, Object> metadata = SmallTokenizers.byteLevel();

    static LongStream seeds() {
        return LongStream.range(0, 200);
    }

    private static int[] encode(Map<String, Object> metadata, String text) {
        return TokenizerLoader.fromGguf(metadata).tokenizer().encode(text, false).toArray();
    }

    private static String decode(Map<String, Object> metadata, String text) {
        Tokenizer tokenizer = TokenizerLoader.fromGguf(metadata).tokenizer();
        return tokenizer.decode(tokenizer.encode(text, true), true);
    }

    @Test
    void mergesByRank() {
        assertThat(encode(metadata, "hello wor")).containsExactly(259, 262);
        assertThat(encode(metadata, "helo")).containsExactly(256, 'l', 'o');
        assertThat(encode(metadata, "aaaaaaa")).containsExactly(264, 263, 'a');
    }

    @Test
    void findsControlTokensInText() {
        assertThat(encode(metadata, "a<s>hello</s>")).containsExactly('a', 265, 259, 266);
    }

    @Test
    void addsTheBeginningOnlyWhenTheFileSaysSo() {
        Tokenizer silent = TokenizerLoader.fromGguf(metadata).tokenizer();
        metadata.put("tokenizer.ggml.add_bos_token", true);
        Tokenizer adding = TokenizerLoader.fromGguf(metadata).tokenizer();

        assertThat(silent.encode("a", true)).isEqualTo(TokenIds.of('a'));
        assertThat(adding.encode("a", true)).isEqualTo(TokenIds.of(265, 'a'));
        assertThat(adding.encode("a", false)).isEqualTo(TokenIds.of('a'));
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void textComesBackWholeFromBytes(long seed) {
        String text = TextSamples.of(seed);

        assertThat(decode(metadata, text)).isEqualTo(text);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void textComesBackWholeFromPieces(long seed) {
        String text = TextSamples.of(seed).replace('\u2581', '_');

        assertThat(decode(SmallTokenizers.sentencePiece(), text)).isEqualTo(text);
    }

    @Test
    void prefersPiecesOfHigherScore() {
        int[] ids = encode(SmallTokenizers.sentencePiece(), "hello hel.");

        assertThat(ids).containsExactly(263, 261, 269);
    }

    @Test
    void writesCharactersWithoutAPieceAsBytes() {
        int[] ids = encode(SmallTokenizers.sentencePiece(), "h\u00E9");

        assertThat(ids).containsExactly(259, 3 + 0xC3, 3 + 0xA9);
    }

    @Test
    void putsNoSpaceBeforeATextWhenTheFileSaysSo() {
        Map<String, Object> pieces = SmallTokenizers.sentencePiece();
        pieces.put("tokenizer.ggml.add_space_prefix", false);

        assertThat(encode(pieces, "h")).containsExactly(265);
        assertThat(TokenizerLoader.fromGguf(pieces).tokenizer().vocabulary().leadingSpace())
                .isEqualTo(LeadingSpace.KEPT);
    }

    @Test
    void takesArraysOfAnyForm() {
        int[] expected = encode(metadata, "hello wor");
        int[] types = new int[SmallTokenizers.BYTE_LEVEL_SIZE];
        Arrays.fill(types, 1);
        metadata.put("tokenizer.ggml.token_type", types);
        metadata.computeIfPresent("tokenizer.ggml.tokens", (_, array) -> list(array));
        metadata.computeIfPresent("tokenizer.ggml.merges", (_, array) -> list(array));

        assertThat(encode(metadata, "hello wor")).isEqualTo(expected);

        metadata.computeIfPresent("tokenizer.ggml.tokens", (_, list) -> objects(list));

        assertThat(encode(metadata, "hello wor")).isEqualTo(expected);
    }

    private static Object[] objects(Object list) {
        return ((List<?>) list).toArray(new Object[0]);
    }

    private static List<Object> list(Object array) {
        return List.of((Object[]) array);
    }

    @Test
    void namesEndsRolesAndTemplate() {
        metadata.put("tokenizer.chat_template", "{{ messages }}");

        LoadedTokenizer loaded = TokenizerLoader.fromGguf(metadata);

        assertThat(loaded.chatTemplate()).hasValue("{{ messages }}");
        assertThat(loaded.specialTokens())
                .containsExactlyInAnyOrderEntriesOf(
                        Map.of("bos_token", "<s>", "eos_token", "</s>"));
        assertThat(loaded.tokenizer().vocabulary().eosIds()).containsExactly(266);
        assertThat(loaded.tokenizer().vocabulary().bosId()).hasValue(265);
        assertThat(loaded.tokenizer().vocabulary().isSpecial(265)).isTrue();
    }

    @Test
    void cutsTheDefaultWayUnderAnUnknownName() {
        metadata.put("tokenizer.ggml.pre", "of-tomorrow");

        assertThat(encode(metadata, "hello")).containsExactly(259);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"tokenizer.ggml.model", "tokenizer.ggml.tokens", "tokenizer.ggml.merges"})
    void saysWhichKeyIsMissing(String key) {
        metadata.remove(key);

        assertThatThrownBy(() -> TokenizerLoader.fromGguf(metadata))
                .isInstanceOf(TokenizerException.class)
                .hasMessageContaining(key);
    }

    @Test
    void refusesWhatItCantRead() {
        assertRefused("tokenizer.ggml.model", "rwkv", "rwkv");
        assertRefused("tokenizer.ggml.tokens", 7L, "no array of texts");
        assertRefused("tokenizer.ggml.token_type", new int[] {1}, "1 entries for 267 tokens");
        assertRefused("tokenizer.ggml.merges", new String[] {"nospace"}, "no pair");
    }

    private static void assertRefused(String key, Object value, String reason) {
        Map<String, Object> changed = SmallTokenizers.byteLevel();
        changed.put(key, value);

        assertThatThrownBy(() -> TokenizerLoader.fromGguf(changed))
                .isInstanceOf(TokenizerException.class)
                .hasMessageContaining(reason);
    }

    @Test
    void ignoresIdsOutsideOfTheVocabulary() {
        metadata.put("tokenizer.ggml.bos_token_id", 4_000_000_000L);
        metadata.put("tokenizer.ggml.eos_token_id", 300L);
        metadata.put("tokenizer.ggml.add_bos_token", true);

        Tokenizer tokenizer = TokenizerLoader.fromGguf(metadata).tokenizer();

        assertThat(tokenizer.encode("a", true)).isEqualTo(TokenIds.of('a'));
        assertThat(tokenizer.vocabulary().eosIds()).isEmpty();
        assertThat(tokenizer.vocabulary().bytes(300)).isEmpty();
        assertThat(tokenizer.vocabulary().bytes(-1)).isEmpty();
    }

    @Test
    void takesLoneSurrogatesAsReplacementCharacters() {
        assertThat(decode(metadata, "a\uD800b")).isEqualTo("a\uFFFDb");
        assertThat(decode(SmallTokenizers.sentencePiece(), "a\uDC00b")).isEqualTo("a\uFFFDb");
    }
}
