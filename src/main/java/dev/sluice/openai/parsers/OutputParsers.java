package dev.sluice.openai.parsers;

import dev.sluice.openai.ParserSettings;
import dev.sluice.tokenizer.Vocabulary;

import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/// The parsers of outputs, by their names.
public final class OutputParsers {
    private OutputParsers() {}

    /// Names that `--reasoning-parser` may give, sorted.
    public static Set<String> reasoningNames() {
        return Arrays.stream(ReasoningFormat.values())
                .flatMap(format -> format.names().stream())
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /// Names that `--tool-call-parser` may give, sorted.
    public static Set<String> toolCallNames() {
        return Arrays.stream(CallFormat.values())
                .flatMap(format -> format.names().stream())
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /// The texts around the thinking that a reasoning parser looks for; empty for a name that there
    /// is none of.
    public static Optional<ThinkingMarkers> thinkingMarkers(String reasoningName) {
        return ReasoningFormat.named(reasoningName).map(ReasoningFormat::thinking);
    }

    /// Ids of those markers of the parsers that are one token in this vocabulary. A sequence whose
    /// output is parsed must report them.
    public static Set<Integer> markerIds(ParserSettings settings, Vocabulary vocabulary) {
        Set<Integer> ids = new LinkedHashSet<>();
        for (String marker : markers(settings)) {
            vocabulary.id(marker).ifPresent(ids::add);
        }
        return Set.copyOf(ids);
    }

    private static Set<String> markers(ParserSettings settings) {
        Set<String> markers = new LinkedHashSet<>();
        settings.reasoning()
                .flatMap(ReasoningFormat::named)
                .ifPresent(format -> markers.addAll(format.markers()));
        settings.toolCalls()
                .flatMap(CallFormat::named)
                .ifPresent(format -> markers.addAll(format.markers()));
        return markers;
    }
}
