package dev.sluice.grammar;

import dev.sluice.grammar.ArrayShape.Contains;
import dev.sluice.grammar.JsonSchemaOptions.KeyOrder;
import dev.sluice.grammar.JsonSchemaOptions.Whitespace;
import dev.sluice.grammar.ObjectShape.Member;
import dev.sluice.grammar.ObjectShape.Region;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// Counts the readings of a text that a schema's alternatives make: all arrays, or objects, that
/// may stand at one place are followed at the same time, and so are the values in them, until the
/// text tells them apart. Too many can't be followed.
///
/// What is counted are the states that [Closure] visits at one place of a text, at most: those that
/// wait for a key, or for what follows a value together with those of the value: it begins, and a
/// number ends, where the arrays or objects that hold it wait, too.
final class Readings {
    /// Places that are looked at in one schema.
    private static final int MAX_PLACES = 10_000;

    /// States in which one array or object waits, besides those for its keys.
    private static final int BETWEEN = 3;

    /// The same of an array whose items are counted, and no more than that: besides, for one more
    /// and its comma.
    private static final int BETWEEN_COUNTED = 4;

    /// The same where none need follow: besides, behind the last one.
    private static final int BETWEEN_OPTIONAL = 5;

    /// States of rules that are written once and wait whatever the alternatives are, such as white
    /// space.
    private static final int SHARED = 8;

    private static final int OF_NUMBER = 2;

    /// Where only so many more digits may come: besides, for more of them and behind those.
    private static final int OF_LIMITED_NUMBER = 4;

    private static final int OF_PIECE = 3;

    /// Fractions of a second have lengths of their own.
    private static final int OF_TIMES = 5;

    private static final int OF_REGION = 2;

    /// Conditions of one object; with more, it is not written.
    private static final int MAX_WITNESSES = 4;

    private final SchemaEvaluator evaluator;
    private final FiniteValues finite;
    private final Discriminator discriminator;
    private int most;

    /// The readings of the values at each place that was looked at.
    private final Map<Set<Term>, Integer> places = new HashMap<>();

    /// The readings around each place of one term that is not written yet, at most.
    private final Map<Term, Integer> around = new HashMap<>();

    private final Deque<Set<Term>> work = new ArrayDeque<>();
    private final Map<ObjectShape, ObjectShape> written = new HashMap<>();
    private final Map<ArrayShape, List<Term>> listed = new HashMap<>();
    private int looked;

    /// Refuses what is too much.
    private interface Check {
        void check() throws GrammarException;
    }

    /// Keys that are not listed, and what they hold: a rule, whatever objects they are in.
    private record Others(Set<String> names, Region region) {}

    Readings(SchemaEvaluator evaluator) {
        this.evaluator = evaluator;
        this.finite = new FiniteValues(evaluator);
        this.discriminator = new Discriminator(evaluator);
        this.most = evaluator.builder.limits().maxConfigurations();
    }

    /// Leaves room for what is read beside all values.
    void leave(int readings) {
        most -= readings;
    }

    /// Checks the arrays of one place and what is in them.
    ///
    /// @param term whose values may stand there
    /// @throws GrammarException if they have too many alternatives
    void checkArrays(Term term, ValueSet set) throws GrammarException {
        checkValues(term, set);
        List<ArrayShape> shapes = set.arrays();
        checkAll(() -> enterArrays(shapes, named("an array", shapes.size())));
    }

    /// Checks the objects of one place and what is in them.
    ///
    /// @param term whose values may stand there
    /// @throws GrammarException if they have too many alternatives
    void checkObjects(Term term, ValueSet set) throws GrammarException {
        checkValues(term, set);
        List<ObjectShape> shapes = set.objects();
        checkAll(() -> enterObjects(shapes, named("an object", shapes.size())));
    }

    /// Checks values that may stand at one place, and what is in them.
    ///
    /// @param between how many readings there are of what holds them
    /// @throws GrammarException if they have too many alternatives
    void checkTogether(Set<Term> terms, int between) throws GrammarException {
        checkAll(() -> enter(new LinkedHashSet<>(terms), between));
    }

    /// Checks a place and everything in it. What has not been looked at when some place is refused
    /// counts as unknown again.
    private void checkAll(Check first) throws GrammarException {
        try {
            first.check();
            while (!work.isEmpty()) {
                Values values = values(work.getFirst());
                enterArrays(values.arrays, values);
                enterObjects(values.objects, values);
                work.removeFirst();
            }
        } finally {
            work.forEach(places::remove);
            work.clear();
        }
    }

    private static String named(String what, int alternatives) {
        return alternatives == 1 ? what : what + " with %,d alternatives".formatted(alternatives);
    }

    private void checkValues(Term term, ValueSet set) throws GrammarException {
        Values values = new Values();
        values.add(set);
        int readings = values.readings(1);
        places.put(Set.of(term), readings);
        check(readings + around.getOrDefault(term, 0), values);
    }

    private void check(long readings, Object what) throws GrammarException {
        if (readings + SHARED > most) {
            throw tooMany("%s may be read in %,d ways at one place".formatted(what, readings));
        }
    }

    private GrammarException tooMany(String what) {
        String apart =
                evaluator.options.keyOrder() == KeyOrder.ANY
                        ? ""
                        : ", or a first key that is required and a different constant in each,";
        return GrammarException.unsupported(
                what
                        + ", which are too many; fewer alternatives or fewer optional keys"
                        + apart
                        + " would help");
    }

    private void enterArrays(Collection<ArrayShape> shapes, Object what) throws GrammarException {
        long between = 0;
        long readings = 0;
        int items = 0;
        for (ArrayShape shape : shapes) {
            // One with more is not written, or without what it must contain.
            long known = Math.min(ArrayWriter.readings(shape), most / 4);
            readings += known;
            between += known * between(shape);
            items = Math.max(items, 1 + shape.prefix().size());
        }
        check(between, what);
        if (readings == 1) {
            return;
        }
        for (int i = 0; i < items; i++) {
            Set<Term> values = new LinkedHashSet<>();
            for (ArrayShape shape : shapes) {
                if (shape.max() > i) {
                    values.addAll(items(shape, i));
                }
            }
            enter(values, (int) between);
        }
    }

    private int between(ArrayShape shape) {
        boolean watched = !shape.contains().isEmpty() || !differing(shape).isEmpty();
        boolean surely = evaluator.options.strict() || ArrayWriter.readings(shape) > 1;
        if (watched && surely) {
            return BETWEEN;
        }
        if (shape.max() != Repeat.UNBOUNDED) {
            return BETWEEN_OPTIONAL;
        }
        return shape.min() > 1 ? BETWEEN_COUNTED : BETWEEN;
    }

    /// What an item may be read as.
    private Set<Term> items(ArrayShape shape, int index) {
        Set<Term> items = new LinkedHashSet<>();
        items.add(shape.item(index));
        for (Term value : differing(shape)) {
            items.add(shape.item(index).and(value));
        }
        for (Contains contains : shape.contains()) {
            for (Term item : List.copyOf(items)) {
                items.add(item.and(contains.value()));
                if (contains.max() != Repeat.UNBOUNDED) {
                    items.add(item.and(contains.value().complement()));
                }
            }
        }
        return items;
    }

    /// The values of an array whose items must differ: each is a rule of its own.
    private List<Term> differing(ArrayShape shape) {
        return shape.unique() ? listed.computeIfAbsent(shape, this::listed) : List.of();
    }

    private List<Term> listed(ArrayShape shape) {
        try {
            return finite.of(shape);
        } catch (GrammarException _) {
            // It is not written, or items need not differ.
            return List.of();
        }
    }

    private void enterObjects(Collection<ObjectShape> shapes, Object what) throws GrammarException {
        List<ObjectShape> opened = shapes.stream().map(this::written).toList();
        Optional<String> first = discriminator.of(opened);
        long between = 0;
        long keys = 0;
        Set<Others> rules = new HashSet<>();
        Set<String> names = new LinkedHashSet<>();
        Set<Term> others = new LinkedHashSet<>();
        for (ObjectShape shape : shapes) {
            ObjectShape open = written(shape);
            int met = met(open);
            between += (long) BETWEEN * met;
            keys += (long) met * (BETWEEN + (first.isPresent() ? 1 : keys(open)));
            Set<String> listed = new HashSet<>();
            open.members().forEach(member -> listed.add(member.name()));
            for (Region region : open.regions()) {
                if (!region.value().isNone() && rules.add(new Others(listed, region))) {
                    keys += (long) met * OF_REGION;
                }
            }
            names.addAll(listed);
            open.regions().forEach(region -> others.addAll(values(shape, region.value())));
        }
        check(between, what);
        check(keys, "a key of " + what);
        if (first.isPresent()) {
            names = Set.of(first.get());
            checkEach(opened, what);
        }
        if (shapes.size() == 1 && between == BETWEEN) {
            return;
        }
        enter(others, (int) between);
        for (String name : names) {
            Set<Term> values = new LinkedHashSet<>();
            for (ObjectShape shape : shapes) {
                values.addAll(values(shape, value(shape, name)));
            }
            enter(values, (int) between);
        }
    }

    /// Behind the member that tells them apart, one of some objects is left, and what is in it is
    /// looked at where it is written.
    private void checkEach(List<ObjectShape> shapes, Object what) throws GrammarException {
        for (ObjectShape shape : shapes) {
            long regions = (long) OF_REGION * shape.regions().size();
            check(BETWEEN + keys(shape) + regions, "a key of " + what);
        }
    }

    /// A shape with the keys that are listed when it is written.
    private ObjectShape written(ObjectShape shape) {
        return written.computeIfAbsent(
                shape,
                _ -> {
                    try {
                        return OpenKeys.of(shape, evaluator.unwritten).shape();
                    } catch (GrammarException e) {
                        return shape;
                    }
                });
    }

    /// How many sets of the conditions that a member may meet there are.
    private static int met(ObjectShape shape) {
        return 1 << Math.min(MAX_WITNESSES, shape.witnesses().size());
    }

    /// Most states that wait for listed keys of an object ([KeyArrangement]): of optional ones up
    /// to the next that is required. Where some have no order, each is a rule of its own.
    private int keys(ObjectShape shape) {
        List<Member> declared = new ArrayList<>();
        List<Member> mentioned = new ArrayList<>();
        for (Member member : shape.members()) {
            if (!member.value().isNone()) {
                (member.declared() ? declared : mentioned).add(member);
            }
        }
        if (evaluator.options.keyOrder() == KeyOrder.ANY) {
            return 2 * (declared.size() + mentioned.size());
        }
        int inOrder = longest(declared);
        return mentioned.isEmpty() ? inOrder : 2 * inOrder + mentioned.size();
    }

    private static int longest(List<Member> members) {
        int run = 0;
        int longest = 0;
        for (Member member : members) {
            run++;
            longest = Math.max(longest, run);
            run = member.required() ? 0 : run;
        }
        return longest;
    }

    private static Term value(ObjectShape shape, String name) {
        for (Member member : shape.members()) {
            if (member.name().equals(name)) {
                return member.value();
            }
        }
        return shape.other(name);
    }

    /// What a member may be read as.
    private static Set<Term> values(ObjectShape shape, Term value) {
        Set<Term> values = new LinkedHashSet<>();
        values.add(value);
        for (ObjectShape.Witness witness : shape.witnesses()) {
            for (Term met : List.copyOf(values)) {
                values.add(met.and(witness.value()));
            }
        }
        return values;
    }

    /// Values that may stand at one place; what is in those of one term is looked at where that is
    /// written.
    ///
    /// @param between the readings of what holds them
    private void enter(Set<Term> terms, int between) throws GrammarException {
        terms.remove(Term.NONE);
        Integer known = places.get(terms);
        if (known != null) {
            check(known + between, "what is inside alternatives");
        } else if (terms.size() == 1) {
            around.merge(terms.iterator().next(), between, Math::max);
        } else if (terms.size() > 1) {
            if (++looked > MAX_PLACES) {
                throw tooMany(
                        "alternatives have more than %,d others in them".formatted(MAX_PLACES));
            }
            Values values = values(terms);
            int readings = values.readings(terms.size());
            check(readings + between, values);
            places.put(terms, readings);
            work.add(terms);
        }
    }

    private Values values(Set<Term> terms) throws GrammarException {
        evaluator.builder.checkTime();
        Values values = new Values();
        for (Term term : terms) {
            values.add(evaluator.values(term));
        }
        return values;
    }

    /// What may stand at one place.
    private final class Values {
        private final Set<ArrayShape> arrays = new LinkedHashSet<>();
        private final Set<ObjectShape> objects = new LinkedHashSet<>();
        private final Set<StringSet> strings = new HashSet<>();
        private final Set<NumberSet> numbers = new HashSet<>();

        void add(ValueSet set) {
            arrays.addAll(set.arrays());
            objects.addAll(set.objects());
            strings.add(set.strings());
            numbers.add(set.numbers());
        }

        /// Most states in which they are read, but for those inside arrays and objects.
        int readings(int terms) {
            int first = numbers.size() + strings.size() + arrays.size() + objects.size();
            return Math.max(
                    terms + first,
                    Math.max(
                            terms + numbers.stream().mapToInt(this::readings).sum(),
                            strings.stream().mapToInt(Values::readings).sum()));
        }

        private static int readings(StringSet set) {
            return set.pieces().stream()
                    .mapToInt(piece -> piece.pattern().times().isPresent() ? OF_TIMES : OF_PIECE)
                    .sum();
        }

        private int readings(NumberSet set) {
            boolean limited =
                    evaluator.options.shortNumbers()
                            || (evaluator.options.whitespace() != Whitespace.ANY
                                    && mayHaveExponent(set));
            return limited ? OF_LIMITED_NUMBER : OF_NUMBER;
        }

        private static boolean mayHaveExponent(NumberSet set) {
            return set instanceof NumberSet.OneOf(var values)
                    ? values.stream().anyMatch(value -> value.signum() == 0)
                    : !JsonWriter.isIntegral(set);
        }

        private int pieces() {
            return strings.stream().mapToInt(set -> set.pieces().size()).sum();
        }

        @Override
        public String toString() {
            List<String> kinds = new ArrayList<>();
            name(kinds, arrays.size(), "arrays");
            name(kinds, objects.size(), "objects");
            name(kinds, pieces(), "strings");
            name(kinds, numbers.size(), "numbers");
            return "what is inside alternatives (%s)".formatted(String.join(", ", kinds));
        }

        private static void name(List<String> kinds, int number, String what) {
            if (number > 0) {
                kinds.add("%,d kinds of %s".formatted(number, what));
            }
        }
    }
}
