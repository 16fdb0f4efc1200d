package dev.sluice.cli;

import dev.sluice.cli.BenchReport.Row;
import dev.sluice.compute.cpu.CpuLimits;
import dev.sluice.embed.BatchOptions;
import dev.sluice.embed.EngineOptions;
import dev.sluice.embed.LoadedEngine;
import dev.sluice.engine.EngineConfig;
import dev.sluice.model.KvCache;
import dev.sluice.model.ModelConfig;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import java.util.function.DoubleUnaryOperator;

/// `sluice bench`: how fast a model runs on this machine now.
@Command(
        name = "bench",
        description =
                "Measures a model on this machine, beside what memory and arithmetic allow now: a"
                        + " table, or JSON for programs with --json.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        customSynopsis = "sluice bench [--model MODEL] [OPTIONS]",
        footer = {
            "",
            "Examples:",
            "  sluice bench",
            "  sluice bench --model ~/models/llama.Q4_K_M.gguf --json",
            "  sluice bench --context 8000",
            "  sluice bench --shape smollm2-135m --write /tmp/shape",
            "  sluice bench --shape ernie-4.5-0.3b --dtype bfloat16 --threads 2"
        })
final class BenchCommand implements Callable<Integer> {
    private static final int MAX_MODEL_LEN = 1024;
    private static final int MAX_CONTEXT = 10_000_000;
    private static final int MAX_NUM_SEQS = 32;
    private static final int DECODED_TOKENS = 64;
    private static final double GIGA = 1e9;

    @Mixin(name = "Model:")
    private ModelOptions model = new ModelOptions();

    @Mixin(name = "Arithmetic:")
    private ComputeFlags compute = new ComputeFlags();

    @Mixin private BenchModel benchModel = new BenchModel();

    @Option(
            names = "--runs",
            paramLabel = "N",
            defaultValue = "5",
            description =
                    "Runs of each measurement at least, of which the best counts; 2 and more go on"
                            + " for seconds, until the JVM has compiled what it runs. Default: 5")
    private int runs = 5;

    @Option(
            names = "--context",
            paramLabel = "N",
            description =
                    "Decodes one sequence behind N tokens as well, beside the time that reading"
                            + " their keys and values takes.")
    private Optional<Integer> context = Optional.empty();

    @Option(
            names = "--profile",
            description =
                    "Runs each measurement once more and prints what every kind of operation took."
                            + " CPU only.")
    private boolean profile;

    @Option(names = "--json", description = "Prints JSON instead of a table.")
    private boolean json;

    private final PrintStream out = Standard.out();

    @Override
    public Integer call() {
        if (runs < 1) {
            throw new Refusal("--runs must be at least 1 and is %d.".formatted(runs));
        }
        if (benchModel.writesOnly()) {
            benchModel.write(out);
            out.flush();
            return 0;
        }
        if (context.filter(tokens -> tokens < 1 || tokens > MAX_CONTEXT).isPresent()) {
            throw new Refusal("--context must be between 1 and %,d.".formatted(MAX_CONTEXT));
        }
        BenchModel.Loaded loaded = benchModel.load(options());
        try (LoadedEngine engine = loaded.engine()) {
            checkContext(engine.engine().config().maxModelLen());
            BenchReport report = measure(engine, loaded.seconds());
            out.print(json ? report.toJson() + "\n" : report.toTable());
            if (profile) {
                engine.cpuProfile()
                        .ifPresent(on ->
                                out.print(
                                        ProfileTable.measure(engine, on, DECODED_TOKENS, context)));
            }
            out.flush();
        }
        return 0;
    }

    private void checkContext(int maxModelLen) {
        int most = maxModelLen - DECODED_TOKENS;
        if (context.filter(tokens -> tokens > most).isPresent()) {
            throw new Refusal(
                    "--context %d does not fit: at most %d do, for the model has a context of %d and %d tokens are decoded."
                            .formatted(context.get(), most, maxModelLen, DECODED_TOKENS));
        }
    }

    private EngineOptions options() {
        // Runs must not find what earlier ones have computed, nor touch other memory than theirs.
        BatchOptions batch =
                BatchOptions.defaults()
                        .withMaxNumSeqs(MAX_NUM_SEQS)
                        .withMaxModelLen(
                                Math.max(MAX_MODEL_LEN, context.orElse(0) + DECODED_TOKENS))
                        .withPrefixCaching(false);
        return new EngineOptions(model.reference(), model.revision(), compute.toOptions(), batch);
    }

    private BenchReport measure(LoadedEngine engine, double loadSeconds) {
        ModelConfig config = engine.model().config();
        EngineMeter meter = new EngineMeter(engine.engine(), config.vocabSize(), runs);
        Map<Integer, Double> prefill = new LinkedHashMap<>();
        for (int tokens : new int[] {128, 512}) {
            prefill.put(tokens, meter.firstTokenSeconds(tokens));
        }
        Map<Integer, Double> decode = new LinkedHashMap<>();
        for (int sequences : new int[] {1, 8, 32}) {
            decode.put(sequences, meter.decodeTokensPerSecond(sequences, DECODED_TOKENS));
        }
        OptionalDouble behind = OptionalDouble.empty();
        if (context.isPresent()) {
            int before = context.get();
            behind = OptionalDouble.of(meter.decodeTokensPerSecond(1, before, DECODED_TOKENS));
        }
        OptionalLong peak = ProcessMemory.peakBytes();
        // Last, for it takes memory of its own.
        CpuLimits limits = CpuLimits.measure(compute.toOptions().cpu());
        OptionalDouble peakOperations = limits.arithmetic(engine.model().weightFormat());
        long weightBytes = engine.model().weightBytes();
        Roofline roof = Roofline.of(limits.bytesPerSecond(), peakOperations, weightBytes, config);
        List<Row> measured = new ArrayList<>();
        prefill.forEach((tokens, seconds) -> measured.addAll(prefill(tokens, seconds, roof)));
        decode.forEach((n, speed) -> measured.add(decode(n, speed, roof)));
        behind.ifPresent(speed -> measured.add(decodeBehind(speed, roof, engine)));
        if (engine.serving().device().startsWith("cuda")) {
            // The limits are the processor's.
            measured.replaceAll(Row::withoutLimit);
        }
        return new BenchReport(
                engine.name(),
                engine.serving().device(),
                limits.bytesPerSecond(),
                peakOperations,
                loadSeconds,
                new BenchReport.Memory(weightBytes, touchedBytes(engine), peak),
                measured);
    }

    /// Keys and values of the largest measurement, in whole blocks.
    private long touchedBytes(LoadedEngine engine) {
        EngineConfig config = engine.engine().config();
        int prompt = EngineMeter.DECODE_PROMPT;
        int size = config.blockSize();
        int blocks = EngineMeter.decodeBlocks(MAX_NUM_SEQS, prompt, DECODED_TOKENS, size);
        if (context.isPresent()) {
            int behind = EngineMeter.decodeBlocks(1, context.get(), DECODED_TOKENS, size);
            blocks = Math.max(blocks, behind);
        }
        return Math.min(blocks, config.numBlocks()) * blockBytes(engine);
    }

    private long blockBytes(LoadedEngine engine) {
        EngineConfig config = engine.engine().config();
        int ranks = compute.toOptions().tensorParallelSize();
        return ranks
                * KvCache.bytesPerBlock(
                        engine.model().config().shard(ranks), config.kvDtype(), config.blockSize());
    }

    private static List<Row> prefill(int tokens, double seconds, Roofline roof) {
        OptionalDouble least = roof.promptSeconds(tokens, BatchOptions.MAX_NUM_BATCHED_TOKENS);
        Row speed =
                new Row(
                        "prefill_" + tokens,
                        "prefill, " + tokens + " tokens",
                        Row.TOKENS_PER_SECOND,
                        tokens / seconds,
                        map(least, atLeast -> tokens / atLeast),
                        OptionalDouble.of(tokens * roof.layerOperations() / seconds / GIGA));
        Row wait =
                new Row(
                        "time_to_first_token_" + tokens,
                        "first token after " + tokens,
                        Row.MILLISECONDS,
                        1000 * seconds,
                        map(least, atLeast -> 1000 * atLeast),
                        OptionalDouble.empty());
        return List.of(speed, wait);
    }

    private static OptionalDouble map(OptionalDouble value, DoubleUnaryOperator change) {
        return value.isEmpty()
                ? value
                : OptionalDouble.of(change.applyAsDouble(value.getAsDouble()));
    }

    /// A token of one sequence reads the keys and values of all before it.
    private Row decodeBehind(double speed, Roofline roof, LoadedEngine engine) {
        int before = context.orElseThrow();
        double perToken = (double) blockBytes(engine) / engine.engine().config().blockSize();
        double bytes = (before + DECODED_TOKENS / 2.0) * perToken;
        return new Row(
                "decode_1_context_" + before,
                "decode, behind %,d tokens".formatted(before),
                Row.TOKENS_PER_SECOND,
                speed,
                OptionalDouble.of(roof.readingTokensPerSecond(bytes)),
                OptionalDouble.empty());
    }

    private static Row decode(int sequences, double speed, Roofline roof) {
        return new Row(
                "decode_" + sequences,
                "decode, %d sequence%s".formatted(sequences, sequences == 1 ? "" : "s"),
                Row.TOKENS_PER_SECOND,
                speed,
                OptionalDouble.of(roof.decodeTokensPerSecond(sequences)),
                OptionalDouble.empty());
    }
}
