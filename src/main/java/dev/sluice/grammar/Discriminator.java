package dev.sluice.grammar;

import dev.sluice.grammar.JsonSchemaOptions.KeyOrder;
import dev.sluice.grammar.ObjectShape.Member;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// Finds out whether objects that may stand at one place are told apart by a member: the first key
/// that is listed is the same for all, and required, and no value that one of them lists for it is
/// another's. Behind that value a text is an object of one kind.
final class Discriminator {
    private static final int MAX_LISTED = 100;
    private static final Object NULL = new Object();

    private final SchemaEvaluator evaluator;

    Discriminator(SchemaEvaluator evaluator) {
        this.evaluator = evaluator;
    }

    /// The key of the members that tell some objects apart. Before it there are only members that
    /// are not listed, and no condition ties it to other members.
    ///
    /// @param shapes as they are written
    /// @return empty if there is none, or it is not known
    Optional<String> of(List<ObjectShape> shapes) throws GrammarException {
        if (shapes.size() < 2 || evaluator.options.keyOrder() == KeyOrder.ANY) {
            return Optional.empty();
        }
        Set<String> names = new HashSet<>();
        List<Term> values = new ArrayList<>();
        for (ObjectShape shape : shapes) {
            Optional<Member> first = first(shape);
            if (first.isEmpty()) {
                return Optional.empty();
            }
            names.add(first.get().name());
            values.add(first.get().value());
        }
        return names.size() == 1 && areDisjoint(values)
                ? names.stream().findFirst()
                : Optional.empty();
    }

    /// The listed member that comes before all others.
    private static Optional<Member> first(ObjectShape shape) {
        List<Member> members = shape.members().stream().filter(m -> !m.value().isNone()).toList();
        boolean ordered = members.stream().allMatch(Member::declared);
        return ordered && shape.witnesses().isEmpty()
                ? members.stream().limit(1).filter(Member::required).findFirst()
                : Optional.empty();
    }

    private boolean areDisjoint(List<Term> terms) throws GrammarException {
        Set<Object> all = new HashSet<>();
        for (Term term : terms) {
            Optional<Set<Object>> listed = listed(evaluator.values(term));
            if (listed.isEmpty()) {
                return false;
            }
            for (Object value : listed.get()) {
                if (!all.add(value)) {
                    return false;
                }
            }
        }
        return true;
    }

    /// All values that are in a set, and maybe others.
    ///
    /// @return empty if they are not known to be few
    private Optional<Set<Object>> listed(ValueSet set) throws GrammarException {
        Set<Object> values = new HashSet<>();
        Optional<Set<BigDecimal>> numbers = listed(set.numbers());
        if (numbers.isEmpty() || !set.arrays().isEmpty() || !set.objects().isEmpty()) {
            return Optional.empty();
        }
        values.addAll(numbers.get());
        for (StringSet.Piece piece : set.strings().pieces()) {
            StringPattern pattern = piece.pattern();
            // Automata of their own, and lengths, are counted or left out in ways of their own.
            if (pattern.expression().isPresent()
                    || pattern.times().isPresent()
                    || !piece.isAnyLength()) {
                return Optional.empty();
            }
            Optional<List<String>> texts = pattern.language().texts(MAX_LISTED);
            if (texts.isEmpty()) {
                return Optional.empty();
            }
            values.addAll(texts.get());
        }
        if (set.nulls()) {
            values.add(NULL);
        }
        if ((set.booleans() & ValueSet.FALSE) != 0) {
            values.add(false);
        }
        if ((set.booleans() & ValueSet.TRUE) != 0) {
            values.add(true);
        }
        return Optional.of(values);
    }

    private Optional<Set<BigDecimal>> listed(NumberSet set) {
        return switch (set) {
            case NumberSet.Constant(boolean all) -> all ? Optional.empty() : Optional.of(Set.of());
            // Any numbers may be written in their place where not all must be enforced.
            case NumberSet.OneOf(Set<BigDecimal> values) ->
                    evaluator.options.strict() ? Optional.of(values) : Optional.empty();
            case NumberSet.Both(NumberSet a, NumberSet b) -> listed(a).or(() -> listed(b));
            default -> Optional.empty();
        };
    }
}
