package dev.sluice.model;

/// A model could not be found or fetched. The message is for the person who named it: it says what
/// was tried, why it failed and what to do.
public final class ModelSourceException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /// A model can't be had for the reason that the message gives.
    public ModelSourceException(String message) {
        super(message);
    }

    /// The same, with what went wrong underneath.
    public ModelSourceException(String message, Throwable cause) {
        super(message, cause);
    }

    /// The message, never null.
    public String text() {
        return String.valueOf(getMessage());
    }
}
