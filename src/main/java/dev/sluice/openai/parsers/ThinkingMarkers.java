package dev.sluice.openai.parsers;

/// The texts around a model's thinking, as templates write them. Each is one token in the
/// vocabularies that were made for them and several in others.
///
/// @param start begins the thinking; some models have it in their prompt only
/// @param end ends it
public record ThinkingMarkers(String start, String end) {}
