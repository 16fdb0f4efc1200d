package dev.sluice.openai.parsers;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// The ways of models to call tools.
enum CallFormat {
    /// `<tool_call>{"name": .., "arguments": {..}}</tool_call>`, unless a response was given
    /// before.
    ERNIE_X1(List.of("ernie-x1")),
    /// The same, unless anything but line breaks stands before the first call.
    ERNIE_45_VL_THINKING(List.of("ernie-45-vl-thinking", "erine-45-vl-thinking")),
    /// The same, after any text.
    HERMES(List.of("hermes", "qwen3", "qwen", "qwen2.5")),
    /// A name, a separator and the arguments between markers of their own; both the form of V3 and
    /// R1 and that of V3.1.
    DEEPSEEK(
            List.of(
                    "deepseek",
                    "deepseek-r1",
                    "deepseek-v3",
                    "deepseek-v3-0324",
                    "deepseek-v3.1",
                    "deepseek-v31"));

    static final String TOOL_CALL = "<tool_call>";
    static final String TOOL_CALL_END = "</tool_call>";
    static final String CALLS_BEGIN = "<｜tool▁calls▁begin｜>";
    static final String CALLS_END = "<｜tool▁calls▁end｜>";
    static final String CALL_BEGIN = "<｜tool▁call▁begin｜>";
    static final String CALL_END = "<｜tool▁call▁end｜>";
    static final String SEPARATOR = "<｜tool▁sep｜>";

    private static final Set<String> CALL_MARKERS =
            Set.of(CALLS_BEGIN, CALLS_END, CALL_BEGIN, CALL_END, SEPARATOR);

    private static final Set<String> FENCED =
            Set.of("deepseek-r1", "deepseek-v3", "deepseek-v3-0324");

    // Never changed: a list that List.of made.
    @SuppressWarnings("ImmutableEnumChecker")
    private final List<String> names;

    CallFormat(List<String> names) {
        this.names = names;
    }

    /// The format of that name.
    static Optional<CallFormat> named(String name) {
        String wanted = ParserNames.canonical(name);
        return Arrays.stream(values()).filter(f -> f.names.contains(wanted)).findFirst();
    }

    List<String> names() {
        return names;
    }

    /// How a call is written; of DeepSeek's two forms the one of the model that the name is for.
    CallSpelling spelling(String name) {
        return switch (this) {
            case ERNIE_X1, ERNIE_45_VL_THINKING, HERMES ->
                    new CallSpelling(
                            "",
                            TOOL_CALL + "\n{\"name\": ",
                            true,
                            ", \"arguments\": ",
                            "}\n" + TOOL_CALL_END,
                            "\n",
                            "",
                            TOOL_CALL,
                            Set.of(TOOL_CALL, TOOL_CALL_END));
            case DEEPSEEK -> FENCED.contains(ParserNames.canonical(name)) ? fenced() : plain();
        };
    }

    private static CallSpelling plain() {
        return new CallSpelling(
                CALLS_BEGIN,
                CALL_BEGIN,
                false,
                SEPARATOR,
                CALL_END,
                "",
                CALLS_END,
                CALLS_BEGIN,
                CALL_MARKERS);
    }

    private static CallSpelling fenced() {
        return new CallSpelling(
                CALLS_BEGIN,
                CALL_BEGIN + "function" + SEPARATOR,
                false,
                "\n```json\n",
                "\n```" + CALL_END,
                "\n",
                CALLS_END,
                CALLS_BEGIN,
                CALL_MARKERS);
    }

    /// All markers of the format, with those that say whether calls count.
    List<String> markers() {
        return switch (this) {
            case ERNIE_X1 ->
                    List.of(
                            TOOL_CALL,
                            TOOL_CALL_END,
                            ReasoningFormat.RESPONSE,
                            ReasoningFormat.RESPONSE_END);
            case ERNIE_45_VL_THINKING ->
                    List.of(TOOL_CALL, TOOL_CALL_END, ReasoningFormat.THINK_END);
            case HERMES -> List.of(TOOL_CALL, TOOL_CALL_END);
            case DEEPSEEK ->
                    List.of(
                            CALLS_BEGIN,
                            CALLS_END,
                            CALL_BEGIN,
                            CALL_END,
                            SEPARATOR,
                            ReasoningFormat.THINK_END);
        };
    }
}
