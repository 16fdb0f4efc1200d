package dev.sluice.bus;

import dev.sluice.engine.ApiException.InvalidRequest;
import dev.sluice.engine.GenerationEvent;
import dev.sluice.engine.GenerationRequest;
import dev.sluice.engine.StatsSnapshot;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.eventbus.EventBus;
import io.vertx.core.eventbus.MessageCodec;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;

import java.util.function.Function;

/// The codecs of the protocol: on the local bus the values themselves travel, being immutable; on a
/// clustered bus their JSON does.
///
/// Senders name the codec in their delivery options. A bus has one codec selector only, and it
/// belongs to the application.
public final class GenerationCodecs {
    /// Codec of [GenerationRequest].
    public static final String REQUEST = "sluice.request";

    /// Codec of [GenerationEvent].
    public static final String EVENT = "sluice.event";

    /// Codec of [EngineInfo].
    public static final String INFO = "sluice.info";

    /// Codec of [StatsSnapshot].
    public static final String STATS = "sluice.stats";

    private GenerationCodecs() {}

    /// Registers the codecs on a bus. Does nothing where they are registered already.
    public static void register(EventBus bus) {
        register(
                bus, new JsonCodec<>(REQUEST, RequestWireForm::toJson, RequestWireForm::toRequest));
        register(bus, new JsonCodec<>(EVENT, EventWireForm::toJson, EventWireForm::toEvent));
        register(bus, new JsonCodec<>(INFO, WireForms::toJson, WireForms::toInfo));
        register(bus, new JsonCodec<>(STATS, StatsWireForm::toJson, StatsWireForm::toStats));
    }

    private static void register(EventBus bus, JsonCodec<?> codec) {
        try {
            bus.registerCodec(codec);
        } catch (IllegalStateException registered) {
            // The bus has no way to ask; two clients of one bus both register.
            if (!String.valueOf(registered.getMessage()).contains(codec.name())) {
                throw registered;
            }
        }
    }

    /// Sends the value itself to local consumers and its JSON, after its length, to others.
    ///
    /// @param name unique on a bus
    /// @param encode value to JSON
    /// @param decode JSON to value
    record JsonCodec<T>(String name, Function<T, JsonObject> encode, Function<JsonObject, T> decode)
            implements MessageCodec<T, T> {
        private static final String UNWRITABLE = "unwritable";

        /// What JSON can't hold must not throw here, in the middle of a connection: the receiver
        /// gets the reason instead.
        @Override
        public void encodeToWire(Buffer buffer, T value) {
            Buffer json;
            try {
                json = encode.apply(value).toBuffer();
            } catch (RuntimeException e) {
                json = new JsonObject().put(UNWRITABLE, String.valueOf(e.getMessage())).toBuffer();
            }
            buffer.appendInt(json.length()).appendBuffer(json);
        }

        /// @throws InvalidRequest if it is no JSON object or could not be written
        /// @throws RuntimeException if it lacks what `decode` needs
        @Override
        public T decodeFromWire(int position, Buffer buffer) {
            int start = position + Integer.BYTES;
            JsonObject json = object(buffer.getBuffer(start, start + buffer.getInt(position)));
            if (json.containsKey(UNWRITABLE)) {
                throw Bodies.invalid(
                        "The message could not be written as JSON: " + json.getValue(UNWRITABLE));
            }
            return decode.apply(json);
        }

        private static JsonObject object(Buffer text) {
            try {
                return new JsonObject(text);
            } catch (DecodeException | ClassCastException _) {
                throw Bodies.invalid("The message is no JSON object.");
            }
        }

        @Override
        public T transform(T value) {
            return value;
        }

        @Override
        public byte systemCodecID() {
            return -1;
        }
    }
}
