package dev.sluice.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.compute.DType;
import dev.sluice.engine.ApiException.InvalidRequest;
import dev.sluice.grammar.GrammarSpec;
import dev.sluice.tokenizer.TokenIds;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

class RequestRulesTest {
    private static final int VOCABULARY = 100;

    /// Two more than the model has.
    private static final int TOKENS = 102;

    private static final RequestRules RULES =
            new RequestRules(
                    new EngineConfig(32, 2, 16, 4, 6, DType.F32, 2, Set.of()),
                    VOCABULARY,
                    TOKENS,
                    List.of());

    private static GenerationRequest prompt(int... ids) {
        return Requests.of("a", ids, SamplingParams.GREEDY, 4);
    }

    private static GenerationRequest sampling(SamplingParams sampling) {
        return Requests.of("a", new int[] {1}, sampling, 4);
    }

    private static GenerationRequest stop(int maxTokens, String... strings) {
        return new GenerationRequest(
                "a",
                TokenIds.of(1),
                SamplingParams.GREEDY,
                new StopConditions(maxTokens, List.of(strings), Set.of(), false, false));
    }

    private static GenerationRequest stop(int minTokens, int maxTokens, int... stopIds) {
        return new GenerationRequest(
                "a",
                TokenIds.of(new int[20]),
                SamplingParams.GREEDY,
                new StopConditions(
                        minTokens,
                        maxTokens,
                        List.of(),
                        Arrays.stream(stopIds).boxed().collect(Collectors.toSet()),
                        false,
                        false));
    }

    private static GenerationRequest penalties(float repetition, float frequency, float presence) {
        return sampling(
                new SamplingParams(
                        1,
                        1,
                        OptionalInt.empty(),
                        0,
                        0,
                        new Penalties(repetition, frequency, presence)));
    }

    private static GenerationRequest rules(
            List<TokenIds> badWords, Map<Integer, Float> bias, Optional<ThinkingBudget> budget) {
        return new GenerationRequest(
                "a",
                TokenIds.of(1),
                SamplingParams.GREEDY,
                new LogitsRules(badWords, bias, Map.of(), budget),
                StopConditions.maxTokens(4),
                OutputOptions.TEXT);
    }

    private static GenerationRequest badWord(int... word) {
        return rules(List.of(TokenIds.of(1), TokenIds.of(word)), Map.of(), Optional.empty());
    }

    private static GenerationRequest bias(int id, float value) {
        return rules(List.of(), Map.of(id, value), Optional.empty());
    }

    private static GenerationRequest thinking(
            int maxTokens, boolean started, TokenIds start, TokenIds end, TokenIds forced) {
        ThinkingBudget budget =
                new ThinkingBudget(
                        OptionalInt.of(maxTokens),
                        OptionalInt.empty(),
                        started,
                        start,
                        end,
                        forced);
        return rules(List.of(), Map.of(), Optional.of(budget));
    }

    private static GenerationRequest logprobs(int maxTokens, OptionalInt top, OptionalInt prompt) {
        return new GenerationRequest(
                "a",
                TokenIds.of(1),
                SamplingParams.GREEDY,
                LogitsRules.NONE,
                StopConditions.maxTokens(maxTokens),
                new OutputOptions(
                        true, false, Set.of(), new LogprobsOptions(top, false, false, prompt)));
    }

    private static GenerationRequest guided(TokenIds end, OptionalInt opener) {
        return new GenerationRequest(
                "a",
                TokenIds.of(1),
                SamplingParams.GREEDY,
                LogitsRules.NONE.with(
                        new Guidance(
                                new GrammarSpec.JsonObject(),
                                "guided_json",
                                Optional.of(end),
                                opener)),
                StopConditions.maxTokens(4),
                OutputOptions.TEXT);
    }

    private static GenerationRequest marked(int id) {
        return new GenerationRequest(
                "a",
                TokenIds.of(1),
                SamplingParams.GREEDY,
                LogitsRules.NONE,
                StopConditions.maxTokens(4),
                new OutputOptions(true, false, Set.of(id), LogprobsOptions.NONE));
    }

    static Stream<Arguments> wrongRules() {
        OptionalInt none = OptionalInt.empty();
        TokenIds one = TokenIds.of(1);
        TokenIds past = TokenIds.of(VOCABULARY);
        TokenIds unknown = TokenIds.of(TOKENS);
        String thinking = "reasoning_max_tokens";
        return Stream.of(
                Arguments.of(penalties(0, 0, 0), "repetition_penalty"),
                Arguments.of(penalties(-1, 0, 0), "repetition_penalty"),
                Arguments.of(penalties(Float.NaN, 0, 0), "repetition_penalty"),
                Arguments.of(penalties(1, Float.NaN, 0), "frequency_penalty"),
                Arguments.of(penalties(1, 0, Float.NEGATIVE_INFINITY), "presence_penalty"),
                Arguments.of(stop(-1, 4), "min_tokens"),
                Arguments.of(stop(5, 4), "min_tokens"),
                Arguments.of(stop(12, 30), "min_tokens"),
                Arguments.of(stop(0, 4, VOCABULARY), "stop_token_ids"),
                Arguments.of(stop(0, 4, -1), "stop_token_ids"),
                Arguments.of(badWord(), "bad_words"),
                Arguments.of(badWord(VOCABULARY), "bad_words_token_ids"),
                Arguments.of(badWord(1, -1), "bad_words_token_ids"),
                Arguments.of(bias(VOCABULARY, 1), "logit_bias"),
                Arguments.of(bias(-1, 1), "logit_bias"),
                Arguments.of(bias(1, Float.POSITIVE_INFINITY), "logit_bias"),
                Arguments.of(thinking(0, false, one, one, one), thinking),
                Arguments.of(thinking(1, false, TokenIds.EMPTY, one, one), thinking),
                Arguments.of(thinking(1, true, TokenIds.EMPTY, TokenIds.EMPTY, one), thinking),
                Arguments.of(thinking(1, false, one, one, TokenIds.EMPTY), thinking),
                Arguments.of(thinking(1, false, one, one, past), thinking),
                Arguments.of(thinking(1, false, unknown, one, one), thinking),
                Arguments.of(thinking(1, true, one, TokenIds.of(-7), one), thinking),
                Arguments.of(guided(unknown, none), "guided_json"),
                Arguments.of(guided(one, OptionalInt.of(-4)), "guided_json"),
                Arguments.of(guided(one, OptionalInt.of(TOKENS)), "guided_json"),
                Arguments.of(marked(-5), "marker_ids"),
                Arguments.of(marked(TOKENS), "marker_ids"),
                Arguments.of(logprobs(4, OptionalInt.of(-1), none), "logprobs"),
                Arguments.of(logprobs(4, OptionalInt.of(VOCABULARY + 1), none), "logprobs"),
                Arguments.of(logprobs(4, none, OptionalInt.of(-1)), "prompt_logprobs"),
                Arguments.of(logprobs(-1, OptionalInt.of(1), none), "max_tokens"),
                Arguments.of(logprobs(-1, none, OptionalInt.of(1)), "max_tokens"));
    }

    @ParameterizedTest
    @MethodSource("wrongRules")
    void refusesRulesByTheNameOfTheField(GenerationRequest request, String param) {
        refusesByTheNameOfTheField(request, param);
    }

    static Stream<GenerationRequest> right() {
        OptionalInt all = OptionalInt.of(VOCABULARY);
        TokenIds one = TokenIds.of(1);
        TokenIds known = TokenIds.of(TOKENS - 1);
        return Stream.of(
                penalties(0.01f, 2, -2),
                stop(4, 4, 0, VOCABULARY - 1),
                badWord(0, VOCABULARY - 1),
                bias(VOCABULARY - 1, -1e6f),
                thinking(1, true, TokenIds.EMPTY, one, one),
                thinking(1, false, known, known, one),
                guided(known, OptionalInt.of(TOKENS - 1)),
                marked(TOKENS - 1),
                logprobs(4, all, all),
                logprobs(0, OptionalInt.empty(), OptionalInt.of(0)));
    }

    @ParameterizedTest
    @MethodSource("right")
    void acceptsTheBounds(GenerationRequest request) {
        assertThatCode(() -> RULES.check(request)).doesNotThrowAnyException();
    }

    @Test
    void aPromptThatFillsTheContextIsTooLongWithTheLeastOutput() {
        GenerationRequest request =
                new GenerationRequest(
                        "a",
                        TokenIds.of(new int[24]),
                        SamplingParams.GREEDY,
                        new StopConditions(8, 8, List.of(), Set.of(), false, false));

        assertThatThrownBy(() -> RULES.check(request))
                .isInstanceOfSatisfying(
                        InvalidRequest.class,
                        e -> assertThat(e.code()).isEqualTo("context_length_exceeded"));
    }

    static Stream<Arguments> wrong() {
        OptionalInt all = OptionalInt.empty();
        return Stream.of(
                Arguments.of(prompt(), "prompt"),
                Arguments.of(prompt(-1), "prompt"),
                Arguments.of(prompt(VOCABULARY), "prompt"),
                Arguments.of(prompt(new int[32]), "prompt"),
                Arguments.of(sampling(new SamplingParams(-0.1f, 1, all, 0, 0)), "temperature"),
                Arguments.of(sampling(new SamplingParams(Float.NaN, 1, all, 0, 0)), "temperature"),
                Arguments.of(
                        sampling(new SamplingParams(Float.POSITIVE_INFINITY, 1, all, 0, 0)),
                        "temperature"),
                Arguments.of(sampling(new SamplingParams(1, 1.1f, all, 0, 0)), "top_p"),
                Arguments.of(sampling(new SamplingParams(1, Float.NaN, all, 0, 0)), "top_p"),
                Arguments.of(sampling(new SamplingParams(1, 1, all, 1.5f, 0)), "min_p"),
                Arguments.of(sampling(new SamplingParams(1, 1, OptionalInt.of(0), 0, 0)), "top_k"),
                Arguments.of(stop(-1), "max_tokens"),
                Arguments.of(stop(4, "a", ""), "stop"),
                Arguments.of(
                        Requests.of("a", new int[20], SamplingParams.GREEDY, 6), "max_tokens"));
    }

    @ParameterizedTest
    @MethodSource("wrong")
    void refusesByTheNameOfTheField(GenerationRequest request, String param) {
        assertThatThrownBy(() -> RULES.check(request))
                .isInstanceOfSatisfying(
                        InvalidRequest.class, e -> assertThat(e.param()).contains(param));
    }

    @Test
    void acceptsTheLargestThatFits() {
        assertThatCode(() -> RULES.check(Requests.of("a", new int[20], SamplingParams.GREEDY, 5)))
                .doesNotThrowAnyException();
    }
}
