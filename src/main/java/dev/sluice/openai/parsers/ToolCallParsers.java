package dev.sluice.openai.parsers;

import java.io.File;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.net.MalformedURLException;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/// The parsers of users, for the whole process. Safe for use by several threads.
public final class ToolCallParsers {
    private static final Map<String, Entry> REGISTERED = new ConcurrentHashMap<>();
    private static final String JAR = ".jar";

    private record Entry(Supplier<? extends ToolCallParser> maker, Set<String> markers) {}

    private ToolCallParsers() {}

    /// Registers a parser under its name.
    ///
    /// @param maker makes the instance of a choice; called here too
    /// @return the name
    /// @throws ToolCallParserException if it can't be made, or another parser has the name
    public static String register(Supplier<? extends ToolCallParser> maker) {
        ToolCallParser parser = maker.get();
        String type = parser.getClass().getName();
        String name = ParserNames.canonical(parser.name());
        if (name.isBlank()) {
            throw new ToolCallParserException("The tool parser class " + type + " has no name.");
        }
        Entry entry = new Entry(maker, Set.copyOf(parser.markers()));
        if (CallFormat.named(name).isPresent() || REGISTERED.putIfAbsent(name, entry) != null) {
            throw new ToolCallParserException(
                    "The tool parser class %s can't have the name %s: another parser has it."
                            .formatted(type, name));
        }
        return name;
    }

    /// Loads a class and registers it.
    ///
    /// @param plugin name of a class on the class path, or `path/to.jar:name.of.Class`. The jar
    ///   stays open as long as the process lives
    /// @return the name that the parser gives itself
    /// @throws ToolCallParserException if it can't be loaded or registered
    public static String load(String plugin) {
        int split = plugin.lastIndexOf(':');
        ClassLoader loader = Thread.currentThread().getContextClassLoader();
        if (split >= 0) {
            loader = jar(plugin.substring(0, split), plugin.substring(split + 1));
        } else if (plugin.endsWith(JAR) || plugin.indexOf(File.separatorChar) >= 0) {
            throw new ToolCallParserException(
                    "The tool parser plug-in %s names no class: write path/to.jar:name.of.Class."
                            .formatted(plugin));
        }
        Constructor<? extends ToolCallParser> constructor =
                constructor(plugin.substring(split + 1).strip(), loader);
        return register(() -> make(constructor));
    }

    /// Names of the registered parsers, sorted.
    static Set<String> names() {
        return new TreeSet<>(REGISTERED.keySet());
    }

    /// A new instance of the parser of that name.
    static Optional<ToolCallParser> create(String name) {
        return Optional.ofNullable(REGISTERED.get(ParserNames.canonical(name)))
                .map(entry -> entry.maker().get());
    }

    /// The markers that the parser of that name wants to see.
    static Optional<Set<String>> markers(String name) {
        return Optional.ofNullable(REGISTERED.get(ParserNames.canonical(name))).map(Entry::markers);
    }

    /// The loader is never closed: its classes may be needed at any time.
    private static ClassLoader jar(String path, String type) {
        if (!Files.isReadable(Path.of(path))) {
            throw new ToolCallParserException(
                    "The tool parser class %s can't be loaded: there is no readable file %s."
                            .formatted(type, path));
        }
        URI uri = Path.of(path).toUri();
        try {
            return new URLClassLoader(
                    new URL[] {uri.toURL()}, ToolCallParsers.class.getClassLoader());
        } catch (MalformedURLException e) {
            throw new ToolCallParserException(
                    "The tool parser class %s can't be loaded from %s.".formatted(type, path), e);
        }
    }

    private static Constructor<? extends ToolCallParser> constructor(
            String type, ClassLoader loader) {
        try {
            Class<?> found = Class.forName(type, true, loader);
            if (!ToolCallParser.class.isAssignableFrom(found)) {
                throw new ToolCallParserException(
                        "The class %s is no tool parser: it does not implement %s."
                                .formatted(type, ToolCallParser.class.getName()));
            }
            return found.asSubclass(ToolCallParser.class).getConstructor();
        } catch (ClassNotFoundException e) {
            throw new ToolCallParserException(
                    "The tool parser class %s was not found.".formatted(type), e);
        } catch (NoSuchMethodException e) {
            throw new ToolCallParserException(
                    "The tool parser class %s has no public constructor without parameters."
                            .formatted(type),
                    e);
        } catch (LinkageError e) {
            throw new ToolCallParserException(
                    "The tool parser class %s can't be loaded: %s.".formatted(type, e), e);
        }
    }

    private static ToolCallParser make(Constructor<? extends ToolCallParser> constructor) {
        String type = constructor.getDeclaringClass().getName();
        try {
            return constructor.newInstance();
        } catch (InvocationTargetException e) {
            throw new ToolCallParserException(
                    "The constructor of the tool parser class %s failed: %s."
                            .formatted(type, e.getCause()),
                    e);
        } catch (ReflectiveOperationException e) {
            throw new ToolCallParserException(
                    "The tool parser class %s can't be made: it must be public and no abstract class."
                            .formatted(type),
                    e);
        }
    }
}
