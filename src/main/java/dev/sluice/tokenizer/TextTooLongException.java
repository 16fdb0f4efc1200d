package dev.sluice.tokenizer;

import java.util.OptionalInt;

/// A text is too long to be encoded. The message is one sentence for whoever gave the text.
public final class TextTooLongException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int atLeast;

    TextTooLongException(String message) {
        super(message);
        this.atLeast = 0;
    }

    TextTooLongException(String message, Throwable cause) {
        super(message, cause);
        this.atLeast = 0;
    }

    /// It would give more tokens than are wanted.
    ///
    /// @param atLeast tokens that it gives for sure
    TextTooLongException(int atLeast) {
        super("Input text is too long, it has at least " + atLeast + " tokens.");
        this.atLeast = atLeast;
    }

    /// How many tokens the text has at least, where that is why it was refused.
    public OptionalInt atLeast() {
        return atLeast == 0 ? OptionalInt.empty() : OptionalInt.of(atLeast);
    }

    /// The sentence.
    public String text() {
        return String.valueOf(getMessage());
    }
}
