package dev.sluice.cli;

import dev.sluice.compute.DType;
import dev.sluice.embed.EngineOptions;
import dev.sluice.embed.LoadedEngine;
import dev.sluice.embed.ModelParts;
import dev.sluice.model.RandomCheckpoint;
import dev.sluice.openai.SamplingDefaults;

import picocli.CommandLine.Option;

import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// What `sluice bench` measures: a real model, or random weights in the shape of one.
final class BenchModel {
    private static final long SEED = 1;
    private static final List<DType> GGUF_TYPES = List.of(DType.BF16, DType.Q8_0, DType.Q4_0);

    @Option(
            names = "--shape",
            paramLabel = "NAME",
            description =
                    "Measures random bfloat16 weights in this shape, made in memory:"
                            + " ernie-4.5-0.3b or smollm2-135m.")
    private Optional<String> shape = Optional.empty();

    @Option(
            names = "--write",
            paramLabel = "DIR",
            description =
                    "With --shape: saves the weights as safetensors and GGUF, for other programs to"
                            + " measure, and ends.")
    private Optional<Path> directory = Optional.empty();

    /// Whether files are wanted and no measurement.
    boolean writesOnly() {
        return directory.isPresent();
    }

    /// Saves the random weights.
    ///
    /// @param out gets the names of the files
    /// @throws Refusal if no shape was named
    void write(PrintStream out) {
        Path target = directory.orElseThrow();
        String name = shape.orElseThrow(() -> new Refusal("--write needs --shape."));
        try (RandomCheckpoint checkpoint = RandomCheckpoint.of(name, SEED)) {
            checkpoint.writeSafetensors(target);
            out.println(target);
            for (DType type : GGUF_TYPES) {
                Path file =
                        target.resolve(name + "-" + type.name().toUpperCase(Locale.ROOT) + ".gguf");
                checkpoint.writeGguf(file, type);
                out.println(file);
            }
        }
    }

    /// Loads what is to be measured; the calling thread is then the engine thread.
    ///
    /// @param options name the real model
    /// @return owned by the caller, with the seconds that loading took
    Loaded load(EngineOptions options) {
        if (shape.isEmpty()) {
            return timed(() -> LoadedEngine.load(options, ModelOptions.source(System.err)));
        }
        try (RandomCheckpoint checkpoint = RandomCheckpoint.of(shape.get(), SEED)) {
            ModelParts parts = parts(shape.get(), checkpoint);
            return timed(() -> LoadedEngine.load(options, parts));
        }
    }

    /// An engine and how long it took to be there.
    record Loaded(LoadedEngine engine, double seconds) {}

    private static Loaded timed(Loading loading) {
        long begin = System.nanoTime();
        LoadedEngine engine = loading.load();
        return new Loaded(engine, (System.nanoTime() - begin) / 1e9);
    }

    private interface Loading {
        LoadedEngine load();
    }

    private static ModelParts parts(String name, RandomCheckpoint checkpoint) {
        return new ModelParts(
                name + " (random weights)",
                name,
                checkpoint.config(),
                checkpoint::load,
                new WordlessTokenizer(checkpoint.config().vocabSize()),
                Optional.empty(),
                Map.of(),
                SamplingDefaults.NEUTRAL,
                Set.of());
    }
}
