package dev.sluice.openai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.chat.ChatTemplate;
import dev.sluice.engine.ApiException.InvalidRequest;
import dev.sluice.engine.GenerationRequest;
import dev.sluice.engine.SamplingParams;
import dev.sluice.testing.ByteTokenizer;

import org.junit.jupiter.api.Test;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

class RequestTranslatorTest {
    private static final RequestValidator VALIDATOR = RequestValidator.create();
    private static final String HELLO = "{\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]%s}";
    private static final SamplingDefaults OF_THE_MODEL =
            new SamplingDefaults(0.6f, 0.9f, OptionalInt.of(40), 0.05f, 1);

    private static final ChatTemplate TEMPLATE = ChatTemplate.compile("{{ bos_token }}0123456789");

    private static RequestTranslator translator(RequestLimits limits) {
        return translator(limits, TEMPLATE);
    }

    private static RequestTranslator translator(RequestLimits limits, ChatTemplate template) {
        ServedModel model =
                new ServedModel(
                        "m",
                        Optional.empty(),
                        "m",
                        new ByteTokenizer(),
                        Optional.of(template),
                        Map.of("bos_token", "<bos>"),
                        OF_THE_MODEL,
                        ApiOptions.DEFAULT.withLimits(limits),
                        64,
                        Instant.EPOCH);
        return new RequestTranslator(model, VALIDATOR, () -> Instant.ofEpochSecond(77));
    }

    /// What a template makes of a request.
    private static String rendered(String template, String more) {
        PreparedRequest prepared =
                translator(RequestLimits.DEFAULT, ChatTemplate.compile(template)).chat(body(more));
        return new ByteTokenizer().decode(prepared.sequences().getFirst().prompt(), false);
    }

    private static PreparedRequest chat(String more) {
        return translator(RequestLimits.DEFAULT)
                .chat(HELLO.formatted(more).getBytes(StandardCharsets.UTF_8));
    }

    private static GenerationRequest sequence(String more) {
        return chat(more).sequences().getFirst();
    }

    @Test
    void silenceMeansTheModelsOwnSampling() {
        SamplingParams sampling = sequence("").sampling();

        assertThat(sampling.temperature()).isEqualTo(0.6f);
        assertThat(sampling.topP()).isEqualTo(0.9f);
        assertThat(sampling.topK()).hasValue(40);
        assertThat(sampling.minP()).isEqualTo(0.05f);
    }

    @Test
    void aRequestOverridesTheModel() {
        SamplingParams sampling =
                sequence(",\"temperature\":0,\"top_p\":1,\"top_k\":7,\"min_p\":0,\"seed\":5")
                        .sampling();

        assertThat(sampling).isEqualTo(new SamplingParams(0, 1, OptionalInt.of(7), 0, 5));
        assertThat(sequence(",\"top_k\":0").sampling().topK()).isEmpty();
        assertThat(sequence(",\"top_k\":-1").sampling().topK()).isEmpty();
    }

    @Test
    void withoutASeedEveryRequestHasItsOwn() {
        assertThat(sequence("").sampling().seed()).isNotEqualTo(sequence("").sampling().seed());
    }

    @Test
    void theTextOfTheTemplateGetsNoMoreSpecialTokens() {
        assertThat(sequence("").prompt())
                .isEqualTo(new ByteTokenizer().encode("<bos>0123456789", false));
    }

    @Test
    void aTemplateSeesMessagesAndSwitches() {
        String template =
                "{{ [bos_token, add_generation_prompt, enable_thinking, x, tools is none,"
                        + " documents is none, messages[0].content] | tojson }}";

        assertThat(
                        rendered(
                                template,
                                ",\"chat_template_kwargs\":{\"enable_thinking\":false,\"x\":[1]}"))
                .isEqualTo("[\"<bos>\", true, false, [1], true, true, \"hi\"]");
    }

    @Test
    void variablesOfAClientNeverReplaceItsMessages() {
        assertThat(
                        rendered(
                                "{{ messages[0].content }}",
                                ",\"chat_template_kwargs\":{\"messages\":[]}"))
                .isEqualTo("hi");
    }

    @Test
    void whatIsLeftOfTheContextIsTheLimit() {
        assertThat(sequence("").stop().maxTokens()).isEqualTo(64 - 15);
        assertThat(sequence(",\"max_tokens\":1e30").stop().maxTokens()).isEqualTo(64 - 15);
        assertThat(sequence(",\"max_tokens\":3").stop().maxTokens()).isEqualTo(3);
        assertThat(sequence(",\"max_tokens\":3,\"max_completion_tokens\":4").stop().maxTokens())
                .isEqualTo(4);
    }

    @Test
    void theWrongLimitIsNamed() {
        assertThatThrownBy(() -> chat(",\"max_tokens\":3,\"max_completion_tokens\":0"))
                .isInstanceOfSatisfying(
                        InvalidRequest.class,
                        e -> {
                            assertThat(e.param()).contains("max_completion_tokens");
                            assertThat(e.text())
                                    .isEqualTo(
                                            "max_completion_tokens: max_tokens can be defined [1,"
                                                    + " 64), but now it's 0.");
                        });
    }

    @Test
    void stopsReachTheEngine() {
        GenerationRequest sequence =
                sequence(
                        ",\"stop\":[\"a\",\"\"],\"stop_token_ids\":[5,5],\"ignore_eos\":true,"
                                + "\"include_stop_str_in_output\":true,\"skip_special_tokens\":false");

        assertThat(sequence.stop().stopStrings()).containsExactly("a");
        assertThat(sequence.stop().stopTokenIds()).isEqualTo(Set.of(5));
        assertThat(sequence.stop().ignoreEos()).isTrue();
        assertThat(sequence.stop().includeStopString()).isTrue();
        assertThat(sequence.output().skipSpecialTokens()).isFalse();
    }

    @Test
    void theEnvironmentSetsTheLimitsOfStops() {
        RequestLimits limits =
                RequestLimits.of(Map.of("FD_MAX_STOP_SEQS_NUM", "2", "FD_STOP_SEQS_MAX_LEN", "3"));
        RequestTranslator translator = translator(limits);

        assertThatThrownBy(() -> translator.chat(body(",\"stop\":[\"a\",\"b\",\"c\"]")))
                .hasMessageContaining("max_stop_seqs_num(2)");
        assertThatThrownBy(() -> translator.chat(body(",\"stop\":\"long\"")))
                .hasMessageContaining("stop_seqs_max_len(3)");
        assertThat(translator.chat(body(",\"stop\":\"abc\"")).sequences()).hasSize(1);
        assertThat(RequestLimits.of(Map.of())).isEqualTo(RequestLimits.DEFAULT);
    }

    private static byte[] body(String more) {
        return HELLO.formatted(more).getBytes(StandardCharsets.UTF_8);
    }

    @Test
    void tooManyPromptsAreRefusedBeforeTheyAreTokenized() {
        RequestTranslator translator = translator(RequestLimits.DEFAULT.withMaxSequences(2));

        assertThatThrownBy(() ->
                        translator.completion(
                                "{\"prompt\":[\"a\",\"b\",\"c\"]}"
                                        .getBytes(StandardCharsets.UTF_8)))
                .isInstanceOf(InvalidRequest.class)
                .hasMessageContaining("3 prompts");
    }

    @Test
    void anAnswerIsDatedByTheClock() {
        PreparedRequest prepared = chat(",\"metadata\":{\"a\":\"b\\nc\"}");

        assertThat(prepared.created()).isEqualTo(77);
        assertThat(prepared.metadata()).contains("{\"a\":\"b\\nc\"}");
    }
}
