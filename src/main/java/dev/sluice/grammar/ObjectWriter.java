package dev.sluice.grammar;

import dev.sluice.grammar.JsonSchemaOptions.KeyOrder;
import dev.sluice.grammar.ObjectShape.Member;
import dev.sluice.grammar.ObjectShape.Witness;
import dev.sluice.grammar.UnlistedMembers.Unlisted;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// Writes the objects of a shape as rules.
///
/// Keys that have an order ([KeyArrangement]) come in it. Other keys may stand anywhere between
/// them: those that are listed without an order, as long as they are few, and those that are not
/// listed; the latter behind the required ones, unless keys may have any order: a small model that
/// may begin with a key of its own finds another one for ever, and never comes to the schema's. A
/// place is the next key in the order, together with which of the latter have been written, the
/// number of members so far and the witnesses that were met, where those matter. All of them come
/// right behind the last key in the order that is there, so that a text has one reading. Where a
/// key that is not listed must not come again ([OpenKeys]), that is seen to when the text is read
/// ([KeyMemory]).
final class ObjectWriter {
    private static final int MAX_WITNESSES = 4;
    private static final int MAX_COUNT = 2_000;

    /// Instead of the number of a rule.
    private static final int NONE = -1;

    private static final int UNKNOWN = -2;

    private final JsonWriter json;
    private final GrammarBuilder builder;
    private final KeyOrder order;
    private final MemberRules rules;
    private final Emptiness emptiness;

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
    private record Place(Stage stage, int next, int free, int count, int met) {
        /// Thousands of places differ by two of these alone, of which a record's own would make the
        /// same.
        @Override
        public int hashCode() {
            int keys = next << KeyArrangement.MAX_FREE | free;
            return (keys ^ stage.hashCode()) + 0x9E3779B1 * (count << MAX_WITNESSES | met);
        }
    }

    ObjectWriter(JsonWriter json, GrammarBuilder builder, KeyOrder order, Emptiness emptiness) {
        this.json = json;
        this.builder = builder;
        this.order = order;
        this.rules = new MemberRules(json, builder);
        this.emptiness = emptiness;
    }

    int write(ObjectShape shape) throws GrammarException {
        return new One(OpenKeys.of(shape, emptiness)).write();
    }

    /// One shape being written.
    private final class One {
        private final ObjectShape shape;
        private final List<Member> listed;
        private final List<Member> free;
        private final List<Witness> witnesses;
        private final Set<String> names = new HashSet<>();
        private final int lastRequired;
        private final int freeRequired;
        private final int countLimit;
        private final boolean limitsCount;
        private final int[] rests;
        private final boolean differ;
        private final boolean few;
        private final UnlistedMembers others;
        private final Map<Place, Integer> states = new HashMap<>();
        private final Deque<Place> work = new ArrayDeque<>();
        private final int rule;

        One(OpenKeys keys) throws GrammarException {
            this.shape = keys.shape();
            this.differ = keys.differ();
            this.few = keys.few();
            this.witnesses = shape.witnesses();
            List<Member> possible = new ArrayList<>();
            int required = 0;
            for (Member member : shape.members()) {
                names.add(member.name());
                if (!member.value().isNone()) {
                    possible.add(member);
                    required += member.required() ? 1 : 0;
                }
            }
            boolean closed = shape.isClosed();
            this.limitsCount =
                    shape.max() != Repeat.UNBOUNDED && !(closed && shape.max() >= possible.size());
            this.countLimit = limitsCount ? shape.max() : shape.min() > required ? shape.min() : 0;
            if (countLimit > MAX_COUNT || witnesses.size() > MAX_WITNESSES) {
                throw GrammarException.unsupported(
                        "an object has more than %,d counted members or %d conditions that any"
                                        .formatted(MAX_COUNT, MAX_WITNESSES)
                                + " member may meet");
            }
            KeyArrangement order =
                    KeyArrangement.of(possible, ObjectWriter.this.order, kinds(), statesLeft());
            this.listed = order.listed();
            this.free = order.free();
            this.lastRequired = lastRequired();
            this.freeRequired = freeRequired();
            this.rests = unknown(listed.size() + free.size());
            this.others = new UnlistedMembers(builder, rules, keys, names, emptiness);
            this.rule = builder.rule();
            if (differ) {
                builder.distinct(rule);
            }
        }

        private int[] unknown(int number) {
            int[] rules = new int[number << witnesses.size()];
            Arrays.fill(rules, UNKNOWN);
            return rules;
        }

        /// How many places may differ by nothing but their count and the witnesses.
        private long kinds() {
            int most = shape.isClosed() ? Math.min(countLimit, names.size()) : countLimit;
            return (most + 1L) << witnesses.size();
        }

        /// Half of a grammar's states are left to what the objects hold.
        private int statesLeft() {
            return Math.max(0, builder.limits().maxStates() / 2 - builder.states.size());
        }

        private int lastRequired() {
            int last = -1;
            for (int i = 0; i < listed.size(); i++) {
                last = listed.get(i).required() ? i : last;
            }
            return last;
        }

        private int freeRequired() {
            int bits = 0;
            for (int i = 0; i < free.size(); i++) {
                bits |= free.get(i).required() ? 1 << i : 0;
            }
            return bits;
        }

        int write() throws GrammarException {
            int open = json.space(builder.literal(builder.start(rule), "{"));
            Place first = new Place(Stage.BEFORE, 0, 0, 0, 0);
            builder.epsilon(open, state(first));
            if (few) {
                others(open, first, false);
            }
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

        private boolean hasRequired(Place place) {
            return place.next() > lastRequired && (place.free() & freeRequired) == freeRequired;
        }

        private boolean mayEnd(Place place) {
            return hasRequired(place)
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
                close(from);
            }
            boolean more =
                    place.next() < listed.size()
                            || place.free() != (1 << free.size()) - 1
                            || (!few && !shape.isClosed());
            if (mayGoOn(place) && more) {
                comma(from, state(at(place, Stage.BEFORE, place.next())));
            }
            if (few) {
                others(from, place, true);
            }
        }

        /// Where keys come anywhere, places are many: what each would write is a rule instead.
        private boolean shares() {
            return !free.isEmpty();
        }

        private void close(int from) throws GrammarException {
            if (shares()) {
                builder.call(from, rules.close(), builder.end(rule));
            } else {
                builder.text(json.space(from), CodePoints.of('}'), builder.end(rule));
            }
        }

        private void comma(int from, int to) throws GrammarException {
            if (shares()) {
                builder.call(from, rules.comma(), to);
            } else {
                builder.epsilon(json.separator(from, ','), to);
            }
        }

        private void before(Place place) throws GrammarException {
            if (!mayGoOn(place)) {
                return;
            }
            int from = state(place);
            if (place.next() < listed.size()) {
                builder.epsilon(from, state(at(place, Stage.LISTED, place.next())));
            }
            for (int i = 0; i < free.size(); i++) {
                if ((place.free() >> i & 1) == 0) {
                    member(from, place, listed.size() + i, place.next(), 1 << i);
                }
            }
            if (!few) {
                others(from, place, false);
            }
        }

        /// Members that are not listed.
        private void others(int from, Place place, boolean comma) throws GrammarException {
            if (order == KeyOrder.DECLARED && !hasRequired(place)) {
                return;
            }
            for (int i = 0; i < shape.regions().size() && mayGoOn(place); i++) {
                for (int met = 0; met < 1 << witnesses.size(); met++) {
                    Optional<Unlisted> member =
                            (met & place.met()) == 0 ? others.find(i, met) : Optional.empty();
                    if (member.isPresent()) {
                        int to = state(behind(place, place.next(), 0, met));
                        others.write(from, member.get(), comma, to);
                    }
                }
            }
        }

        private void listed(Place place) throws GrammarException {
            Member member = listed.get(place.next());
            int from = state(place);
            if (!member.required() && place.next() + 1 < listed.size()) {
                builder.epsilon(from, state(at(place, Stage.LISTED, place.next() + 1)));
            }
            member(from, place, place.next(), place.next() + 1, 0);
        }

        /// A listed member.
        ///
        /// @param number its own, those without an order behind the others
        /// @param next the next declared key behind it
        /// @param bit its own among those without an order
        private void member(int from, Place place, int number, int next, int bit)
                throws GrammarException {
            int at = shares() ? from : rules.colon(from, member(number).name());
            for (int met = 0; met < 1 << witnesses.size(); met++) {
                int rest = (met & place.met()) == 0 ? rest(number, met) : NONE;
                if (rest != NONE) {
                    builder.call(at, rest, state(behind(place, next, bit, met)));
                }
            }
        }

        private Member member(int number) {
            return number < listed.size() ? listed.get(number) : free.get(number - listed.size());
        }

        /// The value of a listed member; the whole member where that is shared.
        ///
        /// @return its rule, or [#NONE]
        private int rest(int number, int met) throws GrammarException {
            int index = number << witnesses.size() | met;
            if (rests[index] == UNKNOWN) {
                Member member = member(number);
                Term value = witnessing(member, met);
                rests[index] =
                        value.isNone() || (differ && emptiness.isEmpty(value))
                                ? NONE
                                : shares()
                                        ? rules.member(new MemberRules.Name(member.name()), value)
                                        : json.rule(value);
            }
            return rests[index];
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
}
