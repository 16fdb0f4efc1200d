package dev.sluice.chat;

import org.jspecify.annotations.Nullable;

import java.time.InstantSource;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/// The state of one render: what it was given and what it has spent. Used by one thread.
final class Render {
    private static final int STEPS_BETWEEN_LOOKS = 256;
    private static final int CHARS_BETWEEN_LOOKS = 1 << 16;
    private static final int LEVELS_PER_CALL = 10;

    private final TemplateLimits limits;
    private final Map<String, ? extends @Nullable Object> variables;
    private final InstantSource clock;
    private final ZoneId zone;
    private final Map<String, Object> resolved = new HashMap<>();
    private final long started = System.nanoTime();
    private long steps;
    private long nextLook;
    private long produced;
    private long nextTimedChar = CHARS_BETWEEN_LOOKS;
    private int calls;
    private int levels;
    private int line;

    Render(
            TemplateLimits limits,
            Map<String, ? extends @Nullable Object> variables,
            InstantSource clock,
            ZoneId zone) {
        this.limits = limits;
        this.variables = variables;
        this.clock = clock;
        this.zone = zone;
    }

    /// A variable of the caller or a global function; [Missing] when there is none.
    Object resolve(String name) {
        return resolved.computeIfAbsent(name, this::lookUp);
    }

    private Object lookUp(String name) {
        @Nullable Object value = variables.get(name);
        if (value != null || variables.containsKey(name)) {
            return Conversion.fromJava(value);
        }
        Optional<Callable> global = Globals.find(name);
        return global.isPresent() ? global.get() : Missing.MISSING;
    }

    ZonedDateTime now() {
        return clock.instant().atZone(zone);
    }

    void line(int number) {
        line = number;
    }

    int line() {
        return line;
    }

    /// Counts one unit of work.
    void step() {
        if (++steps >= nextLook) {
            look();
        }
    }

    private void look() {
        if (steps > limits.maxSteps()) {
            throw Errors.limit("more than " + limits.maxSteps() + " steps");
        }
        checkTime();
        nextLook = Math.min(steps + STEPS_BETWEEN_LOOKS, limits.maxSteps() + 1);
    }

    private void checkTime() {
        if (System.nanoTime() - started > limits.maxTime().toNanos()) {
            double seconds = limits.maxTime().toMillis() / 1e3;
            throw Errors.limit("rendering takes more than " + seconds + " s");
        }
    }

    /// Counts work in proportion to the elements visited.
    void steps(long count) {
        if (count > 0) {
            steps += count - 1;
            step();
        }
    }

    /// Counts the work of looking through a text.
    void scan(long chars) {
        if (chars >= 64) {
            steps(chars >> 6);
        }
    }

    /// Counts chars about to be produced; call before producing them.
    void produce(long chars) {
        produced += chars;
        if (produced > limits.maxProducedChars() || produced < 0) {
            throw Errors.limit(
                    "more than " + limits.maxProducedChars() + " characters of text and lists");
        }
        if (produced >= nextTimedChar) {
            checkTime();
            nextTimedChar = produced + CHARS_BETWEEN_LOOKS;
        }
    }

    /// Counts the elements of a list about to be produced.
    void produceElements(long count) {
        if (count > limits.maxProducedChars()) {
            produce(count);
        }
        produce(count * 8);
    }

    /// Goes into a call or into a value inside a value.
    void enterCall() {
        enterCall(1);
    }

    /// Goes into code, for which the stack must have room: a static initialiser that meets its end
    /// leaves a class unusable for good.
    ///
    /// @param nesting levels of statements and expressions inside each other
    void enterCall(int nesting) {
        levels += nesting;
        if (++calls > limits.maxCallDepth() || levels > limits.maxCallDepth() * LEVELS_PER_CALL) {
            throw new TemplateException("RecursionError", "maximum recursion depth exceeded");
        }
        step();
    }

    void leaveCall() {
        leaveCall(1);
    }

    void leaveCall(int nesting) {
        calls--;
        levels -= nesting;
    }
}
