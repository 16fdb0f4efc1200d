package dev.sluice.grammar;

import dev.sluice.grammar.ArrayShape.Contains;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Writes the arrays of a shape as rules: items one after another, counted where nothing but their
/// number matters, and otherwise with what has been seen in the state.
final class ArrayWriter {
    private static final int MAX_COUNT = 4_000;
    private static final int MAX_CONTAINS = 4;

    private final JsonWriter json;
    private final GrammarBuilder builder;
    private final FiniteValues finite;
    private final Map<Term, Integer> further = new HashMap<>();

    ArrayWriter(JsonWriter json, SchemaEvaluator evaluator) {
        this.json = json;
        this.builder = evaluator.builder;
        this.finite = new FiniteValues(evaluator);
    }

    int write(ArrayShape shape) throws GrammarException {
        return shape.unique() || !shape.contains().isEmpty()
                ? new Watched(shape).write()
                : counted(shape);
    }

    /// How many readings a text of one shape has. An item that counts towards a least number is
    /// read as one that does not, too: there are readings for all that have been counted so far, in
    /// all combinations.
    static long readings(ArrayShape shape) {
        long readings = 1;
        for (Contains one : shape.contains()) {
            readings *= one.max() == Repeat.UNBOUNDED ? 1L + one.min() : 1;
        }
        return readings;
    }

    private int counted(ArrayShape shape) throws GrammarException {
        int rule = builder.rule();
        int at = json.space(builder.literal(builder.start(rule), "["));
        end(rule, at, shape.min() == 0);
        int fixed = Math.min(shape.max(), Math.max(1, shape.prefix().size()));
        for (int i = 0; i < fixed; i++) {
            int item = i == 0 ? at : json.separator(at, ',');
            at = builder.call(item, json.rule(shape.item(i)));
            boolean last = i == fixed - 1;
            if (!last && i + 1 >= shape.min()) {
                end(rule, json.space(at), true);
            }
        }
        if (shape.max() == 0) {
            return rule;
        }
        int least = Math.max(0, shape.min() - fixed);
        int most = shape.max() == Repeat.UNBOUNDED ? shape.max() : shape.max() - fixed;
        if (most > 0 && !shape.rest().isNone()) {
            int more = further(shape.rest());
            if (least == 0 && most == Repeat.UNBOUNDED) {
                builder.call(at, more, at);
            } else {
                at = builder.call(at, builder.repeat(more, least, most));
            }
        }
        end(rule, json.space(at), true);
        return rule;
    }

    private void end(int rule, int from, boolean may) {
        if (may) {
            builder.text(from, CodePoints.of(']'), builder.end(rule));
        }
    }

    /// A comma and an item.
    private int further(Term item) throws GrammarException {
        Integer known = further.get(item);
        if (known == null) {
            known = builder.rule();
            further.put(item, known);
            builder.call(
                    json.separator(builder.start(known), ','), json.rule(item), builder.end(known));
        }
        return known;
    }

    /// What has been seen.
    ///
    /// @param index number of items, up to the first one from which on it does not matter
    /// @param counts of what must be contained, likewise
    /// @param used bits of the values that are in the array
    private record Place(int index, List<Integer> counts, int used, boolean comma) {}

    /// An item that may come next.
    private record Next(Term value, List<Integer> counts, int used) {}

    /// A shape that asks for what it contains or for unique items.
    private final class Watched {
        private final ArrayShape shape;
        private final List<Contains> contains;
        private final List<Term> values;
        private final int limit;
        private final Map<Place, Integer> states = new HashMap<>();
        private final Deque<Place> work = new ArrayDeque<>();
        private final int rule;

        Watched(ArrayShape shape) throws GrammarException {
            this.shape = shape;
            this.contains = shape.contains();
            this.values = shape.unique() ? finite.of(shape) : List.of();
            int most = Math.max(shape.min(), shape.prefix().size());
            for (Contains one : contains) {
                most = Math.max(most, one.from());
            }
            this.limit = shape.max() == Repeat.UNBOUNDED ? most : shape.max();
            if (limit > MAX_COUNT || contains.size() > MAX_CONTAINS) {
                throw GrammarException.unsupported(
                        "contains and uniqueItems are supported for up to %,d items and %d kinds"
                                .formatted(MAX_COUNT, MAX_CONTAINS));
            }
            checkReadings();
            this.rule = builder.rule();
        }

        private void checkReadings() throws GrammarException {
            long readings = readings(shape);
            if (readings > builder.limits().maxConfigurations() / 4) {
                throw GrammarException.unsupported(
                        "contains in %d places with %,d combinations of counts is too much"
                                .formatted(contains.size(), readings));
            }
        }

        int write() throws GrammarException {
            Place first = new Place(0, contains.stream().map(_ -> 0).toList(), 0, false);
            int open = json.space(builder.literal(builder.start(rule), "["));
            end(rule, open, mayEnd(first));
            builder.epsilon(open, state(first));
            while (!work.isEmpty()) {
                Place place = work.remove();
                if (place.comma()) {
                    after(place);
                } else {
                    before(place);
                }
            }
            return rule;
        }

        private int state(Place place) throws GrammarException {
            Integer known = states.get(place);
            if (known == null) {
                known = builder.state();
                states.put(place, known);
                work.add(place);
            }
            return known;
        }

        private boolean mayEnd(Place place) {
            boolean enough = place.index() >= shape.min();
            for (int i = 0; i < contains.size(); i++) {
                enough &= place.counts().get(i) >= contains.get(i).min();
            }
            return enough;
        }

        private void after(Place place) throws GrammarException {
            int from = state(place);
            end(rule, json.space(from), mayEnd(place));
            builder.epsilon(
                    json.separator(from, ','),
                    state(new Place(place.index(), place.counts(), place.used(), false)));
        }

        private void before(Place place) throws GrammarException {
            if (shape.max() != Repeat.UNBOUNDED && place.index() == shape.max()) {
                return;
            }
            int index = Math.min(place.index() + 1, limit);
            Term item = place.index() < limit ? shape.item(place.index()) : beyond(place.index());
            for (Next next : classified(place, item)) {
                Place behind = new Place(index, next.counts(), next.used(), true);
                builder.call(state(place), json.rule(next.value()), state(behind));
            }
        }

        private Term beyond(int index) {
            return shape.item(Math.max(index, shape.prefix().size()));
        }

        private List<Next> classified(Place place, Term item) throws GrammarException {
            List<Next> kinds = new ArrayList<>();
            if (shape.unique()) {
                for (int i = 0; i < values.size(); i++) {
                    Term value = item.and(values.get(i));
                    if ((place.used() >> i & 1) == 0 && finite.isPossible(value)) {
                        kinds.add(new Next(value, List.of(), place.used() | 1 << i));
                    }
                }
            } else {
                kinds.add(new Next(item, List.of(), place.used()));
            }
            for (int i = 0; i < contains.size(); i++) {
                kinds = split(kinds, contains.get(i), place.counts().get(i), place.index());
            }
            return kinds;
        }

        /// Splits items by whether they are of a kind that is counted.
        private List<Next> split(List<Next> kinds, Contains one, int count, int index) {
            boolean bounded = one.max() != Repeat.UNBOUNDED;
            boolean counts = index >= one.from() && (bounded || count < one.min());
            List<Next> result = new ArrayList<>();
            for (Next next : kinds) {
                if (!counts || !bounded) {
                    result.add(counted(next, next.value(), count));
                } else {
                    result.add(counted(next, next.value().and(one.value().complement()), count));
                }
                if (counts && count < one.max()) {
                    result.add(counted(next, next.value().and(one.value()), count + 1));
                }
            }
            result.removeIf(next -> next.value().isNone());
            return result;
        }

        private static Next counted(Next next, Term value, int count) {
            List<Integer> counts = new ArrayList<>(next.counts());
            counts.add(count);
            return new Next(value, List.copyOf(counts), next.used());
        }
    }
}
