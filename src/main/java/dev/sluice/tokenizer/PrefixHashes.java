package dev.sluice.tokenizer;

/// Hash of any part of a text in constant time, equal to [String#hashCode] of that part.
final class PrefixHashes {
    private static final int BASE = 31;

    private final int from;
    private final int[] prefix;
    private final int[] powers;

    PrefixHashes(String text, int from, int to) {
        this.from = from;
        this.prefix = new int[to - from + 1];
        this.powers = new int[to - from + 1];
        powers[0] = 1;
        for (int i = 0; i < to - from; i++) {
            prefix[i + 1] = prefix[i] * BASE + text.charAt(from + i);
            powers[i + 1] = powers[i] * BASE;
        }
    }

    int of(int start, int end) {
        return prefix[end - from] - prefix[start - from] * powers[end - start];
    }
}
