package dev.sluice.engine;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
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
/// Tokens that are guessed for a step stand behind `length` and are computed with it. [#append]
/// keeps each guess that is what was drawn, and its keys and values with it; at the first other
/// token the rest is void.
///
/// Made by the submitting thread, then owned by the engine thread but for [#requestCancel()].
final class Sequence implements SequenceState {
    private final GenerationRequest request;
    private final Consumer<GenerationEvent> listener;
    private final OutputText output;
    private final long submittedNanos;
    private final int numPrompt;
    private final AtomicBoolean cancelRequested = new AtomicBoolean();
    private final Optional<ThinkingTracker> thinking;
    private final Optional<GuidedText> guidedText;
    private final List<TokenLogprobs> promptLogprobs = new ArrayList<>();
    private final DraftRecord draftRecord = new DraftRecord();
    private int[] tokens;
    private int length;
    private int numComputed;
    private int numScheduled;
    private int numDrafts;
    private int numSure;
    private int[] blockTable = new int[4];
    private int numBlocks;
    private int numPublished;
    private int furthestComputed;
    private int numCached;
    private long startedNanos;
    private long firstTokenNanos;
    private long lastTokenNanos;
    private boolean started;
    private boolean announced;

    Sequence(
            GenerationRequest request,
            Consumer<GenerationEvent> listener,
            OutputText output,
            long submittedNanos) {
        this(request, listener, output, Optional.empty(), submittedNanos);
    }

    Sequence(
            GenerationRequest request,
            Consumer<GenerationEvent> listener,
            OutputText output,
            Optional<GuidedText> guidedText,
            long submittedNanos) {
        this.guidedText = guidedText;
        this.request = request;
        this.listener = listener;
        this.output = output;
        this.submittedNanos = submittedNanos;
        this.tokens = request.prompt().toArray();
        this.numPrompt = tokens.length;
        this.length = tokens.length;
        this.thinking =
                request.rules()
                        .thinkingBudget()
                        .map(budget -> new ThinkingTracker(budget, numPrompt));
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

    /// Guesses behind the last token that the step computes too.
    int numDrafts() {
        return numDrafts;
    }

    /// Adds a guess to the step that is under way.
    void addDraft(int token) {
        tokens = withRoom(length + numDrafts + 1);
        tokens[length + numDrafts++] = token;
    }

    /// The guess that is compared with the next draw.
    int nextDraft() {
        return tokens[length];
    }

    /// Drops all guesses but the first.
    void keepDrafts(int most) {
        numDrafts = Math.min(numDrafts, most);
    }

    /// How guesses fared.
    DraftRecord draftRecord() {
        return draftRecord;
    }

    /// Whether the step has logits for one more draw: all tokens are in the cache.
    boolean isAhead() {
        return numComputed == length;
    }

    /// Most guesses that make sense: each can bring one token, and one comes anyway.
    int mostDrafts(int maxModelLen) {
        int wanted = request.stop().maxTokens() - numGenerated();
        return Math.min(wanted, maxModelLen - length) - 1;
    }

    /// Notes how probable the last token was.
    ///
    /// @return the number of tokens up to it that were all above the threshold
    int noteProbability(double probability, double threshold) {
        numSure = probability > threshold ? numSure + 1 : 0;
        return numSure;
    }

    /// Whether the step that is under way reaches the last token.
    boolean reachesEnd() {
        return numComputed + numScheduled == length;
    }

    /// Whether the step that is under way ends with a draw: a request without output only scores
    /// its prompt.
    boolean draws() {
        return reachesEnd() && request.stop().maxTokens() > 0;
    }

    /// The first position of this step whose logits tell how likely the next token of the prompt
    /// is.
    int scoreFrom() {
        return Math.max(numComputed, promptLogprobs.size());
    }

    /// Rows of logits that this step yields for the prompt, from [#scoreFrom()] on.
    int numScoreRows() {
        return isScored()
                ? 0
                : Math.max(0, Math.min(numComputed + numScheduled, numPrompt - 1) - scoreFrom());
    }

    /// Rows of logits that this step yields: those of the prompt, then that of the draw, then those
    /// behind each guess.
    int numLogitRows() {
        return numScoreRows() + (draws() ? 1 + numDrafts : 0);
    }

    /// Most tokens of a step that may yield so many rows of logits, which are one or more.
    int mostTokens(int logitRows) {
        return isScored() ? Integer.MAX_VALUE : scoreFrom() - numComputed + logitRows;
    }

    /// Whether no token of the prompt is left whose likelihood is wanted.
    private boolean isScored() {
        return request.output().logprobs().prompt().isEmpty()
                || promptLogprobs.size() == numPrompt - 1;
    }

    void addPromptLogprobs(TokenLogprobs next) {
        promptLogprobs.add(next);
    }

    List<TokenLogprobs> promptLogprobs() {
        return promptLogprobs;
    }

    /// The id that comes next whatever the logits say, if there is one.
    OptionalInt forcedToken() {
        return thinking.isPresent() ? thinking.get().forced() : OptionalInt.empty();
    }

    /// What keeps it to its grammar, if it has one.
    Optional<GuidedText> guidedText() {
        return guidedText;
    }

    /// Whether a grammar says which tokens may come next.
    boolean isGuided() {
        return guidedText.isPresent();
    }

    /// Whether it has as many tokens as its request allows.
    boolean isFull() {
        return numGenerated() >= request.stop().maxTokens()
                || (thinking.isPresent() && thinking.get().isAnswerFull());
    }

    /// The scheduled tokens are in the cache.
    void advance() {
        numComputed += numScheduled;
        numScheduled = 0;
        furthestComputed = Math.max(furthestComputed, numComputed);
    }

    /// Keeps its keys and values apart from those of other texts that begin alike; may be empty.
    String cacheSalt() {
        return request.cacheSalt().orElse("");
    }

    /// Tokens from the first one on that need not be computed if they are in the cache: not the
    /// last one, and not one whose row of logits is wanted.
    int mayReuse() {
        int most = length - 1;
        return isScored() ? most : Math.min(most, promptLogprobs.size());
    }

    /// The next tokens are in the cache, though this step did not compute them.
    void reused(int numTokens) {
        int from = Math.max(numComputed, furthestComputed);
        numComputed += numTokens;
        numCached += Math.max(0, Math.min(numComputed, numPrompt) - from);
        furthestComputed = Math.max(furthestComputed, numComputed);
    }

    /// Tokens of the prompt that were never computed for this sequence.
    int numCached() {
        return numCached;
    }

    void append(int token) {
        tokens = withRoom(length + 1);
        if (numDrafts > 0) {
            boolean asDrawn = tokens[length] == token;
            draftRecord.verified(asDrawn);
            numDrafts = asDrawn ? numDrafts - 1 : 0;
            numComputed += asDrawn ? 1 : 0;
        }
        tokens[length++] = token;
        draftRecord.appended();
        if (guidedText.isPresent()) {
            guidedText.get().accept(tokens, length);
        }
        if (thinking.isPresent()) {
            if (guidedText.isPresent() && guidedText.get().isText()) {
                thinking.get().acceptAnswer();
            } else {
                thinking.get().accept(tokens, length);
            }
        }
    }

    private int[] withRoom(int size) {
        return size <= tokens.length
                ? tokens
                : Arrays.copyOf(tokens, Math.max(16, size + length / 2));
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

    /// Replaces a block by another one with the same keys and values.
    void setBlock(int index, int block, int blockSize) {
        if (blockTable[index] != block) {
            // What the draft model computed there is elsewhere.
            draftRecord.computed(Math.min(draftRecord.numComputed(), index * blockSize));
        }
        blockTable[index] = block;
    }

    /// Blocks from the first one on that others can find; they are full and not written any more.
    int numPublished() {
        return numPublished;
    }

    void published(int numBlocks) {
        numPublished = numBlocks;
    }

    /// Takes the last block off.
    ///
    /// @return the physical block
    int removeLastBlock() {
        return blockTable[--numBlocks];
    }

    /// Forgets the blocks and what was computed in them.
    void forgetBlocks() {
        draftRecord.computed(0);
        numBlocks = 0;
        numPublished = 0;
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

    /// Notes that the client is being told of the beginning.
    ///
    /// @return whether this was the first time
    boolean announce() {
        boolean first = !announced;
        announced = true;
        return first;
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
    public String requestId() {
        return id();
    }

    @Override
    public Map<String, Object> args() {
        return request.rules().processorArgs();
    }

    @Override
    public int numPromptTokens() {
        return numPrompt;
    }

    @Override
    public int numOutputTokens() {
        return numGenerated();
    }

    @Override
    public int token(int index) {
        if (index >= length) {
            throw new IndexOutOfBoundsException("token " + index + " of " + length);
        }
        return tokens[index];
    }

    @Override
    public String toString() {
        return "Sequence[%s, %d + %d tokens, %d computed, %d blocks]"
                .formatted(id(), numPrompt, numGenerated(), numComputed, numBlocks);
    }
}
