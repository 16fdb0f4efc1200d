package dev.sluice.openai.parsers;

import dev.sluice.openai.parsers.ToolCallParser.CallExtension;
import dev.sluice.openai.parsers.ToolCallParser.Extension;
import dev.sluice.openai.parsers.ToolCallParser.Extraction;
import dev.sluice.openai.parsers.ToolCallParser.Growth;
import dev.sluice.tokenizer.TokenIds;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/// Lets a user's parser find the calls.
final class PluginStage implements Stage, CallSource {
    private final ToolCallParser parser;
    private final Set<String> markers;
    private final PieceBuilder out;
    private final int maxCalls;
    private final Supplier<String> callIds;
    private final StringBuilder text = new StringBuilder();
    private final List<Boolean> hasArguments = new ArrayList<>();
    private int[] ids = new int[0];
    private int numIds;
    private int firstId;
    private int seenChars;
    private int seenIds;
    private boolean streams;
    private boolean waits;

    /// @param markers that the parser wants to see as text
    PluginStage(
            ToolCallParser parser,
            Set<String> markers,
            PieceBuilder out,
            int maxCalls,
            Supplier<String> callIds) {
        this.parser = parser;
        this.markers = Set.copyOf(markers);
        this.out = out;
        this.maxCalls = maxCalls;
        this.callIds = callIds;
    }

    @Override
    public boolean calledTools() {
        return !hasArguments.isEmpty();
    }

    @Override
    public void tokens(TokenIds more) {
        if (numIds + more.size() > ids.length) {
            ids = Arrays.copyOf(ids, 2 * (numIds + more.size()));
        }
        for (int i = 0; i < more.size(); i++) {
            ids[numIds++] = more.get(i);
        }
    }

    @Override
    public void text(String more) {
        text.append(more);
    }

    @Override
    public void mark(Mark mark) {
        text.append(markers.contains(mark.text()) ? mark.text() : mark.shown());
    }

    @Override
    public void thinkingEnded(int numTokens) {
        firstId = Math.min(numTokens, numIds);
        seenIds = firstId;
    }

    @Override
    public void pieceEnded(int numTokens) {
        if (!waits && text.length() > seenChars) {
            grow(false);
        }
    }

    @Override
    public void end(boolean truncated) {
        if (!waits) {
            grow(true);
        }
        if (!streams) {
            Extraction found = guard(() -> parser.extract(text.toString(), ids(firstId, numIds)));
            out.content().append(found.content());
            for (int i = 0; i < found.calls().size(); i++) {
                ToolCallParser.Call call = found.calls().get(i);
                extend(new CallExtension(i, Optional.of(call.name()), call.arguments()));
            }
        }
        for (int i = 0; i < hasArguments.size(); i++) {
            if (!hasArguments.get(i)) {
                out.arguments(i, ArgumentText.NONE);
            }
        }
    }

    private void grow(boolean last) {
        Growth growth =
                new Growth(
                        text.substring(0, seenChars),
                        text.substring(seenChars),
                        text.toString(),
                        ids(firstId, seenIds),
                        ids(seenIds, numIds),
                        ids(firstId, numIds),
                        last);
        seenChars = text.length();
        seenIds = numIds;
        Optional<Extension> found = guard(() -> parser.extractDelta(growth));
        streams |= found.isPresent();
        waits = !streams;
        found.ifPresent(extension -> {
            out.content().append(extension.content());
            extension.calls().forEach(this::extend);
        });
    }

    private TokenIds ids(int from, int to) {
        return TokenIds.of(Arrays.copyOfRange(ids, from, to));
    }

    private void extend(CallExtension call) {
        int index = call.index();
        if (index >= maxCalls && index >= 0) {
            return;
        }
        if (index == hasArguments.size() && call.name().isPresent()) {
            hasArguments.add(false);
            out.begin(index, new ToolCallDelta.Begin(callIds.get(), call.name().get()));
        } else if (index < 0 || index >= hasArguments.size()) {
            throw new ToolCallParserException(
                    "The tool parser class %s gave call %d out of order or without a name."
                            .formatted(parser.getClass().getName(), index));
        }
        if (!call.arguments().isEmpty()) {
            hasArguments.set(index, true);
            out.arguments(index, call.arguments());
        }
    }

    private <T> T guard(Supplier<T> call) {
        try {
            return call.get();
        } catch (RuntimeException e) {
            throw new ToolCallParserException(
                    "The tool parser class %s failed: %s".formatted(parser.getClass().getName(), e),
                    e);
        }
    }
}
