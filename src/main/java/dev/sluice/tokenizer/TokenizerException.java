package dev.sluice.tokenizer;

/// A tokenizer's files are missing, damaged or of a kind that is not supported. The message is one
/// sentence for the person who named the model.
public final class TokenizerException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /// With the sentence only.
    public TokenizerException(String message) {
        super(message);
    }

    /// With the sentence and what lies behind it.
    public TokenizerException(String message, Throwable cause) {
        super(message, cause);
    }
}
