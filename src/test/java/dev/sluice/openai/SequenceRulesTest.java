package dev.sluice.openai;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.engine.GenerationRequest;
import dev.sluice.engine.LogitsRules;
import dev.sluice.engine.LogprobsOptions;
import dev.sluice.engine.Penalties;
import dev.sluice.testing.ByteTokenizer;
import dev.sluice.tokenizer.TokenIds;

import org.junit.jupiter.api.Test;

import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

class SequenceRulesTest {
    private static final TestServer PLAIN = TestServer.plain();
    private static final TestServer OPEN = TestServer.open();

    private static TokenIds ids(String text) {
        return new ByteTokenizer().encode(text, false);
    }

    private static List<Long> seeds(PreparedRequest request) {
        return request.sequences().stream().map(s -> s.sampling().seed()).toList();
    }

    @Test
    void penaltiesReachTheEngine() {
        assertThat(
                        PLAIN.sequence(
                                        "\"frequency_penalty\":0.5,\"presence_penalty\":-0.25,"
                                                + "\"repetition_penalty\":1.5")
                                .sampling()
                                .penalties())
                .isEqualTo(new Penalties(1.5f, 0.5f, -0.25f));
    }

    @Test
    void aSilentRequestHasTheModelsOwnPenalty() {
        assertThat(PLAIN.sequence("").sampling().penalties()).isEqualTo(new Penalties(1.1f, 0, 0));
    }

    @Test
    void theSaltReachesTheEngine() {
        assertThat(PLAIN.sequence("\"cache_salt\":\"mine\"").cacheSalt()).contains("mine");
        assertThat(PLAIN.sequence("\"cache_salt\":\"\"").cacheSalt()).isEmpty();
        assertThat(PLAIN.sequence("").cacheSalt()).isEmpty();
        assertThat(PLAIN.completion("\"prompt\":[\"a\",\"b\"],\"cache_salt\":\"mine\"").sequences())
                .allSatisfy(s -> assertThat(s.cacheSalt()).contains("mine"));
    }

    @Test
    void everyChoiceHasTheNextSeed() {
        assertThat(seeds(PLAIN.chat("\"n\":3,\"seed\":5"))).containsExactly(5L, 6L, 7L);
        assertThat(seeds(PLAIN.completion("\"prompt\":[\"a\",\"b\"],\"n\":2,\"seed\":5")))
                .containsExactly(5L, 6L, 5L, 6L);
        assertThat(seeds(PLAIN.chat("\"n\":128"))).doesNotHaveDuplicates();
    }

    @Test
    void choicesOfOnePromptFollowEachOther() {
        PreparedRequest request = PLAIN.completion("\"prompt\":[\"a\",\"b\"],\"n\":2");

        assertThat(request.sequences().stream().map(GenerationRequest::prompt))
                .containsExactly(ids("a"), ids("a"), ids("b"), ids("b"));
        assertThat(request.sequences().stream().map(GenerationRequest::id)).doesNotHaveDuplicates();
        assertThat(request.promptOf(3)).isEqualTo(1);
    }

    @Test
    void theBestIsChosenByLogProbabilitiesThatTheAnswerDoesNotShow() {
        PreparedRequest request = PLAIN.completion("\"prompt\":\"a\",\"best_of\":3");

        assertThat(request.sequences()).hasSize(3);
        assertThat(request.answer().candidates()).isEqualTo(3);
        assertThat(request.answer().logprobs()).isEmpty();
        assertThat(request.sequences())
                .allSatisfy(s -> assertThat(s.output().logprobs().top()).hasValue(0));
    }

    @Test
    void badWordsAreForbiddenWithASpaceBeforeThemAndWithout() {
        assertThat(PLAIN.sequence("\"bad_words\":[\" well\",\"x\"]").rules().badWords())
                .containsExactlyInAnyOrder(ids("well"), ids(" well"), ids("x"), ids(" x"));
        assertThat(
                        PLAIN.sequence("\"bad_words\":[\"x\"],\"bad_words_token_ids\":[120,7]")
                                .rules()
                                .badWords())
                .containsExactlyInAnyOrder(ids("x"), ids(" x"), TokenIds.of(7));
        assertThat(PLAIN.sequence("\"bad_words\":[\"\\n\"]").rules().badWords())
                .containsExactlyInAnyOrder(ids("\n"), ids(" \n"));
    }

    @Test
    void biasesComeFromTheFieldAndFromARegisteredProcessor() {
        String args =
                "\"logits_processors_args\":{\"logit_bias\":{\"5\":\"1.5\",\"6\":2},\"x\":[1]}";

        assertThat(PLAIN.sequence("\"logit_bias\":{\"5\":-100,\" 7 \":3}").rules().logitBias())
                .isEqualTo(Map.of(5, -100f, 7, 3f));
        assertThat(OPEN.sequence(args).rules().logitBias()).isEqualTo(Map.of(5, 1.5f, 6, 2f));
        assertThat(OPEN.sequence(args + ",\"logit_bias\":{\"5\":9}").rules().logitBias())
                .isEqualTo(Map.of(5, 9f, 6, 2f));
        assertThat(
                        OPEN.sequence("\"logits_processors_args\":{\"logit_bias\":null}")
                                .rules()
                                .logitBias())
                .isEmpty();
    }

    @Test
    void biasesThatWereReadAreNotLeftForTheProcessorToAddAgain() {
        String args = "\"logits_processors_args\":{\"logit_bias\":{\"6\":2},\"x\":[1]}";

        assertThat(OPEN.sequence(args).rules().processorArgs()).isEqualTo(Map.of("x", List.of(1)));
    }

    @Test
    void aBiasProcessorBehindOthersAddsItsBiasesInItsTurn() {
        ApiOptions open = OPEN.model().options();
        TestServer second =
                TestServer.with(
                        new ApiOptions(
                                open.limits(),
                                true,
                                open.maxLogprobs(),
                                List.of("com.acme.Own", "LogitBiasLogitsProcessor"),
                                open.reasoningParser(),
                                open.toolCallParser(),
                                Map.of()));
        String args = "\"logits_processors_args\":{\"logit_bias\":{\"%s\":2}}";

        LogitsRules rules =
                second.sequence(args.formatted(6) + ",\"logit_bias\":{\"5\":9}").rules();

        assertThat(rules.logitBias()).isEqualTo(Map.of(5, 9f));
        assertThat(rules.processorArgs()).isEqualTo(Map.of("logit_bias", Map.of("6", 2)));
        assertThat(
                        second.sequence(args.formatted(5) + ",\"logit_bias\":{\" 5\":9}")
                                .rules()
                                .processorArgs())
                .isEqualTo(Map.of("logit_bias", Map.of()));
        assertThat(TestServer.refusal(() -> second.sequence(args.formatted("x"))).param())
                .hasValue("logits_processors_args");
    }

    @Test
    void argumentsReachProcessorsAndMeanNothingElse() {
        LogitsRules rules =
                PLAIN.sequence("\"logits_processors_args\":{\"logit_bias\":[1],\"x\":[1]}").rules();

        assertThat(rules.logitBias()).isEmpty();
        assertThat(rules.processorArgs())
                .isEqualTo(Map.of("logit_bias", List.of(1), "x", List.of(1)));
    }

    @Test
    void logProbabilitiesOfChatsAreASwitchAndANumber() {
        assertThat(OPEN.chat("").answer().logprobs()).isEmpty();
        assertThat(OPEN.chat("\"logprobs\":true").answer().logprobs()).hasValue(0);
        assertThat(OPEN.chat("\"logprobs\":true,\"top_logprobs\":0").answer().logprobs())
                .hasValue(0);
        assertThat(OPEN.sequence("\"logprobs\":true,\"top_logprobs\":20").output().logprobs())
                .isEqualTo(
                        new LogprobsOptions(OptionalInt.of(20), false, false, OptionalInt.empty()));
        assertThat(
                        TestServer.boundless()
                                .chat("\"logprobs\":true,\"top_logprobs\":-1")
                                .answer()
                                .logprobs())
                .hasValue(ByteTokenizer.SIZE);
    }

    @Test
    void modesOfLogProbabilitiesReachTheEngine() {
        PreparedRequest request =
                OPEN.chat(
                        "\"logprobs\":true,\"temp_scaled_logprobs\":true,\"prompt_logprobs\":2,"
                                + "\"top_p_normalized_logprobs\":true,"
                                + "\"include_logprobs_decode_token\":false,"
                                + "\"include_draft_logprobs\":true");

        assertThat(request.sequences().getFirst().output().logprobs())
                .isEqualTo(
                        new LogprobsOptions(
                                OptionalInt.of(0), true, true, OptionalInt.of(2), true));
        assertThat(request.answer().promptLogprobs()).hasValue(2);
        assertThat(request.answer().decodeLogprobTokens()).isFalse();
    }

    @Test
    void anEchoHasTheLogProbabilitiesOfThePrompt() {
        PreparedRequest request =
                OPEN.completion("\"prompt\":\"ab\",\"echo\":true,\"logprobs\":3,\"max_tokens\":0");

        GenerationRequest sequence = request.sequences().getFirst();
        assertThat(sequence.output().logprobs().prompt()).hasValue(3);
        assertThat(sequence.stop().maxTokens()).isZero();
        assertThat(request.answer().promptLogprobs()).isEmpty();
        assertThat(
                        OPEN.completion(
                                        "\"prompt\":\"a\",\"echo\":true,\"logprobs\":3,\"prompt_logprobs\":5")
                                .sequences()
                                .getFirst()
                                .output()
                                .logprobs()
                                .prompt())
                .hasValue(5);
        assertThat(
                        OPEN.completion("\"prompt\":\"a\",\"logprobs\":3")
                                .sequences()
                                .getFirst()
                                .output()
                                .logprobs()
                                .prompt())
                .isEmpty();
    }

    @Test
    void anEchoGivesThePromptAsItCame() {
        assertThat(PLAIN.completion("\"prompt\":[\"a\",\"b\"],\"n\":2,\"echo\":true").echo(2))
                .isEqualTo("b");
        assertThat(PLAIN.completion("\"prompt\":[256,65],\"echo\":true").promptTexts())
                .containsExactly("A");
        assertThat(PLAIN.completion("\"prompt\":[256,65],\"return_token_ids\":true").promptTexts())
                .containsExactly("<bos>A");
        assertThat(PLAIN.completion("\"prompt\":\"a\",\"return_token_ids\":true").echo(0))
                .isEmpty();
        assertThat(PLAIN.completion("\"prompt\":\"a\"").promptTexts()).isEmpty();
    }

    @Test
    void theLeastAndTheMostTokensReachTheEngine() {
        GenerationRequest sequence = PLAIN.sequence("\"min_tokens\":4,\"max_tokens\":4");

        assertThat(sequence.stop().minTokens()).isEqualTo(4);
        assertThat(sequence.stop().maxTokens()).isEqualTo(4);
    }

    @Test
    void thePromptIsCutFromItsBeginning() {
        assertThat(prompt("\"prompt\":\"abcdef\",\"truncate_prompt_tokens\":2")).isEqualTo("ef");
        assertThat(prompt("\"prompt\":[65,66],\"truncate_prompt_tokens\":1")).isEqualTo("B");
        assertThat(prompt("\"prompt\":\"ab\",\"truncate_prompt_tokens\":9")).isEqualTo("ab");
        String longPrompt = "\"prompt\":\"" + "x".repeat(200) + "\",\"truncate_prompt_tokens\":-1";
        assertThat(prompt(longPrompt)).hasSize(63);
        assertThat(prompt(longPrompt + ",\"min_tokens\":10")).hasSize(53);
        assertThat(
                        PLAIN.completion(
                                        "\"prompt\":\"abc\",\"truncate_prompt_tokens\":1,\"echo\":true")
                                .promptTexts())
                .containsExactly("c");
    }

    private static String prompt(String fields) {
        return TestServer.prompt(PLAIN.completion(fields));
    }

    @Test
    void completionsGoOnInTheMiddleOfATextAndChatsBeginOne() {
        assertThat(
                        PLAIN.completion("\"prompt\":\"a\"")
                                .sequences()
                                .getFirst()
                                .output()
                                .continuesText())
                .isTrue();
        assertThat(PLAIN.sequence("").output().continuesText()).isFalse();
        assertThat(PLAIN.sequence("\"completion_token_ids\":[65]").output().continuesText())
                .isTrue();
    }
}
