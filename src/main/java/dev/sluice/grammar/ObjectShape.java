package dev.sluice.grammar;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// A set of objects. Immutable.
///
/// @param members the keys that are listed, in the order in which they are written
/// @param regions what other keys hold: languages that do not overlap and together are all strings;
///   that listed keys are not meant is understood
/// @param min least number of keys
/// @param max greatest, or [Repeat#UNBOUNDED]
/// @param witnesses what at least one member must be
/// @param evaluated the keys that a keyword has looked at
record ObjectShape(
        List<Member> members,
        List<Region> regions,
        int min,
        int max,
        List<Witness> witnesses,
        TextLanguage evaluated) {
    private static final int MAX_REGIONS = 32;

    static final List<Region> OPEN = List.of(new Region(TextLanguage.any(), Term.ANY));
    static final ObjectShape ANY =
            new ObjectShape(List.of(), OPEN, 0, Repeat.UNBOUNDED, List.of(), TextLanguage.none());

    /// A listed key.
    ///
    /// @param declared whether its place in the order is meant, and not only that it is mentioned
    record Member(String name, Term value, boolean required, boolean declared) {}

    static Member mentioned(String name, Term value, boolean required) {
        return new Member(name, value, required, false);
    }

    /// Keys of a language and what they hold.
    record Region(TextLanguage keys, Term value) {}

    /// At least one member with a key of a language holds a value of a kind.
    record Witness(TextLanguage keys, Term value) {}

    /// A shape without what contradicts itself; empty if no object can have it.
    static Optional<ObjectShape> of(ObjectShape shape) {
        int required = 0;
        int possible = 0;
        for (Member member : shape.members) {
            if (member.required) {
                if (member.value.isNone()) {
                    return Optional.empty();
                }
                required++;
            }
            possible += member.value.isNone() ? 0 : 1;
        }
        int min = Math.max(shape.min, required);
        int max = shape.isClosed() ? Math.min(shape.max, possible) : shape.max;
        return min > max
                ? Optional.empty()
                : Optional.of(
                        new ObjectShape(
                                shape.members,
                                shape.regions,
                                min,
                                max,
                                shape.witnesses,
                                shape.evaluated));
    }

    /// An object with just these keys, of which those that are not required may be absent.
    static Optional<ObjectShape> ofMembers(List<Member> members) {
        return of(
                new ObjectShape(
                        members, OPEN, 0, Repeat.UNBOUNDED, List.of(), TextLanguage.none()));
    }

    /// Whether there are no other keys than the listed ones.
    boolean isClosed() {
        return regions.stream().allMatch(region -> region.value.isNone());
    }

    /// What a key that is not listed holds.
    Term other(String name) {
        for (Region region : regions) {
            if (regions.size() == 1 || region.keys.contains(name)) {
                return region.value;
            }
        }
        return Term.NONE;
    }

    private Map<String, Member> byName() {
        Map<String, Member> map = LinkedHashMap.newLinkedHashMap(members.size());
        members.forEach(member -> map.put(member.name, member));
        return map;
    }

    Optional<ObjectShape> and(ObjectShape other) throws GrammarException {
        if (equals(ANY)) {
            return Optional.of(other);
        }
        if (other.equals(ANY) || equals(other)) {
            return Optional.of(this);
        }
        Map<String, Member> mine = byName();
        Map<String, Member> others = other.byName();
        List<Member> both = new ArrayList<>();
        List<Member> mentioned = new ArrayList<>();
        for (Member member : members) {
            Member twin = others.get(member.name);
            if (twin == null) {
                twin = mentioned(member.name, other.other(member.name), false);
            }
            (member.declared ? both : mentioned).add(joined(member, twin));
        }
        for (Member member : other.members) {
            Member twin = mine.get(member.name);
            if (twin == null) {
                twin = mentioned(member.name, other(member.name), false);
                (member.declared ? both : mentioned).add(joined(twin, member));
            } else if (member.declared && !twin.declared) {
                Member moved = joined(twin, member);
                mentioned.removeIf(old -> old.name.equals(member.name));
                both.add(moved);
            }
        }
        both.addAll(mentioned);
        List<Witness> witnessed = new ArrayList<>(witnesses);
        other.witnesses.stream().filter(w -> !witnesses.contains(w)).forEach(witnessed::add);
        int least = Math.max(min, other.min);
        int most = Math.min(max, other.max);
        return of(
                new ObjectShape(
                        List.copyOf(both),
                        crossed(regions, other.regions),
                        least,
                        most,
                        List.copyOf(witnessed),
                        union(evaluated, other.evaluated)));
    }

    /// Whether every object of this shape plainly is one of another.
    boolean isWithin(ObjectShape other) {
        if (min < other.min
                || max > other.max
                || !witnesses.containsAll(other.witnesses)
                || !evaluated.equals(other.evaluated)
                || !regionsAreWithin(other)) {
            return false;
        }
        int at = 0;
        for (Member member : other.members) {
            at = find(members, member.name, at);
            boolean listed = at < members.size();
            Term value = listed ? members.get(at).value : other(member.name);
            boolean required = listed && members.get(at).required;
            if (!value.isWithin(member.value) || (member.required && !required)) {
                return false;
            }
        }
        at = 0;
        for (Member member : members) {
            at = find(other.members, member.name, at);
            if (at == other.members.size() && !member.value.isWithin(other.other(member.name))) {
                return false;
            }
        }
        return true;
    }

    /// Where a name is in a list. Shapes that are compared mostly have their keys in one order, and
    /// thousands of pairs are: that is no place for maps.
    ///
    /// @param last where the name before it was found
    /// @return the size of the list if it is nowhere
    private static int find(List<Member> members, String name, int last) {
        int size = members.size();
        for (int i = 0; i < size; i++) {
            int at = (last + i) % size;
            if (members.get(at).name.equals(name)) {
                return at;
            }
        }
        return size;
    }

    private boolean regionsAreWithin(ObjectShape other) {
        if (regions.size() != other.regions.size()) {
            return other.regions.equals(OPEN);
        }
        for (int i = 0; i < regions.size(); i++) {
            Region mine = regions.get(i);
            Region twin = other.regions.get(i);
            if (!mine.keys.equals(twin.keys) || !mine.value.isWithin(twin.value)) {
                return false;
            }
        }
        return true;
    }

    private static Member joined(Member a, Member b) {
        return new Member(
                a.name, a.value.and(b.value), a.required || b.required, a.declared || b.declared);
    }

    private static TextLanguage union(TextLanguage a, TextLanguage b) throws GrammarException {
        return a.isEmpty() || b.equals(TextLanguage.any()) ? b : b.isEmpty() ? a : a.or(b);
    }

    private static List<Region> crossed(List<Region> a, List<Region> b) throws GrammarException {
        if (b.equals(OPEN)) {
            return a;
        }
        List<Region> result = new ArrayList<>();
        for (Region one : a) {
            for (Region two : b) {
                TextLanguage keys =
                        a.size() == 1
                                ? two.keys
                                : b.size() == 1 ? one.keys : one.keys.and(two.keys);
                addRegion(result, keys, one.value.and(two.value));
            }
        }
        return List.copyOf(result);
    }

    /// Adds keys to a list of regions; those that hold the same share one.
    static void addRegion(List<Region> regions, TextLanguage keys, Term value)
            throws GrammarException {
        if (keys.isEmpty()) {
            return;
        }
        for (int i = 0; i < regions.size(); i++) {
            if (regions.get(i).value.equals(value)) {
                regions.set(i, new Region(regions.get(i).keys.or(keys), value));
                return;
            }
        }
        if (regions.size() == MAX_REGIONS) {
            throw GrammarException.unsupported(
                    "patternProperties overlap in more than %d ways".formatted(MAX_REGIONS));
        }
        regions.add(new Region(keys, value));
    }

    /// The same objects, none of whose keys has been looked at.
    ObjectShape unevaluated() {
        return evaluated.isEmpty() ? this : withEvaluated(TextLanguage.none());
    }

    ObjectShape withEvaluated(TextLanguage keys) {
        return new ObjectShape(members, regions, min, max, witnesses, keys);
    }

    /// The objects of this shape whose keys that nothing has looked at hold values of a kind;
    /// afterwards all have been looked at.
    Optional<ObjectShape> whereUnevaluated(Term value) throws GrammarException {
        List<Member> narrowed = new ArrayList<>();
        for (Member member : members) {
            narrowed.add(
                    evaluated.contains(member.name)
                            ? member
                            : new Member(
                                    member.name,
                                    member.value.and(value),
                                    member.required,
                                    member.declared));
        }
        List<Region> split = new ArrayList<>();
        for (Region region : regions) {
            addRegion(split, region.keys.and(evaluated), region.value);
            addRegion(split, region.keys.minus(evaluated), region.value.and(value));
        }
        return of(
                new ObjectShape(
                        List.copyOf(narrowed),
                        List.copyOf(split),
                        min,
                        max,
                        witnesses,
                        TextLanguage.any()));
    }

    /// The objects without this shape.
    List<ObjectShape> not() throws GrammarException {
        List<ObjectShape> result = new ArrayList<>();
        Set<String> names = new HashSet<>();
        int required = 0;
        int possible = 0;
        for (Member member : members) {
            names.add(member.name);
            required += member.required ? 1 : 0;
            possible += member.value.isNone() ? 0 : 1;
            if (member.required) {
                ofMembers(List.of(mentioned(member.name, Term.NONE, false))).ifPresent(result::add);
            }
            for (Term without : member.value.not()) {
                ofMembers(List.of(mentioned(member.name, without, true))).ifPresent(result::add);
            }
        }
        // Bounds that follow from the keys are contradicted by contradicting those.
        if (min > required) {
            counted(0, min - 1).ifPresent(result::add);
        }
        if (max != Repeat.UNBOUNDED && !(isClosed() && max >= possible)) {
            counted(max + 1, Repeat.UNBOUNDED).ifPresent(result::add);
        }
        for (Region region : regions) {
            if (!region.value.isAny()) {
                TextLanguage keys =
                        names.isEmpty() ? region.keys : region.keys.minus(TextLanguage.of(names));
                for (Term without : region.value.not()) {
                    result.add(witnessing(keys, without));
                }
            }
        }
        for (Witness witness : witnesses) {
            List<Region> without = new ArrayList<>();
            addRegion(without, witness.keys, witness.value.complement());
            addRegion(without, witness.keys.not(), Term.ANY);
            result.add(
                    new ObjectShape(
                            List.of(),
                            List.copyOf(without),
                            0,
                            Repeat.UNBOUNDED,
                            List.of(),
                            TextLanguage.none()));
        }
        return result;
    }

    private static Optional<ObjectShape> counted(int min, int max) {
        return of(new ObjectShape(List.of(), OPEN, min, max, List.of(), TextLanguage.none()));
    }

    private static ObjectShape witnessing(TextLanguage keys, Term value) {
        return new ObjectShape(
                List.of(),
                OPEN,
                1,
                Repeat.UNBOUNDED,
                List.of(new Witness(keys, value)),
                TextLanguage.none());
    }
}
