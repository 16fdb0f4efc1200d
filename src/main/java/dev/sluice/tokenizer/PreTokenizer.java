package dev.sluice.tokenizer;

import java.util.List;

/// Cuts text into the parts within which pieces merge. Immutable.
interface PreTokenizer {

    /// Cuts every part further; may give parts of a rewritten text.
    Pieces apply(Pieces pieces);

    /// One after the other.
    static PreTokenizer sequence(List<PreTokenizer> steps) {
        List<PreTokenizer> all = List.copyOf(steps);
        if (all.size() == 1) {
            return all.getFirst();
        }
        return pieces -> {
            Pieces result = pieces;
            for (PreTokenizer step : all) {
                result = step.apply(result);
            }
            return result;
        };
    }
}
