package dev.sluice.cli;

import dev.sluice.engine.Penalties;
import dev.sluice.engine.SamplingParams;
import dev.sluice.engine.StopConditions;
import dev.sluice.openai.SamplingDefaults;

import picocli.CommandLine.Option;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SplittableRandom;

/// How answers are drawn and when they end. What is not said is up to the model's own
/// recommendation.
final class SamplingFlags {
    @Option(
            names = "--temperature",
            paramLabel = "T",
            description = "0 always takes the likeliest token. Default: the model's, else 1")
    private Optional<Float> temperature = Optional.empty();

    @Option(
            names = "--top-p",
            paramLabel = "P",
            description = "Draws from the likeliest tokens of this mass together.")
    private Optional<Float> topP = Optional.empty();

    @Option(
            names = "--top-k",
            paramLabel = "K",
            description = "Draws from this many likeliest tokens; 0 for all.")
    private Optional<Integer> topK = Optional.empty();

    @Option(
            names = "--min-p",
            paramLabel = "P",
            description = "Leaves out tokens less likely than this share of the likeliest.")
    private Optional<Float> minP = Optional.empty();

    @Option(
            names = "--seed",
            paramLabel = "N",
            description = "The same seed draws the same tokens. Default: another one each time")
    private Optional<Long> seed = Optional.empty();

    @Option(
            names = "--max-tokens",
            paramLabel = "N",
            description = "Most tokens of an answer. Default: what fits into the context")
    private Optional<Integer> maxTokens = Optional.empty();

    @Option(
            names = "--stop",
            paramLabel = "TEXT",
            description = "Ends an answer before this text; may be given several times.")
    private List<String> stop = new ArrayList<>();

    /// @throws Refusal if a value is out of its range
    SamplingParams params(SamplingDefaults defaults) {
        between("--temperature", temperature, 0, Float.MAX_VALUE);
        between("--top-p", topP, 0, 1);
        between("--min-p", minP, 0, 1);
        return new SamplingParams(
                temperature.orElse(defaults.temperature()),
                topP.orElse(defaults.topP()),
                topK.map(k -> k < 1 ? OptionalInt.empty() : OptionalInt.of(k))
                        .orElse(defaults.topK()),
                minP.orElse(defaults.minP()),
                seed.orElseGet(() -> new SplittableRandom().nextLong()),
                new Penalties(defaults.repetitionPenalty(), 0, 0));
    }

    private static void between(String name, Optional<Float> value, float least, float most) {
        if (value.isPresent() && !(value.get() >= least && value.get() <= most)) {
            throw new Refusal(name + " " + value.get() + " is out of its range.");
        }
    }

    /// @param room most tokens that fit
    /// @throws Refusal if a value is out of its range
    StopConditions conditions(int room) {
        int wanted = maxTokens.orElse(room);
        if (wanted < 1) {
            throw new Refusal("--max-tokens must be at least 1.");
        }
        List<String> texts = stop.stream().filter(text -> !text.isEmpty()).toList();
        return new StopConditions(Math.min(wanted, room), texts, Set.of(), false, false);
    }
}
