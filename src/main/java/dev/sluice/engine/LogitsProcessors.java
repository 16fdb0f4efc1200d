package dev.sluice.engine;

import dev.sluice.tokenizer.Tokenizer;

import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Finds logits processors by name.
public final class LogitsProcessors {
    private LogitsProcessors() {}

    /// Makes the processors, in order.
    ///
    /// @param names built-in ones by their simple name (`LogitBiasLogitsProcessor`,
    ///   `ThinkingBudgetLogitsProcessor`); others by the name of a class on the class path,
    ///   `com.acme.Foo`, or `module:com.acme.Foo`, that has a public constructor without parameters
    ///   or with a [Tokenizer]
    /// @throws IllegalArgumentException naming the class that can't be made
    public static List<LogitsProcessor> load(List<String> names, Tokenizer tokenizer) {
        List<LogitsProcessor> processors = new ArrayList<>();
        for (String name : names) {
            processors.add(load(name, tokenizer));
        }
        return List.copyOf(processors);
    }

    private static LogitsProcessor load(String name, Tokenizer tokenizer) {
        return switch (name) {
            case "LogitBiasLogitsProcessor" -> new LogitBiasLogitsProcessor();
            case "ThinkingBudgetLogitsProcessor" -> new ThinkingBudgetLogitsProcessor(tokenizer);
            default -> custom(name, tokenizer);
        };
    }

    private static LogitsProcessor custom(String name, Tokenizer tokenizer) {
        Class<?> type = find(name);
        if (!LogitsProcessor.class.isAssignableFrom(type)) {
            throw refused(name, "is no " + LogitsProcessor.class.getName());
        }
        try {
            Optional<Constructor<?>> withTokenizer = constructor(type, Tokenizer.class);
            Object made =
                    withTokenizer.isPresent()
                            ? withTokenizer.get().newInstance(tokenizer)
                            : constructor(type)
                                    .orElseThrow(() -> refused(name, "has no public constructor"))
                                    .newInstance();
            return (LogitsProcessor) made;
        } catch (InvocationTargetException e) {
            throw refused(name, "failed in its constructor: " + e.getCause(), e);
        } catch (ReflectiveOperationException e) {
            throw refused(name, "can't be made: " + e, e);
        }
    }

    private static Optional<Constructor<?>> constructor(Class<?> type, Class<?>... parameters) {
        try {
            return Optional.of(type.getConstructor(parameters));
        } catch (NoSuchMethodException e) {
            return Optional.empty();
        }
    }

    private static Class<?> find(String name) {
        int colon = name.indexOf(':');
        String type = name.substring(colon + 1);
        Optional<Module> module =
                colon < 0
                        ? Optional.empty()
                        : ModuleLayer.boot().findModule(name.substring(0, colon));
        ClassLoader loader =
                Optional.ofNullable(Thread.currentThread().getContextClassLoader())
                        .orElseGet(LogitsProcessors.class::getClassLoader);
        try {
            if (module.isPresent()) {
                return Optional.<Class<?>>ofNullable(Class.forName(module.get(), type))
                        .orElseThrow(() -> refused(name, "is in no such module"));
            }
            return Class.forName(type, true, loader);
        } catch (ClassNotFoundException e) {
            throw refused(name, "is neither built in nor on the class path", e);
        } catch (LinkageError e) {
            throw refused(name, "can't be loaded: " + e, e);
        }
    }

    private static IllegalArgumentException refused(String name, String why) {
        return new IllegalArgumentException("The logits processor " + name + " " + why + ".");
    }

    private static IllegalArgumentException refused(String name, String why, Throwable cause) {
        return new IllegalArgumentException(
                "The logits processor " + name + " " + why + ".", cause);
    }
}
