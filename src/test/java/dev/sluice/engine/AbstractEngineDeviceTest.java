package dev.sluice.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.cli.TinyModels;
import dev.sluice.compute.DType;
import dev.sluice.compute.Device;
import dev.sluice.compute.Packing;
import dev.sluice.compute.cpu.CpuDevice;
import dev.sluice.compute.cpu.CpuOptions;
import dev.sluice.compute.cpu.Kernels;
import dev.sluice.grammar.GrammarCompiler;
import dev.sluice.grammar.GrammarSpec;
import dev.sluice.model.CausalLm;
import dev.sluice.model.ModelCheckpoint;
import dev.sluice.testing.ByteTokenizer;
import dev.sluice.testing.TestEngines;
import dev.sluice.testing.TrackingDevice;
import dev.sluice.tokenizer.TokenIds;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.BiFunction;

/// What an engine does on a device with a model of random weights. A device's test extends it and
/// opens the device; all memory must be given back to it.
abstract class AbstractEngineDeviceTest {
    private static final String PATTERN = "(ab|cd){2}e?[0-9]{2,9}!";

    /// Large enough for everything at once.
    private static final Room ROOMY = new Room(128, 400);

    /// Prompts come in pieces, and sequences make way for others.
    private static final Room CROWDED = new Room(12, 40);

    @TempDir private Path directory;

    private final TrackingDevice device = new TrackingDevice(open());
    private final GrammarCompiler compiler = TestEngines.grammars();
    private long preemptions;
    private DraftCounts drafts = DraftCounts.NONE;

    /// Opens the device under test; called before a subclass is initialised.
    abstract Device open();

    /// The type of weights, keys and values in which answers do not depend on the company.
    DType type() {
        return DType.F32;
    }

    /// @param batchedTokens most tokens of a step: a longer prompt is cut into chunks
    /// @param numBlocks of four tokens
    private record Room(int batchedTokens, int numBlocks) {}

    @BeforeEach
    void writeModel() {
        TinyModels.write(directory);
    }

    @AfterEach
    void allMemoryIsGivenBack() throws Exception {
        compiler.close();
        device.close();
    }

    private Map<String, List<Integer>> run(Room room, List<GenerationRequest> requests) {
        return run(device, type(), room, requests);
    }

    private Map<String, List<Integer>> run(
            Device device, DType type, Room room, List<GenerationRequest> requests) {
        return run(device, type, room, requests, (features, _) -> features);
    }

    /// @param extended the features of the engine, from those that it has anyway and a second copy
    ///   of the model
    private Map<String, List<Integer>> run(
            Device device,
            DType type,
            Room room,
            List<GenerationRequest> requests,
            BiFunction<EngineFeatures, CausalLm, EngineFeatures> extended) {
        EngineConfig config =
                new EngineConfig(
                        128,
                        4,
                        room.batchedTokens(),
                        4,
                        room.numBlocks(),
                        type,
                        16,
                        Set.of(ByteTokenizer.EOS));
        Map<String, List<Integer>> ids = new LinkedHashMap<>();
        Packing packing = type == DType.F32 ? Packing.FLOAT32 : Packing.SOURCE;
        try (ModelCheckpoint checkpoint = ModelCheckpoint.open(directory);
                CausalLm model = checkpoint.load(device, packing);
                CausalLm draft = new ErringModel(checkpoint.load(device, packing), device);
                Engine engine =
                        new Engine(
                                config,
                                model,
                                new ByteTokenizer(),
                                device,
                                extended.apply(
                                        EngineFeatures.of(
                                                List.of(),
                                                Optional.of(new GuidedDecoding(compiler, true))),
                                        draft),
                                // While nothing is known of costs, all guesses are made.
                                () -> 0)) {
            for (GenerationRequest request : requests) {
                List<Integer> tokens = new ArrayList<>();
                ids.put(request.id(), tokens);
                engine.admit(request, event -> collect(event, tokens)).join();
            }
            while (engine.step()) {
                engine.checkIntegrity();
            }
            preemptions = engine.stats().snapshot().preemptions();
            drafts = engine.stats().snapshot().drafts().orElse(DraftCounts.NONE);
        }
        return ids;
    }

    private static void collect(GenerationEvent event, List<Integer> tokens) {
        if (event instanceof GenerationEvent.Delta delta) {
            for (int i = 0; i < delta.tokenIds().size(); i++) {
                tokens.add(delta.tokenIds().get(i));
            }
        }
    }

    /// In float32, on plain Java kernels, with tokens drawn by the host.
    private Map<String, List<Integer>> onReference(List<GenerationRequest> requests) {
        CpuOptions plain = CpuOptions.defaults().withThreads(1).withKernels(Kernels.JAVA);
        try (Device reference = CpuDevice.open(plain)) {
            return run(reference, DType.F32, ROOMY, requests);
        }
    }

    private static SamplingParams drawn(int seed, Penalties penalties) {
        return new SamplingParams(1, 0.95f, OptionalInt.of(50), 0.01f, seed, penalties);
    }

    private static SamplingParams greedy(Penalties penalties) {
        return new SamplingParams(0, 1, OptionalInt.empty(), 0, 0, penalties);
    }

    private static GenerationRequest request(
            String id, int length, SamplingParams sampling, LogitsRules rules) {
        return new GenerationRequest(
                id,
                TokenIds.of(Requests.prompt(length, length)),
                sampling,
                rules,
                new StopConditions(24, List.of(), Set.of(), rules.guidance().isEmpty(), false),
                OutputOptions.TEXT);
    }

    /// Greedy and drawn in turn.
    private static List<GenerationRequest> requests(LogitsRules rules, Penalties penalties) {
        List<GenerationRequest> requests = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            SamplingParams sampling = i % 2 == 0 ? greedy(penalties) : drawn(i, penalties);
            requests.add(request("r" + i, 10 + 9 * i, sampling, rules));
        }
        return requests;
    }

    private static List<GenerationRequest> free() {
        return requests(LogitsRules.NONE, Penalties.NONE);
    }

    private static List<Integer> of(Map<String, List<Integer>> answers, String id) {
        return Objects.requireNonNull(answers.get(id), id);
    }

    @Test
    void batchedChunkedAndPreemptedSequencesAreWhatTheyAreAlone() {
        Map<String, List<Integer>> together = run(CROWDED, free());
        long crowded = preemptions;

        Map<String, List<Integer>> alone = new LinkedHashMap<>();
        free().forEach(request -> alone.putAll(run(ROOMY, List.of(request))));

        assertThat(crowded).isPositive();
        assertThat(together.values()).allSatisfy(tokens -> assertThat(tokens).hasSize(24));
        assertThat(together).isEqualTo(alone);
    }

    @Test
    void inFloat32GreedyAndDrawnTokensAreThoseOfPlainJava() {
        assertThat(run(device, DType.F32, ROOMY, free())).isEqualTo(onReference(free()));
    }

    @Test
    void penalisedTokensGiveWay() {
        Penalties penalties = new Penalties(1.3f, 2f, 2f);
        List<GenerationRequest> penalised = requests(LogitsRules.NONE, penalties);

        Map<String, List<Integer>> answers = run(device, DType.F32, CROWDED, penalised);

        assertThat(answers).isNotEqualTo(run(device, DType.F32, ROOMY, free()));
        assertThat(answers).isEqualTo(onReference(penalised));
    }

    @Test
    void aForbiddenTokenNeverComesAndAPreferredOneDoes() {
        int favourite = of(run(ROOMY, free()), "r0").getFirst();
        int other = (favourite + 1) % 256;
        LogitsRules rules =
                new LogitsRules(
                        List.of(TokenIds.of(favourite)),
                        Map.of(other, 100f),
                        Map.of(),
                        Optional.empty());

        Map<String, List<Integer>> answers = run(CROWDED, requests(rules, Penalties.NONE));

        assertThat(answers.values())
                .hasSize(6)
                .allSatisfy(tokens -> assertThat(tokens).hasSize(24).containsOnly(other));
    }

    @Test
    void guidedTextFollowsItsPatternAndIsThatOfPlainJava() {
        LogitsRules rules =
                LogitsRules.NONE.with(
                        new Guidance(new GrammarSpec.RegularExpression(PATTERN), "guided_regex"));
        List<GenerationRequest> guided = requests(rules, Penalties.NONE);

        Map<String, List<Integer>> answers = run(device, DType.F32, CROWDED, guided);

        assertThat(answers).isEqualTo(onReference(guided));
        assertThat(answers.values())
                .hasSize(6)
                .allSatisfy(tokens -> assertThat(text(tokens)).matches(PATTERN));
    }

    /// With three times the same in each prompt.
    private static List<GenerationRequest> repeating() {
        List<GenerationRequest> requests = new ArrayList<>();
        for (GenerationRequest request : free()) {
            int[] once = Requests.prompt(requests.size(), 7);
            int[] prompt = new int[3 * once.length];
            Arrays.setAll(prompt, i -> once[i % once.length]);
            requests.add(
                    new GenerationRequest(
                            request.id(),
                            TokenIds.of(prompt),
                            request.sampling(),
                            request.rules(),
                            request.stop(),
                            request.output()));
        }
        return requests;
    }

    @Test
    void guessesOfADraftModelChangeNoToken() {
        Map<String, List<Integer>> plain = run(ROOMY, free());

        for (Room room : List.of(ROOMY, CROWDED)) {
            Map<String, List<Integer>> guessed =
                    run(
                            device,
                            type(),
                            room,
                            free(),
                            (features, draft) ->
                                    features.with(new Speculation(4, Optional.of(draft))));

            assertThat(guessed).isEqualTo(plain);
            assertThat(drafts.numAccepted()).isPositive().isLessThan(drafts.numDrafted());
        }
    }

    @Test
    void guessesThatWereLookedUpChangeNoToken() {
        Map<String, List<Integer>> plain = run(ROOMY, repeating());

        for (Room room : List.of(ROOMY, CROWDED)) {
            Map<String, List<Integer>> guessed =
                    run(
                            device,
                            type(),
                            room,
                            repeating(),
                            (features, _) -> features.with(Speculation.ngram(4)));

            assertThat(guessed).isEqualTo(plain);
            assertThat(drafts.numDrafted()).isPositive();
        }
    }

    @Test
    void guessedGuidedAndPenalisedTextIsThatOfPlainJava() {
        LogitsRules rules =
                LogitsRules.NONE.with(
                        new Guidance(
                                new GrammarSpec.RegularExpression("[a-z]{12,20}!"),
                                "guided_regex"));
        List<GenerationRequest> requests = requests(rules, new Penalties(1.3f, 2f, 2f));

        Map<String, List<Integer>> guessed =
                run(
                        device,
                        DType.F32,
                        ROOMY,
                        requests,
                        (features, draft) -> features.with(new Speculation(4, Optional.of(draft))));

        assertThat(drafts.numAccepted()).isPositive().isLessThan(drafts.numDrafted());
        assertThat(guessed).isEqualTo(onReference(requests));
    }

    @Test
    void aTextWhoseModelIsSureForLongEndsEarly() {
        LogitsRules sure =
                new LogitsRules(List.of(), Map.of(120, 100f), Map.of(), Optional.empty());
        EarlyStop rule = new EarlyStop(7, 0.9);
        List<GenerationRequest> requests = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            SamplingParams nucleus = new SamplingParams(1, 0.95f, OptionalInt.empty(), 0, i);
            requests.add(
                    request(
                            "r" + i,
                            9 * i + 4,
                            i % 2 == 0 ? greedy(Penalties.NONE) : nucleus,
                            sure));
        }
        int before = device.numSampled();

        Map<String, List<Integer>> certain =
                run(device, type(), CROWDED, requests, (features, _) -> features.with(rule));
        int sampled = device.numSampled() - before;
        Map<String, List<Integer>> guessed =
                run(
                        device,
                        type(),
                        CROWDED,
                        requests,
                        (features, _) -> features.with(rule).with(Speculation.ngram(4)));
        DraftCounts right = drafts;
        Map<String, List<Integer>> uncertain =
                run(device, type(), CROWDED, free(), (features, _) -> features.with(rule));

        assertThat(certain.values())
                .hasSize(6)
                .allSatisfy(tokens -> assertThat(tokens).hasSize(7).containsOnly(120));
        assertThat(sampled).isEqualTo(device.samples() ? 6 * 7 : 0);
        assertThat(guessed).isEqualTo(certain);
        assertThat(right.numAccepted()).isPositive();
        assertThat(uncertain).isEqualTo(run(ROOMY, free()));
    }

    private static String text(List<Integer> tokens) {
        return new ByteTokenizer()
                .decode(TokenIds.of(tokens.stream().mapToInt(Integer::intValue).toArray()), true);
    }
}
