package dev.sluice.testing;

import dev.sluice.openai.parsers.ToolCallParser;
import dev.sluice.tokenizer.TokenIds;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A user's parser of calls that look like `[[name {"a": 1}]]`. Named by `--tool-parser-plugin`, as
/// a user's would be.
public final class BracketCalls implements ToolCallParser {
    private static final Pattern CALL = Pattern.compile("\\[\\[(\\w+) (.*?)]]");

    /// Made by the server.
    public BracketCalls() {}

    @Override
    public String name() {
        return "bracket-calls";
    }

    @Override
    public Extraction extract(String text, TokenIds ids) {
        List<Call> calls =
                CALL.matcher(text)
                        .results()
                        .map(match -> new Call(match.group(1), match.group(2)))
                        .toList();
        Matcher first = CALL.matcher(text);
        return new Extraction(first.find() ? text.substring(0, first.start()) : text, calls);
    }
}
