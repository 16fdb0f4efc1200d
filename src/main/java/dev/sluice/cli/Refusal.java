package dev.sluice.cli;

import dev.sluice.compute.DeviceException;
import dev.sluice.embed.ConfigurationException;
import dev.sluice.engine.ApiException;
import dev.sluice.model.ModelFileException;
import dev.sluice.model.ModelSourceException;
import dev.sluice.server.ListenException;
import dev.sluice.tokenizer.TextTooLongException;
import dev.sluice.tokenizer.TokenizerException;

import java.util.Optional;

/// A command can't do what it was asked, and the person can change that. The message is one
/// sentence that says how.
final class Refusal extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Refusal(String message) {
        super(message);
    }

    /// The sentence for the person, if an exception is the person's or the environment's doing.
    static Optional<String> sentence(Exception e) {
        return switch (e) {
            case Refusal refusal -> Optional.ofNullable(refusal.getMessage());
            case ConfigurationException impossible -> Optional.of(impossible.text());
            case ModelSourceException noModel -> Optional.of(noModel.text());
            case ModelFileException unusable -> Optional.of(unusable.text());
            case TokenizerException badTokenizer -> Optional.ofNullable(badTokenizer.getMessage());
            case TextTooLongException tooLong -> Optional.of(tooLong.text());
            case ApiException refused -> Optional.of(refused.text());
            case ListenException taken -> Optional.of(taken.text());
            case DeviceException noDevice ->
                    Optional.of("The device can't be used: " + noDevice.getMessage());
            default -> Optional.empty();
        };
    }
}
