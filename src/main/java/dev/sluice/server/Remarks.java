package dev.sluice.server;

import java.util.List;

/// Tells a client what of its grammar is not enforced: unknown formats, which are annotations, and
/// what a request lets be left out.
final class Remarks {
    /// The header that carries it.
    static final String HEADER = "x-sluice-not-enforced";

    private static final int MAX_LENGTH = 2048;
    private static final char FIRST_PRINTABLE = ' ';
    private static final char LAST_PRINTABLE = '~';

    private Remarks() {}

    /// The remarks as the value of a header: one after another, other characters than ASCII's
    /// escaped as in JSON, cut where they are too long.
    static String value(List<String> remarks) {
        StringBuilder value = new StringBuilder();
        for (char c : String.join("; ", remarks).toCharArray()) {
            if (value.length() >= MAX_LENGTH) {
                return value.append("...").toString();
            }
            if (c >= FIRST_PRINTABLE && c <= LAST_PRINTABLE) {
                value.append(c);
            } else {
                value.append("\\u%04x".formatted((int) c));
            }
        }
        return value.toString();
    }
}
