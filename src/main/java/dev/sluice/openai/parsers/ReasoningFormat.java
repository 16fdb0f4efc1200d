package dev.sluice.openai.parsers;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// The ways of models to write down what they think.
enum ReasoningFormat {
    /// The answer stands between response markers.
    ERNIE_X1(Trim.NOTHING, true, List.of("ernie-x1")),
    ERNIE_45_VL(Trim.NOTHING, true, List.of("ernie-45-vl")),
    /// Line breaks before a call are no answer. The second name is FastDeploy's, as it was once
    /// registered.
    ERNIE_45_VL_THINKING(
            Trim.NOTHING, true, List.of("ernie-45-vl-thinking", "erine-45-vl-thinking")),
    QWEN3(Trim.BOTH, true, List.of("qwen3")),
    DEEPSEEK(
            Trim.CONTENT,
            false,
            List.of(
                    "deepseek",
                    "deepseek-r1",
                    "deepseek-v3",
                    "deepseek-v3-0324",
                    "deepseek-v3.1",
                    "deepseek-v31"));

    static final String THINK = "<think>";
    static final String THINK_END = "</think>";
    static final String RESPONSE = "<response>";
    static final String RESPONSE_END = "</response>";

    private final Trim trim;
    private final boolean thinksUnasked;

    // Never changed: a list that List.of made.
    @SuppressWarnings("ImmutableEnumChecker")
    private final List<String> names;

    /// Which parts lose the white space around them.
    enum Trim {
        NOTHING,
        CONTENT,
        BOTH
    }

    ReasoningFormat(Trim trim, boolean thinksUnasked, List<String> names) {
        this.trim = trim;
        this.thinksUnasked = thinksUnasked;
        this.names = names;
    }

    /// The format of that name.
    static Optional<ReasoningFormat> named(String name) {
        String wanted = ParserNames.canonical(name);
        return Arrays.stream(values()).filter(f -> f.names.contains(wanted)).findFirst();
    }

    List<String> names() {
        return names;
    }

    /// Which parts are trimmed once there was thinking.
    Trim trim() {
        return trim;
    }

    /// Whether an output is thinking from its start though the prompt does not say so, if the model
    /// was to think.
    boolean thinksUnasked() {
        return thinksUnasked;
    }

    ThinkingMarkers thinking() {
        return new ThinkingMarkers(THINK, THINK_END);
    }

    /// All markers of the format.
    List<String> markers() {
        return switch (this) {
            case ERNIE_X1 ->
                    List.of(THINK, THINK_END, RESPONSE, RESPONSE_END, CallFormat.TOOL_CALL);
            case ERNIE_45_VL_THINKING -> List.of(THINK, THINK_END, CallFormat.TOOL_CALL);
            case ERNIE_45_VL, QWEN3, DEEPSEEK -> List.of(THINK, THINK_END);
        };
    }
}
