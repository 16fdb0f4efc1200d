package dev.sluice.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.json.JsonMapper;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;

/// Real templates against what Python made of them.
class RealTemplatesTest {
    private static final Path DATA = Path.of("../shared/data/chat-templates");
    private static final JsonMapper JSON = new JsonMapper();
    private static final InstantSource NOON =
            InstantSource.fixed(Instant.parse("2025-07-10T12:00:00Z"));

    @Test
    void rendersEveryRealTemplateAsPythonDoes() throws IOException {
        assumeTrue(Files.isDirectory(DATA), "needs ../shared/data/chat-templates");
        Map<String, String> templates = new HashMap<>();
        for (Map<String, String> row : rows("templates.jsonl")) {
            templates.put(text(row, "id"), text(row, "template"));
        }
        Map<String, Map<String, @Nullable Object>> conversations = conversations();

        List<String> wrong = new ArrayList<>();
        Map<String, Supplier<ChatTemplate>> compiled = new HashMap<>();
        for (Map<String, String> row : rows("expected.jsonl")) {
            Supplier<ChatTemplate> template =
                    compiled.computeIfAbsent(
                            text(row, "t"),
                            id -> compiled(templates.getOrDefault(id, "{{ nothing() }}")));
            String actual =
                    rendered(template, conversations.getOrDefault(text(row, "c"), Map.of()));
            String expected = row.containsKey("out") ? text(row, "out") : text(row, "error");
            if (!actual.equals(expected)) {
                wrong.add(text(row, "t") + " " + text(row, "c") + ": " + actual);
            }
        }

        assertThat(wrong).isEmpty();
        assertThat(compiled).hasSizeGreaterThan(100);
    }

    private static String text(Map<String, String> row, String field) {
        return Objects.requireNonNull(row.get(field));
    }

    private static Supplier<ChatTemplate> compiled(String source) {
        try {
            ChatTemplate template = ChatTemplate.compile(source).withClock(NOON, ZoneOffset.UTC);
            return () -> template;
        } catch (TemplateException e) {
            return () -> {
                throw e;
            };
        }
    }

    /// The prompt, or the error as Python words it.
    private static String rendered(
            Supplier<ChatTemplate> template, Map<String, @Nullable Object> values) {
        try {
            return template.get().render(values);
        } catch (TemplateException e) {
            return e.error() + ": " + e.reason();
        }
    }

    private static Map<String, Map<String, @Nullable Object>> conversations() throws IOException {
        List<Map<String, @Nullable Object>> all =
                JSON.readValue(
                        Files.readString(DATA.resolve("conversations.json")),
                        new TypeReference<>() {});
        Map<String, Map<String, @Nullable Object>> byId = new HashMap<>();
        for (Map<String, @Nullable Object> each : all) {
            Map<String, @Nullable Object> values = new LinkedHashMap<>(each);
            String id = String.valueOf(values.remove("id"));
            values.putIfAbsent("tools", null);
            values.put("documents", null);
            values.put("bos_token", "<s>");
            values.put("eos_token", "</s>");
            values.put("unk_token", "<unk>");
            values.put("pad_token", "<pad>");
            byId.put(id, values);
        }
        return byId;
    }

    private static List<Map<String, String>> rows(String file) throws IOException {
        List<Map<String, String>> rows = new ArrayList<>();
        for (String line : Files.readAllLines(DATA.resolve(file))) {
            rows.add(JSON.readValue(line, new TypeReference<>() {}));
        }
        return rows;
    }
}
