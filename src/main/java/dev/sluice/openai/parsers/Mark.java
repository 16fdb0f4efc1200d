package dev.sluice.openai.parsers;

/// A marker in an output.
///
/// @param text of the marker, as templates write it
/// @param special whether it is a token that texts leave out
/// @param tokenIndex tokens generated before it; where it was found in the text, which knows no
///   tokens, some of the same piece may be missing or too many
record Mark(String text, boolean special, int tokenIndex) {

    /// What it is in the text where it marks nothing.
    String shown() {
        return special ? "" : text;
    }

    boolean is(String marker) {
        return text.equals(marker);
    }
}
