package dev.sluice.openai;

import dev.sluice.engine.TokenLogprobs;

import java.util.List;
import java.util.Optional;

/// Choices within the chunks of a chat.
final class ChatChunks implements ChunkForm {
    private static final byte[] ROLE =
            AnswerHead.ascii(
                    ",\"delta\":{\"role\":\"assistant\",\"reasoning_content\":\"\""
                            + ",\"tool_calls\":null");
    private static final byte[] AFTER_ROLE =
            AnswerHead.ascii(",\"completion_token_ids\":null,\"content\":\"\"}");
    private static final byte[] CONTENT_ONLY =
            AnswerHead.ascii(
                    ",\"delta\":{\"reasoning_content\":\"\",\"prompt_token_ids\":null"
                            + ",\"tool_calls\":null,\"completion_token_ids\":null,\"content\":");
    private static final byte[] AFTER_CONTENT_ONLY =
            AnswerHead.ascii("},\"logprobs\":null,\"draft_logprobs\":null,\"arrival_time\":");

    private final ChoiceFields fields;
    private final boolean alwaysPlain;

    ChatChunks(PreparedRequest request) {
        this.fields = new ChoiceFields(request);
        this.alwaysPlain = !request.answer().returnTokenIds() && !request.answer().collectMetrics();
    }

    @Override
    public String object() {
        return "chat.completion.chunk";
    }

    @Override
    public boolean hasStart() {
        return true;
    }

    @Override
    public void start(
            JsonWriter out, ChoiceProgress choice, Optional<List<TokenLogprobs>> promptLogprobs) {
        out.raw("{\"index\":").number(choice.index()).raw(ROLE);
        fields.promptIds(out, choice);
        if (fields.tellsIds()) {
            fields.promptText(out, choice);
        }
        out.raw(AFTER_ROLE);
        fields.promptLogprobs(out, promptLogprobs);
        out.raw(",\"finish_reason\":null}");
    }

    @Override
    public void piece(JsonWriter out, ChoiceProgress choice, ChoicePiece piece) {
        out.raw("{\"index\":").number(choice.index());
        if (alwaysPlain && piece.isContentOnly()) {
            out.raw(CONTENT_ONLY).string(piece.content()).raw(AFTER_CONTENT_ONLY);
        } else {
            delta(out, piece);
            fields.logprobs(out, piece, false);
            fields.speculation(out, piece);
            out.raw(",\"arrival_time\":");
        }
        out.seconds(piece.arrivalNanos());
        fields.reason(out, piece);
        out.raw("}");
    }

    private void delta(JsonWriter out, ChoicePiece piece) {
        out.raw(",\"delta\":{\"reasoning_content\":").string(piece.reasoning());
        out.raw(",\"prompt_token_ids\":null,\"tool_calls\":");
        ToolCallsWriter.news(out, piece.toolCalls());
        fields.completionIds(out, piece);
        if (fields.tellsIds()) {
            fields.completionText(out, piece);
        }
        out.raw(",\"content\":").string(piece.content()).raw("}");
    }
}
