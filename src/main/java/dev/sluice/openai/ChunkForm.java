package dev.sluice.openai;

import dev.sluice.engine.TokenLogprobs;

import java.util.List;
import java.util.Optional;

/// The choice within a chunk, as one of the two protocols has it. Writes what was taken on any
/// thread: of the choice it reads what no event changes any more.
sealed interface ChunkForm permits ChatChunks, CompletionChunks {

    /// The kind of object that a chunk is.
    String object();

    /// Whether a choice begins with a chunk without text of its own.
    boolean hasStart();

    /// Writes the choice of that chunk.
    ///
    /// @param promptLogprobs of each token of the prompt but the first, where they are wanted
    void start(JsonWriter out, ChoiceProgress choice, Optional<List<TokenLogprobs>> promptLogprobs);

    /// Writes the choice of a chunk with news.
    void piece(JsonWriter out, ChoiceProgress choice, ChoicePiece piece);
}
