package dev.sluice.engine;

import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;

/// Adds to the logits what the argument `logit_bias` says: an object of ids and numbers.
public final class LogitBiasLogitsProcessor implements LogitsProcessor {
    private static final String KEY = "logit_bias";

    /// Makes the processor; it has no settings.
    public LogitBiasLogitsProcessor() {}

    @Override
    public void checkArgs(Map<String, Object> args, int vocabSize) {
        for (int id : bias(args).keySet()) {
            if (id < 0 || id >= vocabSize) {
                throw new IllegalArgumentException(
                        "logit_bias has the token id %d, outside the vocabulary of %d."
                                .formatted(id, vocabSize));
            }
        }
    }

    @Override
    public boolean appliesTo(SequenceState sequence) {
        return sequence.args().get(KEY) != null;
    }

    @Override
    public void apply(SequenceState sequence, MemorySegment logits) {
        LogitsEditor.addBias(bias(sequence.args()), logits);
    }

    private static Map<Integer, Float> bias(Map<String, Object> args) {
        Object value = args.get(KEY);
        if (value == null) {
            return Map.of();
        }
        if (!(value instanceof Map<?, ?> entries)) {
            throw new IllegalArgumentException("logit_bias must be an object of ids and numbers.");
        }
        Map<Integer, Float> bias = HashMap.newHashMap(entries.size());
        entries.forEach((id, number) -> bias.put(toId(id), toFloat(number)));
        return bias;
    }

    private static int toId(Object id) {
        try {
            return id instanceof Number number
                    ? Math.toIntExact(number.longValue())
                    : Integer.parseInt(String.valueOf(id).strip());
        } catch (ArithmeticException | NumberFormatException e) {
            throw notCast(id, "an id", e);
        }
    }

    private static float toFloat(Object value) {
        try {
            float number =
                    value instanceof Number n
                            ? n.floatValue()
                            : Float.parseFloat(String.valueOf(value).strip());
            if (Float.isFinite(number)) {
                return Penalties.bounded(number);
            }
        } catch (NumberFormatException e) {
            throw notCast(value, "a number", e);
        }
        throw new IllegalArgumentException("logit_bias must hold finite numbers, not " + value);
    }

    private static IllegalArgumentException notCast(Object value, String kind, Exception cause) {
        return new IllegalArgumentException(
                "failed to cast logit_bias to the correct {id -> number} type: "
                        + value
                        + " is not "
                        + kind
                        + ".",
                cause);
    }
}
