package dev.sluice.bus;

import dev.sluice.engine.ApiException;

import io.vertx.core.Future;
import io.vertx.core.eventbus.Message;
import io.vertx.core.eventbus.ReplyException;
import io.vertx.core.json.JsonObject;

/// Carries an [ApiException] through a reply failure and makes it whole again.
final class ReplyFailures {
    private static final int API_EXCEPTION = 7188;

    private ReplyFailures() {}

    static void fail(Message<?> message, ApiException cause) {
        message.fail(API_EXCEPTION, toJson(cause).encode());
    }

    /// What a reply holds; its failure is an [ApiException].
    static <T> Future<T> body(Future<Message<T>> reply) {
        return reply.map(Message::body)
                .recover(cause -> Future.failedFuture(toApiException(cause)));
    }

    static ApiException toApiException(Throwable cause) {
        return switch (cause) {
            case ApiException own -> own;
            case ReplyException reply ->
                    switch (reply.failureType()) {
                        case NO_HANDLERS -> new ApiException.Draining("no engine is running");
                        case TIMEOUT -> new ApiException.WaitedTooLong("the engine did not answer");
                        case RECIPIENT_FAILURE, ERROR -> recipientFailure(reply);
                    };
            default -> new ApiException.Internal(String.valueOf(cause.getMessage()));
        };
    }

    private static ApiException recipientFailure(ReplyException reply) {
        String message = String.valueOf(reply.getMessage());
        return reply.failureCode() == API_EXCEPTION
                ? fromJson(new JsonObject(message))
                : new ApiException.Internal(message);
    }

    static JsonObject toJson(ApiException cause) {
        JsonObject json = new JsonObject().put("message", cause.text());
        return switch (cause) {
            case ApiException.InvalidRequest e ->
                    json.put("type", "invalid")
                            .put("param", e.param().orElse(""))
                            .put("code", e.code());
            case ApiException.NotFound _ -> json.put("type", "not_found");
            case ApiException.TooLarge _ -> json.put("type", "too_large");
            case ApiException.Overloaded e ->
                    json.put("type", "overloaded").put("retry_after", e.retryAfterSeconds());
            case ApiException.WaitedTooLong _ -> json.put("type", "waited_too_long");
            case ApiException.Draining _ -> json.put("type", "draining");
            case ApiException.Cancelled _ -> json.put("type", "cancelled");
            case ApiException.Internal _ -> json.put("type", "internal");
        };
    }

    static ApiException fromJson(JsonObject json) {
        String message = json.getString("message", "");
        return switch (json.getString("type", "")) {
            case "invalid" ->
                    new ApiException.InvalidRequest(
                            message, json.getString("param", ""), json.getString("code", ""));
            case "not_found" -> new ApiException.NotFound(message);
            case "too_large" -> new ApiException.TooLarge(message);
            case "overloaded" ->
                    new ApiException.Overloaded(message, json.getInteger("retry_after", 1));
            case "waited_too_long" -> new ApiException.WaitedTooLong(message);
            case "draining" -> new ApiException.Draining(message);
            case "cancelled" -> new ApiException.Cancelled(message);
            default -> new ApiException.Internal(message);
        };
    }
}
