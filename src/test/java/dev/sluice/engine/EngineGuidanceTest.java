package dev.sluice.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.sluice.grammar.GrammarCompiler;
import dev.sluice.grammar.GrammarSpec;
import dev.sluice.testing.ByteTokenizer;
import dev.sluice.testing.TestEngines;
import dev.sluice.tokenizer.TokenIds;
import dev.sluice.tokenizer.Tokenizer;
import dev.sluice.tokenizer.Vocabulary;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.stream.IntStream;

/// Texts that must look a certain way, in a running engine.
class EngineGuidanceTest extends RuledEngine {
    static final String PATTERN = "(ab|cd)+e?[0-9]{2,40}!";
    private static final int END = 'E';

    private final GrammarCompiler compiler = TestEngines.grammars();

    @AfterEach
    void closeCompiler() {
        compiler.close();
    }

    boolean jumps = true;
    private List<LogitsProcessor> processors = List.of();
    private Optional<EarlyStop> earlyStop = Optional.empty();
    private int steps;

    static GenerationRequest guided(String id, int seed, Guidance guidance, StopConditions stop) {
        SamplingParams sampling =
                new SamplingParams(
                        seed % 2 == 0 ? 0 : 1,
                        1,
                        OptionalInt.empty(),
                        0,
                        seed,
                        seed % 3 == 0 ? new Penalties(1.3f, 0.4f, 0.2f) : Penalties.NONE);
        return new GenerationRequest(
                id,
                TokenIds.of(Requests.prompt(seed, 5 + seed % 20)),
                sampling,
                LogitsRules.NONE.with(guidance),
                stop,
                OutputOptions.TEXT);
    }

    static Guidance regex(String pattern) {
        return new Guidance(new GrammarSpec.RegularExpression(pattern), "guided_regex");
    }

    private EngineFeatures guided() {
        EngineFeatures features =
                EngineFeatures.of(processors, Optional.of(new GuidedDecoding(compiler, jumps)));
        return earlyStop.map(features::with).orElse(features);
    }

    Map<String, Answer> admit(EngineConfig config, List<GenerationRequest> requests) {
        Map<String, List<GenerationEvent>> events = new LinkedHashMap<>();
        try (Engine engine = engine(config, guided())) {
            for (GenerationRequest request : requests) {
                List<GenerationEvent> list = new ArrayList<>();
                events.put(request.id(), list);
                engine.admit(request, list::add).join();
            }
            steps = 0;
            while (engine.step()) {
                engine.checkIntegrity();
                steps++;
            }
            drafts = engine.stats().snapshot().drafts().orElse(DraftCounts.NONE);
        }
        Map<String, Answer> answers = new LinkedHashMap<>();
        events.forEach((id, list) -> answers.put(id, new Answer(list)));
        return answers;
    }

    @Test
    void everyAnswerThatEndsFollowsItsGrammarWhateverRunsBesideIt() {
        List<GenerationRequest> requests =
                IntStream.range(0, 24)
                        .mapToObj(seed ->
                                guided(
                                        "g" + seed,
                                        seed,
                                        regex(PATTERN),
                                        StopConditions.maxTokens(120)))
                        .toList();

        Map<String, Answer> together = admit(config(64, 8, 90), requests);

        int ended = 0;
        for (GenerationRequest request : requests) {
            Answer answer = of(together, request.id());
            Answer alone = of(admit(roomy(), List.of(request)), request.id());
            assertThat(answer.text()).isEqualTo(alone.text());
            if (answer.reason() == FinishReason.STOP) {
                ended++;
                assertThat(answer.text()).matches(PATTERN);
            }
        }
        assertThat(ended).isGreaterThan(12);
    }

    /// @param steps taken where forced text comes token by token
    void assertSaved(int quickSteps, int steps) {
        assertThat(quickSteps).isLessThan(steps / 2);
    }

    @Test
    void forcedTextTakesOneStepAndChangesNothingElse() {
        Guidance guidance =
                regex("\\{\"temperature_in_celsius\": (1|23), \"unit\": \"celsius\"\\}");
        for (int seed = 0; seed < 6; seed++) {
            GenerationRequest request = guided("j", seed, guidance, StopConditions.maxTokens(200));

            jumps = true;
            Answer quick = of(admit(config(7, 2, 90), List.of(request)), "j");
            int quickSteps = steps;
            jumps = false;
            Answer slow = of(admit(roomy(), List.of(request)), "j");

            assertThat(quick.text()).isEqualTo(slow.text());
            assertThat(quick.ids()).isEqualTo(slow.ids());
            assertThat(quick.reason()).isEqualTo(slow.reason());
            assertSaved(quickSteps, steps);
        }
    }

    private void assertDrawnTokenByToken(GenerationRequest request, String text) {
        jumps = true;
        Answer answer = of(admit(roomy(), List.of(request)), request.id());
        int allowed = steps;
        jumps = false;
        Answer slow = of(admit(roomy(), List.of(request)), request.id());

        assertThat(answer.text()).isEqualTo(text);
        assertThat(answer).isEqualTo(slow);
        assertThat(allowed).isEqualTo(steps);
    }

    @Test
    void forcedTextWithABiasIsDrawnTokenByToken() {
        GenerationRequest request =
                biased("b", regex("abcdefgh"), Map.of((int) 'x', 1f), StopConditions.maxTokens(9));

        assertDrawnTokenByToken(request, "abcdefgh");
    }

    @Test
    void forcedTextWithAStopIdIsDrawnTokenByToken() {
        StopConditions stop = new StopConditions(5, 9, List.of(), Set.of((int) 'c'), false, false);

        assertDrawnTokenByToken(guided("s", 0, regex("abcdefgh"), stop), "abcdefgh");
    }

    @Test
    void forcedTextWithLogProbabilitiesIsDrawnTokenByToken() {
        OutputOptions output =
                new OutputOptions(
                        true,
                        false,
                        Set.of(),
                        new LogprobsOptions(OptionalInt.of(0), false, false, OptionalInt.empty()));
        LogitsRules rules = LogitsRules.NONE.with(regex("abcdefgh"));

        assertDrawnTokenByToken(
                request("l", rules, StopConditions.maxTokens(9), output), "abcdefgh");
    }

    @Test
    void forcedTextWithABadWordIsDrawnTokenByToken() {
        LogitsRules rules =
                new LogitsRules(
                        List.of(TokenIds.of('x', 'y')),
                        Map.of(),
                        Map.of(),
                        Optional.empty(),
                        Optional.of(regex("abcdefgh")));

        assertDrawnTokenByToken(
                request("w", rules, StopConditions.maxTokens(9), OutputOptions.TEXT), "abcdefgh");
    }

    @Test
    void forcedTextThatAProcessorSeesIsDrawnTokenByToken() {
        processors = List.of(new Levelling());
        GenerationRequest request = guided("p", 0, regex("abcdefgh"), StopConditions.maxTokens(9));

        assertDrawnTokenByToken(request, "abcdefgh");
    }

    /// Finds all tokens equally likely, those too that the grammar has closed.
    private static final class Levelling implements LogitsProcessor {
        @Override
        public boolean appliesTo(SequenceState sequence) {
            return true;
        }

        @Override
        public void apply(SequenceState sequence, MemorySegment logits) {
            for (int id = 0; id < ByteTokenizer.SIZE; id++) {
                logits.setAtIndex(ValueLayout.JAVA_FLOAT, id, 10);
            }
        }
    }

    @Test
    void noProcessorOpensWhatTheGrammarHasClosed() {
        processors = List.of(new Levelling());
        GenerationRequest request = guided("p", 0, regex("ab"), StopConditions.maxTokens(9));

        Answer answer = of(admit(roomy(), List.of(request)), "p");

        assertThat(answer.text()).isEqualTo("ab");
        assertThat(answer.reason()).isEqualTo(FinishReason.STOP);
    }

    @Test
    void forcedTextThatReadsLikeASpecialTokenIsWrittenInLetters() {
        tokenizer = new MarkupTokenizer();
        GenerationRequest request =
                guided("m", 0, regex("abc<eos>defghij"), StopConditions.maxTokens(20));

        Answer quick = of(admit(roomy(), List.of(request)), "m");
        jumps = false;
        Answer slow = of(admit(roomy(), List.of(request)), "m");

        assertThat(quick.text()).isEqualTo("abc<eos>defghij");
        assertThat(quick).isEqualTo(slow);
    }

    /// Bytes, but for the text of the special token, which is the token.
    private static final class MarkupTokenizer implements Tokenizer {
        private final ByteTokenizer bytes = new ByteTokenizer();

        @Override
        public TokenIds encode(String text, boolean addSpecial) {
            int at = text.indexOf("<eos>");
            if (at < 0) {
                return bytes.encode(text, addSpecial);
            }
            int[] before = bytes.encode(text.substring(0, at), addSpecial).toArray();
            int[] behind = encode(text.substring(at + "<eos>".length()), false).toArray();
            int[] ids = Arrays.copyOf(before, before.length + 1 + behind.length);
            ids[before.length] = ByteTokenizer.EOS;
            System.arraycopy(behind, 0, ids, before.length + 1, behind.length);
            return TokenIds.of(ids);
        }

        @Override
        public Vocabulary vocabulary() {
            return bytes.vocabulary();
        }

        @Override
        public String decode(TokenIds ids, boolean skipSpecial) {
            return bytes.decode(ids, skipSpecial);
        }
    }

    @Test
    void forcedTokensSayNothingOfHowSureTheModelIs() {
        earlyStop = Optional.of(new EarlyStop(6, 0.9));
        GenerationRequest request =
                guided("e", 0, regex("abcdefghijklmnopqrst[uv]"), StopConditions.maxTokens(40));

        Answer answer = of(admit(roomy(), List.of(request)), "e");

        assertThat(answer.text()).startsWith("abcdefghijklmnopqrst").hasSize(21);
    }

    private Answer thinking(Guidance guidance, ThinkingBudget budget, Map<Integer, Float> bias) {
        LogitsRules rules =
                new LogitsRules(
                        List.of(), bias, Map.of(), Optional.of(budget), Optional.of(guidance));
        GenerationRequest request =
                request("t", rules, StopConditions.maxTokens(40), OutputOptions.TEXT);
        return of(admit(roomy(), List.of(request)), "t");
    }

    @Test
    void theGrammarBeginsBehindTheThinking() {
        Guidance guidance =
                new Guidance(
                        new GrammarSpec.Choice(List.of("yes", "no")),
                        "guided_choice",
                        Optional.of(TokenIds.of(END, END)));
        ThinkingBudget budget =
                new ThinkingBudget(
                        OptionalInt.of(4),
                        OptionalInt.empty(),
                        true,
                        TokenIds.EMPTY,
                        TokenIds.of(END, END),
                        TokenIds.of(END, END));

        Answer answer = thinking(guidance, budget, Map.of());

        assertThat(answer.reason()).isEqualTo(FinishReason.STOP);
        assertThat(answer.text().substring(answer.text().indexOf("EE") + 2).strip())
                .isIn("yes", "no");
    }

    /// Four tokens of thinking, then a choice.
    private Answer chosenAfterThinking() {
        Guidance guidance =
                new Guidance(
                        new GrammarSpec.Choice(List.of("yes", "no")),
                        "guided_choice",
                        Optional.of(TokenIds.of(END)));
        ThinkingBudget budget =
                new ThinkingBudget(
                        OptionalInt.of(4),
                        OptionalInt.empty(),
                        true,
                        TokenIds.EMPTY,
                        TokenIds.of(END),
                        TokenIds.of(END));
        return thinking(guidance, budget, Map.of());
    }

    @Test
    void noEndComesWithinTheThinking() {
        model.saying(_ -> ByteTokenizer.EOS);

        Answer answer = chosenAfterThinking();

        assertThat(answer.ids().get(4)).isEqualTo(END);
        assertThat(answer.text()).matches("(?s).*E\\n{0,3}(yes|no)");
        assertThat(answer.reason()).isEqualTo(FinishReason.STOP);
    }

    @Test
    void aFewLineEndsMayComeBetweenTheThinkingAndTheText() {
        model.saying(_ -> '\n');

        Answer answer = chosenAfterThinking();

        assertThat(answer.text()).matches("\n\n\n\nE\n\n\n(yes|no)");
        assertThat(answer.reason()).isEqualTo(FinishReason.STOP);
    }

    @Test
    void logProbabilitiesAreThoseOfTheTokensThatTheGrammarLeaves() {
        LogitsRules rules = LogitsRules.NONE.with(regex("(a|b|c|d)(e|f)"));
        OutputOptions output =
                new OutputOptions(
                        true,
                        false,
                        Set.of(),
                        new LogprobsOptions(OptionalInt.of(6), false, false, OptionalInt.empty()));
        GenerationRequest request = request("p", rules, StopConditions.maxTokens(2), output);

        Answer answer = of(admit(roomy(), List.of(request)), "p");

        assertThat(mass(answer.logprobs().get(0), "abcd")).isCloseTo(1, within(1e-5));
        assertThat(mass(answer.logprobs().get(1), "ef")).isCloseTo(1, within(1e-5));
    }

    /// The probability of all of some tokens, which are the only ones that have any.
    private static double mass(TokenLogprobs position, String tokens) {
        List<TokenLogprob> possible =
                position.top().stream().filter(t -> t.logprob() > LogprobsMeter.LEAST).toList();
        assertThat(possible)
                .extracting(TokenLogprob::tokenId)
                .containsExactlyInAnyOrderElementsOf(tokens.chars().boxed().toList());
        return possible.stream().mapToDouble(t -> Math.exp(t.logprob())).sum();
    }

    /// The answer of a request whose output may open its thinking.
    private Answer undecided(float biasOfOpening) {
        Guidance guidance =
                new Guidance(
                        new GrammarSpec.Choice(List.of("yes", "no")),
                        "guided_choice",
                        Optional.of(TokenIds.of(END)),
                        OptionalInt.of('T'));
        ThinkingBudget budget =
                new ThinkingBudget(
                        OptionalInt.of(4),
                        OptionalInt.empty(),
                        false,
                        TokenIds.of('T'),
                        TokenIds.of(END),
                        TokenIds.of(END, '\n', '\n'));
        return thinking(guidance, budget, Map.of((int) 'T', biasOfOpening));
    }

    @Test
    void anOutputMayOpenItsThinkingItself() {
        Answer thinking = undecided(100);
        Answer silent = undecided(-100);

        assertThat(thinking.text()).matches("(?s)T.*E\n\n(yes|no)");
        assertThat(thinking.reason()).isEqualTo(FinishReason.STOP);
        assertThat(silent.text()).isIn("yes", "no");
    }

    /// Whether or not the output counts as thinking to begin with, and though the marker is part of
    /// the text.
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aBudgetOfThinkingPutsNothingIntoTextOfAGrammar(boolean started) {
        ThinkingBudget budget =
                new ThinkingBudget(
                        OptionalInt.of(3),
                        OptionalInt.of(12),
                        started,
                        TokenIds.of('T'),
                        TokenIds.of(END),
                        TokenIds.of(END));

        Answer answer = thinking(regex("ThisTextIsThere"), budget, Map.of());

        assertThat(answer.text()).isEqualTo("ThisTextIsTh");
        assertThat(answer.reason()).isEqualTo(FinishReason.LENGTH);
    }

    @Test
    void aGrammarThatMustEndWinsOverTheLeastNumberOfTokens() {
        StopConditions stop = new StopConditions(20, 30, List.of(), Set.of(), false, false);

        Answer answer = of(admit(roomy(), List.of(guided("m", 0, regex("ab"), stop))), "m");

        assertThat(answer.text()).isEqualTo("ab");
        assertThat(answer.reason()).isEqualTo(FinishReason.STOP);
    }

    private static StopConditions ignoringEos(Set<Integer> stopIds) {
        return new StopConditions(30, List.of(), stopIds, true, false);
    }

    @Test
    void aGrammarThatMustEndEndsThoughEndsAreIgnored() {
        List<GenerationRequest> requests =
                IntStream.range(0, 6)
                        .mapToObj(seed ->
                                guided("i" + seed, seed, regex("yes|no"), ignoringEos(Set.of())))
                        .toList();

        Map<String, Answer> answers = admit(roomy(), requests);

        answers.forEach((id, answer) -> {
            assertThat(answer.text()).as(id).isIn("yes", "no");
            assertThat(answer.reason()).as(id).isEqualTo(FinishReason.STOP);
            assertThat(answer.ids()).as(id).hasSize(answer.text().length() + 1);
        });
    }

    @Test
    void aTextThatMayGoOnGoesOnWhereEndsAreIgnored() {
        Guidance pattern = regex("a*");
        int end = ByteTokenizer.EOS;
        List<GenerationRequest> requests =
                List.of(
                        biased("on", pattern, Map.of(end, 100f), ignoringEos(Set.of())),
                        biased("stop", pattern, Map.of(end, 100f), ignoringEos(Set.of(end))));

        Map<String, Answer> answers = admit(roomy(), requests);

        assertThat(of(answers, "on").text()).isEqualTo("a".repeat(30));
        assertThat(of(answers, "on").reason()).isEqualTo(FinishReason.LENGTH);
        assertThat(of(answers, "stop").text()).isEmpty();
        assertThat(of(answers, "stop").reason()).isEqualTo(FinishReason.STOP);
    }

    private static GenerationRequest biased(
            String id, Guidance guidance, Map<Integer, Float> bias, StopConditions stop) {
        LogitsRules rules =
                new LogitsRules(List.of(), bias, Map.of(), Optional.empty(), Optional.of(guidance));
        return request(id, rules, stop, OutputOptions.TEXT);
    }

    @Test
    void aGrammarThatCantBeCompiledNamesItsField() {
        try (Engine engine = engine(roomy(), guided())) {
            GenerationRequest request = guided("x", 0, regex("a**"), StopConditions.maxTokens(3));

            assertThatThrownBy(() -> engine.admit(request, _ -> {}).get())
                    .isInstanceOf(ExecutionException.class)
                    .rootCause()
                    .isInstanceOfSatisfying(
                            ApiException.InvalidRequest.class,
                            e -> {
                                assertThat(e.param()).contains("guided_regex");
                                assertThat(e).hasMessageStartingWith("Invalid regex format: ");
                            });
            assertThat(engine.hasWork()).isFalse();
        }
    }

    @Test
    void aTextThatCantBeFollowedAnyFurtherEndsItsOwnRequestOnly() {
        GenerationRequest hostile =
                guided(
                        "hostile",
                        1,
                        regex("xx" + "(a|b|ab)*".repeat(1_900)),
                        StopConditions.maxTokens(20));
        GenerationRequest other =
                guided("other", 2, regex("[a-z]{9}"), StopConditions.maxTokens(20));
        Map<String, List<GenerationEvent>> events = new LinkedHashMap<>();
        try (Engine engine =
                new Engine(
                        roomy(),
                        model,
                        new ByteTokenizer(),
                        device,
                        List.of(),
                        Optional.of(new GuidedDecoding(compiler, jumps)),
                        System::nanoTime)) {
            for (GenerationRequest request : List.of(hostile, other)) {
                List<GenerationEvent> list = new ArrayList<>();
                events.put(request.id(), list);
                engine.admit(request, list::add).join();
            }
            while (engine.step()) {
                engine.checkIntegrity();
            }
        }

        assertThat(Objects.requireNonNull(events.get("hostile")).getLast())
                .isInstanceOfSatisfying(
                        GenerationEvent.Failed.class,
                        failed ->
                                assertThat(failed.cause())
                                        .isInstanceOf(ApiException.InvalidRequest.class)
                                        .hasMessageContaining("too ambiguous"));
        assertThat(Objects.requireNonNull(events.get("other")).getLast())
                .isInstanceOf(GenerationEvent.Finished.class);
    }

    @Test
    void withoutACompilerTheRequestIsRefused() {
        try (Engine engine =
                new Engine(roomy(), model, new ByteTokenizer(), device, System::nanoTime)) {
            GenerationRequest request = guided("x", 0, regex("a"), StopConditions.maxTokens(3));

            assertThatThrownBy(() -> engine.admit(request, _ -> {}).get())
                    .rootCause()
                    .hasMessageContaining("--guided-decoding-backend");
        }
    }
}
