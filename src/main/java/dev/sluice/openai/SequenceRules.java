package dev.sluice.openai;

import dev.sluice.engine.ApiException.InvalidRequest;
import dev.sluice.engine.GenerationRequest;
import dev.sluice.engine.LogitsRules;
import dev.sluice.engine.LogprobsOptions;
import dev.sluice.engine.OutputOptions;
import dev.sluice.engine.Penalties;
import dev.sluice.engine.SamplingParams;
import dev.sluice.engine.StopConditions;
import dev.sluice.tokenizer.TokenIds;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/// Makes sequences for the engine of what a request says and what holds where it is silent.
///
/// @param model says what that is
/// @param seeds for requests that bring none
record SequenceRules(ServedModel model, RequestSeeds seeds) {

    /// What all sequences of a request have in common.
    ///
    /// @param rules of the logits
    /// @param output what is told of an answer
    /// @param cacheSalt keeps its keys and values apart from those of other salts
    record Common(
            SamplingFields sampling,
            LogitsRules rules,
            OutputOptions output,
            Optional<String> cacheSalt) {
        /// The same with other rules.
        Common with(LogitsRules other) {
            return new Common(sampling, other, output, cacheSalt);
        }
    }

    /// The rules of the logits that a request names, without a limit of its thinking.
    ///
    /// @throws InvalidRequest naming the field
    LogitsRules logits(LogitsFields fields) {
        TokenLists.check(
                "bad_words_token_ids", fields.badWordIds(), model.tokenizer().vocabulary());
        return new LogitsRules(
                BadWords.of(fields, model.tokenizer()),
                LogitBias.of(fields, model),
                LogitBias.otherArgs(fields, model),
                LogitsRules.NONE.thinkingBudget());
    }

    /// The log probabilities that the engine must report.
    ///
    /// @param granted what the answer gives
    /// @param candidates how many the likeliest is chosen from
    /// @param echo whether the answer gives those of the prompt as it gives its own
    static LogprobsOptions logprobs(
            LogprobsFields fields, LogprobsRules.Granted granted, long candidates, boolean echo) {
        OptionalInt top =
                granted.top().isEmpty() && candidates > 1 ? OptionalInt.of(0) : granted.top();
        OptionalInt prompt = echo ? larger(granted.top(), granted.prompt()) : granted.prompt();
        return new LogprobsOptions(
                top,
                fields.temperatureScaled(),
                fields.topPNormalized(),
                prompt,
                fields.drafts() && granted.top().isPresent());
    }

    private static OptionalInt larger(OptionalInt one, OptionalInt other) {
        if (one.isEmpty() || other.isEmpty()) {
            return one.isEmpty() ? other : one;
        }
        return OptionalInt.of(Math.max(one.getAsInt(), other.getAsInt()));
    }

    /// As many sequences for one prompt as are asked for. With a seed, each has the next one, so
    /// that they differ and can be had again.
    ///
    /// @param id of the answer; never parsed: it may hold anything
    /// @param first index of the first sequence
    List<GenerationRequest> sequences(
            String id, int first, int count, TokenIds prompt, Common common, StopConditions stop) {
        List<GenerationRequest> sequences = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            sequences.add(
                    new GenerationRequest(
                            id + "::" + (first + i),
                            prompt,
                            sampling(common.sampling(), i),
                            common.rules(),
                            stop,
                            common.output(),
                            common.cacheSalt()));
        }
        return sequences;
    }

    private SamplingParams sampling(SamplingFields fields, int choice) {
        SamplingDefaults defaults = model.defaults();
        long seed = fields.seed().isPresent() ? fields.seed().getAsLong() + choice : seeds.next();
        return new SamplingParams(
                toFloat(fields.temperature().orElse(defaults.temperature())),
                (float) fields.topP().orElse(defaults.topP()),
                fields.topK().isPresent() ? topK(fields.topK().getAsLong()) : defaults.topK(),
                (float) fields.minP().orElse(defaults.minP()),
                seed,
                new Penalties(
                        toFloat(fields.repetition().orElse(defaults.repetitionPenalty())),
                        (float) fields.frequency(),
                        (float) fields.presence()));
    }

    /// The nearest float that is finite.
    private static float toFloat(double value) {
        return (float) Math.min(value, Float.MAX_VALUE);
    }

    private static OptionalInt topK(long wanted) {
        return wanted < 1
                ? OptionalInt.empty()
                : OptionalInt.of((int) Math.min(wanted, Integer.MAX_VALUE));
    }
}
