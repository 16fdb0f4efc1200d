package dev.sluice.engine;

import dev.sluice.compute.Device;
import dev.sluice.compute.PenaltySpec;
import dev.sluice.compute.ReportSpec;
import dev.sluice.compute.SamplingBatch;
import dev.sluice.compute.Tensor;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;

/// Draws the tokens of a step on the device, all in one call, or in a few where the sequences have
/// more edits than one batch has room for.
///
/// Left to the host are sequences that a registered processor wants, those whose next token is
/// forced, those that want more log probabilities than a device tells ([SamplingBatch#MAX_TOP]) or
/// those of guessed tokens, and those whose probability is wanted and is no longer that of the
/// nucleus. So who draws is a matter of the sequence alone, not of those beside it: the host's sums
/// are other ones, and a draw within their rounding could be another token.
///
/// Owns the batches: one at first, further ones when they are needed for the first time, at most
/// one a row. Call only on the engine thread.
final class DeviceSampler implements AutoCloseable {
    private static final int ON_HOST = -1;

    private final Device device;
    private final LogprobsMode mode;
    private final boolean measures;
    private final LogitsEditor editor;
    private final ProcessorChain processors;
    private final Supplier<SamplingBatch> newBatch;
    private final List<SamplingBatch> batches = new ArrayList<>();
    private int numUsed;
    private final int[] batchOfRow;
    private final int[] indexOfRow;
    private final Draw drawn = new Draw();

    /// @param maxRows most rows of logits of a step
    /// @param measures whether the probability of each draw is wanted
    /// @param newBatch makes batches of one size, each with room for so many rows, and for the
    ///   edits of any one of them
    DeviceSampler(
            LogprobsMode mode,
            Device device,
            int maxRows,
            boolean measures,
            LogitsEditor editor,
            ProcessorChain processors,
            Supplier<SamplingBatch> newBatch) {
        this.mode = mode;
        this.device = device;
        this.measures = measures;
        this.editor = editor;
        this.processors = processors;
        this.newBatch = newBatch;
        this.batchOfRow = new int[maxRows];
        this.indexOfRow = new int[maxRows];
        batches.add(newBatch.get());
    }

    /// Draws for all sequences that the device can draw for.
    ///
    /// @param rows row of the logits of each of them
    /// @throws dev.sluice.compute.DeviceException if the device fails
    void sample(Tensor logits, List<Sequence> drawing, int[] rows) {
        numUsed = 0;
        Arrays.fill(indexOfRow, ON_HOST);
        for (int i = 0; i < drawing.size(); i++) {
            Sequence sequence = drawing.get(i);
            if (isForDevice(sequence)) {
                SamplingBatch batch = batchFor(sequence);
                batchOfRow[rows[i]] = numUsed - 1;
                indexOfRow[rows[i]] = add(batch, sequence, rows[i]);
            }
        }
        for (int i = 0; i < numUsed; i++) {
            device.sample(logits, batches.get(i));
        }
    }

    /// The last batch that has something in it, or a further one where that has no room.
    private SamplingBatch batchFor(Sequence sequence) {
        if (numUsed > 0) {
            SamplingBatch last = batches.get(numUsed - 1);
            if (last.hasRoom(mostEdits(sequence))) {
                return last;
            }
        }
        if (numUsed == batches.size()) {
            batches.add(newBatch.get());
        }
        SamplingBatch next = batches.get(numUsed++);
        next.clear();
        return next;
    }

    private boolean isForDevice(Sequence sequence) {
        return sequence.forcedToken().isEmpty()
                && sequence.request().output().logprobs().top().orElse(0) <= SamplingBatch.MAX_TOP
                && !sequence.request().output().logprobs().drafts()
                && !(measures && isHardToMeasure(sequence))
                && !isProcessed(sequence);
    }

    /// A device tells one thing of a row, and of its filters the nucleus only.
    private static boolean isHardToMeasure(Sequence sequence) {
        SamplingParams params = sequence.request().sampling();
        return sequence.request().output().logprobs().top().isPresent()
                || (!params.isGreedy() && (params.topK().isPresent() || params.minP() > 0));
    }

    /// A processor that fails here is asked again on the host, where its failure ends its own
    /// sequences only.
    private boolean isProcessed(Sequence sequence) {
        try {
            return processors.appliesTo(sequence);
        } catch (RuntimeException _) {
            return true;
        }
    }

    private long mostEdits(Sequence sequence) {
        GenerationRequest request = sequence.request();
        boolean penalized = LogitsEditor.penalizes(request.sampling().penalties());
        return (penalized ? sequence.length() : 0L)
                + request.rules().logitBias().size()
                + editor.mostForbidden(sequence);
    }

    private int add(SamplingBatch batch, Sequence sequence, int row) {
        GenerationRequest request = sequence.request();
        SamplingParams params = request.sampling();
        Penalties penalties = params.penalties();
        boolean penalized = LogitsEditor.penalizes(penalties);
        int index =
                batch.add(
                        row,
                        params.isGreedy(),
                        params.effectiveTemperature(),
                        params.topK(),
                        params.topP(),
                        params.minP(),
                        params.isGreedy()
                                ? 0
                                : CounterRandom.uniform(params.seed(), sequence.length()),
                        penalized ? penaltySpec(penalties) : PenaltySpec.NONE);
        if (sequence.isGuided()) {
            batch.mask(sequence.guidedText().orElseThrow().mask());
        }
        // What most rows don't have leaves nothing on the heap.
        if (!request.rules().logitBias().isEmpty()) {
            request.rules().logitBias().forEach(batch::bias);
        }
        if (penalized) {
            noteIds(batch, sequence, penalties.repetition() != 1);
        }
        if (editor.mostForbidden(sequence) > 0) {
            editor.forEachForbidden(sequence, batch::forbid);
        }
        if (request.output().logprobs().top().isPresent()) {
            batch.report(Sampler.reportSpec(mode, sequence));
        } else if (measures) {
            batch.report(new ReportSpec(0, false, false, 1, params.isGreedy() ? 1 : params.topP()));
        }
        return index;
    }

    private static PenaltySpec penaltySpec(Penalties penalties) {
        return new PenaltySpec(penalties.repetition(), penalties.frequency(), penalties.presence());
    }

    private static void noteIds(SamplingBatch batch, Sequence sequence, boolean ofPrompt) {
        int[] tokens = sequence.tokens();
        for (int i = ofPrompt ? 0 : sequence.numPrompt(); i < sequence.length(); i++) {
            if (i < sequence.numPrompt()) {
                batch.inPrompt(tokens[i]);
            } else {
                batch.inOutput(tokens[i]);
            }
        }
    }

    /// Whether the token of a row was drawn here.
    boolean holds(int row) {
        return indexOfRow[row] != ON_HOST;
    }

    /// What was drawn from a row; it holds until the next call.
    ///
    /// @throws ArithmeticException if nothing could be
    Draw draw(int row, Sequence sequence) {
        SamplingBatch batch = batches.get(batchOfRow[row]);
        int index = indexOfRow[row];
        return switch (batch.outcome(index)) {
            case DRAWN -> drawn(batch, index, sequence);
            case NO_TOKEN ->
                    throw new ArithmeticException(
                            "the logits and the rules of the request leave no token");
            case NOT_FINITE -> throw new ArithmeticException("the largest logit is not finite");
        };
    }

    private Draw drawn(SamplingBatch batch, int index, Sequence sequence) {
        boolean told = sequence.request().output().logprobs().top().isPresent();
        double probability = measures ? Math.exp(batch.value(index)) : 0;
        return drawn.set(
                batch.token(index),
                told ? logprobs(batch, index) : List.of(),
                probability,
                List.of());
    }

    private static List<TokenLogprobs> logprobs(SamplingBatch batch, int index) {
        TokenLogprob[] top = new TokenLogprob[batch.numTop(index)];
        for (int i = 0; i < top.length; i++) {
            top[i] =
                    new TokenLogprob(
                            batch.topId(index, i),
                            batch.topValue(index, i),
                            batch.topRank(index, i));
        }
        TokenLogprob chosen =
                new TokenLogprob(batch.token(index), batch.value(index), batch.rank(index));
        return List.of(new TokenLogprobs(chosen, List.of(top)));
    }

    @Override
    public void close() {
        batches.forEach(SamplingBatch::close);
    }
}
