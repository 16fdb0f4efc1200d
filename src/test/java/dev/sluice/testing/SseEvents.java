package dev.sluice.testing;

import io.vertx.core.json.JsonObject;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/// The events of a stream, taken apart byte by byte as the protocol has them.
///
/// @param chunks the JSON of all events but the last
/// @param comments lines that are for nobody
/// @param done whether the last event is `[DONE]`
public record SseEvents(List<JsonObject> chunks, List<String> comments, boolean done) {

    /// Takes a body apart.
    ///
    /// @throws AssertionError if a line is none of the protocol
    public static SseEvents parse(String body) {
        List<JsonObject> chunks = new ArrayList<>();
        List<String> comments = new ArrayList<>();
        boolean done = false;
        for (String event : body.strip().split("\n\n", -1)) {
            if (done) {
                throw new AssertionError("after the end: " + event);
            }
            if (event.startsWith(":")) {
                comments.add(event);
            } else if (event.equals("data: [DONE]")) {
                done = true;
            } else if (event.startsWith("data: ") && !event.contains("\n")) {
                chunks.add(new JsonObject(event.substring("data: ".length())));
            } else {
                throw new AssertionError("no event: " + event);
            }
        }
        return new SseEvents(chunks, comments, done);
    }

    /// The choices of all chunks, in order; each chunk has one at most.
    public List<JsonObject> choices() {
        return chunks.stream()
                .map(chunk -> chunk.getJsonArray("choices"))
                .filter(choices -> !choices.isEmpty())
                .map(choices -> choices.getJsonObject(0))
                .toList();
    }

    /// The choices with one index.
    public List<JsonObject> choices(int index) {
        return choices().stream().filter(c -> c.getInteger("index") == index).toList();
    }

    /// All text of a choice.
    public String text(int index) {
        return choices(index).stream().map(SseEvents::piece).collect(Collectors.joining());
    }

    private static String piece(JsonObject choice) {
        return Optional.ofNullable(choice.getJsonObject("delta"))
                .map(delta -> delta.getString("content"))
                .orElseGet(() -> choice.getString("text"));
    }
}
