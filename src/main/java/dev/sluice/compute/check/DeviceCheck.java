package dev.sluice.compute.check;

import dev.sluice.compute.DType;
import dev.sluice.compute.Device;
import dev.sluice.compute.DeviceException;
import dev.sluice.compute.Tensor;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/// Runs every operation of a device once, compares it, and times it.
public final class DeviceCheck {
    private static final double TIMED_SECONDS = 0.02;
    private static final int MOST_RUNS = 100;
    private static final double NANO = 1e-9;
    private static final List<DType> WEIGHTS =
            List.of(
                    DType.F32,
                    DType.F16,
                    DType.BF16,
                    DType.Q8_0,
                    DType.I8,
                    DType.Q6_K,
                    DType.Q4_0,
                    DType.Q4_1,
                    DType.Q4_K);

    private final Device tested;
    private final Device reference;

    /// @param tested any device
    /// @param reference another one that is trusted with float32
    public DeviceCheck(Device tested, Device reference) {
        this.tested = tested;
        this.reference = reference;
    }

    /// Tries all operations, one after the other; ends early where the device is lost.
    ///
    /// @param large also shapes that say something about a GPU's speed
    /// @param each is told of each result
    /// @return all results
    public List<CheckResult> run(boolean large, Consumer<CheckResult> each) {
        List<CheckResult> results = new ArrayList<>();
        for (Trial trial : trials(large, tested.samples())) {
            try {
                results.add(measure(trial));
            } catch (DeviceException e) {
                String why = Optional.ofNullable(e.getMessage()).orElse("no reason given");
                results.add(
                        new CheckResult(
                                trial.family(),
                                trial.shape(),
                                0,
                                Double.NaN,
                                trial.allowed(),
                                Optional.of(why)));
                if (e.deviceLost()) {
                    each.accept(results.getLast());
                    return results;
                }
            }
            each.accept(results.getLast());
        }
        return results;
    }

    private CheckResult measure(Trial trial) {
        Expected expected;
        try (Lab lab = new Lab(reference)) {
            expected = trial.expected().apply(lab);
        }
        try (Lab lab = new Lab(tested)) {
            Trial.Run run = trial.setup().apply(lab);
            run.operation().run();
            double error = expected.error(run.result().get());
            double seconds = time(run.operation(), lab);
            return new CheckResult(
                    trial.family(),
                    trial.shape(),
                    seconds,
                    error,
                    trial.allowed(),
                    Optional.empty());
        }
    }

    /// Seconds of one call among as many as take a while. The first call is over.
    private static double time(Runnable operation, Lab lab) {
        Tensor mark = lab.blank(DType.F32, 1);
        double one = seconds(operation, 1, lab, mark);
        int runs = (int) Math.clamp(TIMED_SECONDS / one, 1, MOST_RUNS);
        return runs == 1 ? one : seconds(operation, runs, lab, mark) / runs;
    }

    private static double seconds(Runnable operation, int runs, Lab lab, Tensor mark) {
        lab.read(mark);
        long start = System.nanoTime();
        for (int i = 0; i < runs; i++) {
            operation.run();
        }
        lab.read(mark);
        return (System.nanoTime() - start) * NANO;
    }

    private static List<Trial> trials(boolean large, boolean samples) {
        List<Trial> trials = new ArrayList<>();
        trials.addAll(RowTrials.of(3, 576, 64));
        addAttention(trials);
        for (DType type : WEIGHTS) {
            trials.add(new LinearTrials(type, 5, 40, 256).embedding());
            trials.add(new LinearTrials(type, 1, 96, 768).product());
            trials.add(new LinearTrials(type, 8, 96, 768).product());
            trials.add(new LinearTrials(type, 29, 96, 768).product());
            trials.add(new LinearTrials(type, 70, 96, 768).product());
        }
        if (large) {
            addLarge(trials);
        }
        if (samples) {
            trials.add(new SamplingTrials(3, 3000, 0, 1).draw());
            trials.add(new SamplingTrials(3, 3000, 40, 1).draw());
            trials.add(new SamplingTrials(3, 3000, 0, 0.9f).draw());
            trials.add(new SamplingTrials(large ? 32 : 1, 103_424, 0, 0.95f).draw());
        }
        return trials;
    }

    private static void addAttention(List<Trial> trials) {
        trials.addAll(new AttentionTrials(DType.BF16, 9, 3, 64, 2, 40, 2).rotation());
        trials.addAll(new AttentionTrials(DType.F32, 4, 1, 128, 2, 40, 2).rotation());
        for (DType type : List.of(DType.F32, DType.F16, DType.BF16)) {
            for (int headDim : new int[] {64, 96, 128, 256, 80}) {
                trials.add(new AttentionTrials(type, 6, 2, headDim, 2, 300, 1).attention());
                trials.add(new AttentionTrials(type, 6, 2, headDim, 2, 21, 45).attention());
            }
        }
    }

    /// Layers of ERNIE-4.5-0.3B.
    private static void addLarge(List<Trial> trials) {
        trials.addAll(RowTrials.of(512, 1024, 128));
        for (DType type : List.of(DType.F16, DType.BF16)) {
            trials.add(new AttentionTrials(type, 16, 2, 128, 32, 2047, 1).attention());
            trials.add(new AttentionTrials(type, 16, 2, 128, 1, 0, 512).attention());
        }
        for (DType type : WEIGHTS) {
            for (int n : new int[] {1, 8, 32, 512}) {
                trials.add(new LinearTrials(type, n, 6144, 1024).product());
            }
            trials.add(new LinearTrials(type, 1, 103_424, 1024).product());
        }
        addFewRows(trials);
    }

    /// Layers of SmolLM2-135M, and the head of ERNIE-4.5-0.3B: batches of decoding, on either side
    /// of the numbers of rows at which another kernel takes over.
    private static void addFewRows(List<Trial> trials) {
        for (DType type : List.of(DType.Q8_0, DType.Q4_0)) {
            for (int n : new int[] {1, 2, 8, 16, 32, 64, 65}) {
                trials.add(new LinearTrials(type, n, 576, 1536).product());
                trials.add(new LinearTrials(type, n, 1536, 576).product());
            }
            for (int n : new int[] {2, 16, 64, 65}) {
                trials.add(new LinearTrials(type, n, 6144, 1024).product());
            }
            for (int n : new int[] {2, 8, 32, 65}) {
                trials.add(new LinearTrials(type, n, 103_424, 1024).product());
            }
        }
    }
}
