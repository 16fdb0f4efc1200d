package dev.sluice.engine;

import java.util.Optional;

/// Something that is the client's or the load's doing. The message is for the client.
///
/// No stack trace is recorded: these are answers, not faults.
public abstract sealed class ApiException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private ApiException(String message) {
        super(message, null, false, false);
    }

    /// The message, never null.
    public String text() {
        return String.valueOf(getMessage());
    }

    /// A request that can never succeed as it is.
    public static final class InvalidRequest extends ApiException {
        private static final long serialVersionUID = 1L;
        private final String param;
        private final String code;

        /// @param message for the client
        /// @param param name of the field as the client wrote it; empty for none
        /// @param code for machines, for example `invalid_value`
        public InvalidRequest(String message, String param, String code) {
            super(message);
            this.param = param;
            this.code = code;
        }

        /// The field, where one is to blame.
        public Optional<String> param() {
            return param.isEmpty() ? Optional.empty() : Optional.of(param);
        }

        /// The code for machines.
        public String code() {
            return code;
        }
    }

    /// The model named is not served here.
    public static final class NotFound extends ApiException {
        private static final long serialVersionUID = 1L;

        /// @param message for the client
        public NotFound(String message) {
            super(message);
        }
    }

    /// The body is larger than the server takes.
    public static final class TooLarge extends ApiException {
        private static final long serialVersionUID = 1L;

        /// @param message for the client
        public TooLarge(String message) {
            super(message);
        }
    }

    /// Too much is under way; try again later.
    public static final class Overloaded extends ApiException {
        private static final long serialVersionUID = 1L;
        private final int retryAfterSeconds;

        /// @param message for the client
        /// @param retryAfterSeconds after which trying again makes sense
        public Overloaded(String message, int retryAfterSeconds) {
            super(message);
            this.retryAfterSeconds = retryAfterSeconds;
        }

        /// Seconds after which trying again makes sense.
        public int retryAfterSeconds() {
            return retryAfterSeconds;
        }
    }

    /// No place became free in time.
    public static final class WaitedTooLong extends ApiException {
        private static final long serialVersionUID = 1L;

        /// @param message for the client
        public WaitedTooLong(String message) {
            super(message);
        }
    }

    /// The server is loading, shutting down or has lost its device.
    public static final class Draining extends ApiException {
        private static final long serialVersionUID = 1L;

        /// @param message for the client
        public Draining(String message) {
            super(message);
        }
    }

    /// The client went away or cancelled.
    public static final class Cancelled extends ApiException {
        private static final long serialVersionUID = 1L;

        /// Somebody asked for it.
        public Cancelled() {
            this("The request was cancelled.");
        }

        /// @param message for the client
        public Cancelled(String message) {
            super(message);
        }
    }

    /// A fault of the server; the cause is in its log.
    public static final class Internal extends ApiException {
        private static final long serialVersionUID = 1L;

        /// @param message for the client
        public Internal(String message) {
            super(message);
        }
    }
}
