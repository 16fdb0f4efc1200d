package dev.sluice.cli;

import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/// Which parsers of outputs there are.
final class OutputParserNames {
    private OutputParserNames() {}

    /// Checks the names that were given.
    ///
    /// @param plugin a class that brings further parsers of tool calls
    /// @throws Refusal if there is no parser of such a name
    static void check(
            Optional<String> reasoning, Optional<String> toolCalls, Optional<String> plugin) {
        plugin.ifPresent(OutputParserNames::loadPlugin);
        reasoning.ifPresent(name -> check("--reasoning-parser", name, reasoningNames()));
        toolCalls.ifPresent(name -> check("--tool-call-parser", name, toolCallNames()));
    }

    private static void check(String flag, String name, Set<String> known) {
        if (!known.contains(name)) {
            throw new Refusal(
                    known.isEmpty()
                            ? "%s %s is not supported: there are no such parsers yet."
                                    .formatted(flag, name)
                            : "%s %s is unknown; there are %s."
                                    .formatted(
                                            flag, name, String.join(", ", new TreeSet<>(known))));
        }
    }

    private static Set<String> reasoningNames() {
        return Set.of();
    }

    private static Set<String> toolCallNames() {
        return Set.of();
    }

    private static void loadPlugin(String className) {
        throw new Refusal(
                "--tool-parser-plugin %s is not supported: tool calls are not parsed yet."
                        .formatted(className));
    }
}
