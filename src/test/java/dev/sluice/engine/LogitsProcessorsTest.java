package dev.sluice.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.testing.ByteTokenizer;
import dev.sluice.tokenizer.TokenIds;
import dev.sluice.tokenizer.Tokenizer;
import dev.sluice.tokenizer.Vocabulary;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;

class LogitsProcessorsTest {
    private static final int THINK = 300;
    private static final int END = 301;
    private static final int SIZE = 310;

    /// One that a user may have written.
    public static class Plain implements LogitsProcessor {
        @Override
        public boolean appliesTo(SequenceState sequence) {
            return true;
        }

        @Override
        public void apply(SequenceState sequence, MemorySegment logits) {}
    }

    /// One that wants to know the tokenizer.
    public static final class WithTokenizer extends Plain {
        private final Tokenizer tokenizer;

        public WithTokenizer(Tokenizer tokenizer) {
            this.tokenizer = tokenizer;
        }
    }

    /// One that can't be made.
    public static final class Failing extends Plain {
        public Failing() {
            throw new IllegalStateException("no good");
        }
    }

    /// One without a fitting constructor.
    public static final class Closed extends Plain {
        public Closed(String name) {
            assertThat(name).isNotEmpty();
        }
    }

    private static List<LogitsProcessor> load(String... names) {
        return LogitsProcessors.load(List.of(names), new ThinkTokenizer());
    }

    @Test
    void findsBuiltInAndOwnOnesInOrder() {
        String plain = Plain.class.getName();

        List<LogitsProcessor> found =
                load(
                        "ThinkingBudgetLogitsProcessor",
                        plain,
                        "module:" + WithTokenizer.class.getName(),
                        "LogitBiasLogitsProcessor");

        assertThat(found)
                .extracting(Object::getClass)
                .isEqualTo(
                        List.of(
                                ThinkingBudgetLogitsProcessor.class,
                                Plain.class,
                                WithTokenizer.class,
                                LogitBiasLogitsProcessor.class));
        assertThat(((WithTokenizer) found.get(2)).tokenizer).isInstanceOf(ThinkTokenizer.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "NoSuchLogitsProcessor",
                "com.acme.Missing",
                "module:com.acme.Missing",
                "java.base:java.lang.Missing",
                "java.lang.String",
                "dev.sluice.engine.LogitsProcessor",
                "dev.sluice.engine.LogitsProcessorsTest$Failing",
                "dev.sluice.engine.LogitsProcessorsTest$Closed",
                ""
            })
    void saysInOneSentenceWhichClassCannotBeMade(String name) {
        assertThatThrownBy(() -> load(name))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("The logits processor " + name + " ")
                .hasMessageEndingWith(".");
    }

    /// A sequence of ids as a processor sees it.
    private record Seen(Map<String, Object> args, int numPromptTokens, List<Integer> ids)
            implements SequenceState {
        @Override
        public String requestId() {
            return "a";
        }

        @Override
        public int numOutputTokens() {
            return ids.size() - numPromptTokens;
        }

        @Override
        public int token(int index) {
            return ids.get(index);
        }
    }

    private static MemorySegment row() {
        return MemorySegment.ofArray(new float[SIZE]);
    }

    @Test
    void biasTakesKeysAndValuesAsJsonHasThem() {
        LogitsProcessor bias = new LogitBiasLogitsProcessor();
        Seen sequence = new Seen(Map.of("logit_bias", Map.of("5", 2, "6", "-1.5")), 1, List.of(1));
        MemorySegment row = row();

        assertThat(bias.appliesTo(sequence)).isTrue();
        bias.apply(sequence, row);

        assertThat(row.getAtIndex(ValueLayout.JAVA_FLOAT, 5)).isEqualTo(2f);
        assertThat(row.getAtIndex(ValueLayout.JAVA_FLOAT, 6)).isEqualTo(-1.5f);
        assertThat(row.getAtIndex(ValueLayout.JAVA_FLOAT, 7)).isZero();
        Map<String, Object> nothing = new HashMap<>();
        nothing.put("logit_bias", null);
        assertThat(bias.appliesTo(new Seen(nothing, 1, List.of(1)))).isFalse();
        assertThatCode(() -> bias.checkArgs(nothing, SIZE)).doesNotThrowAnyException();
    }

    @Test
    void biasRefusesWhatItCannotRead() {
        LogitsProcessor bias = new LogitBiasLogitsProcessor();
        for (Object wrong :
                List.of(
                        "text",
                        List.of(1),
                        Map.of("x", 1),
                        Map.of("1", "y"),
                        Map.of("1", List.of()),
                        Map.of("1", Double.NaN),
                        Map.of("1", 1e300),
                        Map.of("-1", 1),
                        Map.of("99999999999", 1),
                        Map.of(Integer.toString(SIZE), 1))) {
            assertThatThrownBy(() -> bias.checkArgs(Map.of("logit_bias", wrong), SIZE))
                    .as("%s", wrong)
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("logit_bias");
        }
    }

    @Test
    void aSentenceThatEndsTheThinkingIsShort() {
        LogitsProcessor budget = new ThinkingBudgetLogitsProcessor(new ThinkTokenizer());

        budget.checkArgs(Map.of("think_stop_sentence", "x".repeat(1000)), SIZE);

        assertThatThrownBy(() ->
                        budget.checkArgs(Map.of("think_stop_sentence", "x".repeat(1001)), SIZE))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("think_stop_sentence must have at most 1,000 characters.");
    }

    /// What comes when the model always says `m`.
    private static List<Integer> say(Map<String, Object> args, int numTokens, Integer... prompt) {
        LogitsProcessor budget = new ThinkingBudgetLogitsProcessor(new ThinkTokenizer());
        List<Integer> ids = new ArrayList<>(List.of(prompt));
        for (int i = 0; i < numTokens; i++) {
            MemorySegment row = row();
            row.setAtIndex(ValueLayout.JAVA_FLOAT, 'm', 1);
            Seen sequence = new Seen(args, prompt.length, ids);
            if (budget.appliesTo(sequence)) {
                budget.apply(sequence, row);
            }
            int best = 0;
            for (int id = 0; id < SIZE; id++) {
                float logit = row.getAtIndex(ValueLayout.JAVA_FLOAT, id);
                best = logit > row.getAtIndex(ValueLayout.JAVA_FLOAT, best) ? id : best;
            }
            ids.add(best);
        }
        return ids.subList(prompt.length, ids.size());
    }

    @Test
    void thinkingEndsAtItsBudget() {
        assertThat(say(Map.of("thinking_budget", 2), 5, 1, THINK))
                .containsExactly((int) 'm', (int) 'm', END, (int) 'm', (int) 'm');
        assertThat(say(Map.of("thinking_budget", 0L), 2, THINK)).containsExactly(END, (int) 'm');
    }

    @Test
    void theStopSentenceComesWithinTheBudget() {
        Map<String, Object> args = Map.of("thinking_budget", 4, "think_stop_sentence", "ok");

        assertThat(say(args, 6, THINK, (int) 'x'))
                .containsExactly((int) 'm', (int) 'm', (int) 'o', (int) 'k', END, (int) 'm');
        assertThat(say(Map.of("thinking_budget", 1, "think_stop_sentence", "ok"), 4, THINK))
                .containsExactly((int) 'o', (int) 'k', END, (int) 'm');
    }

    /// A server that kept all of them would grow with what its clients think of.
    @Test
    void theSentencesOfLongAgoAreForgotten() {
        ThinkTokenizer tokenizer = new ThinkTokenizer();
        LogitsProcessor budget = new ThinkingBudgetLogitsProcessor(tokenizer);
        IntConsumer stop =
                i ->
                        assertThat(
                                        budget.appliesTo(
                                                new Seen(
                                                        Map.of(
                                                                "thinking_budget",
                                                                0,
                                                                "think_stop_sentence",
                                                                "stop " + i),
                                                        1,
                                                        List.of(THINK))))
                                .isTrue();
        IntStream.range(0, 1000).forEach(stop);
        assertThat(tokenizer.numEncoded).isEqualTo(1000);

        stop.accept(999);
        assertThat(tokenizer.numEncoded).isEqualTo(1000);
        IntStream.range(0, 936).forEach(stop);
        assertThat(tokenizer.numEncoded).isEqualTo(1936);
    }

    @Test
    void doesNothingWhereNobodyThinksOrTheBudgetIsNoNumber() {
        List<Integer> undisturbed = List.of((int) 'm', (int) 'm', (int) 'm');

        assertThat(say(Map.of("thinking_budget", 1), 3, 1)).isEqualTo(undisturbed);
        assertThat(say(Map.of("thinking_budget", 1), 3, THINK, END)).isEqualTo(undisturbed);
        assertThat(say(Map.of(), 3, THINK)).isEqualTo(undisturbed);
        assertThat(say(Map.of("thinking_budget", "1"), 3, THINK)).isEqualTo(undisturbed);
        assertThat(say(Map.of("thinking_budget", -1), 3, THINK)).isEqualTo(undisturbed);
        assertThat(say(Map.of("thinking_budget", 1.5), 3, THINK)).isEqualTo(undisturbed);
        LogitsProcessor wordless = new ThinkingBudgetLogitsProcessor(new ByteTokenizer());
        assertThat(wordless.appliesTo(new Seen(Map.of("thinking_budget", 0), 1, List.of(THINK))))
                .isFalse();
    }

    /// Bytes, and the two tokens of thinking.
    private static final class ThinkTokenizer implements Tokenizer, Vocabulary {
        private final ByteTokenizer bytes = new ByteTokenizer();
        private int numEncoded;

        @Override
        public TokenIds encode(String text, boolean addSpecial) {
            numEncoded++;
            return bytes.encode(text, addSpecial);
        }

        @Override
        public Vocabulary vocabulary() {
            return this;
        }

        @Override
        public String decode(TokenIds ids, boolean skipSpecial) {
            return bytes.decode(ids, skipSpecial);
        }

        @Override
        public int size() {
            return SIZE;
        }

        @Override
        public byte[] bytes(int id) {
            return bytes.vocabulary().bytes(id);
        }

        @Override
        public boolean isSpecial(int id) {
            return id >= ByteTokenizer.BOS;
        }

        @Override
        public OptionalInt id(String token) {
            return switch (token) {
                case "<think>" -> OptionalInt.of(THINK);
                case "</think>" -> OptionalInt.of(END);
                default -> bytes.vocabulary().id(token);
            };
        }

        @Override
        public OptionalInt bosId() {
            return bytes.vocabulary().bosId();
        }

        @Override
        public Set<Integer> eosIds() {
            return bytes.vocabulary().eosIds();
        }
    }
}
