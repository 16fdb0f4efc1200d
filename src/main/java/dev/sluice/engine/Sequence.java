package dev.sluice.engine;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/// One request on its way through the engine: its tokens, its blocks and how far it is computed.
///
/// ```
/// tokens   | prompt ........ | output ... |
///          0            numPrompt      length
///          | computed .......... | scheduled |
///          0              numComputed
/// ```
///
/// Made by the submitting thread, then owned by the engine thread but for [#requestCancel()].
final class Sequence {
    private final GenerationRequest request;
    private final Consumer<GenerationEvent> listener;
    private final OutputText output;
    private final long submittedNanos;
    private final int numPrompt;
    private final AtomicBoolean cancelRequested = new AtomicBoolean();
    private int[] tokens;
    private int length;
    private int numComputed;
    private int numScheduled;
    private int[] blockTable = new int[4];
    private int numBlocks;
    private long startedNanos;
    private long firstTokenNanos;
    private long lastTokenNanos;
    private boolean started;

    Sequence(
            GenerationRequest request,
            Consumer<GenerationEvent> listener,
            OutputText output,
            long submittedNanos) {
        this.request = request;
        this.listener = listener;
        this.output = output;
        this.submittedNanos = submittedNanos;
        this.tokens = request.prompt().toArray();
        this.numPrompt = tokens.length;
        this.length = tokens.length;
    }

    String id() {
        return request.id();
    }

    GenerationRequest request() {
        return request;
    }

    Consumer<GenerationEvent> listener() {
        return listener;
    }

    OutputText output() {
        return output;
    }

    /// Ids of the prompt and the output; valid below [#length()].
    int[] tokens() {
        return tokens;
    }

    int length() {
        return length;
    }

    int numPrompt() {
        return numPrompt;
    }

    int numGenerated() {
        return length - numPrompt;
    }

    /// Tokens whose keys and values are in the cache.
    int numComputed() {
        return numComputed;
    }

    /// Tokens that the cache lacks: 1 while decoding, more while the prompt is being computed.
    int numRemaining() {
        return length - numComputed;
    }

    /// Tokens of the step that is under way.
    int numScheduled() {
        return numScheduled;
    }

    void schedule(int numTokens) {
        numScheduled = numTokens;
    }

    /// Whether the step that is under way reaches the last token, so that its logits are wanted.
    boolean reachesEnd() {
        return numComputed + numScheduled == length;
    }

    /// The scheduled tokens are in the cache.
    void advance() {
        numComputed += numScheduled;
        numScheduled = 0;
    }

    void append(int token) {
        if (length == tokens.length) {
            tokens = Arrays.copyOf(tokens, Math.max(16, length + length / 2));
        }
        tokens[length++] = token;
    }

    /// Physical block of each logical block; valid below [#numBlocks()].
    int[] blockTable() {
        return blockTable;
    }

    int numBlocks() {
        return numBlocks;
    }

    void addBlock(int block) {
        if (numBlocks == blockTable.length) {
            blockTable = Arrays.copyOf(blockTable, 2 * numBlocks);
        }
        blockTable[numBlocks++] = block;
    }

    /// Forgets the blocks and what was computed in them.
    void forgetBlocks() {
        numBlocks = 0;
        numComputed = 0;
        numScheduled = 0;
    }

    /// Notes that the client wants no more. Any thread.
    ///
    /// @return whether this was the first time
    boolean requestCancel() {
        return cancelRequested.compareAndSet(false, true);
    }

    long submittedNanos() {
        return submittedNanos;
    }

    /// Whether a chunk of this sequence was ever scheduled.
    boolean isStarted() {
        return started;
    }

    /// When its first chunk was scheduled.
    long startedNanos() {
        return startedNanos;
    }

    void start(long nanos) {
        started = true;
        startedNanos = nanos;
    }

    long firstTokenNanos() {
        return firstTokenNanos;
    }

    long lastTokenNanos() {
        return lastTokenNanos;
    }

    /// Notes when a token was drawn; call before [#append(int)].
    void tokenDrawn(long nanos) {
        if (numGenerated() == 0) {
            firstTokenNanos = nanos;
        }
        lastTokenNanos = nanos;
    }

    @Override
    public String toString() {
        return "Sequence[%s, %d + %d tokens, %d computed, %d blocks]"
                .formatted(id(), numPrompt, numGenerated(), numComputed, numBlocks);
    }
}
