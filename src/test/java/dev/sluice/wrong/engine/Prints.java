package dev.sluice.wrong.engine;

import java.util.List;

final class Prints {
    private Prints() {}

    static void printThenEnd(List<String> lines) {
        System.out.println(lines.parallelStream().count());
        if (lines.isEmpty()) {
            throw new RuntimeException("no lines");
        }
        System.exit(1);
    }
}
