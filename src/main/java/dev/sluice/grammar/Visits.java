package dev.sluice.grammar;

import java.util.Arrays;

/// Numbers that were met, each once, in that order: a work list and the set of what is on it. Made
/// to be used many times over, at a cost of what was met and not of what might have been.
final class Visits {
    private int[] found = new int[64];
    private int size;

    /// The round in which a number was met last.
    private int[] rounds = new int[64];

    private int[] places = new int[64];
    private int round;

    /// Forgets what was met.
    void clear() {
        size = 0;
        round++;
    }

    void visit(int number) {
        if (number >= rounds.length) {
            int capacity = Math.max(2 * rounds.length, number + 1);
            rounds = Arrays.copyOf(rounds, capacity);
            places = Arrays.copyOf(places, capacity);
        }
        if (rounds[number] == round) {
            return;
        }
        rounds[number] = round;
        if (size == found.length) {
            found = Arrays.copyOf(found, 2 * size);
        }
        places[number] = size;
        found[size++] = number;
    }

    int size() {
        return size;
    }

    int get(int i) {
        return found[i];
    }

    boolean contains(int number) {
        return number < rounds.length && rounds[number] == round;
    }

    /// Where a number that was met stands.
    int place(int number) {
        return places[number];
    }

    int[] toArray() {
        return Arrays.copyOf(found, size);
    }
}
