package dev.sluice.engine;

import dev.sluice.compute.Device;
import dev.sluice.compute.DeviceException;
import dev.sluice.compute.MadeSoFar;
import dev.sluice.compute.Tensor;
import dev.sluice.grammar.CompiledGrammar;
import dev.sluice.grammar.GrammarCompiler;
import dev.sluice.grammar.GrammarLimitException;
import dev.sluice.model.CausalLm;
import dev.sluice.tokenizer.Tokenizer;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/// Generates text for many requests at once.
///
/// [#submit], [#cancel] and [#stats] may be called from any thread. Everything else belongs to one
/// thread, the engine thread, which calls [#step()] again and again while there is work. Listeners
/// are called on it, between two forward passes; they must not block.
///
/// Every accepted request gets exactly one terminal event. A fault of the model or the device ends
/// the sequences of that step only; a listener that throws ends its own. A device that is lost ends
/// the engine.
///
/// Owns the KV cache and the workspaces; the model and the device are the caller's and are closed
/// after the engine.
public final class Engine implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Engine.class);

    private final EngineConfig config;
    private final Tokenizer tokenizer;
    private final LongSupplier nanoClock;
    private final Intake intake;
    private final Admissions admissions = new Admissions();
    private final EngineStats stats;
    private final BlockPool pool;
    private final Scheduler scheduler;
    private final ModelRunner runner;
    private final Optional<Speculator> speculator;
    private final Optional<GrammarCompiler> grammars;
    private final GuideMasks masks;
    private final Delivery delivery;
    private final Drawing drawing;
    private boolean closed;

    /// Makes an engine without registered logits processors.
    ///
    /// @param nanoClock time in nanoseconds from any fixed point
    /// @throws DeviceException if the memory can't be had
    public Engine(
            EngineConfig config,
            CausalLm model,
            Tokenizer tokenizer,
            Device device,
            LongSupplier nanoClock) {
        this(config, model, tokenizer, device, List.of(), Optional.empty(), nanoClock);
    }

    /// Makes an engine with processors and guidance.
    ///
    /// @param logitsProcessors run in this order
    /// @param guided follows what guided requests ask for, which are refused without it; its
    ///   compiler is the caller's, closed after the engine
    /// @param nanoClock time in nanoseconds from any fixed point
    /// @throws DeviceException if the memory can't be had
    public Engine(
            EngineConfig config,
            CausalLm model,
            Tokenizer tokenizer,
            Device device,
            List<LogitsProcessor> logitsProcessors,
            Optional<GuidedDecoding> guided,
            LongSupplier nanoClock) {
        this(
                config,
                model,
                tokenizer,
                device,
                EngineFeatures.of(logitsProcessors, guided),
                nanoClock);
    }

    /// Makes an engine and reserves its memory. The calling thread need not be the engine thread.
    ///
    /// @param nanoClock time in nanoseconds from any fixed point
    /// @throws DeviceException if the memory can't be had
    public Engine(
            EngineConfig config,
            CausalLm model,
            Tokenizer tokenizer,
            Device device,
            EngineFeatures features,
            LongSupplier nanoClock) {
        int vocabSize = model.config().vocabSize();
        int numIds = Math.min(vocabSize, tokenizer.vocabulary().size());
        int rowsForDrafts =
                features.speculation()
                        .map(s -> s.mostRows(config.maxNumSeqs(), config.maxNumBatchedTokens()))
                        .orElse(0);
        int maxRows = config.maxNumSeqs() + rowsForDrafts;
        this.config = config;
        this.tokenizer = tokenizer;
        this.nanoClock = nanoClock;
        this.intake =
                new Intake(
                        new RequestRules(
                                config,
                                vocabSize,
                                tokenizer.vocabulary().size(),
                                features.processors()),
                        features.guided().map(guided -> guided.compiler().inUse()));
        this.stats =
                new EngineStats(config, features.speculation().isPresent(), intake::numInFlight);
        this.pool =
                config.prefixCaching()
                        ? new BlockPool(config.numBlocks(), config.blockSize())
                        : new BlockPool(config.numBlocks());
        this.scheduler = new Scheduler(config, pool, rowsForDrafts, _ -> stats.preempted());
        this.delivery = new Delivery(intake, scheduler, stats, nanoClock);
        this.grammars = features.guided().map(GuidedDecoding::compiler);
        ProcessorChain processors = new ProcessorChain(features.processors());
        try (MadeSoFar made = new MadeSoFar()) {
            this.runner =
                    made.keep(new ModelRunner(config, maxRows, model, device), ModelRunner::close);
            this.speculator =
                    features.speculation()
                            .map(how ->
                                    new Speculator(
                                            how, config, scheduler, numIds, device, stats,
                                            nanoClock));
            this.speculator.ifPresent(guessing -> made.keep(guessing, Speculator::close));
            this.masks = made.keep(new GuideMasks(grammars, numIds), GuideMasks::close);
            Sampler sampler =
                    made.keep(
                            new Sampler(
                                    config,
                                    device,
                                    vocabSize,
                                    numIds,
                                    maxRows,
                                    features.earlyStop().isPresent(),
                                    processors),
                            Sampler::close);
            this.drawing =
                    new Drawing(
                            config,
                            features,
                            sampler,
                            processors,
                            tokenizer,
                            scheduler,
                            delivery,
                            stats,
                            nanoClock);
            made.complete();
        }
    }

    /// How the engine is set up.
    public EngineConfig config() {
        return config;
    }

    /// What the engine counts. Any thread.
    public EngineStats stats() {
        return stats;
    }

    /// Takes a request without guidance. Any thread; does not block.
    ///
    /// @param listener gets the events, on the engine thread
    /// @throws ApiException if the request is refused: [ApiException.InvalidRequest],
    ///   [ApiException.Overloaded] or [ApiException.Draining]
    public void submit(GenerationRequest request, Consumer<GenerationEvent> listener) {
        if (request.rules().guidance().isPresent()) {
            throw new IllegalArgumentException("guided requests are to be admitted");
        }
        intake.check(request);
        submit(request, listener, Optional.empty());
    }

    /// Takes a request once its grammar is compiled. Any thread; does not block.
    ///
    /// @param listener gets the events, on the engine thread
    /// @return complete when the request is accepted, perhaps on a thread of the grammar room; what
    ///   the grammar has to say that is not enforced. Fails with the [ApiException] with which the
    ///   request is refused, or with what a logits processor threw at it; nothing is kept then. To
    ///   fail it oneself is to give this request up, whoever else has its id
    public CompletableFuture<List<String>> admit(
            GenerationRequest request, Consumer<GenerationEvent> listener) {
        try {
            intake.check(request);
            Optional<Guidance> guidance = request.rules().guidance();
            if (guidance.isEmpty()) {
                submit(request, listener, Optional.empty());
                return CompletableFuture.completedFuture(List.of());
            }
            return admissions.await(
                    request.id(),
                    wanted -> new GrammarGate(grammars).compile(guidance.get(), wanted),
                    grammar -> submitGuided(request, listener, grammar, guidance.get()),
                    () -> intake.cancel(request.id()));
        } catch (RuntimeException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    private void submitGuided(
            GenerationRequest request,
            Consumer<GenerationEvent> listener,
            CompiledGrammar grammar,
            Guidance guidance) {
        try {
            submit(request, listener, Optional.of(grammar));
        } catch (GrammarLimitException e) {
            throw GrammarGate.tooCostly(guidance, e);
        }
    }

    private void submit(
            GenerationRequest request,
            Consumer<GenerationEvent> listener,
            Optional<CompiledGrammar> grammar) {
        OutputText output = new OutputText(request, config.eosTokenIds(), tokenizer.vocabulary());
        Optional<GuidedText> guided =
                grammar.map(compiled ->
                        new GuidedText(
                                compiled,
                                request.rules().guidance().orElseThrow(),
                                config.eosTokenIds(),
                                request.stop(),
                                tokenizer.vocabulary()));
        intake.submit(new Sequence(request, listener, output, guided, nanoClock.getAsLong()));
        stats.accepted();
    }

    /// Ends a request within one step; its last event is then [GenerationEvent.Failed] with
    /// [ApiException.Cancelled]. One whose grammar is being compiled is refused so. Any thread;
    /// does not block. An unknown id is ignored.
    public void cancel(String requestId) {
        admissions.end(requestId, cancelled());
        intake.cancel(requestId);
    }

    private static ApiException cancelled() {
        return new ApiException.Cancelled();
    }

    /// Takes the commands that came in and computes one step. Engine thread.
    ///
    /// @return whether there is more to do
    /// @throws DeviceException if the device is lost; the caller aborts and closes
    public boolean step() {
        takeCommands();
        List<Sequence> step = scheduler.schedule();
        for (int i = 0; i < scheduler.dropped().size(); i++) {
            delivery.drop(scheduler.dropped().get(i));
        }
        if (!step.isEmpty()) {
            compute(step);
        }
        stats.gauges(scheduler.running().size(), pool);
        if (scheduler.isIdle() && pool.numFree() != pool.total()) {
            throw new IllegalStateException(
                    "%d of %d blocks are free, but nothing runs"
                            .formatted(pool.numFree(), pool.total()));
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
        admissions.endAll(Intake.closing());
    }

    /// Ends everything that was accepted with [ApiException.Draining] and refuses the rest. Engine
    /// thread. Idempotent.
    public void abort() {
        intake.close();
        admissions.endAll(Intake.closing());
        for (Sequence sequence : intake.held()) {
            delivery.abandon(sequence, Intake.closing());
        }
        stats.gauges(scheduler.running().size(), pool);
    }

    /// Aborts what is left and gives the memory back. Engine thread. Idempotent.
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            abort();
            drawing.close();
            masks.close();
            speculator.ifPresent(Speculator::close);
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
                        delivery.fail(sequence, cancelled());
            }
        }
    }

    private void compute(List<Sequence> step) {
        long now = nanoClock.getAsLong();
        for (int i = 0; i < step.size(); i++) {
            Sequence sequence = step.get(i);
            if (!sequence.isStarted()) {
                sequence.start(now);
                stats.started(sequence);
            }
        }
        Tensor logits;
        try {
            if (speculator.isPresent()) {
                speculator.get().guess(step);
            }
            masks.begin(step);
            try {
                logits = runner.forward(step);
            } finally {
                masks.await();
            }
            drawing.prepare(step, logits);
        } catch (RuntimeException e) {
            LOG.error("a step of {} sequences failed; they are ended", step.size(), e);
            step.forEach(s -> delivery.fail(s, new ApiException.Internal("The model failed.")));
            Drawing.rethrowIfLost(e);
            return;
        }
        scheduler.measured(nanoClock.getAsLong() - now);
        stats.stepDone();
        drawing.progress(step, logits);
        if (speculator.isPresent()) {
            speculator.get().settle(step);
        }
    }
}
