package dev.sluice.openai.parsers;

/// A user's parser can't be loaded, or failed. The message is one sentence that names the class.
public final class ToolCallParserException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public ToolCallParserException(String message) {
        super(message);
    }

    public ToolCallParserException(String message, Throwable cause) {
        super(message, cause);
    }
}
