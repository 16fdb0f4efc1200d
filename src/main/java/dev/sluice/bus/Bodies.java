package dev.sluice.bus;

import dev.sluice.engine.ApiException;
import dev.sluice.engine.ApiException.InvalidRequest;
import dev.sluice.engine.GenerationRequest;

import io.vertx.core.eventbus.Message;

import java.time.Duration;
import java.util.Optional;

/// What messages to the engine hold. One that holds something else, or that can't be read, is
/// refused with an [InvalidRequest].
final class Bodies {
    private Bodies() {}

    static GenerationRequest request(Message<?> message) {
        String expected = "a GenerationRequest with the codec " + GenerationCodecs.REQUEST;
        return of(GenerationRequest.class, message, expected);
    }

    static String requestId(Message<?> message) {
        return of(String.class, message, "the id of a request");
    }

    /// Empty for no limit.
    static Optional<Duration> timeout(Message<?> message) {
        if (body(message).filter(body -> !body.equals("")).isEmpty()) {
            return Optional.empty();
        }
        Number millis = of(Number.class, message, "milliseconds, or nothing");
        return Optional.of(Duration.ofMillis(millis.longValue()));
    }

    /// A clustered bus decodes it now.
    private static Optional<Object> body(Message<?> message) {
        try {
            return Optional.ofNullable(message.body());
        } catch (ApiException e) {
            throw e;
        } catch (RuntimeException e) {
            throw invalid("The message can't be read: " + e.getMessage());
        }
    }

    private static <T> T of(Class<T> type, Message<?> message, String expected) {
        Optional<Object> body = body(message);
        return body.filter(type::isInstance)
                .map(type::cast)
                .orElseThrow(() ->
                        invalid(
                                "%s takes %s, not %s."
                                        .formatted(
                                                message.address(),
                                                expected,
                                                body.map(it -> it.getClass().getSimpleName())
                                                        .orElse("nothing"))));
    }

    /// A message as a whole is wrong.
    static InvalidRequest invalid(String message) {
        return new InvalidRequest(message, "", "invalid_value");
    }
}
