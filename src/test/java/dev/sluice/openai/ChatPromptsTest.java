package dev.sluice.openai;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.chat.ChatTemplate;
import dev.sluice.chat.TemplateLimits;
import dev.sluice.engine.ApiException.InvalidRequest;
import dev.sluice.engine.ThinkingBudget;
import dev.sluice.openai.parsers.ParserSettings;
import dev.sluice.testing.ByteTokenizer;
import dev.sluice.tokenizer.TokenIds;

import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

class ChatPromptsTest {
    private static final TestServer PLAIN = TestServer.plain();
    private static final TestServer OPEN = TestServer.open();
    private static final String TOOLS =
            "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}]";

    private static String prompt(String fields) {
        return TestServer.prompt(PLAIN.chat(fields));
    }

    @Test
    void aRequestMayBringItsOwnTemplate() {
        PreparedRequest request =
                PLAIN.chat(
                        "\"chat_template\":\"{{ messages[0]['content'] }}\",\"return_token_ids\":true");

        assertThat(TestServer.prompt(request)).isEqualTo("hi");
        assertThat(request.promptTexts()).containsExactly("hi");
        assertThat(request.echo(0)).isEmpty();
    }

    /// A server whose template makes its texts twice, and at most 1,000 characters.
    private static TestServer limited() {
        return TestServer.with(
                ApiOptions.DEFAULT,
                Optional.of(
                        ChatTemplate.compile(
                                "{{ messages[0]['content'] + '' }}",
                                new TemplateLimits(
                                        1000, 100, 1000, 1000, 100, Duration.ofSeconds(10)))));
    }

    private static InvalidRequest refusal(TestServer server, int length, String fields) {
        String body =
                "{\"messages\":[{\"role\":\"user\",\"content\":\"%s\"}]%s}"
                        .formatted("a".repeat(length), fields);
        return TestServer.refusal(() -> server.chatBody(body));
    }

    @Test
    void messagesThatGoPastTheTemplatesLimitsAreTooLong() {
        TestServer server = limited();

        InvalidRequest within = refusal(server, 400, "");
        InvalidRequest past = refusal(server, 5000, "");

        assertThat(within.text()).contains("input_ids_len (400)");
        assertThat(past.text())
                .isEqualTo(
                        "Input text is too long, input_ids_len (at least 64) >= max_model_len(64)");
        assertThat(past.code()).isEqualTo(within.code()).isEqualTo("context_length_exceeded");
        assertThat(past.param()).isEqualTo(within.param()).contains("messages");
    }

    @Test
    void aTemplateThatGoesPastItsLimitsByItselfHasFailed() {
        TestServer endless =
                TestServer.with(
                        ApiOptions.DEFAULT,
                        Optional.of(
                                ChatTemplate.compile(
                                        "{{ messages[0]['content'] * 500 }}",
                                        new TemplateLimits(
                                                1000,
                                                100,
                                                1000,
                                                1000,
                                                100,
                                                Duration.ofSeconds(10)))));

        assertThat(refusal(endless, 5, "").text()).contains("LimitError");
        assertThat(refusal(limited(), 5000, ",\"chat_template\":\"{{ 'a' * 99999999 }}\"").param())
                .contains("chat_template");
    }

    @Test
    void aRequestsOwnTemplateMakesNoLongTextOfNothing() {
        String template = ",\"chat_template\":\"{{ 'a' * %d }}\"";

        assertThat(refusal(TestServer.plain(), 5, template.formatted(2_000_000)).text())
                .startsWith("chat_template: The chat template makes 2000000 characters");
        assertThat(refusal(TestServer.plain(), 300_000, template.formatted(2_000_000)).text())
                .as("four for each given, and a million")
                .startsWith("Input text is too long");
    }

    @Test
    void aModelWithoutATemplateTakesOnlyWhatNeedsNone() {
        TestServer bare = TestServer.with(ApiOptions.DEFAULT, Optional.empty());

        assertThat(TestServer.refusal(() -> bare.chat("")).text())
                .isEqualTo("messages: This model does not support chat_template.");
        assertThat(TestServer.prompt(bare.chat("\"chat_template\":\"x\""))).isEqualTo("x");
        assertThat(TestServer.prompt(bare.chat("\"disable_chat_template\":true"))).isEqualTo("hi");
        assertThat(TestServer.prompt(bare.chat("\"prompt_token_ids\":[65]"))).isEqualTo("A");
    }

    @Test
    void theAnswerMayContinueTheLastMessage() {
        assertThat(prompt("")).isEqualTo("<user>hi</><a>");
        assertThat(prompt("\"continue_final_message\":true")).isEqualTo("<user>hi");
        assertThat(prompt("\"add_generation_prompt\":false")).isEqualTo("<user>hi</>");
        assertThat(
                        TestServer.prompt(
                                PLAIN.chatBody(
                                        "{\"messages\":[{\"role\":\"u\",\"content\":\"a \"}],"
                                                + "\"continue_final_message\":true}")))
                .isEqualTo("<u>a ");
        assertThat(
                        TestServer.prompt(
                                PLAIN.chatBody(
                                        "{\"messages\":[{\"role\":\"u\",\"content\":\"a \"}],"
                                                + "\"continue_final_message\":true,"
                                                + "\"chat_template\":\"{{ messages[0].content | trim }}!\"}")))
                .isEqualTo("a");
    }

    @Test
    void idsFollowThePrompt() {
        assertThat(prompt("\"completion_token_ids\":[65,66]")).isEqualTo("<user>hi</><a>AB");
        assertThat(prompt("\"metadata\":{\"completion_token_ids\":[65]}"))
                .isEqualTo("<user>hi</><a>A");
        assertThat(prompt("\"prompt_token_ids\":[67],\"completion_token_ids\":[65]"))
                .isEqualTo("CA");
    }

    @Test
    void toolsAreShownToTheTemplateUnlessNoneMayBeCalled() {
        String template = "\"chat_template\":\"{{ tools | length if tools else 'none' }}\",";

        assertThat(prompt(template + TOOLS)).isEqualTo("1");
        assertThat(prompt(template + TOOLS + ",\"tool_choice\":\"none\"")).isEqualTo("none");
        assertThat(prompt(template + "\"tools\":[]")).isEqualTo("none");
    }

    @Test
    void callsAreLookedForWhereToolsWereOffered() {
        assertThat(PLAIN.chat(TOOLS).answer().parser()).isEmpty();
        assertThat(OPEN.chat("").answer().parser())
                .contains(
                        new ParserSettings(
                                Optional.of("qwen3"), Optional.empty(), true, true, false));
        assertThat(OPEN.chat(TOOLS + ",\"parallel_tool_calls\":false").answer().parser())
                .contains(
                        new ParserSettings(
                                Optional.of("qwen3"), Optional.of("hermes"), true, false, false));
        assertThat(OPEN.completion("\"prompt\":\"a\"").answer().parser())
                .contains(
                        new ParserSettings(
                                Optional.of("qwen3"), Optional.of("hermes"), false, true, false));
    }

    @Test
    void theOperatorsVariablesYieldToTheRequests() {
        TestServer server = TestServer.boundless();
        String template = "\"chat_template\":\"{{ enable_thinking }} {{ x }}\"";

        assertThat(TestServer.prompt(server.chat(template))).isEqualTo("False 1");
        assertThat(
                        TestServer.prompt(
                                server.chat(
                                        template
                                                + ",\"chat_template_kwargs\":{\"enable_thinking\":true,\"x\":2}")))
                .isEqualTo("True 2");
        assertThat(server.chat("").answer().parser().map(ParserSettings::thinking)).contains(false);
    }

    private static Optional<ThinkingBudget> budget(TestServer server, String fields) {
        return server.sequence(fields).rules().thinkingBudget();
    }

    @Test
    void thinkingIsLimitedWhereTheModelThinks() {
        String limit = "\"reasoning_max_tokens\":8";
        ByteTokenizer tokenizer = new ByteTokenizer();
        TokenIds start = tokenizer.encode("<think>", false);
        TokenIds end = tokenizer.encode("</think>", false);

        assertThat(budget(OPEN, limit + ",\"chat_template\":\"x<think>\""))
                .contains(
                        new ThinkingBudget(
                                OptionalInt.of(8), OptionalInt.empty(), true, start, end, end));
        assertThat(budget(OPEN, limit + ",\"max_tokens\":3").orElseThrow().maxTokens()).hasValue(3);
        assertThat(
                        budget(OPEN, limit + ",\"chat_template\":\"<think></think>\"")
                                .orElseThrow()
                                .started())
                .isFalse();
        assertThat(budget(OPEN, limit + ",\"metadata\":{\"enable_thinking\":false}")).isEmpty();
        assertThat(budget(PLAIN, limit)).isEmpty();
        assertThat(budget(OPEN, "")).isEmpty();
    }

    /// A grammar holds from the first token on: what is not opened as thinking is the answer, and
    /// no limit of thinking may put other tokens into it.
    @Test
    void aGuidedAnswerThatNothingOpensAsThinkingIsNone() {
        String silent = "\"reasoning_max_tokens\":8,\"chat_template\":\"x\"";

        assertThat(budget(OPEN, silent).orElseThrow().started()).isTrue();
        for (String form :
                List.of(
                        "\"guided_regex\":\"[a-z]+\"",
                        "\"response_format\":{\"type\":\"json_object\"}",
                        TOOLS + ",\"tool_choice\":\"required\"")) {
            assertThat(budget(OPEN, silent + "," + form).orElseThrow().started())
                    .as(form)
                    .isFalse();
            assertThat(
                            budget(OPEN, silent.replace("\"x\"", "\"x<think>\"") + "," + form)
                                    .orElseThrow()
                                    .started())
                    .as(form)
                    .isTrue();
        }
    }

    @Test
    void anAnswerWithoutThinkingHasALimitOfItsOwn() {
        assertThat(PLAIN.sequence("\"response_max_tokens\":5,\"max_tokens\":9").stop().maxTokens())
                .isEqualTo(5);
    }

    @Test
    void anAnswerAfterThinkingHasALimitOfItsOwnToo() {
        String limit = "\"response_max_tokens\":5,\"max_tokens\":9";

        assertThat(OPEN.sequence(limit).stop().maxTokens()).isEqualTo(9);
        assertThat(budget(OPEN, limit).orElseThrow().maxTokens()).isEmpty();
        assertThat(budget(OPEN, limit).orElseThrow().maxAnswerTokens()).hasValue(5);
        assertThat(budget(OPEN, limit + ",\"reasoning_max_tokens\":4").orElseThrow().maxTokens())
                .hasValue(4);
    }

    @Test
    void metadataSpeaksOnlyWhereTheRequestIsSilent() {
        String metadata =
                "\"metadata\":{\"min_tokens\":3,\"max_streaming_response_tokens\":4,\"raw_request\":1}";

        assertThat(PLAIN.sequence(metadata).stop().minTokens()).isEqualTo(3);
        assertThat(PLAIN.sequence(metadata + ",\"min_tokens\":1").stop().minTokens()).isEqualTo(1);
        assertThat(PLAIN.chat(metadata).answer().tokensPerChunk()).isEqualTo(4);
        assertThat(
                        PLAIN.completion(
                                        "\"prompt\":\"a\",\"suffix\":{\"max_streaming_response_tokens\":0}")
                                .answer()
                                .tokensPerChunk())
                .isEqualTo(1);
    }

    @Test
    void anIdIsTheClientsOrCarriesItsUser() {
        assertThat(PLAIN.chat("\"request_id\":\"a\"").id()).isEqualTo("chatcmpl-a");
        assertThat(PLAIN.chat("\"request_id\":\"chatcmpl-a\"").id()).isEqualTo("chatcmpl-a");
        assertThat(PLAIN.chat("\"user\":\"bob\"").id()).startsWith("chatcmpl-bob-");
        assertThat(PLAIN.completion("\"prompt\":\"a\",\"user\":\"bob\"").id())
                .startsWith("cmpl-bob-");
    }
}
