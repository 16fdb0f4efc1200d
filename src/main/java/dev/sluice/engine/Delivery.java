package dev.sluice.engine;

import dev.sluice.grammar.GrammarLimitException;
import dev.sluice.tokenizer.TokenIds;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.Optional;
import java.util.function.LongSupplier;

/// Tells clients what becomes of their sequences, and ends them. Call only on the engine thread.
final class Delivery {
    private static final Logger LOG = LoggerFactory.getLogger(Delivery.class);

    private final Intake intake;
    private final Scheduler scheduler;
    private final EngineStats stats;
    private final LongSupplier nanoClock;

    Delivery(Intake intake, Scheduler scheduler, EngineStats stats, LongSupplier nanoClock) {
        this.intake = intake;
        this.scheduler = scheduler;
        this.stats = stats;
        this.nanoClock = nanoClock;
    }

    /// Tells of a token that was drawn, and ends the sequence if it was the last one.
    void token(Sequence sequence, Draw draw, OutputText.Piece piece) {
        announce(sequence);
        delta(sequence, piece, TokenIds.of(draw.token()), draw);
        if (piece.reason().isPresent()) {
            finish(sequence, piece.reason().get());
        }
    }

    /// Ends a sequence whose prompt alone was wanted.
    void prompt(Sequence sequence) {
        sequence.tokenDrawn(nanoClock.getAsLong());
        announce(sequence);
        finish(sequence, FinishReason.LENGTH);
    }

    /// Ends a sequence that lost its blocks for good, after the text that was held back.
    void drop(Sequence sequence) {
        try {
            timeWithoutToken(sequence);
            announce(sequence);
            OutputText.Piece rest = sequence.output().interrupt(FinishReason.RECOVER_STOP);
            if (!rest.text().isEmpty() || !rest.markers().isEmpty()) {
                delta(sequence, rest, TokenIds.EMPTY, new Draw());
            }
            finish(sequence, FinishReason.RECOVER_STOP);
        } catch (RuntimeException e) {
            fault(sequence, e);
        }
    }

    /// Where nothing was drawn its end is what can be timed.
    private void timeWithoutToken(Sequence sequence) {
        if (sequence.numGenerated() == 0) {
            long now = nanoClock.getAsLong();
            if (!sequence.isStarted()) {
                sequence.start(now);
                stats.started(sequence);
            }
            sequence.tokenDrawn(now);
        }
    }

    private void announce(Sequence sequence) {
        if (sequence.announce()) {
            stats.prompted(sequence);
            long queued = sequence.startedNanos() - sequence.submittedNanos();
            sequence.listener()
                    .accept(
                            new GenerationEvent.Started(
                                    sequence.id(),
                                    queued,
                                    sequence.promptLogprobs(),
                                    sequence.numCached()));
        }
    }

    private static void delta(Sequence sequence, OutputText.Piece piece, TokenIds ids, Draw draw) {
        long elapsed = sequence.lastTokenNanos() - sequence.startedNanos();
        sequence.listener()
                .accept(
                        new GenerationEvent.Delta(
                                sequence.id(),
                                piece.text(),
                                ids,
                                draw.logprobs(),
                                draw.draftLogprobs(),
                                piece.markers(),
                                elapsed));
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
                            sequence.numCached(),
                            sequence.draftRecord().counts()));
        }
    }

    /// Ends a sequence in whose service something broke.
    void fault(Sequence sequence, RuntimeException cause) {
        Optional<Guidance> guidance = sequence.request().rules().guidance();
        if (cause instanceof GrammarLimitException limit && guidance.isPresent()) {
            fail(sequence, GrammarGate.tooCostly(guidance.get(), limit));
            return;
        }
        LOG.error("request {} failed; it is ended", sequence.id(), cause);
        fail(sequence, new ApiException.Internal("The request failed."));
    }

    /// Ends a sequence that can't go on.
    void fail(Sequence sequence, ApiException cause) {
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

    /// Ends a sequence of an engine that may be broken: even then its client hears of it.
    void abandon(Sequence sequence, ApiException cause) {
        try {
            fail(sequence, cause);
        } catch (RuntimeException e) {
            LOG.error("request {} could not give its memory back", sequence.id(), e);
            if (intake.release(sequence)) {
                end(sequence, new GenerationEvent.Failed(sequence.id(), cause));
            }
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
                "request={} prompt_tokens={} cached_tokens={} output_tokens={} total_ms={} end={}",
                sequence.id(),
                sequence.numPrompt(),
                sequence.numCached(),
                sequence.numGenerated(),
                (nanoClock.getAsLong() - sequence.submittedNanos()) / 1_000_000,
                end);
    }
}
