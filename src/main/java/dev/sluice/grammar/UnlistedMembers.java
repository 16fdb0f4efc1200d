package dev.sluice.grammar;

import dev.sluice.grammar.ObjectShape.Region;
import dev.sluice.grammar.ObjectShape.Witness;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// Writes the members of one object whose keys are not listed.
final class UnlistedMembers {
    private final GrammarBuilder builder;
    private final MemberRules rules;
    private final List<Region> regions;
    private final List<Witness> witnesses;
    private final Set<String> names;
    private final boolean differ;
    private final Emptiness emptiness;
    private final Map<Kind, Optional<Unlisted>> known = new HashMap<>();

    /// @param met bits of the conditions that a member meets
    private record Kind(int region, int met) {}

    /// A kind of members that there are.
    record Unlisted(MemberRules.Others keys, Term value) {}

    /// @param names the keys that are listed
    /// @param emptiness of values that can't be written
    UnlistedMembers(
            GrammarBuilder builder,
            MemberRules rules,
            OpenKeys keys,
            Set<String> names,
            Emptiness emptiness) {
        this.builder = builder;
        this.rules = rules;
        this.regions = keys.shape().regions();
        this.witnesses = keys.shape().witnesses();
        this.names = names;
        this.differ = keys.differ();
        this.emptiness = emptiness;
    }

    /// The members of a region.
    ///
    /// @param met the conditions that they meet, as bits
    Optional<Unlisted> find(int region, int met) throws GrammarException {
        Kind kind = new Kind(region, met);
        Optional<Unlisted> found = known.get(kind);
        if (found == null) {
            found = made(regions.get(region), met);
            known.put(kind, found);
        }
        return found;
    }

    private Optional<Unlisted> made(Region region, int met) throws GrammarException {
        Term value = region.value();
        TextLanguage language = region.keys();
        for (int i = 0; i < witnesses.size(); i++) {
            if ((met >> i & 1) == 1) {
                value = value.and(witnesses.get(i).value());
                language = language.and(witnesses.get(i).keys());
            }
        }
        return value.isNone() || language.isEmpty() || (differ && emptiness.isEmpty(value))
                ? Optional.empty()
                : Optional.of(new Unlisted(new MemberRules.Others(language, names), value));
    }

    /// Adds members. A key that must not come again is read by a rule that the object's own calls.
    ///
    /// @param comma whether the comma before them comes with them, which it must not if no key is
    ///   left
    void write(int from, Unlisted member, boolean comma, int to) throws GrammarException {
        if (differ) {
            int behind = builder.call(from, rules.key(member.keys(), comma));
            builder.call(behind, rules.rest(member.value()), to);
        } else {
            builder.call(from, rules.member(member.keys(), member.value()), to);
        }
    }
}
