package dev.sluice.engine;

import dev.sluice.compute.Device;
import dev.sluice.compute.Tensor;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Draws the next token of each sequence from its row of logits.
///
/// A token depends on the row, the parameters, the seed and the position alone. Greedy sequences
/// never leave the device. Owns its staging memory. Call only on the engine thread.
final class Sampler implements AutoCloseable {
    private final Device device;
    private final int vocabSize;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment argmax;
    private final MemorySegment row;
    private final TokenLottery lottery;

    /// @param maxRows most rows of one step
    Sampler(Device device, int vocabSize, int maxRows) {
        this.device = device;
        this.vocabSize = vocabSize;
        this.argmax = arena.allocate(ValueLayout.JAVA_INT, maxRows);
        this.row = arena.allocate(ValueLayout.JAVA_FLOAT, vocabSize);
        this.lottery = new TokenLottery(vocabSize);
    }

    /// Finds the largest logit of each row; call it once a step, before [#draw].
    ///
    /// @param logits float32 `[n, vocabSize]`
    void rank(Tensor logits) {
        if (logits.rows() > 0) {
            device.argmax(logits, argmax.asSlice(0, (long) logits.rows() * Integer.BYTES));
        }
    }

    /// Draws the next token of a sequence.
    ///
    /// @param logits as given to [#rank]
    /// @param index the sequence's row of the logits
    /// @throws ArithmeticException if the row has no largest finite value
    int draw(Tensor logits, int index, Sequence sequence) {
        int best = argmax.getAtIndex(ValueLayout.JAVA_INT, index);
        if (best < 0 || best >= vocabSize) {
            throw new ArithmeticException("the logits hold no number");
        }
        SamplingParams params = sequence.request().sampling();
        if (params.isGreedy()) {
            return best;
        }
        device.download(logits.rows(index, index + 1), row);
        double uniform = CounterRandom.uniform(params.seed(), sequence.length());
        return lottery.draw(row, best, params, uniform);
    }

    @Override
    public void close() {
        arena.close();
    }
}
