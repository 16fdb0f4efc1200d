package dev.sluice.engine;

import dev.sluice.compute.Device;
import dev.sluice.compute.PenaltySpec;
import dev.sluice.compute.ReportSpec;
import dev.sluice.compute.SamplingBatch;
import dev.sluice.compute.Tensor;

import java.util.Arrays;
import java.util.List;

/// Draws the tokens of a step on the device, all in one call.
///
/// Left to the host are sequences that a registered processor wants, those whose next token is
/// forced, those that want more log probabilities than a device tells ([SamplingBatch#MAX_TOP]) or
/// those of guessed tokens, those whose probability is wanted and is no longer that of the nucleus,
/// and those whose edits the batch has no room for. Owns the batch. Call only on the engine thread.
final class DeviceSampler implements AutoCloseable {
    /// 16 bytes each, 16 MiB in all.
    private static final long MOST_EDITS = 1 << 20;

    private static final int ON_HOST = -1;

    private final Device device;
    private final LogprobsMode mode;
    private final boolean measures;
    private final LogitsEditor editor;
    private final ProcessorChain processors;
    private final SamplingBatch batch;
    private final int[] indexOfRow;
    private final Draw drawn = new Draw();

    /// @param numIds ids that can be drawn
    /// @param maxRows most rows of logits of a step
    /// @param measures whether the probability of each draw is wanted
    DeviceSampler(
            EngineConfig config,
            Device device,
            int numIds,
            int maxRows,
            boolean measures,
            LogitsEditor editor,
            ProcessorChain processors) {
        this.device = device;
        this.mode = config.logprobsMode();
        this.measures = measures;
        this.editor = editor;
        this.processors = processors;
        long edits = (long) maxRows * Math.min(numIds, config.maxModelLen());
        this.batch =
                new SamplingBatch(maxRows, numIds, Math.max(numIds, Math.min(edits, MOST_EDITS)));
        this.indexOfRow = new int[maxRows];
    }

    /// Draws for all sequences that the device can draw for.
    ///
    /// @param rows row of the logits of each of them
    /// @throws dev.sluice.compute.DeviceException if the device fails
    void sample(Tensor logits, List<Sequence> drawing, int[] rows) {
        batch.clear();
        Arrays.fill(indexOfRow, ON_HOST);
        for (int i = 0; i < drawing.size(); i++) {
            Sequence sequence = drawing.get(i);
            if (isForDevice(sequence)) {
                indexOfRow[rows[i]] = add(sequence, rows[i]);
            }
        }
        if (batch.numRows() > 0) {
            device.sample(logits, batch);
        }
    }

    private boolean isForDevice(Sequence sequence) {
        return sequence.forcedToken().isEmpty()
                && sequence.request().output().logprobs().top().orElse(0) <= SamplingBatch.MAX_TOP
                && !sequence.request().output().logprobs().drafts()
                && batch.hasRoom(mostEdits(sequence))
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

    private int add(Sequence sequence, int row) {
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
            noteIds(sequence, penalties.repetition() != 1);
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

    private void noteIds(Sequence sequence, boolean ofPrompt) {
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
        int index = indexOfRow[row];
        return switch (batch.outcome(index)) {
            case DRAWN -> drawn(index, sequence);
            case NO_TOKEN ->
                    throw new ArithmeticException(
                            "the logits and the rules of the request leave no token");
            case NOT_FINITE -> throw new ArithmeticException("the largest logit is not finite");
        };
    }

    private Draw drawn(int index, Sequence sequence) {
        boolean told = sequence.request().output().logprobs().top().isPresent();
        double probability = measures ? Math.exp(batch.value(index)) : 0;
        return drawn.set(
                batch.token(index), told ? logprobs(index) : List.of(), probability, List.of());
    }

    private List<TokenLogprobs> logprobs(int index) {
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
        batch.close();
    }
}
