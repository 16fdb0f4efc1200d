package dev.sluice.server;

/// The server can't listen where it should. The message is one sentence that says what to change.
public final class ListenException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    ListenException(String message, Throwable cause) {
        super(message, cause);
    }

    /// The message, never null.
    public String text() {
        return String.valueOf(getMessage());
    }
}
