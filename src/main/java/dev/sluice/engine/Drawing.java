package dev.sluice.engine;

import dev.sluice.compute.DeviceException;
import dev.sluice.compute.Tensor;
import dev.sluice.tokenizer.Tokenizer;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;

/// Takes the sequences of a step as far as its logits go: each to its next token, and further while
/// what is drawn is what was guessed.
///
/// Draws go by rounds. In each, all sequences that still have logits draw one token, exactly as if
/// nothing had been guessed: the next one is drawn from the row behind the guess that came true,
/// with all rules as they are at that place. Owns the sampler. Call only on the engine thread.
final class Drawing implements AutoCloseable {
    private final EngineConfig config;
    private final Sampler sampler;
    private final ProcessorChain processors;
    private final Optional<JumpForward> jump;
    private final Optional<EarlyStop> earlyStop;
    private final Scheduler scheduler;
    private final Delivery delivery;
    private final EngineStats stats;
    private final LongSupplier nanoClock;
    private final List<Sequence> drawing = new ArrayList<>();
    private final int[] rows;

    /// Of a token that was not drawn, for it was forced.
    private final Draw told = new Draw();

    Drawing(
            EngineConfig config,
            EngineFeatures features,
            Sampler sampler,
            ProcessorChain processors,
            Tokenizer tokenizer,
            Scheduler scheduler,
            Delivery delivery,
            EngineStats stats,
            LongSupplier nanoClock) {
        this.config = config;
        this.sampler = sampler;
        this.processors = processors;
        this.jump =
                features.guided()
                        .filter(GuidedDecoding::jumpForward)
                        .map(_ -> new JumpForward(tokenizer));
        this.earlyStop = features.earlyStop();
        this.scheduler = scheduler;
        this.delivery = delivery;
        this.stats = stats;
        this.nanoClock = nanoClock;
        this.rows = new int[config.maxNumSeqs()];
    }

    /// Prepares the first draws of a step.
    ///
    /// @param logits the rows of each sequence, in the order of the step
    void prepare(List<Sequence> step, Tensor logits) {
        drawing.clear();
        int row = 0;
        for (int i = 0; i < step.size(); i++) {
            Sequence sequence = step.get(i);
            row += sequence.numLogitRows();
            if (sequence.draws() && failure(sequence).isEmpty()) {
                rows[drawing.size()] = row - 1 - sequence.numDrafts();
                drawing.add(sequence);
            }
        }
        processors.update(drawing);
        sampler.prepare(logits, drawing, rows);
    }

    /// Draws and tells, once it is prepared. A fault ends the sequences that it hits only.
    ///
    /// @throws DeviceException if the device is lost
    void progress(List<Sequence> step, Tensor logits) {
        int row = 0;
        for (int i = 0; i < step.size(); i++) {
            Sequence sequence = step.get(i);
            int numRows = sequence.numLogitRows();
            boolean draws = sequence.draws();
            arrive(sequence, logits, row);
            row += numRows;
            Optional<RuntimeException> failure = failure(sequence);
            if (draws && failure.isPresent()) {
                delivery.fault(sequence, failure.get());
            }
        }
        drawAll(logits);
        while (!drawing.isEmpty()) {
            for (Sequence sequence : List.copyOf(drawing)) {
                failure(sequence)
                        .ifPresent(cause -> {
                            drop(sequence);
                            delivery.fault(sequence, cause);
                        });
            }
            try {
                processors.update(drawing);
                sampler.prepareNext(logits, drawing, rows);
            } catch (RuntimeException e) {
                List.copyOf(drawing).forEach(sequence -> delivery.fault(sequence, e));
                rethrowIfLost(e);
                return;
            }
            drawAll(logits);
        }
    }

    /// Why no token of a guided text can be drawn: it ends alone, and the others go on.
    private static Optional<RuntimeException> failure(Sequence sequence) {
        return sequence.guidedText().flatMap(GuidedText::failure);
    }

    private Sequence sequence(int index) {
        return drawing.get(index);
    }

    /// Without its device the engine can't go on.
    static void rethrowIfLost(RuntimeException e) {
        if (e instanceof DeviceException device && device.deviceLost()) {
            throw device;
        }
    }

    /// What was computed is in the cache; tells what came of a prompt.
    private void arrive(Sequence sequence, Tensor logits, int firstRow) {
        boolean ends = sequence.reachesEnd();
        boolean draws = sequence.draws();
        try {
            score(sequence, logits, firstRow);
            sequence.advance();
            if (!draws) {
                scheduler.publish(sequence);
                if (ends) {
                    delivery.prompt(sequence);
                }
            }
        } catch (RuntimeException e) {
            drop(sequence);
            delivery.fault(sequence, e);
            rethrowIfLost(e);
        }
    }

    private void drop(Sequence sequence) {
        int index = drawing.indexOf(sequence);
        if (index >= 0) {
            drawing.remove(index);
            System.arraycopy(rows, index + 1, rows, index, drawing.size() - index);
        }
    }

    /// Notes how likely the tokens of the prompt were, as far as this step tells.
    private void score(Sequence sequence, Tensor logits, int firstRow) {
        int from = sequence.scoreFrom();
        int numRows = sequence.numScoreRows();
        for (int i = 0; i < numRows; i++) {
            int next = sequence.tokens()[from + i + 1];
            int top = sequence.request().output().logprobs().prompt().orElse(0);
            sequence.addPromptLogprobs(sampler.score(logits, firstRow + i, next, top));
        }
    }

    /// Draws a token of each sequence and keeps those that can draw once more.
    private void drawAll(Tensor logits) {
        int kept = 0;
        for (int i = 0; i < drawing.size(); i++) {
            Sequence sequence = sequence(i);
            int before = sequence.length();
            if (extend(sequence, logits, rows[i]) && sequence.isAhead()) {
                rows[kept] = rows[i] + sequence.length() - before;
                drawing.set(kept++, sequence);
            }
        }
        while (drawing.size() > kept) {
            drawing.removeLast();
        }
    }

    /// Draws the next token of a sequence and tells its listener; where a grammar leaves no choice
    /// behind it, what must follow comes at once and is computed in one chunk with the next step.
    ///
    /// @return whether the sequence goes on
    private boolean extend(Sequence sequence, Tensor logits, int row) {
        try {
            Draw draw = sampler.draw(logits, row, sequence);
            scheduler.publish(sequence);
            boolean goesOn = tell(sequence, draw);
            if (!goesOn || jump.isEmpty() || processors.appliesTo(sequence)) {
                return goesOn;
            }
            int[] forced = jump.get().tokens(sequence);
            for (int i = 0; i < forced.length && goesOn; i++) {
                goesOn = tell(sequence, told.certain(forced[i]));
            }
            return goesOn;
        } catch (RuntimeException e) {
            delivery.fault(sequence, e);
            rethrowIfLost(e);
            return false;
        }
    }

    /// @return whether the sequence goes on
    private boolean tell(Sequence sequence, Draw draw) {
        append(sequence, draw.token());
        OutputText.Piece piece = sequence.output().accept(draw.token(), limit(sequence, draw));
        delivery.token(sequence, draw, piece);
        return piece.reason().isEmpty();
    }

    private void append(Sequence sequence, int token) {
        long previousNanos = sequence.lastTokenNanos();
        sequence.tokenDrawn(nanoClock.getAsLong());
        sequence.append(token);
        stats.tokenDrawn(sequence, previousNanos);
    }

    /// Why no token may follow the last one, where none may.
    private Optional<FinishReason> limit(Sequence sequence, Draw draw) {
        if (sequence.isGuided() && sequence.guidedText().orElseThrow().hasEnded()) {
            return Optional.of(FinishReason.STOP);
        }
        // A forced token was not chosen, so that it says nothing of how sure the model is.
        if (earlyStop.isPresent() && draw != told) {
            EarlyStop rule = earlyStop.get();
            int sure = sequence.noteProbability(draw.probability(), rule.threshold());
            if (sure >= rule.windowSize()
                    && sequence.numGenerated() >= sequence.request().stop().minTokens()) {
                return Optional.of(FinishReason.STOP);
            }
        }
        return sequence.isFull() || sequence.length() >= config.maxModelLen()
                ? Optional.of(FinishReason.LENGTH)
                : Optional.empty();
    }

    @Override
    public void close() {
        sampler.close();
    }
}
