package dev.sluice.cli;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.lang.reflect.Proxy;

/// Signals of the operating system.
///
/// The JDK has no supported interface for them, and a shutdown hook can't tell a second signal from
/// the first. Its unsupported one is called by name, because a mention in the source is a warning
/// that can't be switched off.
final class Signals {
    private static final Logger LOG = LoggerFactory.getLogger(Signals.class);

    private Signals() {}

    /// Calls an action on every signal of this name, on a thread of its own, instead of what the
    /// JVM does by itself. Where signals can't be had, the JVM's own handling stays.
    ///
    /// @param name without `SIG`, for example `TERM`
    static void on(String name, Runnable action) {
        try {
            Class<?> signal = Class.forName("sun.misc.Signal");
            Class<?> handler = Class.forName("sun.misc.SignalHandler");
            Object proxy =
                    Proxy.newProxyInstance(
                            handler.getClassLoader(),
                            new Class<?>[] {handler},
                            (self, method, args) ->
                                    switch (method.getName()) {
                                        case "handle" -> {
                                            action.run();
                                            yield self;
                                        }
                                        case "hashCode" -> System.identityHashCode(self);
                                        case "equals" -> self == args[0];
                                        default -> "handler of " + name;
                                    });
            Object wanted = signal.getConstructor(String.class).newInstance(name);
            signal.getMethod("handle", signal, handler).invoke(null, wanted, proxy);
        } catch (ReflectiveOperationException e) {
            LOG.debug("signal {} is left to the JVM", name, e);
        }
    }
}
