package dev.sluice.cli;

import dev.sluice.embed.LogitsOptions;
import dev.sluice.engine.LogprobsMode;
import dev.sluice.openai.ApiOptions;
import dev.sluice.openai.RequestLimits;

import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/// What requests may ask for, and what holds where they are silent.
final class RequestFlags {
    private static final int MAX_LOGPROBS = 20;

    @Option(
            names = "--enable-logprob",
            description = "Lets requests ask for log probabilities; without it they get a 400.")
    private boolean enableLogprob;

    @Option(
            names = "--max-logprobs",
            paramLabel = "N",
            defaultValue = "" + MAX_LOGPROBS,
            description =
                    "Most alternatives of a token that a request may ask for; -1 for the whole"
                            + " vocabulary. Default: ${DEFAULT-VALUE}")
    private int maxLogprobs = MAX_LOGPROBS;

    @Option(
            names = "--logprobs-mode",
            paramLabel = "MODE",
            defaultValue = "raw_logprobs",
            description =
                    "raw_logprobs, processed_logprobs, raw_logits or processed_logits: before or"
                            + " after penalties and temperature. Default: ${DEFAULT-VALUE}")
    private LogprobsMode logprobsMode = LogprobsMode.RAW_LOGPROBS;

    @Option(
            names = "--max-choices",
            paramLabel = "N",
            description =
                    "Most answers to a prompt (n, or the candidates of best_of) that a request may"
                            + " ask for. Default: ${DEFAULT-VALUE}")
    private int maxChoices = RequestLimits.DEFAULT.maxChoices();

    @Option(
            names = "--logits-processors",
            paramLabel = "NAME",
            arity = "1..*",
            description =
                    "Built-in processors (LogitBiasLogitsProcessor, ThinkingBudgetLogitsProcessor)"
                            + " or classes of your own that requests may use, in this order.")
    private List<String> logitsProcessors = new ArrayList<>();

    @Option(
            names = "--reasoning-parser",
            paramLabel = "NAME",
            description = "Tells thinking from answers in this model's output. Default: none")
    private Optional<String> reasoningParser = Optional.empty();

    @Option(
            names = "--tool-call-parser",
            paramLabel = "NAME",
            description = "Finds calls of tools in this model's output. Default: none")
    private Optional<String> toolCallParser = Optional.empty();

    @Option(
            names = "--tool-parser-plugin",
            paramLabel = "[JAR:]CLASS",
            description = "A parser of your own that --tool-call-parser may name.")
    private Optional<String> toolParserPlugin = Optional.empty();

    @Mixin private GuidedFlags guided = new GuidedFlags();

    @Option(
            names = "--chat-template",
            paramLabel = "FILE|TEXT",
            description =
                    "A chat template to use instead of the model's: a file, or the template itself"
                            + " if it has braces or several lines.")
    private Optional<String> chatTemplate = Optional.empty();

    @Option(
            names = "--default-chat-template-kwargs",
            paramLabel = "JSON",
            description =
                    "Variables of the chat template that a request may override, for example"
                            + " {\"enable_thinking\": false}.")
    private Optional<String> templateVariables = Optional.empty();

    @Option(
            names = "--seed",
            paramLabel = "N",
            description =
                    "Requests without a seed draw theirs from this one, so that the same sequence"
                            + " of requests has the same answers after each start."
                            + " Default: another one at each start")
    private Optional<Long> seed = Optional.empty();

    /// @throws Refusal if a value is out of its range or names what there is not
    ApiOptions toOptions(Map<String, String> environment) {
        if (maxLogprobs < -1) {
            throw new Refusal("--max-logprobs must be at least -1 and is " + maxLogprobs + ".");
        }
        if (maxChoices < 1) {
            throw new Refusal("--max-choices must be at least 1 and is " + maxChoices + ".");
        }
        OutputParserNames.check(reasoningParser, toolCallParser, toolParserPlugin);
        return new ApiOptions(
                limits(environment),
                enableLogprob,
                maxLogprobs < 0 ? OptionalInt.empty() : OptionalInt.of(maxLogprobs),
                logitsProcessors,
                reasoningParser,
                toolCallParser,
                templateVariables
                        .map(json -> JsonFlag.object("--default-chat-template-kwargs", json))
                        .orElse(Map.of()),
                seed.map(OptionalLong::of).orElseGet(OptionalLong::empty));
    }

    private RequestLimits limits(Map<String, String> environment) {
        try {
            RequestLimits limits = RequestLimits.of(environment);
            return limits.withMaxChoices(maxChoices)
                    .withMaxSequences(Math.max(limits.maxSequences(), maxChoices));
        } catch (IllegalArgumentException e) {
            throw new Refusal(String.valueOf(e.getMessage()));
        }
    }

    /// @throws Refusal if two flags contradict each other
    LogitsOptions logits() {
        return new LogitsOptions(logprobsMode, logitsProcessors, guided.toOptions());
    }

    /// The source of the chat template.
    ///
    /// @throws Refusal if it is in a file that can't be read
    Optional<String> chatTemplate() {
        return chatTemplate.map(TemplateFlag::source);
    }
}
