package dev.sluice.openai.parsers;

import java.util.Locale;

/// How names of parsers are compared: upper case is as good as lower case, `_` as good as `-`.
final class ParserNames {
    private ParserNames() {}

    /// The spelling that names are registered and looked for under.
    static String canonical(String name) {
        return name.toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
