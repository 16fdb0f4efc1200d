package dev.sluice.grammar;

import dev.sluice.grammar.JsonSchemaOptions.KeyOrder;
import dev.sluice.grammar.ObjectShape.Member;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// Which keys of an object come in an order, and which anywhere: those are kept apart by one bit
/// each in every place of the object, so there can't be many.
///
/// @param listed in their order
/// @param free anywhere
record KeyArrangement(List<Member> listed, List<Member> free) {
    static final int MAX_FREE = 10;

    private static final int MAX_MENTIONED = 5;
    private static final int MAX_MENTIONED_PLACES = 512;
    private static final int MAX_PLACES = 4_096;

    /// So many required keys may come anywhere at a higher price than others.
    private static final int MANY_REQUIRED = 8;

    private static final int MAX_REQUIRED_PLACES = 65_536;
    private static final int STATES_OF_A_PLACE = 3;

    /// Room for what else there is besides the places of one object.
    private static final int SHARE_OF_REQUIRED = 2;

    private static final int SHARE = 16;

    /// @param members those that may be there
    /// @param kinds how many kinds of places there are besides those that differ by listed keys
    /// @param statesLeft of which an object takes a part at most
    static KeyArrangement of(List<Member> members, KeyOrder order, long kinds, long statesLeft) {
        return switch (order) {
            case DECLARED -> declared(members);
            case ANY -> any(members, kinds, statesLeft);
        };
    }

    /// Keys that are only mentioned have no order to keep.
    private static KeyArrangement declared(List<Member> members) {
        List<Member> listed = new ArrayList<>();
        List<Member> free = new ArrayList<>();
        members.forEach(member -> (member.declared() ? listed : free).add(member));
        long places = (listed.size() + 1L) << Math.min(free.size(), 30);
        if (free.size() > MAX_MENTIONED || places > MAX_MENTIONED_PLACES) {
            listed.addAll(free);
            free.clear();
        }
        return new KeyArrangement(List.copyOf(listed), List.copyOf(free));
    }

    private static KeyArrangement any(List<Member> members, long kinds, long statesLeft) {
        int required = (int) members.stream().filter(Member::required).count();
        int most = Math.min(members.size(), MAX_FREE);
        while (most > 0) {
            long places = ((members.size() - most + 1L) << most) * kinds;
            boolean needed = most <= Math.min(required, MANY_REQUIRED);
            long left = statesLeft / (needed ? SHARE_OF_REQUIRED : SHARE) / STATES_OF_A_PLACE;
            if (places <= Math.min(left, needed ? MAX_REQUIRED_PLACES : MAX_PLACES)) {
                break;
            }
            most--;
        }
        List<Member> free =
                members.stream()
                        .sorted(
                                Comparator.comparing(Member::required)
                                        .reversed()
                                        .thenComparing(Member::declared))
                        .limit(most)
                        .toList();
        Set<Member> anywhere = new HashSet<>(free);
        List<Member> listed = members.stream().filter(m -> !anywhere.contains(m)).toList();
        return new KeyArrangement(listed, free);
    }
}
