package dev.sluice.engine;

import dev.sluice.compute.Device;
import dev.sluice.compute.ReportSpec;
import dev.sluice.compute.SamplingBatch;
import dev.sluice.compute.Tensor;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/// Draws the next token of each sequence from its row of logits, and tells how likely tokens are.
///
/// A token depends on the row, the parameters, the seed and the ids before it alone. Where the
/// device samples, all rows are drawn there in one call or a few, but for those of [DeviceSampler]
/// that it can't do; else rows are downloaded, and only a greedy sequence that asks for nothing
/// else never leaves the device. The order of the steps: the grammar, behind which the raw values
/// are read; bias and registered processors, and the grammar once more; penalties; what must not
/// come; the temperature; then min-p, top-k, top-p and the draw. A greedy sequence takes the
/// largest logit before the temperature, which can only blur it.
///
/// Ids past the tokenizer's vocabulary, with which some models pad their logits, do not count. Owns
/// its staging memory. Call only on the engine thread.
final class Sampler implements AutoCloseable {
    private final Device device;
    private final LogprobsMode mode;
    private final int numIds;
    private final boolean measures;
    private final ProcessorChain processors;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment argmax;
    private final LogitViews views;
    private final MemorySegment row;
    private final MemorySegment ids;
    private final float[] values;
    private final float[] raw;
    private final LogitsEditor editor;
    private final LogprobsMeter meter;
    private final TokenLottery lottery;
    private final Optional<DeviceSampler> onDevice;
    private final Draw drawn = new Draw();

    /// @param vocabSize columns of the logits
    /// @param numIds how many of them stand for a token
    /// @param maxRows most rows of logits of a step
    /// @param measures whether the probability of each draw is wanted
    Sampler(
            EngineConfig config,
            Device device,
            int vocabSize,
            int numIds,
            int maxRows,
            boolean measures,
            ProcessorChain processors) {
        this.measures = measures;
        this.device = device;
        this.mode = config.logprobsMode();
        this.numIds = numIds;
        this.processors = processors;
        this.argmax = arena.allocate(ValueLayout.JAVA_INT, maxRows);
        this.row = arena.allocate(ValueLayout.JAVA_FLOAT, vocabSize);
        this.views = new LogitViews(numIds);
        this.ids = row.asSlice(0, (long) numIds * Float.BYTES);
        this.values = new float[numIds];
        this.raw = new float[numIds];
        this.editor = new LogitsEditor(config.eosTokenIds(), numIds);
        this.meter = new LogprobsMeter(numIds);
        this.lottery = new TokenLottery(numIds);
        this.onDevice =
                device.samples() && numIds <= SamplingBatch.MOST_IDS
                        ? Optional.of(
                                new DeviceSampler(
                                        mode,
                                        device,
                                        maxRows,
                                        measures,
                                        editor,
                                        processors,
                                        () -> SamplingBatch.forSteps(maxRows, numIds)))
                        : Optional.empty();
    }

    /// Draws what the device can draw, or finds the largest logit of each row; call it once a step,
    /// before [#draw].
    ///
    /// @param logits float32 `[n, vocabSize]`
    /// @param drawing the sequences that draw in this step
    /// @param rows row of the logits of each of them
    void prepare(Tensor logits, List<Sequence> drawing, int[] rows) {
        if (onDevice.isPresent()) {
            onDevice.get().sample(logits, drawing, rows);
        } else if (logits.rows() > 0) {
            device.argmax(views.drawable(logits), argmax);
        }
    }

    /// Prepares the draws behind the first, as [#prepare] does.
    ///
    /// @param rows row of the logits of each sequence, behind all that was drawn from in this step
    void prepareNext(Tensor logits, List<Sequence> drawing, int[] rows) {
        onDevice.ifPresent(sampling -> sampling.sample(logits, drawing, rows));
    }

    /// Draws the next token of a sequence; what is returned holds until the next draw.
    ///
    /// @param logits as given to [#prepare]
    /// @param index the sequence's row of the logits
    /// @throws ArithmeticException if the row has no largest finite value
    Draw draw(Tensor logits, int index, Sequence sequence) {
        if (onDevice.isPresent() && onDevice.get().holds(index)) {
            return onDevice.get().draw(index, sequence);
        }
        boolean reports = sequence.request().output().logprobs().top().isPresent();
        OptionalInt forced = sequence.forcedToken();
        if (!reports && forced.isPresent()) {
            return drawn.certain(forced.getAsInt());
        }
        if (onDevice.isEmpty()) {
            int ranked = ranked(index);
            boolean plain = !reports && !measures && sequence.request().sampling().isGreedy();
            if (plain && stays(sequence, ranked)) {
                return drawn.plain(ranked);
            }
        }
        load(logits, index);
        guide(sequence);
        if (reports && mode.isRaw()) {
            System.arraycopy(values, 0, raw, 0, numIds);
        }
        int token = forced.isPresent() ? force(forced.getAsInt()) : choose(sequence, index);
        return drawn.set(
                token,
                report(sequence, token, token),
                forced.isPresent() ? 1 : probability(sequence, token),
                tellsDraft(sequence) ? report(sequence, token, sequence.nextDraft()) : List.of());
    }

    /// Whether it is to be told how likely the token is that was guessed here.
    private static boolean tellsDraft(Sequence sequence) {
        LogprobsOptions options = sequence.request().output().logprobs();
        return options.drafts() && options.top().isPresent() && sequence.numDrafts() > 0;
    }

    /// How probable a token was that has just been chosen, where it counts.
    private double probability(Sequence sequence, int token) {
        if (!measures) {
            return 0;
        }
        return sequence.request().sampling().isGreedy()
                ? Math.exp(
                        meter.read(values, token, 0, LogprobsMeter.Reading.LOGPROBS)
                                .chosen()
                                .logprob())
                : lottery.probability(token);
    }

    /// The largest logit as the device found it.
    private int ranked(int index) {
        int best = argmax.getAtIndex(ValueLayout.JAVA_INT, index);
        if (best < 0 || best >= numIds) {
            throw new ArithmeticException("the logits hold no number");
        }
        return best;
    }

    /// Tells how likely a token of the prompt was.
    ///
    /// @param index row of the logits before the token
    /// @param chosen the token
    /// @param top how many others are reported
    TokenLogprobs score(Tensor logits, int index, int chosen, int top) {
        load(logits, index);
        return meter.read(
                values,
                chosen,
                top,
                mode.isLogits() ? LogprobsMeter.Reading.LOGITS : LogprobsMeter.Reading.LOGPROBS);
    }

    private void load(Tensor logits, int index) {
        device.download(views.row(logits, index), row);
        MemorySegment.copy(row, ValueLayout.JAVA_FLOAT, 0, values, 0, numIds);
    }

    /// Whether anything changes the logits of a sequence at this place, the temperature aside.
    private boolean edits(Sequence sequence) {
        return sequence.isGuided() || shifts(sequence);
    }

    /// Whether anything but a grammar does.
    private boolean shifts(Sequence sequence) {
        return LogitsEditor.penalizes(sequence.request().sampling().penalties())
                || LogitsEditor.forbids(sequence)
                || isProcessed(sequence);
    }

    /// Whether the most likely token is still that after all edits: a grammar only takes tokens
    /// out.
    private boolean stays(Sequence sequence, int token) {
        return !shifts(sequence)
                && (!sequence.isGuided() || sequence.guidedText().orElseThrow().allows(token));
    }

    private boolean isProcessed(Sequence sequence) {
        return !sequence.request().rules().logitBias().isEmpty() || processors.appliesTo(sequence);
    }

    /// Chooses a token and leaves in `values` what it was chosen from.
    ///
    /// @param index the sequence's row of the logits
    private int choose(Sequence sequence, int index) {
        SamplingParams params = sequence.request().sampling();
        boolean edited = edits(sequence);
        if (edited) {
            edit(sequence);
        }
        int best = edited || onDevice.isPresent() ? best() : ranked(index);
        float temperature = params.effectiveTemperature();
        if (temperature != 1) {
            for (int i = 0; i < numIds; i++) {
                values[i] /= temperature;
            }
            // A high temperature must not lift what is forbidden.
            editor.forbid(sequence, values);
        }
        if (params.isGreedy()) {
            return best;
        }
        double uniform = CounterRandom.uniform(params.seed(), sequence.length());
        return lottery.draw(values, best, params, uniform);
    }

    /// Closes what the grammar of a sequence does not let come.
    private void guide(Sequence sequence) {
        if (sequence.isGuided()) {
            sequence.guidedText().orElseThrow().apply(values);
        }
    }

    private void edit(Sequence sequence) {
        if (isProcessed(sequence)) {
            MemorySegment.copy(values, 0, ids, ValueLayout.JAVA_FLOAT, 0, numIds);
            LogitsEditor.addBias(sequence.request().rules().logitBias(), ids);
            processors.apply(sequence, ids);
            MemorySegment.copy(ids, ValueLayout.JAVA_FLOAT, 0, values, 0, numIds);
            // A processor may have lifted what the grammar has closed; nothing below can.
            guide(sequence);
        }
        editor.penalize(sequence, values);
        editor.forbid(sequence, values);
    }

    private int best() {
        int best = -1;
        float max = Float.NEGATIVE_INFINITY;
        for (int i = 0; i < numIds; i++) {
            if (values[i] > max) {
                max = values[i];
                best = i;
            }
        }
        if (best < 0) {
            throw new ArithmeticException("the rules of the request leave no token");
        }
        return best;
    }

    /// Leaves no other token.
    private int force(int token) {
        float logit = values[token];
        Arrays.fill(values, Float.NEGATIVE_INFINITY);
        values[token] = Float.isFinite(logit) ? logit : 0;
        return token;
    }

    /// @param drawn the token that is there
    /// @param token the one that is told of
    private List<TokenLogprobs> report(Sequence sequence, int drawn, int token) {
        if (sequence.request().output().logprobs().top().isEmpty()) {
            return List.of();
        }
        ReportSpec spec = reportSpec(mode, sequence);
        LogprobsMeter.Reading reading =
                new LogprobsMeter.Reading(spec.logits(), spec.temperature(), spec.topP());
        float[] source = mode.isRaw() ? raw : values;
        return List.of(meter.read(source, drawn, token, spec.top(), reading));
    }

    /// What a sequence that wants log probabilities is told.
    static ReportSpec reportSpec(LogprobsMode mode, Sequence sequence) {
        LogprobsOptions options = sequence.request().output().logprobs();
        SamplingParams params = sequence.request().sampling();
        // Processed values are divided by the temperature already.
        boolean divided = options.temperatureScaled() && mode.isRaw();
        return new ReportSpec(
                options.top().orElse(0),
                mode.isRaw(),
                mode.isLogits(),
                divided ? params.effectiveTemperature() : 1,
                options.topPNormalized() ? params.topP() : 1);
    }

    @Override
    public void close() {
        onDevice.ifPresent(DeviceSampler::close);
        arena.close();
    }
}
