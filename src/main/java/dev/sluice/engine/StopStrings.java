package dev.sluice.engine;

import java.util.List;

/// Finds the first stop string in a text that arrives in pieces, and holds back what may be the
/// beginning of one.
///
/// A match counts where its end comes in an accepted piece. Of several matches in the text seen so
/// far the one that starts first wins, of those the shortest. At most one char less than the
/// longest stop string is held back.
final class StopStrings {
    private final List<String> stops;
    private final boolean include;
    private String held = "";
    private boolean matched;

    /// @param stops no empty strings; may be empty
    /// @param include a match is part of the text
    StopStrings(List<String> stops, boolean include) {
        this.stops = stops;
        this.include = include;
    }

    /// Takes the next piece.
    ///
    /// @return what can be shown now; after a match nothing more
    String accept(String piece) {
        if (stops.isEmpty()) {
            return piece;
        }
        if (matched) {
            return "";
        }
        String text = held + piece;
        int end = endOfMatch(text, held.length());
        if (matched) {
            held = "";
            return text.substring(0, end);
        }
        return hold(text);
    }

    /// Takes the next piece of a text that no stop string may end yet.
    ///
    /// @return what can be shown now
    String pass(String piece) {
        return stops.isEmpty() ? piece : hold(held + piece);
    }

    private String hold(String text) {
        int keep = possibleStart(text);
        held = text.substring(keep);
        return text.substring(0, keep);
    }

    /// Whether a stop string was found.
    boolean matched() {
        return matched;
    }

    /// Gives out what was held back, once no more text follows.
    String flush() {
        String rest = held;
        held = "";
        return rest;
    }

    /// Where a match ends, or where the text does; one within what is known already came too early
    /// to count.
    private int endOfMatch(String text, int known) {
        int start = text.length();
        int length = 0;
        for (String stop : stops) {
            int at = text.indexOf(stop, Math.max(0, known - stop.length() + 1));
            if (at >= 0 && (!matched || at < start || (at == start && stop.length() < length))) {
                matched = true;
                start = at;
                length = stop.length();
            }
        }
        return include ? start + length : start;
    }

    /// The start of the longest suffix that some stop string begins with.
    private int possibleStart(String text) {
        int earliest = text.length();
        for (String stop : stops) {
            for (int from = Math.max(0, text.length() - stop.length() + 1);
                    from < earliest;
                    from++) {
                if (stop.startsWith(text.substring(from))) {
                    earliest = from;
                }
            }
        }
        return earliest;
    }
}
