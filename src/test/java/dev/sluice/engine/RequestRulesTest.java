package dev.sluice.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.compute.DType;
import dev.sluice.engine.ApiException.InvalidRequest;
import dev.sluice.tokenizer.TokenIds;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Stream;

class RequestRulesTest {
    private static final int VOCABULARY = 100;
    private static final RequestRules RULES =
            new RequestRules(new EngineConfig(32, 2, 16, 4, 6, DType.F32, 2, Set.of()), VOCABULARY);

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
                Arguments.of(stop(0), "max_tokens"),
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
