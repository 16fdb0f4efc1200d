package dev.sluice.fuzz;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.classic.spi.StackTraceElementProxy;
import ch.qos.logback.core.AppenderBase;

import org.slf4j.LoggerFactory;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;

/// Watches the event loops of this process: their CPU time, and what Vert.x's blocked-thread
/// checker says about them.
final class EventLoopWatch implements AutoCloseable {
    private static final String CHECKER = "io.vertx.core.impl.BlockedThreadChecker";
    private static final String THREAD = "vert.x-eventloop-thread-";

    private final ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    private final List<String> blocked = new CopyOnWriteArrayList<>();
    private final Logger logger = (Logger) LoggerFactory.getLogger(CHECKER);
    private final AppenderBase<ILoggingEvent> appender =
            new AppenderBase<>() {
                @Override
                protected void append(ILoggingEvent event) {
                    if (event.getFormattedMessage().contains(THREAD)) {
                        blocked.add(event.getFormattedMessage() + place(event));
                    }
                }
            };

    EventLoopWatch() {
        logger.setLevel(Level.WARN);
        logger.setAdditive(false);
        appender.start();
        logger.addAppender(appender);
    }

    /// Where the thread was, as far as our own code goes.
    private static String place(ILoggingEvent event) {
        return Optional.ofNullable(event.getThrowableProxy())
                .map(IThrowableProxy::getStackTraceElementProxyArray)
                .map(frames ->
                        Arrays.stream(frames)
                                .map(StackTraceElementProxy::getSTEAsString)
                                .limit(30)
                                .collect(Collectors.joining("\n  ", "\n  ", "")))
                .orElse("");
    }

    /// CPU time of all event loops.
    long cpuNanos() {
        long sum = 0;
        for (Thread thread : Thread.getAllStackTraces().keySet()) {
            if (thread.getName().startsWith(THREAD)) {
                sum += Math.max(0, threads.getThreadCpuTime(thread.threadId()));
            }
        }
        return sum;
    }

    /// What the checker said.
    List<String> blocked() {
        return List.copyOf(blocked);
    }

    /// Forgets what the checker said so far.
    void forget() {
        blocked.clear();
    }

    @Override
    public void close() {
        logger.setAdditive(true);
        logger.detachAppender(appender);
    }
}
