package dev.sluice.openai;

import dev.sluice.engine.ApiException.InvalidRequest;

import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/// Reads biases as JSON has them: ids are texts, biases numbers or texts.
final class LogitBias {
    /// The field of a request.
    static final String FIELD = "logit_bias";

    /// The processor without which the same under `logits_processors_args` means nothing.
    static final String PROCESSOR = "LogitBiasLogitsProcessor";

    private static final Pattern ID = Pattern.compile("-?[0-9]{1,18}");

    private LogitBias() {}

    /// The biases that are added before all processors: those of the field, and those of the
    /// processor's arguments where it is the first one; else it adds them in its turn.
    ///
    /// @throws InvalidRequest naming the field
    static Map<Integer, Float> of(LogitsFields fields, ServedModel model) {
        Map<Integer, Float> biases = new LinkedHashMap<>();
        if (isRegistered(model)) {
            Object args = fields.processorArgs().getOrDefault(FIELD, Map.of());
            if (args != null) {
                String field = "logits_processors_args";
                Map<Integer, Float> asked =
                        read(
                                field,
                                RequestJson.asObject(args).orElseThrow(() -> miscast(field)),
                                model);
                biases.putAll(isFirst(model) ? asked : Map.of());
            }
        }
        biases.putAll(read(FIELD, fields.logitBias(), model));
        return biases;
    }

    /// What is left of the arguments for processors once the biases in them were read: the engine
    /// must not add them a second time, nor those of an id that the field has too.
    static Map<String, Object> otherArgs(LogitsFields fields, ServedModel model) {
        Map<String, Object> others = new LinkedHashMap<>(fields.processorArgs());
        if (isFirst(model)) {
            others.remove(FIELD);
        } else if (isRegistered(model)) {
            Set<String> known = new HashSet<>();
            fields.logitBias().keySet().forEach(id -> known.add(id.strip()));
            Optional.ofNullable(others.get(FIELD))
                    .flatMap(RequestJson::asObject)
                    .ifPresent(biases -> {
                        Map<String, Object> left = new LinkedHashMap<>(biases);
                        left.keySet().removeIf(id -> known.contains(id.strip()));
                        others.put(FIELD, left);
                    });
        }
        return others;
    }

    private static boolean isRegistered(ServedModel model) {
        return model.options().logitsProcessors().contains(PROCESSOR);
    }

    /// Then what it does is done on the device, without a look at the logits on this side.
    private static boolean isFirst(ServedModel model) {
        return isRegistered(model)
                && model.options().logitsProcessors().getFirst().equals(PROCESSOR);
    }

    private static Map<Integer, Float> read(
            String field, Map<String, Object> source, ServedModel model) {
        Map<Integer, Float> biases = new LinkedHashMap<>();
        source.forEach((id, bias) -> biases.put(id(field, id, model), bias(field, bias)));
        return biases;
    }

    private static int id(String field, String text, ServedModel model) {
        String digits = text.strip();
        if (!ID.matcher(digits).matches()) {
            throw miscast(field);
        }
        long id = Long.parseLong(digits);
        TokenLists.checkId(field, id, model.tokenizer().vocabulary());
        return (int) id;
    }

    private static float bias(String field, Object value) {
        double bias =
                switch (value) {
                    case Number number -> number.doubleValue();
                    case String text -> parse(field, text);
                    case null, default -> throw miscast(field);
                };
        if (!Float.isFinite((float) bias)) {
            throw miscast(field);
        }
        return (float) bias;
    }

    private static double parse(String field, String text) {
        try {
            return Double.parseDouble(text);
        } catch (NumberFormatException _) {
            throw miscast(field);
        }
    }

    private static InvalidRequest miscast(String field) {
        return Invalid.field(
                field,
                "failed to cast logit_bias to the correct {key -> value} type, expected {token id"
                        + " -> number}");
    }
}
