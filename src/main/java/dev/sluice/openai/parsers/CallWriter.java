package dev.sluice.openai.parsers;

import java.util.function.Supplier;

/// Gives out the calls of one choice, as many as may be.
final class CallWriter implements CallSource {
    private final PieceBuilder out;
    private final int maxCalls;
    private final boolean callsOnly;
    private final Supplier<String> ids;
    private int begun;
    private boolean incomplete;

    /// @param maxCalls calls after these are swallowed
    /// @param callsOnly whether nothing but calls can come
    /// @param ids makes the id of a call
    CallWriter(PieceBuilder out, int maxCalls, boolean callsOnly, Supplier<String> ids) {
        this.out = out;
        this.maxCalls = maxCalls;
        this.callsOnly = callsOnly;
        this.ids = ids;
    }

    /// Begins the next call.
    void begin(String name) {
        begun++;
        if (counts()) {
            out.begin(begun - 1, new ToolCallDelta.Begin(ids.get(), name));
        }
    }

    /// More of the last call's arguments.
    void arguments(CharSequence slice) {
        if (counts()) {
            out.arguments(begun - 1, slice);
        }
    }

    /// The last call will not be completed.
    void spoil() {
        incomplete |= counts();
    }

    /// Whether a call was begun, even one that is swallowed.
    boolean hasBegun() {
        return begun > 0;
    }

    /// Whether text may be content. Where nothing but calls can come, it is a part of a call's
    /// marker that the token limit cut off.
    boolean allowText() {
        return begun == 0 && !callsOnly;
    }

    @Override
    public boolean calledTools() {
        return begun > 0 && maxCalls > 0 && !incomplete;
    }

    private boolean counts() {
        return begun > 0 && begun <= maxCalls;
    }
}
