package dev.sluice.openai;

import dev.sluice.engine.DraftCounts;

import java.util.List;

/// Writes how the guessed tokens of a choice fared.
final class SpeculationWriter {
    private SpeculationWriter() {}

    /// The `speculate_metrics` object. A head is a distance, the next token's first; the average
    /// length is that of what came of a forward pass with guesses.
    static void write(JsonWriter out, DraftCounts counts) {
        long accepted = counts.numAccepted();
        long drafted = counts.numDrafted();
        out.raw("{\"accepted_tokens\":").number(accepted);
        out.raw(",\"rejected_tokens\":").number(drafted - accepted);
        out.raw(",\"accept_ratio\":").number(ratio(accepted, drafted));
        out.raw(",\"average_accept_length\":").number(ratio(counts.emitted(), counts.steps()));
        out.raw(",\"accepted_tokens_per_head\":[");
        List<Long> right = counts.accepted();
        for (int i = 0; i < right.size(); i++) {
            out.raw(i == 0 ? "" : ",").number(right.get(i));
        }
        out.raw("],\"accept_ratio_per_head\":[");
        for (int i = 0; i < right.size(); i++) {
            out.raw(i == 0 ? "" : ",").number(ratio(right.get(i), counts.drafted().get(i)));
        }
        out.raw("]}");
    }

    private static float ratio(long part, long whole) {
        return whole == 0 ? 0 : (float) part / whole;
    }
}
