package dev.sluice.cli;

import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.TypeConversionException;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/// The sentence for a value of another kind than its flag takes.
final class WrongValue {
    private static final String NUMBER = "a number";
    private static final String FALSE_OR_TRUE = "true or false";
    private static final Map<Class<?>, String> KINDS =
            Map.of(
                    int.class, whole(Integer.MAX_VALUE),
                    Integer.class, whole(Integer.MAX_VALUE),
                    Long.class, whole(Long.MAX_VALUE),
                    float.class, NUMBER,
                    Float.class, NUMBER,
                    double.class, NUMBER,
                    Double.class, NUMBER,
                    boolean.class, FALSE_OR_TRUE,
                    Boolean.class, FALSE_OR_TRUE);

    private WrongValue() {}

    /// The sentence; empty where something else is wrong with a command line.
    static Optional<String> sentence(ParameterException e, GivenFlags given) {
        if (e.getCause() instanceof TypeConversionException
                && e.getArgSpec() instanceof OptionSpec option) {
            return kind(option.auxiliaryTypes()[0])
                    .map(kind ->
                            "%s must be %s and is %s."
                                    .formatted(
                                            given.origin(option.longestName()),
                                            kind,
                                            e.getValue()));
        }
        return Optional.empty();
    }

    private static Optional<String> kind(Class<?> type) {
        return type.isEnum()
                ? Optional.of(oneOf(type.getEnumConstants()))
                : Optional.ofNullable(KINDS.get(type));
    }

    private static String whole(long most) {
        return "a whole number in decimal digits (%d at most)".formatted(most);
    }

    private static String oneOf(Object... constants) {
        List<String> names =
                Arrays.stream(constants)
                        .map(name -> name.toString().toLowerCase(Locale.ROOT))
                        .toList();
        String last = names.getLast();
        List<String> others = names.subList(0, names.size() - 1);
        return others.isEmpty() ? last : String.join(", ", others) + " or " + last;
    }
}
