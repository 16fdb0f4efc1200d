package dev.sluice.openai;

import dev.sluice.engine.GenerationRequest;

import java.util.List;
import java.util.Optional;

/// A request that is ready for the engine, every default resolved, and what its answer needs to
/// know. Immutable.
///
/// @param kind which of the two protocols
/// @param id of the answer
/// @param created seconds since 1970
/// @param served the model that answers
/// @param sequences as many for each prompt, one prompt after the other
/// @param numPrompts prompts of the request
/// @param promptTexts of each prompt, where the answer shows them; else empty
/// @param stream whether the answer is a stream of events
/// @param answer what the answer carries
/// @param promptField the field that the prompt came from, for refusals by the engine
/// @param metadata of the client as JSON, for the log
public record PreparedRequest(
        Kind kind,
        String id,
        long created,
        ServedModel served,
        List<GenerationRequest> sequences,
        int numPrompts,
        List<String> promptTexts,
        boolean stream,
        AnswerOptions answer,
        String promptField,
        Optional<String> metadata) {
    public PreparedRequest {
        sequences = List.copyOf(sequences);
        promptTexts = List.copyOf(promptTexts);
    }

    /// The two protocols.
    public enum Kind {
        /// `/v1/chat/completions`.
        CHAT("chatcmpl-"),
        /// `/v1/completions`.
        COMPLETION("cmpl-");

        private final String prefix;

        Kind(String prefix) {
            this.prefix = prefix;
        }

        /// What every id begins with.
        String prefix() {
            return prefix;
        }
    }

    /// The name that the answer carries.
    public String model() {
        return served.publicName();
    }

    /// The prompt that a sequence belongs to.
    public int promptOf(int sequence) {
        return sequence / (sequences.size() / numPrompts);
    }

    /// The text that a sequence's answer begins with; often empty.
    public String echo(int sequence) {
        return answer.echo() ? promptTexts.get(promptOf(sequence)) : "";
    }
}
