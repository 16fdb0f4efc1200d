package dev.sluice.grammar;

import dev.sluice.grammar.ObjectShape.Member;
import dev.sluice.grammar.ObjectShape.Region;
import dev.sluice.grammar.ObjectShape.Witness;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// How the keys of an object that its shape does not list are written.
///
/// Such a key may come again where that does no harm: every member is what it must be, and for a
/// reader of JSON the last one counts. It must not where a later member could hide one that meets a
/// condition, or where members are counted that are not required.
///
/// @param shape the same objects; keys of which there are only so many may be listed in it
/// @param differ whether keys that are not listed must not come twice
/// @param few whether they are but so many, so that none may be left behind a comma
record OpenKeys(ObjectShape shape, boolean differ, boolean few) {
    /// As many may come in any order.
    private static final int ANYWHERE = 5;

    private static final int MAX_LISTED = 100;

    /// More keys than any text can use up.
    private static final int INEXHAUSTIBLE = 1_000_000;

    static OpenKeys of(ObjectShape shape, Emptiness emptiness) throws GrammarException {
        int required = required(shape);
        boolean counts = shape.min() > required + 1;
        if (shape.isClosed() || (!counts && shape.witnesses().isEmpty())) {
            return new OpenKeys(shape, false, false);
        }
        Finder finder = new Finder(shape, emptiness, required);
        if (!counts && !finder.mayHide()) {
            return new OpenKeys(shape, false, false);
        }
        Optional<ObjectShape> listing = finder.listing();
        return listing.isPresent()
                ? of(listing.get(), emptiness)
                : new OpenKeys(shape, true, finder.areFew());
    }

    private static int required(ObjectShape shape) {
        return (int) shape.members().stream().filter(Member::required).count();
    }

    /// Looks at the keys of one shape.
    private static final class Finder {
        private final ObjectShape shape;
        private final Emptiness emptiness;
        private final int optional;

        /// Regions that can hold something, without listed keys.
        private final List<Region> regions = new ArrayList<>();

        Finder(ObjectShape shape, Emptiness emptiness, int required) throws GrammarException {
            this.shape = shape;
            this.emptiness = emptiness;
            this.optional = shape.min() - required;
            TextLanguage names =
                    TextLanguage.of(shape.members().stream().map(Member::name).toList());
            for (Region region : shape.regions()) {
                TextLanguage keys = region.keys().minus(names);
                if (!keys.isEmpty() && !emptiness.isEmpty(region.value())) {
                    regions.add(new Region(keys, region.value()));
                }
            }
        }

        /// Whether a member may stand for a condition that another one with the same key does not
        /// meet.
        boolean mayHide() throws GrammarException {
            for (Witness witness : shape.witnesses()) {
                for (Region region : regions) {
                    if (!region.value().isWithin(witness.value())
                            && !emptiness.isEmpty(region.value().and(witness.value()))
                            && region.keys().intersects(witness.keys())) {
                        return true;
                    }
                }
            }
            return false;
        }

        boolean areFew() {
            return regions.stream().allMatch(region -> region.keys().sizes().isFinite());
        }

        /// The shape with keys listed that might run out before a condition is met or there are
        /// enough; empty if there are none.
        Optional<ObjectShape> listing() throws GrammarException {
            Set<String> listed = new LinkedHashSet<>();
            boolean all = areFew() && mayRunOut();
            if (all) {
                for (Region region : regions) {
                    listed.addAll(texts(region.keys()));
                }
            }
            for (int met = 1; met < 1 << shape.witnesses().size(); met++) {
                for (Region region : regions) {
                    listed.addAll(meeting(region, met));
                }
            }
            return listed.isEmpty() && !all ? Optional.empty() : Optional.of(with(listed, all));
        }

        private boolean mayRunOut() {
            int enough = Math.max(ANYWHERE + 1, optional);
            int found = 0;
            for (Region region : regions) {
                Optional<List<String>> texts = region.keys().texts(enough - found);
                if (texts.isEmpty()) {
                    return false;
                }
                found += texts.get().size();
            }
            return found < enough;
        }

        private List<String> meeting(Region region, int met) throws GrammarException {
            TextLanguage keys = region.keys();
            Term value = region.value();
            for (int i = 0; i < shape.witnesses().size(); i++) {
                if ((met >> i & 1) == 1) {
                    keys = keys.and(shape.witnesses().get(i).keys());
                    value = value.and(shape.witnesses().get(i).value());
                }
            }
            return keys.sizes().hasMoreThan(INEXHAUSTIBLE) || emptiness.isEmpty(value)
                    ? List.of()
                    : texts(keys);
        }

        private static List<String> texts(TextLanguage keys) throws GrammarException {
            return keys.texts(MAX_LISTED)
                    .orElseThrow(() ->
                            GrammarException.unsupported(
                                    "an object may run out of keys that a condition or a"
                                            + " least number of members needs: more than"
                                            + " %,d match a pattern, but no more than %,d"
                                                    .formatted(MAX_LISTED, INEXHAUSTIBLE)));
        }

        private ObjectShape with(Set<String> listed, boolean all) {
            List<Member> members = new ArrayList<>(shape.members());
            for (String name : listed) {
                members.add(ObjectShape.mentioned(name, shape.other(name), false));
            }
            List<Region> rest =
                    all ? List.of(new Region(TextLanguage.any(), Term.NONE)) : shape.regions();
            return new ObjectShape(
                    List.copyOf(members),
                    rest,
                    shape.min(),
                    shape.max(),
                    shape.witnesses(),
                    shape.evaluated());
        }
    }
}
