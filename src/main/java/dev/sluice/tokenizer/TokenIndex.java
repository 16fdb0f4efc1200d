package dev.sluice.tokenizer;

import java.util.Arrays;

/// Finds ids by text, also by a part of a longer text, without making a string of it. Immutable.
///
/// Hashes are those of [String#hashCode], so that they can be joined: the hash of a text put
/// together from two parts follows from theirs.
final class TokenIndex {
    /// What the look-ups give when there is no such token.
    static final int NONE = -1;

    private static final int SPREAD = 0x9E3779B9;

    private final String[] tokens;
    private final int[] slots;
    private final int[] hashes;
    private final int shift;
    private final int longest;

    /// Takes the texts by id; an empty text is no token. Of equal texts the last counts.
    TokenIndex(String[] tokens) {
        int capacity = Integer.highestOneBit(Math.max(8, tokens.length)) << 2;
        this.tokens = tokens;
        this.slots = new int[capacity];
        this.hashes = new int[capacity];
        this.shift = Integer.numberOfLeadingZeros(capacity) + 1;
        Arrays.fill(slots, NONE);
        int max = 0;
        for (int id = 0; id < tokens.length; id++) {
            if (!tokens[id].isEmpty()) {
                put(id);
                max = Math.max(max, tokens[id].length());
            }
        }
        this.longest = max;
    }

    private void put(int id) {
        String token = tokens[id];
        int hash = token.hashCode();
        int slot = first(hash);
        while (slots[slot] != NONE
                && (hashes[slot] != hash || !tokens[slots[slot]].equals(token))) {
            slot = (slot + 1) & (slots.length - 1);
        }
        slots[slot] = id;
        hashes[slot] = hash;
    }

    private int first(int hash) {
        return (hash * SPREAD) >>> shift;
    }

    int size() {
        return tokens.length;
    }

    /// Text of an id; empty where there is none.
    String text(int id) {
        return tokens[id];
    }

    /// Length of the longest token, in chars.
    int longest() {
        return longest;
    }

    int find(String text) {
        return find(text, 0, text.length(), text.hashCode());
    }

    int find(String text, int from, int to) {
        return find(text, from, to, hash(text, from, to, 0));
    }

    /// As above, with the part's hash already known.
    int find(String text, int from, int to, int hash) {
        int slot = first(hash);
        while (slots[slot] != NONE) {
            if (hashes[slot] == hash) {
                String token = tokens[slots[slot]];
                if (token.length() == to - from && text.startsWith(token, from)) {
                    return slots[slot];
                }
            }
            slot = (slot + 1) & (slots.length - 1);
        }
        return NONE;
    }

    /// The token made of two parts of texts, one after the other, with the parts' hashes.
    int findJoined(
            String left, int from, int to, String right, int rightFrom, int rightTo, int hash) {
        int cut = to - from;
        int slot = first(hash);
        while (slots[slot] != NONE) {
            if (hashes[slot] == hash) {
                String token = tokens[slots[slot]];
                if (token.length() == cut + rightTo - rightFrom
                        && token.regionMatches(0, left, from, cut)
                        && token.regionMatches(cut, right, rightFrom, rightTo - rightFrom)) {
                    return slots[slot];
                }
            }
            slot = (slot + 1) & (slots.length - 1);
        }
        return NONE;
    }

    /// Hash of a part of a text, going on from the hash of what is before it, 0 for nothing.
    static int hash(String text, int from, int to, int before) {
        int hash = before;
        for (int i = from; i < to; i++) {
            hash = 31 * hash + text.charAt(i);
        }
        return hash;
    }
}
