package dev.sluice.openai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.engine.ApiException.InvalidRequest;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;

class RequestValidatorTest {
    private static final RequestValidator VALIDATOR = RequestValidator.create();
    private static final String HELLO = "\"messages\":[{\"role\":\"user\",\"content\":\"Hello!\"}]";

    private static ChatRequest chat(String fields) {
        String separator = fields.isEmpty() ? "" : ",";
        return VALIDATOR.chat(bytes("{" + HELLO + separator + fields + "}"));
    }

    private static CompletionRequest completion(String fields) {
        return VALIDATOR.completion(bytes("{" + fields + "}"));
    }

    private static byte[] bytes(String json) {
        return json.getBytes(StandardCharsets.UTF_8);
    }

    private static InvalidRequest refusal(Runnable request) {
        try {
            request.run();
        } catch (InvalidRequest e) {
            return e;
        }
        throw new AssertionError("was accepted");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            textBlock =
                    """
                    "temperature":-0.1 | temperature | temperature: Input should be greater than or equal to 0
                    "temperature":"warm" | temperature | Input should be a valid number
                    "temperature":1e400 | temperature | temperature: Input should be a finite number
                    "top_p":1.5 | top_p | top_p: Input should be less than or equal to 1
                    "top_p":-0.5 | top_p | greater than or equal to 0
                    "min_p":1.5 | min_p | less than or equal to 1
                    "top_k":-2 | top_k | greater than or equal to -1
                    "top_k":1.5 | top_k | valid integer, got a number with a fractional part
                    "frequency_penalty":2.1 | frequency_penalty | less than or equal to 2
                    "presence_penalty":-2.1 | presence_penalty | greater than or equal to -2
                    "repetition_penalty":0 | repetition_penalty | greater than 0
                    "seed":-1 | seed | greater than or equal to 0
                    "seed":922337203685477581 | seed | less than or equal to 922337203685477580
                    "seed":99999999999999999999 | seed | less than or equal to 922337203685477580
                    "max_tokens":1e999999999 | max_tokens | valid integer, got a number out of range
                    "max_tokens":10.5 | max_tokens | valid integer, got a number with a fractional part
                    "max_tokens":"5" | max_tokens | Input should be a valid integer
                    "stream":"yes" | stream | Input should be a valid boolean
                    "stream":1 | stream | Input should be a valid boolean
                    "model":5 | model | Input should be a valid string
                    "stop":5 | stop | Input should be a valid string or list
                    "stop":["a",5] | stop | stop[1]: Input should be a valid string
                    "stop_token_ids":["x"] | stop_token_ids | stop_token_ids[0]
                    "stop_token_ids":[-1] | stop_token_ids | no token id
                    "stop_token_ids":[[1,2]] | stop_token_ids | stop_token_ids[0]
                    "prompt_token_ids":"abc" | prompt_token_ids | Input should be a valid list
                    "prompt_token_ids":[1.5] | prompt_token_ids | prompt_token_ids[0]
                    "prompt_token_ids":[99999999999] | prompt_token_ids | no token id
                    "stream_options":{"include_usage":true} | stream_options | Value error, stream_options: Stream options can only be defined when `stream=True`.
                    "stream":true,"stream_options":{"include_usage":"x"} | stream_options | stream_options.include_usage
                    "stream_options":[] | stream_options | Input should be a valid dictionary
                    "chat_template_kwargs":[1] | chat_template_kwargs | chat_template_kwargs must be a dict
                    "metadata":"x" | metadata | Input should be a valid dictionary
                    "metadata":{"min_tokens":-3} | metadata | metadata.min_tokens: Input should be greater
                    "metadata":{"enable_thinking":3} | metadata | metadata.enable_thinking
                    "metadata":{"completion_token_ids":["a"]} | completion_token_ids | valid integer
                    "chat_template_kwargs":{"enable_thinking":"no"} | chat_template_kwargs | enable_thinking
                    "mm_hashes":"x" | mm_hashes | mm_hashes` must be a list.
                    "n":0 | n | n must be at least 1
                    "n":-9223372036854775809 | n | n must be at least 1
                    "n":"2" | n | n: Input should be a valid integer
                    "top_logprobs":true | top_logprobs | Input should be a valid integer
                    "logprobs":1 | logprobs | Input should be a valid boolean
                    "repetition_penalty":1e-300 | repetition_penalty | greater than 0
                    "repetition_penalty":-1 | repetition_penalty | greater than 0
                    "min_tokens":-1 | min_tokens | greater than or equal to 0
                    "bad_words":[""] | bad_words | bad_words[0]: a bad word must not be empty
                    "bad_words":["a","  "] | bad_words | bad_words[1]: a bad word must not be empty
                    "bad_words":"a" | bad_words | Input should be a valid list
                    "bad_words":[5] | bad_words | bad_words[0]: Input should be a valid string
                    "bad_words_token_ids":[-1] | bad_words_token_ids | no token id
                    "bad_words_token_ids":["a"] | bad_words_token_ids | valid integer
                    "logit_bias":[5] | logit_bias | Input should be a valid dictionary
                    "logits_processors_args":[5] | logits_processors_args | Input should be a valid dictionary
                    "completion_token_ids":[1.5] | completion_token_ids | valid integer
                    "truncate_prompt_tokens":0 | truncate_prompt_tokens | Input should be -1, or greater
                    "truncate_prompt_tokens":-2 | truncate_prompt_tokens | Input should be -1, or greater
                    "response_max_tokens":0 | response_max_tokens | response_max_tokens: Input should be greater than or equal to 1
                    "return_token_ids":1 | return_token_ids | Input should be a valid boolean
                    "max_streaming_response_tokens":"a" | max_streaming_response_tokens | valid integer
                    "add_generation_prompt":true,"continue_final_message":true | continue_final_message | Cannot set both
                    "user":5 | user | Input should be a valid string
                    "reasoning_max_tokens":0 | reasoning_max_tokens | must be greater than 1
                    "response_format":{"type":"yaml"} | response_format | 'text', 'json_object', 'json_schema' or 'structural_tag'
                    "response_format":{} | response_format | response_format.type: Field required
                    "response_format":{"type":"json_schema","json_schema":{}} | response_format | response_format.json_schema.name: Field required
                    "response_format":{"type":"json_schema","json_schema":{"name":"a"}} | response_format | can not be None
                    "guided_json":5 | guided_json | valid string or dictionary
                    "structural_tag":{} | structural_tag | Input should be a valid string
                    "guided_choice":["a",5] | guided_choice | guided_choice[1]: Input should be a valid string
                    "response_format":{"type":"json_schema","json_schema":{"name":"a","schema":{},"strict":1}} | response_format | valid boolean
                    "guided_json":{},"guided_regex":"a" | guided_regex | Value error, You can only use one kind of guided decoding (guided_json, guided_regex).
                    "guided_choice":["a"],"structural_tag":"{}" | structural_tag | only use one kind
                    "response_format":{"type":"json_object"},"guided_choice":["a"] | guided_choice | only use one kind
                    "guided_regex":"a","tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":"required" | guided_regex | (guided_regex, tool_choice)
                    "structured_outputs":"json" | structured_outputs | Input should be a valid dictionary
                    "structured_outputs":{"regex":5} | structured_outputs | structured_outputs.regex: Input should be a valid string
                    "structured_outputs":{"choice":["a",5]} | structured_outputs | structured_outputs.choice[1]: Input should be a valid string
                    "structured_outputs":{"json":{},"json_object":true} | structured_outputs | Value error, You can only use one kind of guided decoding (structured_outputs.json, structured_outputs.json_object).
                    "structured_outputs":{"json":{}},"guided_regex":"a" | structured_outputs | one kind of guided decoding (guided_regex, structured_outputs).
                    "response_format":{"type":"json_object"},"structured_outputs":{"json":{}} | structured_outputs | one kind of guided decoding (response_format, structured_outputs).
                    "structured_outputs":{"regex":"a"},"tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":"required" | structured_outputs | (structured_outputs, tool_choice)
                    "structured_outputs":{"json":{},"disable_any_whitespace":true} | structured_outputs | structured_outputs.disable_any_whitespace is not supported: start the server with --guided-decoding-disable-any-whitespace.
                    "structured_outputs":{"json":{},"whitespace_pattern":" "} | structured_outputs | structured_outputs.whitespace_pattern is not supported: start
                    "structured_outputs":{"lark":"a"} | structured_outputs | structured_outputs.lark is not supported.
                    "regex":"a+" | regex | regex is not supported: use guided_regex.
                    "ebnf":"root ::= x" | ebnf | ebnf is not supported: use guided_grammar.
                    "json_schema":"{}" | json_schema | json_schema is not supported: use guided_json.
                    "tools":[{"type":"function","function":{"name":"f","strict":1}}] | tools | tools[0].function.strict: Input should be a valid boolean
                    "tools":{} | tools | Input should be a valid list
                    "tools":[5] | tools | tools[0]: Input should be a valid dictionary
                    "tools":[null] | tools | tools[0]: Field required
                    "tools":[{"function":{"name":"f"}}] | tools | tools[0].type: Field required
                    "tools":[{"type":"retrieval"}] | tools | tools[0].type: Input should be 'function'
                    "tools":[{"type":"function"}] | tools | tools[0].function: Field required
                    "tools":[{"type":"function","function":{}}] | tools | tools[0].function.name: Field required
                    "tools":[{"type":"function","function":{"name":""}}] | tools | tools[0].function.name: must not be empty
                    "tools":[{"type":"function","function":{"name":5}}] | tools | tools[0].function.name: Input should be a valid string
                    "tools":[{"type":"function","function":{"name":"f","parameters":5}}] | tools | tools[0].function.parameters
                    "tool_choice":"any" | tool_choice | tool_choice: Input should be 'none', 'auto', 'required' or an object that names a function: {"type": "function", "function": {"name": ...}}
                    "tool_choice":"required" | tool_choice | tools` must be set
                    "tool_choice":{} | tool_choice | tool_choice.function: Field required
                    "tool_choice":{"type":"function","function":{"name":"f"}} | tool_choice | tools` must be set
                    "functions":[{}] | functions | functions is not supported: use tools.
                    "function_call":{"name":"f"} | function_call | use tool_choice
                    "modalities":["audio"] | modalities | modalities is not supported
                    "modalities":["text","audio"] | modalities | modalities is not supported
                    "audio":{"voice":"x"} | audio | audio is not supported
                    "web_search_options":{} | web_search_options | is not supported
                    "best_of":2 | best_of | only completions have it
                    "echo":true | echo | only completions have it
                    "suffix":"b" | suffix | is not supported
                    """)
    void refusesABadValueNamingTheField(String field, String param, String message) {
        InvalidRequest refusal = refusal(() -> chat(field));

        assertThat(refusal.param()).contains(param);
        assertThat(refusal.code()).isEqualTo("invalid_value");
        assertThat(refusal.text()).contains(message);
    }

    @Test
    void takesWhatAsksForNothing() {
        assertThat(
                        chat(
                                """
                                "n":1.0,"frequency_penalty":0,"presence_penalty":0.0,
                                "repetition_penalty":1,"min_tokens":0,"bad_words":[],
                                "bad_words_token_ids":[],"logit_bias":{},"logits_processors_args":{},
                                "response_format":{"type":"text"},"guided_json":null,
                                "return_token_ids":false,"logprobs":false,"top_logprobs":0,
                                "tools":[],"tool_choice":"auto","parallel_tool_calls":true,
                                "chat_template":null,"disable_chat_template":false,
                                "max_streaming_response_tokens":1,"mm_hashes":[],"metadata":null,
                                "regex":null,"ebnf":"","json_schema":{},"structured_outputs":{},
                                "functions":[],"function_call":"none","modalities":["text"],
                                "echo":false,"best_of":1,"suffix":"","include_draft_logprobs":true,
                                "invalid_field":{"a":[1]},"store":true,"priority":3
                                """))
                .isNotNull();
    }

    @Test
    void missingMessagesHaveACodeOfTheirOwn() {
        InvalidRequest refusal = refusal(() -> VALIDATOR.chat(bytes("{\"temperature\":-1}")));

        assertThat(refusal.param()).contains("messages");
        assertThat(refusal.code()).isEqualTo("missing_required_parameter");
        assertThat(refusal.text()).isEqualTo("messages: Field required");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            textBlock =
                    """
                    "text" | Input should be a valid list
                    null | Input should be a valid list
                    [] | messages can not be an empty list, unless prompt_token_ids is passed
                    ["hi"] | messages[0]: Input should be a valid dictionary
                    [{"content":"hi"}] | messages[0].role: Field required
                    [{"role":5,"content":"hi"}] | messages[0].role
                    [{"role":"user","content":5}] | messages[0].content
                    [{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:,"}}]}] | This model takes text only
                    [{"role":"user","content":[{"type":"video_url"}]}] | not video_url
                    [{"role":"user","content":[{"type":"input_audio"}]}] | not input_audio
                    [{"role":"user","content":[{}]}] | messages[0].content[0].type: Field required
                    [{"role":"user","content":[{"type":"smell"}]}] | Unknown content part type: smell
                    [{"role":"user","content":[{"type":"text"}]}] | messages[0].content[0].text
                    [{"role":"user","content":[{"type":"refusal","refusal":"no"}]}] | Unknown content part type: refusal
                    [{"role":"assistant","content":[{"type":"refusal"}]}] | messages[0].content[0].refusal: Input should be a valid string
                    [{"role":"assistant","tool_calls":5}] | messages[0].tool_calls
                    [1,"a"] | messages[0]: Input should be a valid dictionary
                    [1.5] | messages[0]: Input should be a valid integer
                    """)
    void refusesBadMessages(String messages, String message) {
        InvalidRequest refusal =
                refusal(() -> VALIDATOR.chat(bytes("{\"messages\":" + messages + "}")));

        assertThat(refusal.param()).contains("messages");
        assertThat(refusal.text()).contains(message);
    }

    @Test
    void bringsMessagesIntoTheFormOfTemplates() {
        ChatRequest request =
                VALIDATOR.chat(
                        bytes(
                                """
                                {"messages":[
                                  {"role":"developer","content":[{"type":"text","text":"a"},
                                                                 {"type":"text","text":"b"}]},
                                  {"role":"assistant","content":null,"thoughts":"hm","name":null,
                                   "tool_calls":[{"id":"1","type":"function","function":
                                     {"name":"f","arguments":"{\\"x\\":[1]}"}},
                                     {"id":"2","function":{"name":"g","arguments":"no json"}}]},
                                  {"role":"tool","tool_call_id":"1",
                                   "content":{"type":"text","text":"ok"}}]}
                                """));

        assertThat(request.messages())
                .containsExactly(
                        Map.of("role", "system", "content", "a\nb"),
                        Map.of(
                                "role",
                                "assistant",
                                "content",
                                "",
                                "thoughts",
                                "hm",
                                "tool_calls",
                                List.of(
                                        Map.of(
                                                "id",
                                                "1",
                                                "type",
                                                "function",
                                                "function",
                                                Map.of(
                                                        "name",
                                                        "f",
                                                        "arguments",
                                                        Map.of("x", List.of(1)))),
                                        Map.of(
                                                "id",
                                                "2",
                                                "function",
                                                Map.of("name", "g", "arguments", "no json")))),
                        Map.of("role", "tool", "tool_call_id", "1", "content", "ok"));
    }

    @Test
    void aRefusalOfTheAssistantIsText() {
        ChatRequest request =
                VALIDATOR.chat(
                        bytes(
                                """
                                {"messages":[{"role":"assistant","content":[
                                   {"type":"text","text":"a"},{"type":"refusal","refusal":"no"}]}]}
                                """));

        assertThat(request.messages())
                .containsExactly(Map.of("role", "assistant", "content", "a\nno"));
    }

    @Test
    void takesMessagesThatAreTokensAlready() {
        ChatRequest request = VALIDATOR.chat(bytes("{\"messages\":[1,2,3.0]}"));

        assertThat(request.promptTokenIds().toArray()).containsExactly(1, 2, 3);
        assertThat(request.messages()).isEmpty();
    }

    @Test
    void promptTokenIdsWinOverMessages() {
        ChatRequest request = chat("\"prompt_token_ids\":[7,8]");

        assertThat(request.promptTokenIds().toArray()).containsExactly(7, 8);
    }

    @Test
    void wholeNumbersMayBeWrittenWithAPoint() {
        assertThat(chat("\"max_tokens\":10.0").shared().stops().maxTokens()).hasValue(10);
        assertThat(chat("\"seed\":1e3").shared().sampling().seed()).hasValue(1000);
    }

    @Test
    void nullIsAbsent() {
        SharedParameters shared =
                chat("\"model\":null,\"temperature\":null,\"stop\":null,\"stream\":null").shared();

        assertThat(shared).isEqualTo(chat("").shared());
    }

    @Test
    void streamOptionsMeanUsageUnlessTheySayOtherwise() {
        String stream = "\"stream\":true";

        assertThat(chat(stream).shared().streamOptions()).isEqualTo(StreamOptions.NONE);
        assertThat(chat(stream + ",\"stream_options\":{}").shared().streamOptions())
                .isEqualTo(new StreamOptions(true, false));
        assertThat(
                        chat(stream + ",\"stream_options\":{\"include_usage\":false,\"x\":1}")
                                .shared()
                                .streamOptions())
                .isEqualTo(StreamOptions.NONE);
        assertThat(chat("\"stream_options\":{}").shared().streamOptions())
                .isEqualTo(StreamOptions.NONE);
    }

    @Test
    void aListOfManyStopStringsIsNoWork() {
        String many = "\"stop\":[" + "\"a\",".repeat(1_000_000) + "]";
        chat(many);

        long start = System.nanoTime();
        int number = chat(many).shared().stops().stop().size();

        assertThat(number).isEqualTo(1_000_000);
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(2));
    }

    @Test
    void emptyStopStringsAreIgnored() {
        assertThat(chat("\"stop\":\"\"").shared().stops().stop()).isEmpty();
        assertThat(chat("\"stop\":[\"\",\"a\"]").shared().stops().stop()).containsExactly("a");
        assertThat(chat("\"stop_token_ids\":[5,[6]]").shared().stops().stopTokenIds())
                .containsExactly(5, 6);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            nullValues = "-",
            textBlock =
                    """
                    {} | -
                    {"enable_thinking":false} | false
                    {"enable_thinking":true} | true
                    {"options":{"thinking_mode":"close"}} | false
                    {"options":{"thinking_mode":"false"},"enable_thinking":true} | false
                    {"options":{"thinking_mode":"open"},"enable_thinking":false} | true
                    """)
    void thinkingIsSwitchedByTemplateVariables(String kwargs, Boolean expected) {
        ChatRequest request = chat("\"chat_template_kwargs\":" + kwargs);

        assertThat(request.template().variables().get("enable_thinking")).isEqualTo(expected);
    }

    @Test
    void metadataMaySwitchThinkingAndStopText() {
        ChatRequest request =
                chat(
                        "\"metadata\":{\"enable_thinking\":false,\"include_stop_str_in_output\":true,"
                                + "\"x\":1}");

        assertThat(request.template().variables()).containsEntry("enable_thinking", false);
        assertThat(request.shared().stops().includeStopString()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "{",
                "{\"messages\":[",
                "[]",
                "null",
                "\"x\"",
                "5",
                "{\"messages\":[]}}",
                "{\"messages\":[],,}",
                "{'messages':[]}",
                "{\"n\":1,\"n\":1}",
                "{\"a\":{\"b\":1,\"b\":1}}",
                "{\"temperature\":Infinity}",
                "{\"temperature\":+1}",
                "{\"temperature\":01}",
                "{\"temperature\":NaN}"
            })
    void malformedBodiesBlameNoField(String body) {
        assertThatThrownBy(() -> VALIDATOR.chat(bytes(body)))
                .isInstanceOfSatisfying(
                        InvalidRequest.class,
                        e -> {
                            assertThat(e.param()).isEmpty();
                            assertThat(e.code()).isEqualTo("invalid_value");
                            assertThat(e.text()).doesNotContain("Source");
                        });
    }

    @Test
    void aFieldThatIsThereTwiceIsSaidToBe() {
        InvalidRequest refusal =
                refusal(() -> VALIDATOR.chat(bytes("{\"n\":1,\n\"messages\":[],\"n\":2}")));

        assertThat(refusal.text()).startsWith("The body has a field twice at line 2");
    }

    @ParameterizedTest
    @ValueSource(strings = {"[", "{\"a\":"})
    void whatNestsTooDeepIsRefused(String open) {
        String body = "{" + HELLO + ",\"metadata\":" + open.repeat(100_000);

        assertThat(refusal(() -> VALIDATOR.chat(bytes(body))).text()).contains("nested too deeply");
    }

    @ParameterizedTest
    @ValueSource(strings = {"n", "temperature", "top_k", "seed", "max_tokens", "messages"})
    void numbersOfManyDigitsAreRefused(String field) {
        String body = "{\"messages\":[1],\"" + field + "\":" + "9".repeat(100_000) + "}";

        assertThat(refusal(() -> VALIDATOR.chat(bytes(body))).code()).isEqualTo("invalid_value");
    }

    @Test
    void badUtf8IsMalformed() {
        byte[] body = bytes("{" + HELLO + "}");
        body[body.length - 6] = (byte) 0xff;

        assertThatThrownBy(() -> VALIDATOR.chat(body)).isInstanceOf(InvalidRequest.class);
    }

    @Test
    void aCommaBeforeAClosingBracketIsForgiven() {
        assertThat(chat("\"stop\":[\"a\",],\"temperature\":0,").shared().stops().stop())
                .containsExactly("a");
    }

    @Test
    void promptsComeInFourForms() {
        assertThat(completion("\"prompt\":\"a\"").prompts()).containsExactly(new Prompt.Text("a"));
        assertThat(completion("\"prompt\":[\"a\",\"b\"]").prompts())
                .containsExactly(new Prompt.Text("a"), new Prompt.Text("b"));
        assertThat(completion("\"prompt\":[1,2]").prompts()).hasSize(1);
        assertThat(completion("\"prompt\":[[1],[2,3]]").prompts()).hasSize(2);
        assertThat(completion("\"prompt\":\"\",\"prompt_token_ids\":[1]").prompts()).hasSize(1);
        assertThat(completion("\"prompt\":\"x\",\"prompt_token_ids\":[[1],[2]]").prompts())
                .hasSize(2);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            textBlock =
                    """
                    "temperature":1 | prompt | prompt: Field required
                    "prompt":5 | prompt | Input should be a valid string or list
                    "prompt":"" | prompt | prompt must be a non-empty
                    "prompt":[] | prompt | must be a non-empty
                    "prompt":[""] | prompt | must be a non-empty
                    "prompt":[[]] | prompt | must be a non-empty
                    "prompt":[1,"a"] | prompt | each item type must be one of: str, list[int]
                    "prompt":["a",[1]] | prompt | each item type must be one of: str, list[int]
                    "prompt":[true] | prompt | each item type must be one of: str, list[int]
                    "prompt":[[1,"a"]] | prompt | valid integer
                    "prompt":"a","prompt_token_ids":[] | prompt_token_ids | must be a non-empty
                    "prompt":"a","prompt_token_ids":["a"] | prompt_token_ids | valid integer
                    "prompt":"a","best_of":0 | best_of | greater than or equal to 1
                    "prompt":"a","best_of":3,"n":2 | best_of | only possible with n=1
                    "prompt":"a","best_of":3,"stream":true | best_of | not possible with stream
                    "prompt":"a","guided_json":{},"guided_choice":[] | guided_choice | only use one kind
                    "prompt":"a","structured_outputs":{"json":{},"regex":"a"} | structured_outputs | only use one kind
                    "prompt":"a","regex":"a+" | regex | use guided_regex
                    "prompt":"a","suffix":{"max_streaming_response_tokens":"x"} | suffix | valid integer
                    "prompt":"a","n":0 | n | at least 1
                    "prompt":"a","logprobs":true | logprobs | Input should be a valid integer
                    "prompt":"a","suffix":"b" | suffix | not supported
                    "prompt":"a","echo":"yes" | echo | Input should be a valid boolean
                    """)
    void refusesBadCompletions(String fields, String param, String message) {
        InvalidRequest refusal = refusal(() -> completion(fields));

        assertThat(refusal.param()).contains(param);
        assertThat(refusal.text()).contains(message);
    }
}
