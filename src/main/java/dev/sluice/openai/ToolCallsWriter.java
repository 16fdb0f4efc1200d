package dev.sluice.openai;

import dev.sluice.openai.parsers.ToolCallDelta;
import dev.sluice.openai.parsers.ToolCallDelta.Begin;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Writes calls of tools.
final class ToolCallsWriter {
    private static final String NO_ARGUMENTS = "{}";

    private ToolCallsWriter() {}

    /// The news of calls within a chunk, or null where there is none. Each call is there once.
    static void news(JsonWriter out, List<ToolCallDelta> deltas) {
        if (deltas.isEmpty()) {
            out.raw("null");
            return;
        }
        List<ToolCallDelta> calls = merge(deltas);
        for (int i = 0; i < calls.size(); i++) {
            ToolCallDelta call = calls.get(i);
            out.raw(i == 0 ? "[{\"index\":" : ",{\"index\":").number(call.index());
            call.begin().ifPresent(begin -> out.raw(",\"id\":").string(begin.id()));
            out.raw(call.begin().isPresent() ? ",\"type\":\"function\"" : "");
            out.raw(",\"function\":{");
            call.begin().ifPresent(begin -> out.raw("\"name\":").string(begin.name()).raw(","));
            // Empty ones too: clients append to what the first news of a call holds.
            out.raw("\"arguments\":").string(call.arguments()).raw("}}");
        }
        out.raw("]");
    }

    /// Whole calls, or null where there is none.
    static void whole(JsonWriter out, List<ToolCallDelta> deltas) {
        List<ToolCallDelta> calls =
                merge(deltas).stream().filter(call -> call.begin().isPresent()).toList();
        if (calls.isEmpty()) {
            out.raw("null");
            return;
        }
        for (int i = 0; i < calls.size(); i++) {
            Begin begin = calls.get(i).begin().orElseThrow();
            String arguments = calls.get(i).arguments();
            out.raw(i == 0 ? "[{\"id\":" : ",{\"id\":").string(begin.id());
            out.raw(",\"type\":\"function\",\"function\":{\"name\":").string(begin.name());
            out.raw(",\"arguments\":").string(arguments.isEmpty() ? NO_ARGUMENTS : arguments);
            out.raw("}}");
        }
        out.raw("]");
    }

    private static List<ToolCallDelta> merge(List<ToolCallDelta> deltas) {
        Map<Integer, Growing> calls = new LinkedHashMap<>();
        for (ToolCallDelta delta : deltas) {
            calls.computeIfAbsent(delta.index(), _ -> new Growing()).add(delta);
        }
        List<ToolCallDelta> merged = new ArrayList<>();
        calls.forEach((index, call) -> merged.add(call.at(index)));
        return merged;
    }

    private static final class Growing {
        private final StringBuilder arguments = new StringBuilder();
        private Optional<Begin> begin = Optional.empty();

        void add(ToolCallDelta delta) {
            begin = begin.or(delta::begin);
            arguments.append(delta.arguments());
        }

        ToolCallDelta at(int index) {
            return new ToolCallDelta(index, begin, arguments.toString());
        }
    }
}
