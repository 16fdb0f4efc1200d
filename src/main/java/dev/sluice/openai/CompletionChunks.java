package dev.sluice.openai;

import dev.sluice.engine.TokenLogprobs;

import java.util.List;
import java.util.Optional;

/// Choices within the chunks of a completion.
final class CompletionChunks implements ChunkForm {
    private static final byte[] AFTER_TEXT_ONLY =
            AnswerHead.ascii(
                    ",\"prompt_token_ids\":null,\"completion_token_ids\":null,\"tool_calls\":null"
                            + ",\"completion_tokens\":null,\"reasoning_content\":\"\",\"arrival_time\":");
    private static final byte[] NO_LOGPROBS =
            AnswerHead.ascii(",\"logprobs\":null,\"draft_logprobs\":null");

    private final ChoiceFields fields;
    private final boolean alwaysPlain;

    CompletionChunks(PreparedRequest request) {
        AnswerOptions answer = request.answer();
        this.fields = new ChoiceFields(request);
        this.alwaysPlain =
                !answer.returnTokenIds()
                        && !answer.collectMetrics()
                        && answer.promptLogprobs().isEmpty();
    }

    @Override
    public String object() {
        return "text_completion";
    }

    /// Such a chunk tells the prompt's ids.
    @Override
    public boolean hasStart() {
        return fields.tellsIds();
    }

    @Override
    public void start(
            JsonWriter out, ChoiceProgress choice, Optional<List<TokenLogprobs>> promptLogprobs) {
        out.raw("{\"index\":").number(choice.index()).raw(",\"text\":\"\"");
        fields.promptIds(out, choice);
        fields.promptText(out, choice);
        out.raw(",\"completion_token_ids\":null,\"tool_calls\":null,\"completion_tokens\":null");
        out.raw(",\"reasoning_content\":\"\"").raw(NO_LOGPROBS);
        fields.promptLogprobs(out, promptLogprobs);
        out.raw(",\"finish_reason\":null}");
    }

    @Override
    public void piece(JsonWriter out, ChoiceProgress choice, ChoicePiece piece) {
        out.raw("{\"index\":").number(choice.index());
        out.raw(",\"text\":").string(piece.content());
        if (alwaysPlain && piece.isContentOnly()) {
            out.raw(AFTER_TEXT_ONLY).seconds(piece.arrivalNanos()).raw(NO_LOGPROBS);
        } else {
            out.raw(",\"prompt_token_ids\":null");
            fields.completionIds(out, piece);
            out.raw(",\"tool_calls\":");
            ToolCallsWriter.news(out, piece.toolCalls());
            fields.completionText(out, piece);
            out.raw(",\"reasoning_content\":").string(piece.reasoning());
            out.raw(",\"arrival_time\":").seconds(piece.arrivalNanos());
            fields.logprobs(out, piece, false);
            fields.promptLogprobs(out, piece.promptLogprobs());
            fields.speculation(out, piece);
        }
        fields.reason(out, piece);
        out.raw("}");
    }
}
