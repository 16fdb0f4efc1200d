package dev.sluice.cli;

import dev.sluice.openai.parsers.OutputParsers;
import dev.sluice.openai.parsers.ToolCallParserException;
import dev.sluice.openai.parsers.ToolCallParsers;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/// Which parsers of outputs there are.
final class OutputParserNames {
    private static final Logger LOG = LoggerFactory.getLogger(OutputParserNames.class);

    private OutputParserNames() {}

    /// Checks the names that were given.
    ///
    /// @param plugin a class that is a further parser of tool calls; loaded here
    /// @throws Refusal if there is no parser of such a name
    static void check(
            Optional<String> reasoning, Optional<String> toolCalls, Optional<String> plugin) {
        plugin.ifPresent(OutputParserNames::loadPlugin);
        reasoning
                .filter(Predicate.not(OutputParsers::knowsReasoning))
                .ifPresent(
                        name -> refuse("--reasoning-parser", name, OutputParsers.reasoningNames()));
        toolCalls
                .filter(Predicate.not(OutputParsers::knowsToolCalls))
                .ifPresent(
                        name -> refuse("--tool-call-parser", name, OutputParsers.toolCallNames()));
    }

    private static void refuse(String flag, String name, Set<String> known) {
        throw new Refusal(
                "%s %s is unknown; there are %s.".formatted(flag, name, String.join(", ", known)));
    }

    private static void loadPlugin(String plugin) {
        try {
            String name = ToolCallParsers.load(plugin);
            LOG.info("tool_call_parser={} of={}", name, plugin);
        } catch (ToolCallParserException e) {
            throw new Refusal("--tool-parser-plugin: " + e.getMessage());
        }
    }
}
