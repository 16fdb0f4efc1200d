package dev.sluice.conformance;

/// What became of a row.
sealed interface Verdict {
    /// As recorded.
    record Right() implements Verdict {}

    /// Not as recorded.
    ///
    /// @param difference what was expected and what came, in a line or two
    record Wrong(String difference) implements Verdict {}

    /// Nothing came, though something was recorded: counts as failed.
    ///
    /// @param reason what was said
    record Refused(String reason) implements Verdict {}

    /// Could not be tried.
    ///
    /// @param reason what is missing
    record Skipped(String reason) implements Verdict {}

    /// The only one.
    Right RIGHT = new Right();

    /// Right if equal, else wrong with the place of the first difference.
    static Verdict ofTexts(String expected, String actual) {
        if (expected.equals(actual)) {
            return RIGHT;
        }
        int at = 0;
        while (at < Math.min(expected.length(), actual.length())
                && expected.charAt(at) == actual.charAt(at)) {
            at++;
        }
        return new Wrong(
                "char "
                        + at
                        + ": expected "
                        + around(expected, at)
                        + ", got "
                        + around(actual, at));
    }

    private static String around(String text, int at) {
        String part = text.substring(Math.max(0, at - 20), Math.min(text.length(), at + 40));
        return "\"" + part.replace("\n", "\\n") + "\"";
    }
}
