package dev.sluice.openai;

/// Tokens that an answer took.
///
/// @param promptTokens of all prompts
/// @param completionTokens of all sequences
/// @param cachedTokens prompt tokens that were not computed again
/// @param reasoningTokens those of `completionTokens` that were thinking
record Usage(int promptTokens, int completionTokens, int cachedTokens, int reasoningTokens) {
    /// Nothing yet.
    static final Usage NONE = new Usage(0, 0, 0, 0);

    /// Both together.
    Usage plus(Usage other) {
        return new Usage(
                promptTokens + other.promptTokens,
                completionTokens + other.completionTokens,
                cachedTokens + other.cachedTokens,
                reasoningTokens + other.reasoningTokens);
    }

    /// What was generated.
    Usage withoutPrompt() {
        return new Usage(0, completionTokens, 0, reasoningTokens);
    }

    void write(JsonWriter out) {
        out.raw("{\"prompt_tokens\":").number(promptTokens);
        out.raw(",\"total_tokens\":").number((long) promptTokens + completionTokens);
        out.raw(",\"completion_tokens\":").number(completionTokens);
        out.raw(",\"prompt_tokens_details\":{\"cached_tokens\":").number(cachedTokens);
        out.raw(",\"image_tokens\":0,\"video_tokens\":0}");
        out.raw(",\"completion_tokens_details\":{\"reasoning_tokens\":").number(reasoningTokens);
        out.raw(",\"image_tokens\":0}}");
    }
}
