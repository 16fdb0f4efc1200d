package dev.sluice.openai;

/// The choice within a chunk, as one of the two protocols has it.
sealed interface ChunkForm permits ChatChunks, CompletionChunks {

    /// The kind of object that a chunk is.
    String object();

    /// Whether a choice begins with a chunk without text of its own.
    boolean hasStart();

    /// Writes the choice of that chunk.
    void start(JsonWriter out, ChoiceProgress choice);

    /// Writes the choice of a chunk with news.
    void piece(JsonWriter out, ChoiceProgress choice, ChoicePiece piece);
}
