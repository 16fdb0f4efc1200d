package dev.sluice.grammar;

import java.util.Locale;

/// What has been read of a host name, for a rule whose names are told apart by their labels that
/// begin with `xn--` ([ALabels]). It counts characters, too, like [TextLength].
///
/// @param valid whether all such labels must be valid; else one at least must not be
/// @param left the most characters that may follow, or [Repeat#UNBOUNDED]
/// @param label the label so far, in lower case, as long as it may be one that begins with `xn--`;
///   else [#ORDINARY], [#HIDDEN] or [#SETTLED]
record NameText(boolean valid, int left, String label) implements Memory {
    /// A label that does not begin with `xn--`.
    static final String ORDINARY = ".";

    /// The beginning of a label that begins with `xn--`, of which nothing else is known.
    static final String HIDDEN = "?";

    /// Any label, once one was found that is not valid.
    static final String SETTLED = "!";

    private static final int BYTES = 64;

    /// Before the first character.
    ///
    /// @param max characters, or [Repeat#UNBOUNDED]
    static NameText of(boolean valid, int max) {
        return new NameText(valid, max, "");
    }

    /// Whether the label begins with `xn--`.
    boolean isEncoded() {
        return label.startsWith(ALabels.PREFIX) || isHidden();
    }

    boolean isHidden() {
        return label.equals(HIDDEN);
    }

    /// Whether one was found that is not valid, so that nothing is asked any more.
    boolean isSettled() {
        return label.equals(SETTLED);
    }

    private boolean isWrong() {
        return isEncoded() && !ALabels.isValid(label);
    }

    /// Whether the text may go on behind the label, which is known.
    boolean mayEndLabel() {
        return !valid || !isWrong();
    }

    /// Whether the text may end behind the label, which is known.
    boolean mayEnd() {
        return valid ? !isWrong() : isSettled() || isWrong();
    }

    /// The text behind another character; behind a dot only of a label that is known and may end.
    NameText then(int character) {
        return with(
                left(1),
                character == '.' && !valid && isWrong() ? SETTLED : behind(label, character));
    }

    /// What is left behind some characters.
    int left(int characters) {
        return left == Repeat.UNBOUNDED ? left : left - characters;
    }

    NameText with(int charactersLeft, String other) {
        return new NameText(valid, charactersLeft, other);
    }

    /// A label behind another character.
    static String behind(String label, int character) {
        if (label.equals(SETTLED)) {
            return label;
        }
        if (character == '.') {
            return "";
        }
        if (label.equals(ORDINARY) || label.equals(HIDDEN)) {
            return label;
        }
        String longer = label + Character.toString(character).toLowerCase(Locale.ROOT);
        return longer.startsWith(ALabels.PREFIX) || ALabels.PREFIX.startsWith(longer)
                ? longer
                : ORDINARY;
    }

    @Override
    public int bytes() {
        return BYTES + label.length();
    }
}
