package dev.sluice.openai.parsers;

import dev.sluice.openai.parsers.JsonScanner.Step;

/// Reads one call, `{"name": .., "arguments": ..}` in any order, and gives it out as it comes.
final class CallObject {
    private final CallWriter calls;
    private final StringBuilder text = new StringBuilder();
    private final ArgumentText arguments = new ArgumentText();
    private State state = State.START;
    private JsonScanner scanner = new JsonScanner();
    private String key = "";
    private boolean named;
    private boolean hasArguments;

    private enum State {
        START,
        FIRST_KEY,
        KEY,
        IN_KEY,
        COLON,
        VALUE,
        ARGUMENTS,
        AFTER
    }

    CallObject(CallWriter calls) {
        this.calls = calls;
    }

    /// Whether the name is known, so that the call was begun.
    boolean isBegun() {
        return named;
    }

    /// Whether the next char belongs to a string.
    boolean inString() {
        return switch (state) {
            case IN_KEY, VALUE -> scanner.inString();
            case ARGUMENTS -> arguments.inString();
            default -> false;
        };
    }

    /// Reads the next char. After `LAST` or `INVALID` it takes no more.
    Step accept(char c) {
        return switch (state) {
            case IN_KEY -> {
                Step step = scan(c);
                if (step == Step.LAST) {
                    key = JsonStrings.unquote(text);
                    state = State.COLON;
                }
                yield step == Step.LAST ? Step.MORE : step;
            }
            case VALUE -> inner(scan(c), c);
            case ARGUMENTS -> {
                Step step = arguments.accept(c);
                giveArguments();
                yield inner(step, c);
            }
            default -> JsonScanner.isSpace(c) ? Step.MORE : structure(c);
        };
    }

    /// Ends a call that was cut off or is wrong.
    void giveUp() {
        if (named) {
            calls.spoil();
        }
    }

    private Step structure(char c) {
        return switch (state) {
            case START -> c == '{' ? go(State.FIRST_KEY) : Step.INVALID;
            case FIRST_KEY, KEY -> c == '"' ? beginKey(c) : Step.INVALID;
            case COLON -> c == ':' ? beginValue() : Step.INVALID;
            default ->
                    switch (c) {
                        case ',' -> go(State.KEY);
                        case '}' -> complete();
                        default -> Step.INVALID;
                    };
        };
    }

    private Step go(State next) {
        state = next;
        return Step.MORE;
    }

    private Step beginKey(char c) {
        begin(State.IN_KEY);
        return scan(c);
    }

    private Step beginValue() {
        boolean first = key.equals("arguments") && !hasArguments;
        hasArguments |= first;
        return begin(first ? State.ARGUMENTS : State.VALUE);
    }

    private Step begin(State next) {
        scanner = new JsonScanner();
        text.setLength(0);
        return go(next);
    }

    private Step scan(char c) {
        Step step = scanner.accept(c);
        boolean taken = step == Step.MORE || step == Step.LAST;
        if (taken
                && (!text.isEmpty() || !JsonScanner.isSpace(c))
                && (state == State.IN_KEY || namesIt())) {
            text.append(c);
        }
        return step;
    }

    private boolean namesIt() {
        return !named && key.equals("name");
    }

    private Step inner(Step step, char c) {
        return switch (step) {
            case MORE, INVALID -> step;
            case LAST -> endValue();
            case BEFORE -> {
                Step end = endValue();
                yield end == Step.INVALID ? end : accept(c);
            }
        };
    }

    private Step endValue() {
        if (state == State.VALUE && namesIt()) {
            if (text.length() < 3 || text.charAt(0) != '"') {
                return Step.INVALID;
            }
            named = true;
            calls.begin(JsonStrings.unquote(text));
            giveArguments();
        }
        return go(State.AFTER);
    }

    private void giveArguments() {
        if (named) {
            calls.arguments(arguments.take());
        }
    }

    private Step complete() {
        if (!named) {
            return Step.INVALID;
        }
        if (!hasArguments) {
            calls.arguments(ArgumentText.NONE);
        }
        return Step.LAST;
    }
}
