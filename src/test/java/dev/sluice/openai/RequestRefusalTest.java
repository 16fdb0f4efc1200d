package dev.sluice.openai;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.engine.ApiException.InvalidRequest;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What only the model and the operator's options can say is wrong.
class RequestRefusalTest {

    private static TestServer server(String name) {
        return switch (name) {
            case "plain" -> TestServer.plain();
            case "open" -> TestServer.open();
            default -> TestServer.boundless();
        };
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            textBlock =
                    """
                    plain | "logprobs":true | logprobs | Logprobs is disabled, please enable it in startup config.
                    plain | "logprobs":true,"top_logprobs":3 | logprobs | Logprobs is disabled
                    plain | "prompt_logprobs":0 | prompt_logprobs | Logprobs is disabled
                    plain | "top_logprobs":2 | top_logprobs | `logprobs` must be set to true
                    open | "top_logprobs":2 | top_logprobs | `logprobs` must be set to true
                    open | "top_logprobs":-1 | top_logprobs | Value error, `top_logprobs` must be a positive value.
                    open | "logprobs":true,"top_logprobs":-1 | top_logprobs | must be a positive value
                    boundless | "logprobs":true,"top_logprobs":-2 | top_logprobs | must be a positive value
                    boundless | "top_logprobs":-1 | top_logprobs | `logprobs` must be set to true
                    open | "logprobs":true,"top_logprobs":21 | top_logprobs | Number of top_logprobs requested (21) exceeds maximum allowed value (20).
                    boundless | "logprobs":true,"top_logprobs":259 | top_logprobs | requested (259) exceeds maximum allowed value (258)
                    open | "prompt_logprobs":21 | prompt_logprobs | Number of prompt_logprobs requested (21) exceeds maximum allowed value (20).
                    open | "prompt_logprobs":-1 | prompt_logprobs | must be a positive value
                    plain | "n":129 | n | n must be at most 128, but is 129.
                    plain | "n":1e30 | n | n must be at most 128
                    plain | "bad_words_token_ids":[258] | bad_words_token_ids | Token id 258 is outside the vocabulary of 258.
                    plain | "stop_token_ids":[258] | stop_token_ids | outside the vocabulary
                    plain | "prompt_token_ids":[1,258] | prompt_token_ids | outside the vocabulary
                    plain | "completion_token_ids":[258] | completion_token_ids | outside the vocabulary
                    plain | "logit_bias":{"258":1} | logit_bias | outside the vocabulary
                    plain | "logit_bias":{"-1":1} | logit_bias | outside the vocabulary
                    plain | "logit_bias":{"a":1} | logit_bias | failed to cast logit_bias to the correct {key -> value} type
                    plain | "logit_bias":{"1.5":1} | logit_bias | failed to cast
                    plain | "logit_bias":{"1":"a"} | logit_bias | failed to cast
                    plain | "logit_bias":{"1":"NaN"} | logit_bias | failed to cast
                    plain | "logit_bias":{"1":1e300} | logit_bias | failed to cast
                    plain | "logit_bias":{"1":null} | logit_bias | failed to cast
                    plain | "logit_bias":{"1":true} | logit_bias | failed to cast
                    plain | "logit_bias":{"99999999999999999999":1} | logit_bias | failed to cast
                    open | "logits_processors_args":{"logit_bias":{"a":1}} | logits_processors_args | failed to cast
                    open | "logits_processors_args":{"logit_bias":[1]} | logits_processors_args | failed to cast
                    open | "logits_processors_args":{"logit_bias":{"258":1}} | logits_processors_args | outside the vocabulary
                    plain | "max_tokens":0 | max_tokens | max_tokens can be defined [1, 64), but now it's 0.
                    plain | "max_tokens":-10 | max_tokens | max_tokens can be defined [1, 64), but now it's -10.
                    plain | "max_tokens":3,"max_completion_tokens":0 | max_completion_tokens | max_completion_tokens: max_tokens can be defined [1, 64), but now it's 0.
                    plain | "max_tokens":3,"min_tokens":4 | min_tokens | min_tokens must be less than or equal to max_tokens=3, but is 4.
                    plain | "response_max_tokens":3,"min_tokens":4 | min_tokens | must be less than or equal to response_max_tokens=3, but is 4.
                    plain | "stop":["a","b","c"],"stop_token_ids":[1,2,3] | stop | stop: Number of stop sequences (6) exceeds the limit max_stop_seqs_num(5)
                    plain | "stop_token_ids":[1,2,3,4,5,6] | stop_token_ids | stop_token_ids: Number of stop sequences (6) exceeds the limit max_stop_seqs_num(5), which the server's variable FD_MAX_STOP_SEQS_NUM sets.
                    plain | "chat_template":"{% if" | chat_template | The chat template failed
                    plain | "chat_template":"{{ raise_exception('no') }}" | chat_template | no
                    plain | "chat_template":"" | messages | empty prompt
                    plain | "chat_template":"x","continue_final_message":true | continue_final_message | doesn't show the last message
                    plain | "tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":{"function":{"name":"g"}} | tool_choice | names no function of tools: g
                    """)
    void refusesAChatNamingTheField(String server, String fields, String param, String message) {
        InvalidRequest refusal = TestServer.refusal(() -> server(server).chat(fields));

        assertThat(refusal.text()).contains(message);
        assertThat(refusal.param()).contains(param);
        assertThat(refusal.code()).isEqualTo("invalid_value");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            textBlock =
                    """
                    plain | "prompt":"a","logprobs":0 | logprobs | Logprobs is disabled, please enable it in startup config.
                    open | "prompt":"a","logprobs":21 | logprobs | Number of logprobs requested (21) exceeds maximum allowed value (20).
                    open | "prompt":"a","logprobs":-1 | logprobs | Value error, `logprobs` must be a positive value.
                    plain | "prompt":[258] | prompt | outside the vocabulary
                    plain | "prompt":[[1],[258]] | prompt | outside the vocabulary
                    plain | "prompt":"a","prompt_token_ids":[258] | prompt_token_ids | outside the vocabulary
                    plain | "prompt":"a","best_of":129 | best_of | best_of must be at most 128
                    plain | "prompt":"a","max_tokens":0 | max_tokens | max_tokens can be defined [1, 64)
                    plain | "prompt":"a","echo":true,"max_tokens":-1 | max_tokens | max_tokens can be defined [1, 64)
                    plain | "prompt":["a","b","c","d","e","f","g","h","i"],"n":128 | n | 9 prompts with 128 choices each are more than the 1024
                    """)
    void refusesACompletionNamingTheField(
            String server, String fields, String param, String message) {
        InvalidRequest refusal = TestServer.refusal(() -> server(server).completion(fields));

        assertThat(refusal.text()).contains(message);
        assertThat(refusal.param()).contains(param);
        assertThat(refusal.code()).isEqualTo("invalid_value");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            textBlock =
                    """
                    "max_tokens":3 | 64 | prompt | Input text is too long, input_ids_len (64) + min_tokens(0) >= max_model_len(64)
                    "stream":true | 100 | prompt | input_ids_len (100)
                    "min_tokens":4 | 60 | min_tokens | input_ids_len (60) + min_tokens(4) >= max_model_len(64)
                    "min_tokens":9e30 | 5 | min_tokens | Input text is too long
                    """)
    void saysWhatIsTooLong(String fields, int length, String param, String message) {
        InvalidRequest refusal =
                TestServer.refusal(() ->
                        TestServer.plain()
                                .completion(
                                        "\"prompt\":\"%s\",%s"
                                                .formatted("x".repeat(length), fields)));

        assertThat(refusal.text()).contains(message);
        assertThat(refusal.param()).contains(param);
        assertThat(refusal.code()).isEqualTo("context_length_exceeded");
    }
}
