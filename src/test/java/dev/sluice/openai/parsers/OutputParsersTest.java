package dev.sluice.openai.parsers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.engine.Marker;
import dev.sluice.openai.parsers.ToolCallDelta.Begin;
import dev.sluice.tokenizer.TokenIds;

import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

class OutputParsersTest {
    private static final MarkerTokenizer CHARS = MarkerTokenizer.ofChars();

    private static ParserSettings settings(String reasoning, String tools) {
        return new ParserSettings(
                Optional.of(reasoning).filter(name -> !name.isEmpty()),
                Optional.of(tools).filter(name -> !name.isEmpty()),
                true,
                true,
                true);
    }

    private static OutputParser parser(String reasoning, String tools, MarkerTokenizer tokenizer) {
        return OutputParsers.create(
                settings(reasoning, tools), tokenizer, TokenIds.EMPTY, Speaker.counter());
    }

    private static ParsedPiece say(OutputParser parser, String text) {
        return parser.accept(text, List.of(), 1);
    }

    @Test
    void knowsTheNamesOfTheContract() {
        assertThat(OutputParsers.reasoningNames())
                .contains(
                        "ernie-x1",
                        "ernie-45-vl",
                        "ernie-45-vl-thinking",
                        "erine-45-vl-thinking",
                        "qwen3",
                        "deepseek",
                        "deepseek-r1",
                        "deepseek-v3.1",
                        "deepseek-v3-0324");
        assertThat(OutputParsers.toolCallNames())
                .contains("ernie-x1", "ernie-45-vl-thinking", "hermes", "qwen3", "deepseek");
    }

    @Test
    void givesTheMarkersOfTheThinking() {
        assertThat(OutputParsers.thinkingMarkers("ernie_x1"))
                .contains(new ThinkingMarkers("<think>", "</think>"));
        assertThat(OutputParsers.thinkingMarkers("none")).isEmpty();
    }

    @Test
    void asksForTheMarkersThatTheVocabularyHas() {
        MarkerTokenizer tokenizer = new MarkerTokenizer(List.of("</think>", "<tool_call>"), false);

        assertThat(OutputParsers.markerIds(settings("qwen3", ""), tokenizer))
                .containsExactly(tokenizer.id("</think>").orElseThrow());
        assertThat(OutputParsers.markerIds(settings("qwen3", "hermes"), tokenizer)).hasSize(2);
        assertThat(OutputParsers.markerIds(settings("", ""), tokenizer)).isEmpty();
        assertThat(parser("qwen3", "hermes", tokenizer).markerIds())
                .isEqualTo(OutputParsers.markerIds(settings("qwen3", "hermes"), tokenizer));
    }

    @Test
    void aGuidedAnswerThinksOnlyIfItsFirstTokenOpensTheThinking() {
        String output = "<think>x</think>y</think>z";
        ParserSettings guided = settings("qwen3", "").whenGuided();
        MarkerTokenizer markers = new MarkerTokenizer(List.of("<think>", "</think>"), false);

        assertThat(new Speaker(guided, "", output, false).whole(markers).heard())
                .hasToString("reasoning=[x] content=[y</think>z] names=[] arguments=[]");
        assertThat(new Speaker(guided, "", output, false).whole(CHARS).heard())
                .hasToString("reasoning=[] content=[" + output + "] names=[] arguments=[]");
    }

    @Test
    void refusesANameThatItDoesNotKnow() {
        assertThatThrownBy(() -> parser("nobody", "", CHARS))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("nobody");
        assertThatThrownBy(() -> parser("", "nobody", CHARS))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("nobody");
    }

    @Test
    void givesTextAsSoonAsItCanBeNoMarker() {
        OutputParser parser = parser("ernie-45-vl", "hermes", CHARS);

        assertThat(say(parser, "let me").reasoning()).isEqualTo("let me");
        assertThat(say(parser, " see</thi")).isEqualTo(new ParsedPiece(" see", "", List.of()));
        assertThat(say(parser, "nk>")).isEqualTo(ParsedPiece.NONE);
        assertThat(say(parser, "Yes <t")).isEqualTo(new ParsedPiece("", "Yes", List.of()));
        assertThat(say(parser, "d>")).isEqualTo(new ParsedPiece("", " <td>", List.of()));
    }

    @Test
    void beginsACallWithIdAndNameAndGoesOnWithSlices() {
        OutputParser parser = parser("", "hermes", CHARS);
        List<ToolCallDelta> deltas = new ArrayList<>();

        for (String piece :
                List.of(
                        "<tool_call>{\"name\": \"get",
                        "_it\", ",
                        "\"arguments\": {\"a",
                        "\": \"x}\",",
                        " \"b\": 1",
                        "}}\n</tool_call>")) {
            deltas.addAll(say(parser, piece).toolCalls());
        }

        assertThat(deltas)
                .containsExactly(
                        new ToolCallDelta(0, Optional.of(new Begin("id-0", "get_it")), ""),
                        new ToolCallDelta(0, Optional.empty(), "{\"a"),
                        new ToolCallDelta(0, Optional.empty(), "\":\"x}\","),
                        new ToolCallDelta(0, Optional.empty(), "\"b\":1"),
                        new ToolCallDelta(0, Optional.empty(), "}"));
        assertThat(parser.finish(false)).isEqualTo(ParsedPiece.NONE);
        assertThat(parser.calledTools()).isTrue();
    }

    @Test
    void countsTheTokensBetweenTheMarkers() {
        MarkerTokenizer tokenizer = new MarkerTokenizer(List.of("<think>", "</think>"), false);
        int start = tokenizer.id("<think>").orElseThrow();
        int end = tokenizer.id("</think>").orElseThrow();
        OutputParser parser = parser("qwen3", "", tokenizer);

        parser.accept("", List.of(new Marker(start, 0, 0)), 1);
        assertThat(parser.reasoningTokens()).isZero();
        parser.accept("abc", List.of(), 4);
        assertThat(parser.reasoningTokens()).isEqualTo(3);
        parser.accept("defg", List.of(new Marker(end, 2, 6)), 9);
        parser.accept("h", List.of(), 10);

        assertThat(parser.reasoningTokens()).isEqualTo(5);
        assertThat(parser.finish(false).content()).isEmpty();
    }

    @Test
    void countsTheTokensBeforeAMarkerInTheText() {
        OutputParser parser = parser("ernie-x1", "", CHARS);

        parser.accept("one", List.of(), 1);
        parser.accept(" two", List.of(), 2);
        parser.accept("</", List.of(), 3);
        parser.accept("think", List.of(), 4);
        parser.accept(">", List.of(), 5);
        parser.accept("<response>x", List.of(), 8);

        assertThat(parser.reasoningTokens()).isEqualTo(2);
    }

    @Test
    void countsNothingWhereNothingIsThought() {
        OutputParser parser = parser("qwen3", "hermes", CHARS);

        parser.accept("\n\n", List.of(), 2);
        parser.accept("<tool_call>{\"name\": \"f\"}", List.of(), 9);
        parser.finish(false);

        assertThat(parser.reasoningTokens()).isZero();
        assertThat(parser.calledTools()).isTrue();
    }

    @Test
    void leavesSpecialTokensOutOfTheText() {
        MarkerTokenizer tokenizer =
                new MarkerTokenizer(List.of("</think>", "<tool_call>", "</tool_call>"), true);
        String output =
                "a</think>b</think>c<tool_call>{\"name\": \"f\", \"arguments\": {\"x\": \"y</tool_call>";
        Speaker speaker = new Speaker(settings("ernie-45-vl", "hermes"), "", output, false);

        assertThat(speaker.whole(tokenizer))
                .hasToString(
                        "reasoning=[a] content=[bc] names=[f] arguments=[{\"x\":\"y] called=false");
        assertThat(speaker.eachToken(tokenizer)).hasToString(speaker.whole(tokenizer).toString());
    }

    @Test
    void doesNotMatchTheTextOfAMarkerThatIsOneToken() {
        MarkerTokenizer tokenizer = new MarkerTokenizer(List.of("</think>"), false);
        OutputParser parser = parser("ernie-45-vl", "", tokenizer);

        assertThat(say(parser, "a</think>b").reasoning()).isEqualTo("a</think>b");
    }
}
