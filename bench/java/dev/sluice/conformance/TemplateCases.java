package dev.sluice.conformance;

import dev.sluice.chat.ChatTemplate;
import dev.sluice.chat.TemplateException;

import org.jspecify.annotations.Nullable;

import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.json.JsonMapper;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Chat templates: rows `t` (template id), `c` (conversation id) and `out` or `error`, which refer
/// to rows `id`, `template` and `id`, `messages`.
///
/// An output must be the same char for char. An error is right if there is one; how many have
/// Python's very words is noted.
final class TemplateCases implements CaseSet {
    private static final String OUTPUTS = "template outputs";
    private static final String ERRORS = "template errors";
    private static final JsonMapper JSON = new JsonMapper();

    /// What the recorded cases were rendered with besides the conversation.
    private static final Map<String, String> SPECIAL_TOKENS =
            Map.of(
                    "bos_token",
                    "<s>",
                    "eos_token",
                    "</s>",
                    "unk_token",
                    "<unk>",
                    "pad_token",
                    "<pad>");

    private static final InstantSource CLOCK =
            InstantSource.fixed(Instant.parse("2025-07-10T12:00:00Z"));

    private final References templates;
    private final References conversations;
    private final Map<Row, Compiled> compiled = new HashMap<>();
    private int errors;
    private int sameWords;

    /// A template, or why it is none.
    private sealed interface Compiled {
        record Good(ChatTemplate template) implements Compiled {}

        record Bad(TemplateException reason) implements Compiled {}
    }

    private TemplateCases(References templates, References conversations) {
        this.templates = templates;
        this.conversations = conversations;
    }

    /// @param data asked for templates and conversations that the folder lacks
    static TemplateCases of(Path folder, List<Row> rows, Path data) throws IOException {
        Path others = data.resolve("chat-templates");
        List<Row> more = Files.isDirectory(others) ? CaseFiles.in(others).rows() : List.of();
        return new TemplateCases(
                References.of(folder, rows, more, "template"),
                References.of(folder, rows, more, "messages"));
    }

    @Override
    public Map<String, Double> floors() {
        Map<String, Double> floors = new LinkedHashMap<>();
        floors.put(OUTPUTS, 100.0);
        floors.put(ERRORS, 100.0);
        return floors;
    }

    @Override
    public Optional<String> kind(Row row) {
        if (!row.has("t", "c")) {
            return Optional.empty();
        }
        return row.has("out")
                ? Optional.of(OUTPUTS)
                : row.has("error") ? Optional.of(ERRORS) : Optional.empty();
    }

    @Override
    public Verdict judge(Row row) {
        Optional<Row> template = templates.find(row, row.text("t"));
        Optional<Row> conversation = conversations.find(row, row.text("c"));
        if (template.isEmpty()) {
            return new Verdict.Skipped("no template " + row.text("t"));
        }
        if (conversation.isEmpty()) {
            return new Verdict.Skipped("no conversation " + row.text("c"));
        }
        String place = row.text("t") + " with " + row.text("c");
        try {
            String actual = render(template.get(), conversation.get());
            return row.has("out")
                    ? located(place, Verdict.ofTexts(row.text("out"), actual))
                    : new Verdict.Wrong(place + ": expected an error, " + row.text("error"));
        } catch (TemplateException e) {
            if (row.has("out")) {
                return new Verdict.Refused(place + ": " + e.text());
            }
            errors++;
            String words = e.error() + ": " + e.reason();
            sameWords += words.equals(row.text("error")) ? 1 : 0;
            return Verdict.RIGHT;
        }
    }

    private static Verdict located(String place, Verdict verdict) {
        return verdict instanceof Verdict.Wrong(String difference)
                ? new Verdict.Wrong(place + ": " + difference)
                : verdict;
    }

    private String render(Row template, Row conversation) {
        return switch (compiled.computeIfAbsent(template, TemplateCases::compile)) {
            case Compiled.Good(ChatTemplate good) -> good.render(variables(conversation));
            case Compiled.Bad(TemplateException reason) -> throw reason;
        };
    }

    private static Compiled compile(Row row) {
        try {
            ChatTemplate template = ChatTemplate.compile(row.text("template"));
            return new Compiled.Good(template.withClock(CLOCK, ZoneOffset.UTC));
        } catch (TemplateException e) {
            return new Compiled.Bad(e);
        }
    }

    private static Map<String, @Nullable Object> variables(Row conversation) {
        Map<String, @Nullable Object> variables =
                JSON.convertValue(conversation.fields(), new TypeReference<>() {});
        variables.remove("id");
        variables.putIfAbsent("tools", null);
        variables.putIfAbsent("documents", null);
        SPECIAL_TOKENS.forEach(variables::putIfAbsent);
        return variables;
    }

    @Override
    public String note() {
        return errors == 0 ? "" : sameWords + " of " + errors + " errors in Python's own words";
    }
}
