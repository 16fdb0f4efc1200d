package dev.sluice.openai.parsers;

import dev.sluice.openai.parsers.JsonScanner.Step;

/// Finds DeepSeek's calls. V3.1 writes name, separator, arguments; V3 and R1 write the word
/// `function`, separator, name, a line break and the arguments in a fence.
final class DeepseekCallStage implements Stage {
    private static final String KIND = "function";

    private final CallWriter calls;
    private final LeadText lead;
    private final StringBuilder raw = new StringBuilder();
    private final StringBuilder name = new StringBuilder();
    private final StringBuilder fence = new StringBuilder();
    private ArgumentText arguments = new ArgumentText();
    private State state = State.TEXT;
    private boolean stray;

    private enum State {
        TEXT,
        /// Among calls, not in one.
        CALLS,
        /// Before the separator.
        HEAD,
        /// After the separator: arguments of a function of that name, or its real name.
        KIND_OR_NAME,
        /// The name of the older form.
        NAME,
        /// After the name, before the arguments.
        FENCE,
        ARGUMENTS,
        /// After the arguments.
        REST
    }

    DeepseekCallStage(PieceBuilder out, CallWriter calls) {
        this.calls = calls;
        this.lead = new LeadText(CallFormat.DEEPSEEK, out, calls);
    }

    @Override
    public void text(String text) {
        if (state == State.TEXT) {
            lead.text(text);
            return;
        }
        for (int i = 0; i < text.length(); i++) {
            accept(text.charAt(i));
        }
        giveArguments();
    }

    private void accept(char c) {
        if (state.compareTo(State.FENCE) < 0) {
            raw.append(c);
        }
        switch (state) {
            case HEAD -> name.append(c);
            case KIND_OR_NAME -> kindOrName(c);
            case NAME -> {
                if (c != '\n') {
                    name.append(c);
                } else if (!name.toString().isBlank()) {
                    begin();
                }
            }
            case FENCE -> {
                if (c == '{') {
                    state = State.ARGUMENTS;
                    argument(c);
                } else {
                    fence.append(c);
                }
            }
            case CALLS -> stray |= !JsonScanner.isSpace(c);
            case ARGUMENTS -> argument(c);
            case TEXT, REST -> {}
        }
    }

    private void kindOrName(char c) {
        if (JsonScanner.isSpace(c)) {
            return;
        }
        if (c == '{') {
            begin();
            accept(c);
        } else {
            name.setLength(0);
            name.append(c);
            state = State.NAME;
        }
    }

    private void begin() {
        calls.begin(name.toString().strip());
        arguments = new ArgumentText();
        fence.setLength(0);
        state = State.FENCE;
    }

    private void argument(char c) {
        Step step = arguments.accept(c);
        if (step == Step.INVALID) {
            giveUp();
        } else if (step == Step.LAST) {
            state = State.REST;
        }
    }

    private void giveUp() {
        calls.spoil();
        state = State.REST;
    }

    private void giveArguments() {
        calls.arguments(arguments.take());
    }

    @Override
    public void mark(Mark mark) {
        if (state == State.ARGUMENTS && arguments.inString() && !mark.special()) {
            text(mark.shown());
            return;
        }
        if (state == State.HEAD && mark.is(CallFormat.SEPARATOR)) {
            raw.append(mark.shown());
            separated();
            return;
        }
        if (state != State.TEXT && state != State.CALLS) {
            endCall(mark.is(CallFormat.CALL_END));
        }
        place(mark);
    }

    private void separated() {
        String head = name.toString().strip();
        if (head.equals(KIND)) {
            state = State.KIND_OR_NAME;
        } else if (!head.isEmpty()) {
            begin();
        }
    }

    /// @param closed whether by its marker
    private void endCall(boolean closed) {
        switch (state) {
            case NAME -> {
                begin();
                noArguments(closed);
            }
            case KIND_OR_NAME, FENCE -> {
                if (state == State.KIND_OR_NAME) {
                    begin();
                }
                noArguments(closed);
            }
            case ARGUMENTS -> giveUp();
            case HEAD -> lead.give(raw);
            case CALLS -> giveStray();
            case TEXT, REST -> {}
        }
        raw.setLength(0);
        state = State.CALLS;
    }

    /// Text among calls is none of an answer's, unless no call comes.
    private void giveStray() {
        if (stray) {
            lead.give(raw);
        }
        stray = false;
    }

    private void noArguments(boolean closed) {
        String other = fence.toString().replace("`", "").strip();
        if (closed && (other.isEmpty() || other.equals("json"))) {
            calls.arguments(ArgumentText.NONE);
        } else {
            calls.spoil();
        }
    }

    private void place(Mark mark) {
        boolean call = mark.is(CallFormat.CALL_BEGIN);
        if ((call || mark.is(CallFormat.CALLS_BEGIN)) && lead.allowsCall()) {
            if (state == State.TEXT) {
                raw.append(lead.takeSpace());
            }
            raw.append(mark.shown());
            name.setLength(0);
            stray = false;
            state = call ? State.HEAD : State.CALLS;
        } else if (state == State.TEXT) {
            lead.mark(mark);
        } else if (mark.is(CallFormat.CALLS_END)) {
            giveStray();
            raw.setLength(0);
            state = State.TEXT;
        }
    }

    @Override
    public void thinkingEnded(int numTokens) {
        lead.thinkingEnded();
    }

    @Override
    public void end(boolean truncated) {
        boolean nameless =
                state == State.HEAD || state == State.KIND_OR_NAME || state == State.NAME;
        boolean cut = truncated && (nameless || (state == State.CALLS && endsInMarker()));
        if (!cut && nameless) {
            lead.give(raw);
        } else if (!cut) {
            endCall(false);
        }
        lead.end();
    }

    /// Whether all text among calls is the beginning of a call's marker.
    private boolean endsInMarker() {
        String text = raw.toString().replace(CallFormat.CALLS_BEGIN, "").strip();
        return CallFormat.CALL_BEGIN.startsWith(text);
    }
}
