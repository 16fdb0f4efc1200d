package dev.sluice.openai;

import java.nio.charset.StandardCharsets;

/// What chunks and whole answers begin with.
final class AnswerHead {
    private AnswerHead() {}

    /// Everything up to the first choice.
    static void write(JsonWriter out, PreparedRequest request, String object) {
        out.raw("{\"id\":").string(request.id());
        out.raw(",\"object\":\"").raw(object);
        out.raw("\",\"created\":").number(request.created());
        out.raw(",\"model\":").string(request.model());
        out.raw(",\"choices\":[");
    }

    /// Bytes of a template.
    static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
