package dev.sluice.chat;

import org.jspecify.annotations.Nullable;

import java.util.Arrays;
import java.util.List;
import java.util.Map;

/// The parameters of a built-in function, and arguments put in their places.
final class Signature {
    private final String function;
    private final int required;
    private final int positionalOnly;
    private final List<String> names;

    private Signature(String function, int required, int positionalOnly, String... names) {
        this.function = function;
        this.required = required;
        this.positionalOnly = positionalOnly;
        this.names = List.of(names);
    }

    /// Parameters that may be given by position or by name.
    ///
    /// @param required how many have no default
    static Signature of(String function, int required, String... names) {
        return new Signature(function, required, 0, names);
    }

    /// Parameters that may be given by position only.
    static Signature positional(String function, int required, String... names) {
        return new Signature(function, required, names.length, names);
    }

    /// @throws TemplateException if there are too many arguments, too few, or unknown names
    Bound bind(Arguments arguments) {
        @Nullable Object[] values = new @Nullable Object[names.size()];
        List<Object> positional = arguments.positional();
        if (positional.size() > values.length) {
            throw Errors.type(
                    function
                            + "() takes at most "
                            + values.length
                            + " arguments ("
                            + positional.size()
                            + " given)");
        }
        for (int i = 0; i < positional.size(); i++) {
            values[i] = positional.get(i);
        }
        for (Map.Entry<String, Object> entry : arguments.named().entrySet()) {
            int index = names.indexOf(entry.getKey());
            if (index < positionalOnly) {
                throw Errors.type(
                        function
                                + "() got an unexpected keyword argument '"
                                + entry.getKey()
                                + "'");
            }
            if (values[index] != null) {
                throw Errors.type(
                        function + "() got multiple values for argument '" + entry.getKey() + "'");
            }
            values[index] = entry.getValue();
        }
        for (int i = 0; i < required; i++) {
            if (values[i] == null) {
                throw Errors.type(
                        function
                                + "() missing required argument '"
                                + names.get(i)
                                + "' (pos "
                                + (i + 1)
                                + ")");
            }
        }
        return new Bound(values);
    }

    /// Arguments in the order of the parameters.
    static final class Bound {
        private final @Nullable Object[] values;

        private Bound(@Nullable Object[] values) {
            this.values = Arrays.copyOf(values, values.length);
        }

        /// An argument that is required.
        Object get(int index) {
            Object value = values[index];
            if (value == null) {
                throw new IllegalStateException("parameter " + index + " is not required");
            }
            return value;
        }

        Object get(int index, Object defaultValue) {
            Object value = values[index];
            return value == null ? defaultValue : value;
        }

        boolean truth(int index, boolean defaultValue) {
            Object value = values[index];
            return value == null ? defaultValue : Truth.of(value);
        }

        /// A whole number, cut to the range of an int.
        int integer(int index, int defaultValue) {
            Object value = values[index];
            return value == null ? defaultValue : Numbers.clampedInt(value);
        }

        /// A string.
        ///
        /// @throws TemplateException if it is something else
        String text(int index) {
            Object value = get(index);
            if (!Types.isText(value)) {
                throw Errors.type("must be str, not " + Types.name(value));
            }
            return Types.text(value);
        }
    }
}
