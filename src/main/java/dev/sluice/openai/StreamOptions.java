package dev.sluice.openai;

/// What a stream carries beside the text.
///
/// @param includeUsage a chunk with the usage of the whole request before the end
/// @param continuousUsage every chunk carries the usage of its choice so far
record StreamOptions(boolean includeUsage, boolean continuousUsage) {
    /// Neither.
    static final StreamOptions NONE = new StreamOptions(false, false);
}
