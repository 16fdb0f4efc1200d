package dev.sluice.openai.parsers;

import dev.sluice.openai.parsers.JsonScanner.Step;

/// Finds calls that are JSON objects between `<tool_call>` and `</tool_call>`.
final class TaggedCallStage implements Stage {
    private final CallWriter calls;
    private final LeadText lead;
    private final StringBuilder raw = new StringBuilder();
    private CallObject call;
    private State state = State.TEXT;

    private enum State {
        TEXT,
        CALL,
        /// Between a call's object and its closing marker.
        REST
    }

    TaggedCallStage(CallFormat format, PieceBuilder out, CallWriter calls) {
        this.calls = calls;
        this.lead = new LeadText(format, out, calls);
        this.call = new CallObject(calls);
    }

    @Override
    public void text(String text) {
        switch (state) {
            case TEXT -> lead.text(text);
            case CALL -> inCall(text);
            case REST -> {}
        }
    }

    private void inCall(String text) {
        for (int i = 0; i < text.length(); i++) {
            Step step = call.accept(text.charAt(i));
            if (step == Step.LAST) {
                state = State.REST;
                return;
            }
            if (step != Step.MORE) {
                breakOff(text.substring(i));
                return;
            }
            if (!call.isBegun()) {
                raw.append(text.charAt(i));
            }
        }
    }

    /// @param rest text of the call that was not read
    private void breakOff(String rest) {
        call.giveUp();
        if (call.isBegun()) {
            state = State.REST;
            return;
        }
        state = State.TEXT;
        lead.give(raw);
        if (!rest.isEmpty()) {
            lead.text(rest);
        }
    }

    @Override
    public void mark(Mark mark) {
        if (state == State.CALL) {
            if (call.inString() && !mark.special()) {
                inCall(mark.shown());
                return;
            }
            breakOff("");
        }
        if (mark.is(CallFormat.TOOL_CALL) && lead.allowsCall()) {
            raw.setLength(0);
            raw.append(lead.takeSpace()).append(mark.shown());
            call = new CallObject(calls);
            state = State.CALL;
        } else if (state == State.TEXT) {
            lead.mark(mark);
        } else if (mark.is(CallFormat.TOOL_CALL_END)) {
            state = State.TEXT;
        }
    }

    @Override
    public void thinkingEnded(int numTokens) {
        lead.thinkingEnded();
    }

    @Override
    public void end(boolean truncated) {
        if (state == State.CALL) {
            call.giveUp();
            if (!call.isBegun() && !truncated) {
                lead.give(raw);
            }
        }
        lead.end();
    }
}
