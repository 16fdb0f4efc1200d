package dev.sluice.grammar;

import dev.sluice.grammar.ObjectShape.Member;
import dev.sluice.grammar.ObjectShape.Region;
import dev.sluice.grammar.ObjectShape.Witness;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Writes the objects of a shape as rules.
///
/// Declared keys come in their order. Other keys may stand anywhere between them: those that are
/// not listed, and, as long as they are few, those that are listed without an order, such as keys
/// that are only required. A place is the next declared key, together with which of the latter have
/// been written, the number of members so far and the witnesses that were met, where those matter.
/// All of them come right behind the last declared one that is there, so that a text has one
/// reading.
final class ObjectWriter {
    private static final int MAX_WITNESSES = 4;
    private static final int MAX_COUNT = 2_000;
    private static final int MAX_FREE = 5;
    private static final int MAX_PLACES = 512;

    private final JsonWriter json;
    private final GrammarBuilder builder;
    private final Map<Keys, Integer> keys = new HashMap<>();
    private final Map<Pair, Integer> members = new HashMap<>();

    private record Keys(TextLanguage language, Set<String> names) {}

    private record Pair(Keys keys, Term value) {}

    /// Where the writing of an object is.
    private enum Stage {
        /// Behind a member.
        AFTER,
        /// Before any member that may come.
        BEFORE,
        /// Before a listed member.
        LISTED
    }

    /// @param free bits of the keys without an order that are there
    private record Place(Stage stage, int next, int free, int count, int met) {}

    ObjectWriter(JsonWriter json, GrammarBuilder builder) {
        this.json = json;
        this.builder = builder;
    }

    int write(ObjectShape shape) throws GrammarException {
        return new One(shape).write();
    }

    /// One shape being written.
    private final class One {
        private final ObjectShape shape;
        private final List<Member> listed = new ArrayList<>();
        private final List<Member> free = new ArrayList<>();
        private final List<Witness> witnesses;
        private final Set<String> names = new HashSet<>();
        private final int lastRequired;
        private final int freeRequired;
        private final int countLimit;
        private final boolean limitsCount;
        private final Map<Place, Integer> states = new HashMap<>();
        private final Deque<Place> work = new ArrayDeque<>();
        private final int rule;

        One(ObjectShape shape) throws GrammarException {
            this.shape = shape;
            this.witnesses = shape.witnesses();
            arrange();
            int required = 0;
            int bits = 0;
            for (int i = 0; i < free.size(); i++) {
                if (free.get(i).required()) {
                    bits |= 1 << i;
                    required++;
                }
            }
            this.freeRequired = bits;
            int last = -1;
            for (int i = 0; i < listed.size(); i++) {
                if (listed.get(i).required()) {
                    last = i;
                    required++;
                }
            }
            this.lastRequired = last;
            boolean closed = shape.isClosed();
            this.limitsCount =
                    shape.max() != Repeat.UNBOUNDED
                            && !(closed && shape.max() >= possible(shape.members()));
            this.countLimit = limitsCount ? shape.max() : shape.min() > required ? shape.min() : 0;
            if (countLimit > MAX_COUNT || witnesses.size() > MAX_WITNESSES) {
                throw GrammarException.unsupported(
                        "an object has more than %,d counted members or %d conditions that any"
                                        .formatted(MAX_COUNT, MAX_WITNESSES)
                                + " member may meet");
            }
            this.rule = builder.rule();
        }

        /// Which keys come in an order, and which anywhere.
        private void arrange() {
            for (Member member : shape.members()) {
                names.add(member.name());
                if (!member.value().isNone()) {
                    (member.declared() ? listed : free).add(member);
                }
            }
            long places = (listed.size() + 1L) << Math.min(free.size(), 30);
            if (free.size() > MAX_FREE || places > MAX_PLACES) {
                listed.addAll(free);
                free.clear();
            }
        }

        private static long possible(List<Member> members) {
            return members.stream().filter(member -> !member.value().isNone()).count();
        }

        int write() throws GrammarException {
            int open = json.space(builder.literal(builder.start(rule), "{"));
            Place first = new Place(Stage.BEFORE, 0, 0, 0, 0);
            builder.epsilon(open, state(first));
            if (mayEnd(first)) {
                builder.text(open, CodePoints.of('}'), builder.end(rule));
            }
            while (!work.isEmpty()) {
                Place place = work.remove();
                switch (place.stage()) {
                    case AFTER -> after(place);
                    case BEFORE -> before(place);
                    case LISTED -> listed(place);
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
            return place.next() > lastRequired
                    && (place.free() & freeRequired) == freeRequired
                    && (countLimit == 0 || place.count() >= shape.min())
                    && place.met() == (1 << witnesses.size()) - 1;
        }

        private boolean mayGoOn(Place place) {
            return !limitsCount || place.count() < shape.max();
        }

        private Place at(Place place, Stage stage, int next) {
            return new Place(stage, next, place.free(), place.count(), place.met());
        }

        private Place behind(Place place, int next, int free, int met) {
            int count = Math.min(place.count() + 1, countLimit);
            return new Place(Stage.AFTER, next, place.free() | free, count, place.met() | met);
        }

        private void after(Place place) throws GrammarException {
            int from = state(place);
            if (mayEnd(place)) {
                builder.text(json.space(from), CodePoints.of('}'), builder.end(rule));
            }
            boolean more =
                    place.next() < listed.size()
                            || place.free() != (1 << free.size()) - 1
                            || !shape.isClosed();
            if (mayGoOn(place) && more) {
                builder.epsilon(
                        json.separator(from, ','), state(at(place, Stage.BEFORE, place.next())));
            }
        }

        private void before(Place place) throws GrammarException {
            if (!mayGoOn(place)) {
                return;
            }
            int from = state(place);
            builder.epsilon(from, state(at(place, Stage.LISTED, place.next())));
            for (int i = 0; i < free.size(); i++) {
                if ((place.free() >> i & 1) == 0) {
                    member(from, place, free.get(i), place.next(), 1 << i);
                }
            }
            for (Region region : shape.regions()) {
                for (int met = 0; met < 1 << witnesses.size(); met++) {
                    if ((met & place.met()) == 0) {
                        other(place, region, met);
                    }
                }
            }
        }

        /// A member that is not listed.
        ///
        /// @param met the witnesses that it is
        private void other(Place place, Region region, int met) throws GrammarException {
            Term value = region.value();
            TextLanguage language = region.keys();
            for (int i = 0; i < witnesses.size(); i++) {
                if ((met >> i & 1) == 1) {
                    value = value.and(witnesses.get(i).value());
                    language = language.and(witnesses.get(i).keys());
                }
            }
            if (!value.isNone() && !language.isEmpty()) {
                int member = unlisted(new Keys(language, names), value);
                builder.call(state(place), member, state(behind(place, place.next(), 0, met)));
            }
        }

        private void listed(Place place) throws GrammarException {
            if (place.next() == listed.size()) {
                return;
            }
            Member member = listed.get(place.next());
            int from = state(place);
            if (!member.required()) {
                builder.epsilon(from, state(at(place, Stage.LISTED, place.next() + 1)));
            }
            member(from, place, member, place.next() + 1, 0);
        }

        /// A listed member.
        ///
        /// @param next the next declared key behind it
        /// @param bit its own among those without an order
        private void member(int from, Place place, Member member, int next, int bit)
                throws GrammarException {
            int colon = json.separator(json.key(from, member.name()), ':');
            for (int met = 0; met < 1 << witnesses.size(); met++) {
                Term value = (met & place.met()) == 0 ? witnessing(member, met) : Term.NONE;
                if (!value.isNone()) {
                    builder.call(colon, json.rule(value), state(behind(place, next, bit, met)));
                }
            }
        }

        private Term witnessing(Member member, int met) {
            Term value = member.value();
            for (int i = 0; i < witnesses.size(); i++) {
                if ((met >> i & 1) == 1) {
                    Witness witness = witnesses.get(i);
                    value =
                            witness.keys().contains(member.name())
                                    ? value.and(witness.value())
                                    : Term.NONE;
                }
            }
            return value;
        }
    }

    private int unlisted(Keys of, Term value) throws GrammarException {
        Pair pair = new Pair(of, value);
        Integer known = members.get(pair);
        if (known == null) {
            known = builder.rule();
            members.put(pair, known);
            int key = builder.call(builder.start(known), key(of));
            int colon = json.separator(key, ':');
            builder.call(colon, json.rule(value), builder.end(known));
        }
        return known;
    }

    /// Any key of a language but some names.
    private int key(Keys of) throws GrammarException {
        Integer known = keys.get(of);
        if (known == null) {
            known = builder.rule();
            keys.put(of, known);
            int open = builder.literal(builder.start(known), "\"");
            int end = builder.end(known);
            if (of.language().isAny()) {
                new Exclusion(of.names()).write(open, end);
            } else {
                TextLanguage language =
                        of.names().isEmpty()
                                ? of.language()
                                : of.language().minus(TextLanguage.of(of.names()));
                builder.text(
                        builder.call(open, language.rule(builder, true)), CodePoints.of('"'), end);
            }
        }
        return known;
    }

    /// All strings but some, as a tree of these with a way out at every node.
    private final class Exclusion {
        private final List<Map<Integer, Integer>> children = new ArrayList<>();
        private final List<Boolean> excluded = new ArrayList<>();

        Exclusion(Set<String> names) {
            node();
            for (String name : names) {
                int at = 0;
                for (int c : name.codePoints().toArray()) {
                    Integer next = children.get(at).get(c);
                    if (next == null) {
                        next = node();
                        children.get(at).put(c, next);
                    }
                    at = next;
                }
                excluded.set(at, true);
            }
        }

        private int node() {
            children.add(new HashMap<>(4));
            excluded.add(false);
            return children.size() - 1;
        }

        void write(int from, int to) throws GrammarException {
            int[] states = new int[children.size()];
            states[0] = from;
            for (int i = 1; i < states.length; i++) {
                states[i] = builder.state();
            }
            int free = states.length == 1 && !excluded.getFirst() ? from : builder.state();
            builder.chars(free, CodePoints.ANY, true, free);
            builder.text(free, CodePoints.of('"'), to);
            if (free == from) {
                return;
            }
            for (int i = 0; i < states.length; i++) {
                int[] ends = new int[2 * children.get(i).size()];
                int n = 0;
                for (Map.Entry<Integer, Integer> child : children.get(i).entrySet()) {
                    ends[n++] = child.getKey();
                    ends[n++] = child.getKey();
                    builder.chars(
                            states[i],
                            CodePoints.of(child.getKey()),
                            true,
                            states[child.getValue()]);
                }
                builder.chars(states[i], CodePoints.ofRanges(ends).complement(), true, free);
                if (!excluded.get(i)) {
                    builder.text(states[i], CodePoints.of('"'), to);
                }
            }
        }
    }
}
