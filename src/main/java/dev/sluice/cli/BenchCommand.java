package dev.sluice.cli;

import dev.sluice.cli.BenchReport.Row;
import dev.sluice.compute.cpu.CpuLimits;
import dev.sluice.embed.BatchOptions;
import dev.sluice.embed.EngineOptions;
import dev.sluice.embed.LoadedEngine;
import dev.sluice.engine.EngineConfig;
import dev.sluice.model.KvCache;
import dev.sluice.model.ModelConfig;

import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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
            "  sluice bench --shape smollm2-135m --write /tmp/shape",
            "  sluice bench --shape ernie-4.5-0.3b --dtype bfloat16 --threads 2"
        })
final class BenchCommand implements Callable<Integer> {
    private static final int MAX_MODEL_LEN = 1024;
    private static final int MAX_NUM_SEQS = 32;
    private static final int DECODED_TOKENS = 64;
    private static final double GIGA = 1e9;

    @ArgGroup(validate = false, order = 1, heading = "%nModel:%n")
    private ModelOptions model = new ModelOptions();

    @ArgGroup(validate = false, order = 2, heading = "%nArithmetic:%n")
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
        if (benchModel.writesOnly()) {
            benchModel.write(out);
            out.flush();
            return 0;
        }
        BenchModel.Loaded loaded = benchModel.load(options());
        try (LoadedEngine engine = loaded.engine()) {
            BenchReport report = measure(engine, loaded.seconds());
            out.print(json ? report.toJson() + "\n" : report.toTable());
            if (profile) {
                engine.cpuProfile()
                        .ifPresent(
                                on -> out.print(ProfileTable.measure(engine, on, DECODED_TOKENS)));
            }
            out.flush();
        }
        return 0;
    }

    private EngineOptions options() {
        // Runs must not find what earlier ones have computed, nor touch other memory than theirs.
        BatchOptions batch =
                BatchOptions.defaults()
                        .withMaxNumSeqs(MAX_NUM_SEQS)
                        .withMaxModelLen(MAX_MODEL_LEN)
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
        OptionalLong peak = ProcessMemory.peakBytes();
        // Last, for it takes memory of its own.
        CpuLimits limits = CpuLimits.measure(compute.toOptions().cpu());
        OptionalDouble peakOperations = limits.arithmetic(engine.model().weightFormat());
        long weightBytes = engine.model().weightBytes();
        Roofline roof = Roofline.of(limits.bytesPerSecond(), peakOperations, weightBytes, config);
        List<Row> measured = new ArrayList<>();
        prefill.forEach((tokens, seconds) -> measured.addAll(prefill(tokens, seconds, roof)));
        decode.forEach((n, speed) -> measured.add(decode(n, speed, roof)));
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
        int blocks = EngineMeter.decodeBlocks(MAX_NUM_SEQS, DECODED_TOKENS, config.blockSize());
        int ranks = compute.toOptions().tensorParallelSize();
        return (long) Math.min(blocks, config.numBlocks())
                * ranks
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
