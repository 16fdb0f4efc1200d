package dev.sluice.grammar;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.tokenizer.Vocabulary;

import org.junit.jupiter.api.Test;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;

/// Literals of a tag that are special tokens.
class MarkersTest {
    private static final List<String> TOKENS = List.of("a", "b", "<", "m", ">", "<m>", "<end>");
    private static final int A = 0;
    private static final int B = 1;
    private static final int LESS = 2;
    private static final int MARKER = 5;
    private static final int END = 6;

    private static String tag(String rest) {
        return "{\"type\":\"structural_tag\",\"format\":{\"type\":\"const_string\",\"value\":\"a<m>b"
                + rest
                + "\"}}";
    }

    /// @param special ids
    private static Vocabulary vocabulary(Set<Integer> special) {
        return new Vocabulary() {
            @Override
            public int size() {
                return TOKENS.size();
            }

            @Override
            public byte[] bytes(int id) {
                return TOKENS.get(id).getBytes(StandardCharsets.UTF_8);
            }

            @Override
            public boolean isSpecial(int id) {
                return special.contains(id);
            }

            @Override
            public OptionalInt id(String token) {
                int id = TOKENS.indexOf(token);
                return id < 0 ? OptionalInt.empty() : OptionalInt.of(id);
            }

            @Override
            public OptionalInt bosId() {
                return OptionalInt.empty();
            }

            @Override
            public Set<Integer> eosIds() {
                return Set.of(END);
            }
        };
    }

    private static GrammarMatcher matcher(Set<Integer> special, String more, String... markers)
            throws GrammarException {
        GrammarVocabulary words = GrammarVocabulary.of(vocabulary(special));
        try (GrammarCompiler compiler =
                new GrammarCompiler(
                        () -> words, GrammarLimits.DEFAULT, JsonSchemaOptions.DEFAULT, 1)) {
            return compiler.compileNow(new GrammarSpec.StructuralTag(tag(more), Set.of(markers)))
                    .matcher(Set.of(END));
        }
    }

    private static boolean accepts(GrammarMatcher matcher, int... tokens) {
        for (int token : tokens) {
            if (!matcher.accept(token)) {
                return false;
            }
        }
        return true;
    }

    @Test
    void aMarkerThatIsASpecialTokenIsWrittenAsThat() throws GrammarException {
        Set<Integer> special = Set.of(MARKER, END);

        assertThat(accepts(matcher(special, "", "<m>"), A, MARKER, B, END)).isTrue();
        assertThat(accepts(matcher(special, "", "<m>"), A, LESS)).isFalse();
    }

    @Test
    void otherTextIsText() throws GrammarException {
        Set<Integer> special = Set.of(MARKER, END);

        assertThat(accepts(matcher(special, ""), A, LESS, 3, 4, B, END)).isTrue();
        assertThat(accepts(matcher(special, ""), A, MARKER)).isFalse();
    }

    @Test
    void aMarkerThatIsAnOrdinaryTokenIsText() throws GrammarException {
        Set<Integer> special = Set.of(END);

        assertThat(accepts(matcher(special, "", "<m>"), A, MARKER, B, END)).isTrue();
        assertThat(accepts(matcher(special, "", "<m>"), A, LESS, 3, 4, B, END)).isTrue();
    }

    @Test
    void aTokenThatEndsTheTextIsNoPartOfIt() throws GrammarException {
        GrammarMatcher matcher = matcher(Set.of(MARKER, END), "<end>", "<end>");

        assertThat(accepts(matcher, A, LESS, 3, 4, B)).isTrue();
        assertThat(matcher.accept(END)).isFalse();
    }
}
