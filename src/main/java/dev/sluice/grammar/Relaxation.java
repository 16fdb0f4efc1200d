package dev.sluice.grammar;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Larger sets in the place of those that can't be written, one step at a time: for schemas that
/// need not be enforced as a whole.
final class Relaxation {
    private Relaxation() {}

    /// Without unique items, then without what must be contained.
    ///
    /// @return empty if there is nothing to leave out
    static Optional<ArrayShape> of(ArrayShape shape) {
        return shape.unique() || !shape.contains().isEmpty()
                ? Optional.of(
                        new ArrayShape(
                                shape.prefix(),
                                shape.rest(),
                                shape.min(),
                                shape.max(),
                                false,
                                shape.unique() ? shape.contains() : List.of(),
                                shape.evaluated(),
                                shape.evaluatedIf()))
                : Optional.empty();
    }

    /// Without conditions that any member may meet, then without a number of members.
    ///
    /// @return empty if there is nothing to leave out
    static Optional<ObjectShape> of(ObjectShape shape) {
        boolean counts = shape.min() > 0 || shape.max() != Repeat.UNBOUNDED;
        if (shape.witnesses().isEmpty() && !counts) {
            return Optional.empty();
        }
        boolean keepsCount = !shape.witnesses().isEmpty();
        return Optional.of(
                new ObjectShape(
                        shape.members(),
                        shape.regions(),
                        keepsCount ? shape.min() : 0,
                        keepsCount ? shape.max() : Repeat.UNBOUNDED,
                        List.of(),
                        shape.evaluated()));
    }

    /// Without lengths, then any strings.
    ///
    /// @return empty if there is nothing to leave out
    static Optional<StringSet> of(StringSet set) {
        if (set.equals(StringSet.ALL)) {
            return Optional.empty();
        }
        List<StringSet.Piece> pieces = new ArrayList<>();
        for (StringSet.Piece piece : set.pieces()) {
            pieces.add(new StringSet.Piece(piece.pattern(), 0, Repeat.UNBOUNDED));
        }
        return Optional.of(
                pieces.equals(set.pieces()) ? StringSet.ALL : new StringSet(List.copyOf(pieces)));
    }

    /// Any numbers.
    ///
    /// @param integral whether they have no fractions
    /// @return empty if there is nothing to leave out
    static Optional<NumberSet> of(NumberSet set, boolean integral) {
        NumberSet larger = integral ? NumberSet.integers() : NumberSet.all();
        return set.equals(larger) ? Optional.empty() : Optional.of(larger);
    }
}
