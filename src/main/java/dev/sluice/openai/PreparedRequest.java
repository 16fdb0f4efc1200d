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
/// @param model the name that the answer carries
/// @param sequences one per choice, in the order of the choices
/// @param echoes texts that the choices begin with; empty or one per choice
/// @param stream whether the answer is a stream of events
/// @param includeUsage a stream ends with the usage
/// @param continuousUsage every chunk of a stream carries usage
/// @param promptField the field that the prompt came from, for refusals by the engine
/// @param metadata of the client as JSON, for the log
public record PreparedRequest(
        Kind kind,
        String id,
        long created,
        String model,
        List<GenerationRequest> sequences,
        List<String> echoes,
        boolean stream,
        boolean includeUsage,
        boolean continuousUsage,
        String promptField,
        Optional<String> metadata) {
    public PreparedRequest {
        sequences = List.copyOf(sequences);
        echoes = List.copyOf(echoes);
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

    /// The text that a choice begins with; often empty.
    public String echo(int index) {
        return echoes.isEmpty() ? "" : echoes.get(index);
    }
}
