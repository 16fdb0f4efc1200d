package dev.sluice.embed;

/// An engine can't be set up as it was asked to be. The message is one sentence for the person who
/// asked; it names the option to change, as the command line spells it.
public final class ConfigurationException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /// Options can't be met for the reason that the message gives.
    public ConfigurationException(String message) {
        super(message);
    }

    /// The message, never null.
    public String text() {
        return String.valueOf(getMessage());
    }
}
