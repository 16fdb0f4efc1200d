package dev.sluice.grammar;

import java.util.ArrayList;
import java.util.List;

/// A set of strings: the union of its pieces. Lengths are kept apart from languages, since they are
/// counted instead of spelled out. Immutable.
record StringSet(List<Piece> pieces) {
    private static final int MAX_PIECES = 64;

    static final StringSet NONE = new StringSet(List.of());
    static final StringSet ALL =
            new StringSet(List.of(new Piece(StringPattern.ANY, 0, Repeat.UNBOUNDED)));

    /// The strings of a pattern with a number of characters.
    ///
    /// @param max [Repeat#UNBOUNDED] if any number will do
    record Piece(StringPattern pattern, int min, int max) {
        boolean isAnyLength() {
            return min == 0 && max == Repeat.UNBOUNDED;
        }

        /// The pattern with its lengths.
        TextLanguage whole() throws GrammarException {
            return isAnyLength()
                    ? pattern.language()
                    : pattern.language().and(TextLanguage.ofLength(min, max));
        }

        /// The strings that belong to a pattern, too.
        Piece within(StringPattern other) throws GrammarException {
            return new Piece(pattern.and(other), min, max);
        }

        /// Whether no string belongs, as far as that is found out with little effort.
        boolean isEmpty() throws GrammarException {
            return !pattern.isAny() && !isAnyLength() && !pattern.mayHaveLength(min, max);
        }
    }

    static StringSet of(StringPattern pattern) {
        return of(pattern, 0, Repeat.UNBOUNDED);
    }

    static StringSet of(StringPattern pattern, int min, int max) {
        return min > max || pattern.isKnownEmpty()
                ? NONE
                : new StringSet(List.of(new Piece(pattern, min, max)));
    }

    StringSet and(StringSet other) throws GrammarException {
        if (equals(ALL)) {
            return other;
        }
        if (other.equals(ALL)) {
            return this;
        }
        List<Piece> result = new ArrayList<>();
        for (Piece a : pieces) {
            for (Piece b : other.pieces) {
                int min = Math.max(a.min, b.min);
                int max = Math.min(a.max, b.max);
                add(result, of(a.pattern.and(b.pattern), min, max));
            }
        }
        return new StringSet(List.copyOf(result));
    }

    StringSet or(StringSet other) throws GrammarException {
        if (equals(ALL) || other.pieces.isEmpty()) {
            return this;
        }
        List<Piece> result = new ArrayList<>(pieces);
        add(result, other);
        return result.contains(ALL.pieces.getFirst()) ? ALL : new StringSet(List.copyOf(result));
    }

    private static void add(List<Piece> result, StringSet more) throws GrammarException {
        for (Piece piece : more.pieces) {
            if (!result.contains(piece)) {
                merge(result, piece);
            }
        }
        if (result.size() > MAX_PIECES) {
            throw GrammarException.unsupported(
                    "a string has more than %d alternatives by pattern and length"
                            .formatted(MAX_PIECES));
        }
    }

    /// Joins a piece with one of the same lengths, so that unions of languages stay one automaton;
    /// times stay apart, for they would make a large one.
    private static void merge(List<Piece> result, Piece piece) throws GrammarException {
        for (int i = 0; i < result.size(); i++) {
            Piece old = result.get(i);
            boolean areTimes = old.pattern.times().isPresent() || piece.pattern.times().isPresent();
            if (!areTimes && old.min == piece.min && old.max == piece.max) {
                result.set(i, new Piece(old.pattern.or(piece.pattern), old.min, old.max));
                return;
            }
        }
        result.add(piece);
    }

    StringSet not() throws GrammarException {
        StringSet result = ALL;
        for (Piece piece : pieces) {
            StringSet without = of(piece.pattern.not());
            if (piece.min > 0) {
                without = without.or(of(StringPattern.ANY, 0, piece.min - 1));
            }
            if (piece.max != Repeat.UNBOUNDED) {
                without = without.or(of(StringPattern.ANY, piece.max + 1, Repeat.UNBOUNDED));
            }
            result = result.and(without);
        }
        return result;
    }

    /// Whether some string can be written.
    boolean isWritten() throws GrammarException {
        for (Piece piece : pieces) {
            if (piece.pattern.hasLength(piece.min, piece.max)) {
                return true;
            }
        }
        return false;
    }

    /// Whether no string belongs, as far as that is found out with little effort.
    boolean isEmpty() throws GrammarException {
        for (Piece piece : pieces) {
            if (!piece.isEmpty()) {
                return false;
            }
        }
        return true;
    }
}
