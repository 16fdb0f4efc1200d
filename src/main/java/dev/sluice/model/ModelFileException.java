package dev.sluice.model;

/// A model's files can't be used: damaged, incomplete, or of a kind that Sluice does not know. The
/// message is one sentence for the person who named the model.
public final class ModelFileException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /// A file can't be used for the reason that the message gives.
    public ModelFileException(String message) {
        super(message);
    }

    /// The same, with what went wrong underneath.
    public ModelFileException(String message, Throwable cause) {
        super(message, cause);
    }

    /// The message, never null.
    public String text() {
        return String.valueOf(getMessage());
    }
}
