package dev.sluice.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.ThreadMXBean;

import dev.sluice.cli.TinyModels;
import dev.sluice.compute.DType;
import dev.sluice.compute.Device;
import dev.sluice.compute.Packing;
import dev.sluice.compute.Tensor;
import dev.sluice.compute.cpu.CpuDevice;
import dev.sluice.compute.cpu.CpuOptions;
import dev.sluice.model.CausalLm;
import dev.sluice.model.ModelCheckpoint;
import dev.sluice.testing.ByteTokenizer;
import dev.sluice.tokenizer.TokenIds;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.IntStream;

/// What a decoding step leaves on the heap: eight sequences of which half are greedy, on the native
/// kernels of the CPU.
///
/// The compiler keeps some short-lived objects off the heap once it has seen the code long enough;
/// so what counts is the best of several rounds.
@Timeout(120)
class DecodingAllocationTest {
    private static final int SEQUENCES = 8;
    private static final int ROUNDS = 12;
    private static final int STEPS = 300;
    private static final int MAX_MODEL_LEN = 8 + ROUNDS * STEPS + 1;

    /// None is seen with AVX2; other kernels may leave something small for each layer.
    private static final double BYTES_OF_A_LAYER = 64;

    /// Those of the sequences grow now and then.
    private static final double BYTES_OF_BLOCK_TABLES = 64;

    private static final int[] ROWS = IntStream.range(0, SEQUENCES).toArray();

    private static final EngineConfig CONFIG =
            new EngineConfig(
                    MAX_MODEL_LEN,
                    SEQUENCES,
                    256,
                    16,
                    SEQUENCES * Math.ceilDiv(MAX_MODEL_LEN, 16),
                    DType.BF16,
                    SEQUENCES,
                    Set.of(ByteTokenizer.EOS));

    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private final int[] tokens = new int[SEQUENCES];

    @TempDir private Path directory;

    /// Bytes of each part of a step.
    private record Bytes(double schedule, double forward, double sample) {
        static final Bytes MANY = new Bytes(Double.MAX_VALUE, Double.MAX_VALUE, Double.MAX_VALUE);

        Bytes least(Bytes other) {
            return new Bytes(
                    Math.min(schedule, other.schedule),
                    Math.min(forward, other.forward),
                    Math.min(sample, other.sample));
        }

        boolean within(Bytes bounds) {
            return least(bounds).equals(this);
        }
    }

    @Test
    void aDecodingStepAllocatesNothing() {
        TinyModels.write(directory);
        Bytes best = Bytes.MANY;
        Bytes bounds = Bytes.MANY;
        try (Device device = CpuDevice.open(CpuOptions.defaults().withThreads(2));
                ModelCheckpoint checkpoint = ModelCheckpoint.open(directory);
                CausalLm model = checkpoint.load(device, Packing.SOURCE);
                ModelRunner runner = new ModelRunner(CONFIG, SEQUENCES, model, device);
                Sampler sampler = sampler(device, model)) {
            assumeTrue(
                    !device.describe().contains("java"),
                    "the native kernels were not built; their Java twins do allocate");
            bounds =
                    new Bytes(
                            BYTES_OF_BLOCK_TABLES,
                            model.config().numLayers() * BYTES_OF_A_LAYER,
                            0);
            Scheduler scheduler =
                    new Scheduler(
                            CONFIG, new BlockPool(CONFIG.numBlocks(), CONFIG.blockSize()), _ -> {});
            for (int i = 0; i < SEQUENCES; i++) {
                scheduler.add(sequence(i));
            }

            for (int round = 0; round < ROUNDS && !best.within(bounds); round++) {
                best = best.least(steps(scheduler, runner, sampler));
            }
        }

        assertThat(best.schedule()).isLessThanOrEqualTo(bounds.schedule());
        assertThat(best.forward()).isLessThanOrEqualTo(bounds.forward());
        assertThat(best.sample()).isLessThanOrEqualTo(bounds.sample());
    }

    private Bytes steps(Scheduler scheduler, ModelRunner runner, Sampler sampler) {
        long schedule = 0;
        long forward = 0;
        long sample = 0;
        for (int i = 0; i < STEPS; i++) {
            long begin = threads.getCurrentThreadAllocatedBytes();
            List<Sequence> step = scheduler.schedule();
            long scheduled = threads.getCurrentThreadAllocatedBytes();
            Tensor logits = runner.forward(step);
            long computed = threads.getCurrentThreadAllocatedBytes();
            sampler.prepare(logits, step, ROWS);
            for (int k = 0; k < step.size(); k++) {
                tokens[k] = sampler.draw(logits, k, step.get(k)).token();
            }
            sample += threads.getCurrentThreadAllocatedBytes() - computed;
            forward += computed - scheduled;
            schedule += scheduled - begin;
            append(step, scheduler);
        }
        return new Bytes(
                (double) schedule / STEPS, (double) forward / STEPS, (double) sample / STEPS);
    }

    private void append(List<Sequence> step, Scheduler scheduler) {
        for (int i = 0; i < step.size(); i++) {
            step.get(i).advance();
            step.get(i).append(tokens[i]);
            scheduler.publish(step.get(i));
        }
    }

    private static Sampler sampler(Device device, CausalLm model) {
        int size = model.config().vocabSize();
        ProcessorChain processors = new ProcessorChain(List.of());
        return new Sampler(CONFIG, device, size, size, SEQUENCES, false, processors);
    }

    private static Sequence sequence(int index) {
        SamplingParams sampling =
                index % 2 == 0
                        ? SamplingParams.GREEDY
                        : new SamplingParams(0.8f, 0.9f, OptionalInt.of(20), 0.01f, index);
        GenerationRequest request =
                new GenerationRequest(
                        "request-" + index,
                        TokenIds.of(index + 1, 2, 3, 4, 5, 6, 7, 8),
                        sampling,
                        StopConditions.maxTokens(MAX_MODEL_LEN));
        return Requests.sequence(request, _ -> {});
    }
}
