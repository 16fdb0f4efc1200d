package dev.sluice.testing;

import dev.sluice.compute.DrawSpec;
import dev.sluice.compute.PenaltySpec;
import dev.sluice.compute.ReportSpec;
import dev.sluice.compute.SamplingBatch;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.OptionalInt;
import java.util.SplittableRandom;

/// Seeded rows of logits with rules of all kinds.
public final class RandomSampling {
    private final SplittableRandom random;
    private final int size;

    /// @param size ids of a row
    public RandomSampling(long seed, int size) {
        this.random = new SplittableRandom(seed);
        this.size = size;
    }

    /// Fills a batch.
    ///
    /// @return the logits; the first row of the batch draws from the last of them
    public float[][] fill(SamplingBatch batch, int rows) {
        float[][] logits = new float[rows][];
        batch.clear();
        for (int i = 0; i < rows; i++) {
            SplittableRandom own = random.split();
            logits[rows - 1 - i] = logits(own);
            add(batch, rows - 1 - i, own);
        }
        return logits;
    }

    /// Fills a batch with one row of those that [#fill] gives.
    public void fillOne(SamplingBatch batch, int rows, int index) {
        batch.clear();
        for (int i = 0; i < rows; i++) {
            SplittableRandom own = random.split();
            if (i == index) {
                logits(own);
                add(batch, rows - 1 - i, own);
            }
        }
    }

    /// Some rows have many equals, some numbers that are none.
    private float[] logits(SplittableRandom own) {
        float[] logits = new float[size];
        double scale = own.nextDouble(0.2, 7);
        boolean coarse = own.nextInt(3) == 0;
        for (int id = 0; id < size; id++) {
            double value = own.nextGaussian() * scale;
            logits[id] = (float) (coarse ? Math.rint(value * 2) / 2 : value);
        }
        for (int i = own.nextInt(4) - 1; i > 0; i--) {
            logits[own.nextInt(size)] = own.nextBoolean() ? Float.NaN : Float.NEGATIVE_INFINITY;
        }
        return logits;
    }

    private void add(SamplingBatch batch, int row, SplittableRandom own) {
        boolean penalized = own.nextInt(3) == 0;
        PenaltySpec penalties =
                penalized
                        ? new PenaltySpec(
                                (float) own.nextDouble(0.5, 2),
                                (float) own.nextDouble(-1, 1),
                                (float) own.nextDouble(-1, 1))
                        : PenaltySpec.NONE;
        float temperature = own.nextBoolean() ? 1 : (float) own.nextDouble(0.2, 2);
        batch.add(
                row,
                new DrawSpec(
                        own.nextInt(5) == 0,
                        temperature,
                        own.nextBoolean()
                                ? OptionalInt.empty()
                                : OptionalInt.of(own.nextInt(1, size + 5)),
                        own.nextBoolean() ? 1 : (float) own.nextDouble(0.01, 1),
                        own.nextBoolean() ? 0 : (float) own.nextDouble(0, 0.2),
                        own.nextDouble()),
                penalties);
        if (own.nextInt(3) == 0) {
            int[] words = own.ints(Math.ceilDiv(size, 32)).toArray();
            batch.mask(MemorySegment.ofArray(words));
        }
        if (penalized) {
            own.ints(own.nextInt(40), 0, size + 3).forEach(batch::inPrompt);
            own.ints(own.nextInt(40), 0, size + 3).forEach(batch::inOutput);
        }
        for (int i = own.nextInt(6) - 2; i > 0; i--) {
            batch.bias(own.nextInt(size + 3), (float) own.nextDouble(-4, 4));
        }
        Arrays.stream(own.ints(own.nextInt(4), 0, size + 3).toArray()).forEach(batch::forbid);
        if (own.nextBoolean()) {
            boolean raw = own.nextBoolean();
            batch.report(
                    new ReportSpec(
                            own.nextInt(SamplingBatch.MAX_TOP + 1),
                            raw,
                            own.nextInt(4) == 0,
                            raw ? temperature : 1,
                            own.nextBoolean() ? 1 : (float) own.nextDouble(0, 1)));
        }
    }
}
