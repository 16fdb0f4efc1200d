package dev.sluice.chat;

import java.util.OptionalInt;

/// A chat template that can't be read, fails on this conversation, refuses it by itself
/// (`raise_exception`) or goes past a limit. The message is one sentence for the client; nothing of
/// the conversation is in it but what the template or Python's own wording puts there.
public final class TemplateException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    static final String RAISED = "TemplateError";
    static final String LIMIT = "LimitError";

    private final String error;
    private final String reason;
    private final int line;

    /// @param error name of the exception that Jinja or Python would raise, such as `TypeError`
    /// @param reason what went wrong, in the words of Jinja and Python
    TemplateException(String error, String reason) {
        this(error, reason, 0);
    }

    private TemplateException(String error, String reason, int line) {
        super(sentence(error, reason, line));
        this.error = error;
        this.reason = reason;
        this.line = line;
    }

    /// The same failure, located; a failure that has its line already keeps it.
    TemplateException atLine(int number) {
        if (line != 0 || number == 0) {
            return this;
        }
        TemplateException located = new TemplateException(error, reason, number);
        located.setStackTrace(getStackTrace());
        return located;
    }

    /// Name of the exception that Jinja or Python would raise, such as `TypeError`; `TemplateError`
    /// when the template itself refused the conversation; `LimitError` past a limit.
    public String error() {
        return error;
    }

    /// Whether a limit was passed.
    public boolean isLimit() {
        return error.equals(LIMIT);
    }

    /// What went wrong, in the words of Jinja and Python, without the place.
    public String reason() {
        return reason;
    }

    /// Line of the template, from 1; empty when unknown.
    public OptionalInt line() {
        return line == 0 ? OptionalInt.empty() : OptionalInt.of(line);
    }

    /// The message, never null: a refusal of the template's author in his own words, anything else
    /// with its kind and place.
    public String text() {
        return sentence(error, reason, line);
    }

    private static String sentence(String error, String reason, int line) {
        if (error.equals(RAISED)) {
            return reason;
        }
        String place = line == 0 ? "" : " in line " + line;
        return "The chat template failed" + place + ": " + error + ": " + reason;
    }
}
