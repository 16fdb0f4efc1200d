package dev.sluice.grammar;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/// Shows that no value is in a set, or that none of its values can be written. What it can't show
/// within a few levels counts as not empty, so that "empty" is always true.
final class Emptiness {
    private static final int MAX_DEPTH = 5;

    private final SchemaEvaluator evaluator;
    private final GrammarBuilder builder;
    private final boolean written;
    private final Map<Term, Boolean> terms = new HashMap<>();
    private final Map<NumberSet, Boolean> numbers = new HashMap<>();
    private final Map<Keys, Boolean> keys = new HashMap<>();
    private int depth;

    /// The keys of two languages that are not listed.
    private record Keys(TextLanguage region, TextLanguage witness, Set<String> listed) {}

    /// @param written whether values count that can be written, and not those that may belong
    Emptiness(SchemaEvaluator evaluator, GrammarBuilder builder, boolean written) {
        this.written = written;
        this.evaluator = evaluator;
        this.builder = builder;
    }

    boolean isEmpty(Term term) throws GrammarException {
        if (term.isAny() || term.isNone()) {
            return term.isNone();
        }
        Boolean known = terms.get(term);
        if (known != null) {
            return known;
        }
        if (depth >= MAX_DEPTH) {
            return false;
        }
        depth++;
        try {
            boolean empty = isEmpty(evaluator.inside(term));
            terms.put(term, empty);
            return empty;
        } catch (SchemaEvaluator.UnfinishedException e) {
            return false;
        } catch (GrammarException e) {
            // What can't be evaluated is reported where it is needed.
            if (e.kind() == GrammarException.Kind.UNSUPPORTED) {
                return false;
            }
            throw e;
        } finally {
            depth--;
        }
    }

    boolean isEmpty(ValueSet set) throws GrammarException {
        if (set.nulls() || set.booleans() != 0) {
            return false;
        }
        if (!isEmpty(set.numbers()) || !isEmpty(set.strings())) {
            return false;
        }
        for (ObjectShape shape : set.objects()) {
            if (!isEmpty(shape)) {
                return false;
            }
        }
        for (ArrayShape shape : set.arrays()) {
            if (!isEmpty(shape)) {
                return false;
            }
        }
        return true;
    }

    private boolean isEmpty(NumberSet set) throws GrammarException {
        if (set instanceof NumberSet.Constant(boolean all)) {
            return !all;
        }
        Boolean known = numbers.get(set);
        if (known == null) {
            known = new NumberAutomaton(set).isEmpty(builder);
            numbers.put(set, known);
        }
        return known;
    }

    private boolean isEmpty(StringSet set) throws GrammarException {
        try {
            return written ? !set.isWritten() : set.isEmpty();
        } catch (GrammarException e) {
            if (e.kind() == GrammarException.Kind.MALFORMED) {
                throw e;
            }
            return false;
        }
    }

    boolean isEmpty(ArrayShape shape) throws GrammarException {
        for (int i = 0; i < Math.min(shape.min(), shape.prefix().size() + 1); i++) {
            if (isEmpty(shape.item(i))) {
                return true;
            }
        }
        for (ArrayShape.Contains contains : shape.contains()) {
            if (contains.min() > 0 && !canContain(shape, contains)) {
                return true;
            }
        }
        return false;
    }

    private boolean canContain(ArrayShape shape, ArrayShape.Contains contains)
            throws GrammarException {
        int last = Math.max(contains.from(), shape.prefix().size());
        for (int i = contains.from(); i <= last; i++) {
            if (i < shape.max() && !isEmpty(shape.item(i).and(contains.value()))) {
                return true;
            }
        }
        return false;
    }

    boolean isEmpty(ObjectShape shape) throws GrammarException {
        for (ObjectShape.Member member : shape.members()) {
            if (member.required() && isEmpty(member.value())) {
                return true;
            }
        }
        for (ObjectShape.Witness witness : shape.witnesses()) {
            if (!canWitness(shape, witness)) {
                return true;
            }
        }
        return false;
    }

    private boolean canWitness(ObjectShape shape, ObjectShape.Witness witness)
            throws GrammarException {
        List<ObjectShape.Member> members = shape.members();
        for (ObjectShape.Member member : members) {
            if (witness.keys().contains(member.name())
                    && !isEmpty(member.value().and(witness.value()))) {
                return true;
            }
        }
        Set<String> listed =
                members.stream().map(ObjectShape.Member::name).collect(Collectors.toSet());
        for (ObjectShape.Region region : shape.regions()) {
            if (!isEmpty(region.value().and(witness.value()))
                    && hasKey(new Keys(region.keys(), witness.keys(), listed))) {
                return true;
            }
        }
        return false;
    }

    /// Complements of objects ask for the same few keys many times.
    private boolean hasKey(Keys of) throws GrammarException {
        Boolean known = keys.get(of);
        if (known == null) {
            TextLanguage both = of.region().and(of.witness());
            known = !both.minus(TextLanguage.of(of.listed())).isEmpty();
            keys.put(of, known);
        }
        return known;
    }
}
