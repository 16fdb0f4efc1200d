package dev.sluice.grammar;

import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/// A set of Unicode scalar values, as sorted ranges. Surrogates belong to no set: they are no
/// characters. Immutable.
final class CodePoints {
    static final CodePoints NONE = new CodePoints(new int[0]);

    /// All scalar values.
    static final CodePoints ANY =
            new CodePoints(new int[] {0, 0xD7FF, 0xE000, Character.MAX_CODE_POINT});

    /// What a JSON string may hold without an escape.
    static final CodePoints PLAIN =
            new CodePoints(new int[] {0x20, 0x21, 0x23, 0x5B, 0x5D, 0xD7FF, 0xE000, 0x10FFFF});

    /// The sets of one ASCII character, of which texts mostly consist.
    private static final CodePoints[] ASCII = new CodePoints[128];

    static {
        for (int c = 0; c < ASCII.length; c++) {
            ASCII[c] = range(c, c);
        }
    }

    /// Both ends of each range, ascending; neighbours neither touch nor overlap.
    private final int[] ranges;

    private final long low;
    private final long high;

    private CodePoints(int[] ranges) {
        this.ranges = ranges;
        this.low = ascii(0);
        this.high = ascii(64);
    }

    private long ascii(int from) {
        long bits = 0;
        for (int i = 0; i < ranges.length && ranges[i] < from + 64; i += 2) {
            for (int c = Math.max(from, ranges[i]); c <= Math.min(from + 63, ranges[i + 1]); c++) {
                bits |= 1L << c;
            }
        }
        return bits;
    }

    static CodePoints of(int codePoint) {
        return codePoint < ASCII.length ? ASCII[codePoint] : range(codePoint, codePoint);
    }

    /// All from `first` to `last`, without surrogates.
    static CodePoints range(int first, int last) {
        return ofRanges(first, last);
    }

    /// All in some ranges.
    ///
    /// @param ends first and last of each, in any order
    static CodePoints ofRanges(int... ends) {
        return new CodePoints(withoutSurrogates(merged(ends)));
    }

    /// The characters of a string.
    static CodePoints ofCharacters(String text) {
        return ofRanges(
                text.codePoints().flatMap(c -> java.util.stream.IntStream.of(c, c)).toArray());
    }

    private static int[] merged(int[] ends) {
        long[] sorted = new long[ends.length / 2];
        for (int i = 0; i < sorted.length; i++) {
            sorted[i] = (long) ends[2 * i] << 32 | ends[2 * i + 1];
        }
        Arrays.sort(sorted);
        int[] out = new int[ends.length];
        int n = 0;
        for (long range : sorted) {
            int first = (int) (range >>> 32);
            int last = (int) range;
            if (first > last) {
                continue;
            }
            if (n > 0 && first <= out[n - 1] + 1) {
                out[n - 1] = Math.max(out[n - 1], last);
            } else {
                out[n++] = first;
                out[n++] = last;
            }
        }
        return Arrays.copyOf(out, n);
    }

    private static int[] withoutSurrogates(int[] ranges) {
        boolean clean = true;
        for (int i = 0; i < ranges.length; i += 2) {
            clean &= ranges[i + 1] < Character.MIN_SURROGATE || ranges[i] > Character.MAX_SURROGATE;
        }
        return clean ? ranges : intersection(ranges, ANY.ranges);
    }

    private static int[] intersection(int[] a, int[] b) {
        int[] out = new int[a.length + b.length];
        int n = 0;
        for (int i = 0, j = 0; i < a.length && j < b.length; ) {
            int first = Math.max(a[i], b[j]);
            int last = Math.min(a[i + 1], b[j + 1]);
            if (first <= last) {
                out[n++] = first;
                out[n++] = last;
            }
            if (a[i + 1] < b[j + 1]) {
                i += 2;
            } else {
                j += 2;
            }
        }
        return Arrays.copyOf(out, n);
    }

    boolean contains(int codePoint) {
        if (codePoint < 128) {
            return ((codePoint < 64 ? low : high) >>> codePoint & 1) != 0;
        }
        return overlaps(codePoint, codePoint);
    }

    /// Whether any of `first` to `last` belongs to this.
    boolean overlaps(int first, int last) {
        int from = 0;
        int to = ranges.length / 2;
        while (from < to) {
            int middle = (from + to) >>> 1;
            if (ranges[2 * middle + 1] < first) {
                from = middle + 1;
            } else {
                to = middle;
            }
        }
        return 2 * from < ranges.length && ranges[2 * from] <= last;
    }

    boolean overlaps(CodePoints other) {
        for (int i = 0; i < other.ranges.length; i += 2) {
            if (overlaps(other.ranges[i], other.ranges[i + 1])) {
                return true;
            }
        }
        return false;
    }

    /// Whether this has all of another set.
    boolean containsAll(CodePoints other) {
        if ((other.low & ~low) != 0 || (other.high & ~high) != 0) {
            return false;
        }
        int i = 0;
        for (int k = 0; k < other.ranges.length; k += 2) {
            while (i < ranges.length && ranges[i + 1] < other.ranges[k]) {
                i += 2;
            }
            if (i >= ranges.length
                    || ranges[i] > other.ranges[k]
                    || ranges[i + 1] < other.ranges[k + 1]) {
                return false;
            }
        }
        return true;
    }

    /// Whether some sets have all of another one between them.
    static boolean cover(List<CodePoints> sets, CodePoints all) {
        long low = 0;
        long high = 0;
        for (CodePoints set : sets) {
            low |= set.low;
            high |= set.high;
        }
        if ((all.low & ~low) != 0 || (all.high & ~high) != 0) {
            return false;
        }
        CodePoints union = NONE;
        for (CodePoints set : sets) {
            if (set.containsAll(all)) {
                return true;
            }
            union = union.isEmpty() ? set : union.union(set);
        }
        return union.containsAll(all);
    }

    /// Characters of this, at least one of each kind that some sets tell apart.
    int[] representatives(List<CodePoints> sets) {
        Set<Integer> firsts = new TreeSet<>();
        addFirsts(this, firsts);
        addFirsts(PLAIN, firsts);
        for (CodePoints set : sets) {
            addFirsts(set, firsts);
        }
        return firsts.stream().filter(this::contains).mapToInt(c -> c).toArray();
    }

    private static void addFirsts(CodePoints set, Set<Integer> firsts) {
        for (int i = 0; i < set.ranges.length; i += 2) {
            firsts.add(set.ranges[i]);
            firsts.add(set.ranges[i + 1] + 1);
        }
    }

    /// Bits of the characters below 64.
    long low() {
        return low;
    }

    /// Bits of the characters from 64 to 127.
    long high() {
        return high;
    }

    boolean isEmpty() {
        return ranges.length == 0;
    }

    CodePoints union(CodePoints other) {
        int[] both = Arrays.copyOf(ranges, ranges.length + other.ranges.length);
        System.arraycopy(other.ranges, 0, both, ranges.length, other.ranges.length);
        return new CodePoints(merged(both));
    }

    CodePoints intersect(CodePoints other) {
        return new CodePoints(intersection(ranges, other.ranges));
    }

    CodePoints minus(CodePoints other) {
        return intersect(other.complement());
    }

    /// All scalar values that do not belong to this.
    CodePoints complement() {
        int[] out = new int[ranges.length + 2];
        int n = 0;
        int next = 0;
        for (int i = 0; i < ranges.length; i += 2) {
            if (ranges[i] > next) {
                out[n++] = next;
                out[n++] = ranges[i] - 1;
            }
            next = ranges[i + 1] + 1;
        }
        if (next <= Character.MAX_CODE_POINT) {
            out[n++] = next;
            out[n++] = Character.MAX_CODE_POINT;
        }
        return new CodePoints(withoutSurrogates(Arrays.copyOf(out, n)));
    }

    /// First and last of each range, ascending. A copy.
    int[] ranges() {
        return ranges.clone();
    }

    /// How many there are.
    int size() {
        int size = 0;
        for (int i = 0; i < ranges.length; i += 2) {
            size += ranges[i + 1] - ranges[i] + 1;
        }
        return size;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof CodePoints set && Arrays.equals(ranges, set.ranges);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(ranges);
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("[");
        for (int i = 0; i < ranges.length; i += 2) {
            text.append(String.format("%s%x-%x", i == 0 ? "" : " ", ranges[i], ranges[i + 1]));
        }
        return text.append(']').toString();
    }
}
