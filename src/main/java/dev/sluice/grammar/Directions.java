package dev.sluice.grammar;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;

/// The order of letters that are written from right to left and others in a label of a host name.
///
/// @see "RFC 5893, section 2"
final class Directions {
    private enum Kind {
        L,
        R,
        AL,
        AN,
        EN,
        ES,
        CS,
        ET,
        ON,
        BN,
        NSM,
        OTHER
    }

    private static final Map<Byte, Kind> KINDS =
            Map.ofEntries(
                    Map.entry(Character.DIRECTIONALITY_LEFT_TO_RIGHT, Kind.L),
                    Map.entry(Character.DIRECTIONALITY_RIGHT_TO_LEFT, Kind.R),
                    Map.entry(Character.DIRECTIONALITY_RIGHT_TO_LEFT_ARABIC, Kind.AL),
                    Map.entry(Character.DIRECTIONALITY_ARABIC_NUMBER, Kind.AN),
                    Map.entry(Character.DIRECTIONALITY_EUROPEAN_NUMBER, Kind.EN),
                    Map.entry(Character.DIRECTIONALITY_EUROPEAN_NUMBER_SEPARATOR, Kind.ES),
                    Map.entry(Character.DIRECTIONALITY_COMMON_NUMBER_SEPARATOR, Kind.CS),
                    Map.entry(Character.DIRECTIONALITY_EUROPEAN_NUMBER_TERMINATOR, Kind.ET),
                    Map.entry(Character.DIRECTIONALITY_OTHER_NEUTRALS, Kind.ON),
                    Map.entry(Character.DIRECTIONALITY_BOUNDARY_NEUTRAL, Kind.BN),
                    Map.entry(Character.DIRECTIONALITY_NONSPACING_MARK, Kind.NSM));

    private static final Set<Kind> NEUTRAL =
            EnumSet.of(Kind.EN, Kind.ES, Kind.CS, Kind.ET, Kind.ON, Kind.BN, Kind.NSM);
    private static final Set<Kind> FROM_RIGHT = EnumSet.of(Kind.R, Kind.AL, Kind.AN);
    private static final Set<Kind> ENDS_FROM_RIGHT = EnumSet.of(Kind.R, Kind.AL, Kind.EN, Kind.AN);
    private static final Set<Kind> ENDS_FROM_LEFT = EnumSet.of(Kind.L, Kind.EN);

    private Directions() {}

    /// Whether a label is in order; labels without letters from the right are.
    static boolean areInOrder(int[] label) {
        Kind[] kinds = Arrays.stream(label).mapToObj(Directions::kind).toArray(Kind[]::new);
        Set<Kind> all = EnumSet.copyOf(Arrays.asList(kinds));
        if (all.stream().noneMatch(FROM_RIGHT::contains)) {
            return true;
        }
        int last = kinds.length - 1;
        while (last > 0 && kinds[last] == Kind.NSM) {
            last--;
        }
        return switch (kinds[0]) {
            case R, AL ->
                    all.stream().allMatch(k -> NEUTRAL.contains(k) || FROM_RIGHT.contains(k))
                            && ENDS_FROM_RIGHT.contains(kinds[last])
                            && !(all.contains(Kind.EN) && all.contains(Kind.AN));
            case L ->
                    all.stream().allMatch(k -> NEUTRAL.contains(k) || k == Kind.L)
                            && ENDS_FROM_LEFT.contains(kinds[last]);
            default -> false;
        };
    }

    private static Kind kind(int c) {
        return KINDS.getOrDefault(Character.getDirectionality(c), Kind.OTHER);
    }
}
