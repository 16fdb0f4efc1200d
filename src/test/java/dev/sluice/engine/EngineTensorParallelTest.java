package dev.sluice.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.cli.TinyModels;
import dev.sluice.compute.DType;
import dev.sluice.compute.Device;
import dev.sluice.compute.Packing;
import dev.sluice.compute.TensorParallelDevice;
import dev.sluice.compute.cpu.CpuDevice;
import dev.sluice.compute.cpu.CpuOptions;
import dev.sluice.model.CausalLm;
import dev.sluice.model.ModelCheckpoint;
import dev.sluice.testing.ByteTokenizer;
import dev.sluice.testing.TrackingDevice;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;

/// The engine's invariants on a model that is spread over two ranks, token for token.
class EngineTensorParallelTest {
    private static final int RANKS = 2;

    @TempDir private Path directory;

    private final TrackingDevice device = new TrackingDevice(open(RANKS));
    private final List<AutoCloseable> owned = new ArrayList<>(List.of(device));
    private final Map<String, List<Integer>> ids = new LinkedHashMap<>();

    /// All ranks on one device.
    Device open(int ranks) {
        return TensorParallelDevice.sharing(
                CpuDevice.open(CpuOptions.defaults().withThreads(2)), ranks);
    }

    /// The type of weights, keys and values.
    DType type() {
        return DType.BF16;
    }

    @BeforeEach
    void loadModel() {
        try (ModelCheckpoint checkpoint = ModelCheckpoint.open(TinyModels.write(directory))) {
            owned.add(
                    checkpoint.load(
                            device, type() == DType.F32 ? Packing.FLOAT32 : Packing.SOURCE));
        }
    }

    @AfterEach
    void allMemoryIsGivenBack() throws Exception {
        for (AutoCloseable resource : owned.reversed()) {
            resource.close();
        }
    }

    /// @param batchedTokens most tokens of a step: a longer prompt is cut into chunks
    /// @param numBlocks of four tokens; few of them make preemptions
    private long run(int batchedTokens, int numBlocks, List<GenerationRequest> requests) {
        EngineConfig config =
                new EngineConfig(128, 4, batchedTokens, 4, numBlocks, type(), 16, Set.of(1000));
        CausalLm model = (CausalLm) owned.getLast();
        try (Engine engine =
                new Engine(config, model, new ByteTokenizer(), device, System::nanoTime)) {
            for (GenerationRequest request : requests) {
                List<Integer> tokens = new ArrayList<>();
                ids.put(request.id(), tokens);
                engine.submit(request, event -> collect(event, tokens));
            }
            while (engine.step()) {
                engine.checkIntegrity();
            }
            return engine.stats().snapshot().preemptions();
        }
    }

    private static void collect(GenerationEvent event, List<Integer> tokens) {
        if (event instanceof GenerationEvent.Delta delta) {
            for (int i = 0; i < delta.tokenIds().size(); i++) {
                tokens.add(delta.tokenIds().get(i));
            }
        }
    }

    private static List<GenerationRequest> requests() {
        List<GenerationRequest> requests = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            SamplingParams sampling =
                    i % 2 == 0
                            ? SamplingParams.GREEDY
                            : new SamplingParams(1, 0.95f, OptionalInt.of(50), 0.01f, i);
            requests.add(Requests.of("r" + i, Requests.prompt(i, 10 + 9 * i), sampling, 24));
        }
        return requests;
    }

    @Test
    void batchedChunkedAndPreemptedSequencesAreWhatTheyAreAlone() {
        long preemptions = run(12, 40, requests());
        Map<String, List<Integer>> together = new LinkedHashMap<>(ids);

        requests().forEach(request -> run(128, 400, List.of(request)));

        assertThat(preemptions).isPositive();
        assertThat(together.values()).allSatisfy(tokens -> assertThat(tokens).hasSize(24));
        assertThat(together).isEqualTo(ids);
    }
}
