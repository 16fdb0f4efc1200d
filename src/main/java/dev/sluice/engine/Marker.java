package dev.sluice.engine;

/// A token that structures an output and is no part of its text, such as the end of the thinking.
///
/// @param tokenId one of the ids that the request named
/// @param textOffset where it stands in the text of its delta, in chars
/// @param tokenIndex how many tokens were generated before it
public record Marker(int tokenId, int textOffset, int tokenIndex) {}
