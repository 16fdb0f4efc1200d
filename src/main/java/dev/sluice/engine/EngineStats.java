package dev.sluice.engine;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.function.IntSupplier;
import java.util.stream.IntStream;

/// What an engine counts. Written on the engine thread, but for the count of requests, which the
/// submitting threads write; [#snapshot()] may be called from any thread and waits for nobody.
public final class EngineStats {
    private static final double NANOS = 1e-9;
    private static final double[] FIRST_TOKEN_SECONDS = {
        .001, .005, .01, .02, .04, .06, .08, .1, .25, .5, .75, 1, 2.5, 5, 10, 30
    };
    private static final double[] TOKEN_SECONDS = {
        .0025, .005, .01, .025, .05, .075, .1, .15, .2, .3, .4, .5, .75, 1
    };
    private static final double[] REQUEST_SECONDS = {
        .1, .3, .5, .8, 1, 1.5, 2, 2.5, 5, 10, 15, 20, 30, 40, 50, 60, 120, 240, 480, 960, 1920,
        7680
    };
    private static final double[] TOKENS = {
        1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 33_792
    };

    private final EngineConfig config;
    private final boolean speculates;
    private final IntSupplier inFlight;
    private final AtomicLong requests = new AtomicLong();
    private final AtomicLong successes = new AtomicLong();
    private final AtomicLong cancellations = new AtomicLong();
    private final AtomicLong failures = new AtomicLong();
    private final AtomicLong preemptions = new AtomicLong();
    private final AtomicLong steps = new AtomicLong();
    private final AtomicLong promptTokens = new AtomicLong();
    private final AtomicLong generationTokens = new AtomicLong();
    private final AtomicLong lookups = new AtomicLong();
    private final AtomicLong hits = new AtomicLong();
    private final AtomicLong lookedUpTokens = new AtomicLong();
    private final AtomicLong cachedTokens = new AtomicLong();
    private final AtomicLong draftSteps = new AtomicLong();
    private final AtomicLong draftEmitted = new AtomicLong();
    private final AtomicLongArray drafted = new AtomicLongArray(Speculation.MOST_TOKENS);
    private final AtomicLongArray draftAccepted = new AtomicLongArray(Speculation.MOST_TOKENS);
    private final Histogram timeToFirstToken = new Histogram(FIRST_TOKEN_SECONDS);
    private final Histogram timePerOutputToken = new Histogram(TOKEN_SECONDS);
    private final Histogram endToEnd = new Histogram(REQUEST_SECONDS);
    private final Histogram queueTime = new Histogram(REQUEST_SECONDS);
    private final Histogram inferenceTime = new Histogram(REQUEST_SECONDS);
    private final Histogram prefillTime = new Histogram(REQUEST_SECONDS);
    private final Histogram decodeTime = new Histogram(REQUEST_SECONDS);
    private final Histogram requestPromptTokens = new Histogram(TOKENS);
    private final Histogram requestGenerationTokens = new Histogram(TOKENS);
    private final Histogram requestMaxTokens = new Histogram(TOKENS);

    /// Written on the engine thread between steps, read by [#snapshot()].
    private volatile int running;

    /// Written on the engine thread between steps, read by [#snapshot()].
    private volatile int blocksFree;

    /// Written on the engine thread between steps, read by [#snapshot()].
    private volatile int blocksReusable;

    /// @param speculates whether tokens are guessed ahead
    EngineStats(EngineConfig config, boolean speculates, IntSupplier inFlight) {
        this.config = config;
        this.speculates = speculates;
        this.inFlight = inFlight;
        this.blocksFree = config.numBlocks();
    }

    /// The state of all counters now. Counters that belong together may be one step apart.
    public StatsSnapshot snapshot() {
        int runningNow = running;
        return new StatsSnapshot(
                requests.get(),
                successes.get(),
                cancellations.get(),
                failures.get(),
                preemptions.get(),
                steps.get(),
                promptTokens.get(),
                generationTokens.get(),
                runningNow,
                Math.max(0, inFlight.getAsInt() - runningNow),
                config.maxNumSeqs(),
                config.numBlocks(),
                blocksFree,
                new StatsSnapshot.PrefixCounts(
                        config.prefixCaching(),
                        blocksReusable,
                        lookups.get(),
                        hits.get(),
                        lookedUpTokens.get(),
                        cachedTokens.get()),
                timeToFirstToken.snapshot(),
                timePerOutputToken.snapshot(),
                endToEnd.snapshot(),
                queueTime.snapshot(),
                inferenceTime.snapshot(),
                prefillTime.snapshot(),
                decodeTime.snapshot(),
                requestPromptTokens.snapshot(),
                requestGenerationTokens.snapshot(),
                requestMaxTokens.snapshot(),
                speculates ? Optional.of(drafts()) : Optional.empty());
    }

    private DraftCounts drafts() {
        return new DraftCounts(
                draftSteps.get(), draftEmitted.get(), longs(drafted), longs(draftAccepted));
    }

    private static List<Long> longs(AtomicLongArray values) {
        return IntStream.range(0, values.length()).mapToObj(values::get).toList();
    }

    void accepted() {
        requests.incrementAndGet();
    }

    void started(Sequence sequence) {
        promptTokens.addAndGet(sequence.numPrompt());
        queueTime.observe((sequence.startedNanos() - sequence.submittedNanos()) * NANOS);
        requestPromptTokens.observe(sequence.numPrompt());
        requestMaxTokens.observe(sequence.request().stop().maxTokens());
    }

    /// The prompt is in the cache.
    void prompted(Sequence sequence) {
        lookups.incrementAndGet();
        hits.addAndGet(sequence.numCached() > 0 ? 1 : 0);
        lookedUpTokens.addAndGet(sequence.numPrompt());
        cachedTokens.addAndGet(sequence.numCached());
    }

    /// @param previousNanos when the sequence's token before this one was drawn
    void tokenDrawn(Sequence sequence, long previousNanos) {
        generationTokens.incrementAndGet();
        if (sequence.numGenerated() == 1) {
            long first = sequence.firstTokenNanos();
            timeToFirstToken.observe((first - sequence.submittedNanos()) * NANOS);
            prefillTime.observe((first - sequence.startedNanos()) * NANOS);
        } else {
            timePerOutputToken.observe((sequence.lastTokenNanos() - previousNanos) * NANOS);
        }
    }

    void succeeded(Sequence sequence) {
        successes.incrementAndGet();
        long end = sequence.lastTokenNanos();
        endToEnd.observe((end - sequence.submittedNanos()) * NANOS);
        inferenceTime.observe((end - sequence.startedNanos()) * NANOS);
        decodeTime.observe((end - sequence.firstTokenNanos()) * NANOS);
        requestGenerationTokens.observe(sequence.numGenerated());
    }

    void cancelled() {
        cancellations.incrementAndGet();
    }

    void failed() {
        failures.incrementAndGet();
    }

    void preempted() {
        preemptions.incrementAndGet();
    }

    void stepDone() {
        steps.incrementAndGet();
    }

    /// Counts the guesses of a sequence's last step.
    void speculated(DraftRecord record) {
        draftSteps.incrementAndGet();
        draftEmitted.addAndGet(record.stepEmitted());
        for (int i = 0; i < record.stepDrafted(); i++) {
            drafted.incrementAndGet(i);
        }
        for (int i = 0; i < record.stepAccepted(); i++) {
            draftAccepted.incrementAndGet(i);
        }
    }

    void gauges(int runningNow, BlockPool pool) {
        running = runningNow;
        blocksFree = pool.numFree();
        blocksReusable = pool.numReusable();
    }
}
