package dev.sluice.openai;

import dev.sluice.openai.parsers.ParserSettings;

import java.util.Optional;
import java.util.OptionalInt;

/// What an answer carries beside text, and how a stream is cut. Immutable.
///
/// @param includeUsage a stream ends with the usage
/// @param continuousUsage every chunk of a stream carries usage
/// @param returnTokenIds ids and raw texts of prompt and output are given
/// @param logprobs alternatives of each token; empty for no log probabilities
/// @param promptLogprobs alternatives of each token of the prompt; empty for none
/// @param decodeLogprobTokens log probabilities carry the text of their tokens
/// @param tokensPerChunk tokens that a chunk of a stream waits for, at least 1
/// @param candidates sequences for each choice, of which the likeliest is the answer; 1 unless
///   `best_of` says otherwise
/// @param echo the answer begins with the prompt
/// @param collectMetrics chunks carry measurements
/// @param parser how thinking and calls are told from text; empty where all is text
public record AnswerOptions(
        boolean includeUsage,
        boolean continuousUsage,
        boolean returnTokenIds,
        OptionalInt logprobs,
        OptionalInt promptLogprobs,
        boolean decodeLogprobTokens,
        int tokensPerChunk,
        int candidates,
        boolean echo,
        boolean collectMetrics,
        Optional<ParserSettings> parser) {}
