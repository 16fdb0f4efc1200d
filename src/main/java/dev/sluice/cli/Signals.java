package dev.sluice.cli;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Consumer;

/// Signals of the operating system, as long as this is open.
///
/// The JDK has no supported interface for them, and a shutdown hook can't tell a second signal from
/// the first. Its unsupported one is called by name, because a mention in the source is a warning
/// that can't be switched off.
final class Signals implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Signals.class);

    private final Deque<Runnable> restore = new ArrayDeque<>();

    private Signals() {}

    /// Calls an action with the name of every one of these signals, on a thread of its own, instead
    /// of what the JVM does by itself. Where signals can't be had, the JVM's own handling stays.
    ///
    /// @param names without `SIG`, for example `TERM`
    static Signals on(Consumer<String> action, String... names) {
        Signals signals = new Signals();
        for (String name : names) {
            try {
                signals.handle(name, () -> action.accept(name));
            } catch (ReflectiveOperationException e) {
                LOG.debug("signal {} is left to the JVM", name, e);
            }
        }
        return signals;
    }

    private void handle(String name, Runnable action) throws ReflectiveOperationException {
        Class<?> signalType = Class.forName("sun.misc.Signal");
        Class<?> handlerType = Class.forName("sun.misc.SignalHandler");
        Object handler =
                Proxy.newProxyInstance(
                        handlerType.getClassLoader(),
                        new Class<?>[] {handlerType},
                        (self, method, args) ->
                                switch (method.getName()) {
                                    case "handle" -> {
                                        action.run();
                                        yield self;
                                    }
                                    case "hashCode" -> System.identityHashCode(self);
                                    case "equals" -> isSame(self, args[0]);
                                    default -> "handler of " + name;
                                });
        Object signal = signalType.getConstructor(String.class).newInstance(name);
        Method handle = signalType.getMethod("handle", signalType, handlerType);
        Object before = handle.invoke(null, signal, handler);
        restore.push(() -> restore(handle, signal, before));
    }

    @SuppressWarnings("ReferenceEquality")
    private static boolean isSame(Object a, Object b) {
        return a == b;
    }

    private static void restore(Method handle, Object signal, Object handler) {
        try {
            handle.invoke(null, signal, handler);
        } catch (ReflectiveOperationException e) {
            LOG.debug("the handler of {} stays", signal, e);
        }
    }

    /// Leaves the signals to whom they belonged before.
    @Override
    public void close() {
        while (!restore.isEmpty()) {
            restore.pop().run();
        }
    }
}
