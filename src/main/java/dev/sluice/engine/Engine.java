package dev.sluice.engine;

import dev.sluice.compute.Device;
import dev.sluice.compute.Tensor;
import dev.sluice.model.CausalLm;
import dev.sluice.tokenizer.TokenIds;
import dev.sluice.tokenizer.Tokenizer;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/// Generates text for many requests at once.
///
/// [#submit], [#cancel] and [#stats] may be called from any thread. Everything else belongs to one
/// thread, the engine thread, which calls [#step()] again and again while there is work. Listeners
/// are called on it, between two forward passes; they must not block.
///
/// Every accepted request gets exactly one terminal event. A fault of the model or the device ends
/// the sequences of that step only; a listener that throws ends its own.
///
/// Owns the KV cache and the workspaces; the model and the device are the caller's and are closed
/// after the engine.
public final class Engine implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Engine.class);

    private final EngineConfig config;
    private final Tokenizer tokenizer;
    private final LongSupplier nanoClock;
    private final Intake intake;
    private final EngineStats stats;
    private final BlockPool pool;
    private final Scheduler scheduler;
    private final ModelRunner runner;
    private final Sampler sampler;
    private boolean closed;

    /// Makes an engine and reserves its memory. The calling thread need not be the engine thread.
    ///
    /// @param nanoClock time in nanoseconds from any fixed point
    /// @throws dev.sluice.compute.DeviceException if the memory can't be had
    public Engine(
            EngineConfig config,
            CausalLm model,
            Tokenizer tokenizer,
            Device device,
            LongSupplier nanoClock) {
        int vocabSize = model.config().vocabSize();
        this.config = config;
        this.tokenizer = tokenizer;
        this.nanoClock = nanoClock;
        this.intake = new Intake(new RequestRules(config, vocabSize));
        this.stats = new EngineStats(config, intake::numInFlight);
        this.pool = new BlockPool(config.numBlocks());
        this.scheduler = new Scheduler(config, pool, _ -> stats.preempted());
        this.runner = new ModelRunner(config, model, device);
        this.sampler = new Sampler(device, vocabSize, config.maxNumSeqs());
    }

    /// How the engine is set up.
    public EngineConfig config() {
        return config;
    }

    /// What the engine counts. Any thread.
    public EngineStats stats() {
        return stats;
    }

    /// Takes a request. Any thread; does not block.
    ///
    /// @param listener gets the events, on the engine thread
    /// @throws ApiException if the request is refused: [ApiException.InvalidRequest],
    ///   [ApiException.Overloaded] or [ApiException.Draining]
    public void submit(GenerationRequest request, Consumer<GenerationEvent> listener) {
        OutputText output = new OutputText(request, config.eosTokenIds(), tokenizer.vocabulary());
        intake.submit(new Sequence(request, listener, output, nanoClock.getAsLong()));
        stats.accepted();
    }

    /// Ends a request within one step; its last event is then [GenerationEvent.Failed] with
    /// [ApiException.Cancelled]. Any thread; does not block. An unknown id is ignored.
    public void cancel(String requestId) {
        intake.cancel(requestId);
    }

    /// Takes the commands that came in and computes one step. Engine thread.
    ///
    /// @return whether there is more to do
    public boolean step() {
        takeCommands();
        List<Sequence> step = scheduler.schedule();
        if (!step.isEmpty()) {
            compute(step);
        }
        stats.gauges(scheduler.running().size(), pool.numFree());
        if (scheduler.isIdle()) {
            checkIntegrity();
        }
        return hasWork();
    }

    /// Whether an accepted request has not ended. Any thread.
    public boolean hasWork() {
        return intake.numInFlight() > 0;
    }

    /// Refuses new requests from now on, as [ApiException.Draining]; what was accepted goes on.
    /// Engine thread.
    public void drain() {
        intake.drain();
    }

    /// Ends everything that was accepted with [ApiException.Draining] and refuses the rest. Engine
    /// thread. Idempotent.
    public void abort() {
        intake.close();
        for (Sequence sequence : intake.held()) {
            fail(sequence, new ApiException.Draining("The server is shutting down."));
        }
        stats.gauges(scheduler.running().size(), pool.numFree());
    }

    /// Aborts what is left and gives the memory back. Engine thread. Idempotent.
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            abort();
            sampler.close();
            runner.close();
        }
    }

    /// Checks the book of blocks.
    ///
    /// @throws IllegalStateException if a block is lost, or held twice
    void checkIntegrity() {
        pool.checkIntegrity(scheduler.running());
    }

    private void takeCommands() {
        for (Optional<Intake.Command> next = intake.poll();
                next.isPresent();
                next = intake.poll()) {
            switch (next.get()) {
                case Intake.Command.Submit(Sequence sequence) -> {
                    if (intake.holds(sequence)) {
                        scheduler.add(sequence);
                    }
                }
                case Intake.Command.Cancel(Sequence sequence) ->
                        fail(sequence, new ApiException.Cancelled("The request was cancelled."));
            }
        }
    }

    private void compute(List<Sequence> step) {
        long now = nanoClock.getAsLong();
        for (Sequence sequence : step) {
            if (!sequence.isStarted()) {
                sequence.start(now);
                stats.started(sequence);
            }
        }
        Tensor logits;
        try {
            logits = runner.forward(step);
            sampler.rank(logits);
        } catch (RuntimeException e) {
            LOG.error("a step of {} sequences failed; they are ended", step.size(), e);
            step.forEach(s -> fail(s, new ApiException.Internal("The model failed.")));
            return;
        }
        stats.stepDone();
        int row = 0;
        for (Sequence sequence : step) {
            boolean drawn = sequence.reachesEnd();
            sequence.advance();
            if (drawn) {
                extend(sequence, logits, row++);
            }
        }
    }

    /// Draws the next token of a sequence and tells its listener.
    private void extend(Sequence sequence, Tensor logits, int row) {
        try {
            int token = sampler.draw(logits, row, sequence);
            append(sequence, token);
            OutputText.Piece piece = sequence.output().accept(token, isFull(sequence));
            emit(sequence, token, piece.text());
            piece.reason().ifPresent(reason -> finish(sequence, reason));
        } catch (RuntimeException e) {
            LOG.error("request {} failed; it is ended", sequence.id(), e);
            fail(sequence, new ApiException.Internal("The request failed."));
        }
    }

    private void append(Sequence sequence, int token) {
        long previousNanos = sequence.lastTokenNanos();
        sequence.tokenDrawn(nanoClock.getAsLong());
        sequence.append(token);
        stats.tokenDrawn(sequence, previousNanos);
    }

    private boolean isFull(Sequence sequence) {
        return sequence.numGenerated() >= sequence.request().stop().maxTokens()
                || sequence.length() >= config.maxModelLen();
    }

    private void emit(Sequence sequence, int token, String text) {
        if (sequence.numGenerated() == 1) {
            long queued = sequence.startedNanos() - sequence.submittedNanos();
            sequence.listener()
                    .accept(new GenerationEvent.Started(sequence.id(), queued, List.of()));
        }
        long elapsed = sequence.lastTokenNanos() - sequence.startedNanos();
        sequence.listener()
                .accept(
                        new GenerationEvent.Delta(
                                sequence.id(), text, TokenIds.of(token), elapsed));
    }

    private void finish(Sequence sequence, FinishReason reason) {
        if (release(sequence)) {
            stats.succeeded(sequence);
            logEnd(sequence, reason.name());
            end(
                    sequence,
                    new GenerationEvent.Finished(
                            sequence.id(),
                            reason,
                            sequence.numPrompt(),
                            sequence.numGenerated(),
                            0));
        }
    }

    private void fail(Sequence sequence, ApiException cause) {
        if (release(sequence)) {
            if (cause instanceof ApiException.Cancelled) {
                stats.cancelled();
            } else {
                stats.failed();
            }
            logEnd(sequence, cause.getClass().getSimpleName());
            end(sequence, new GenerationEvent.Failed(sequence.id(), cause));
        }
    }

    /// Gives blocks and place back before the client hears of the end: it may come again at once.
    private boolean release(Sequence sequence) {
        scheduler.remove(sequence);
        return intake.release(sequence);
    }

    private static void end(Sequence sequence, GenerationEvent event) {
        try {
            sequence.listener().accept(event);
        } catch (RuntimeException e) {
            LOG.error("listener of request {} failed at its end", sequence.id(), e);
        }
    }

    private void logEnd(Sequence sequence, String end) {
        LOG.debug(
                "request={} prompt_tokens={} output_tokens={} total_ms={} end={}",
                sequence.id(),
                sequence.numPrompt(),
                sequence.numGenerated(),
                (nanoClock.getAsLong() - sequence.submittedNanos()) / 1_000_000,
                end);
    }
}
