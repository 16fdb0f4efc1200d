package dev.sluice.chat;

import static org.assertj.core.api.Assertions.assertThat;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/// Small templates against what Python's jinja2 made of them; `jinja-cases.jsonl` says how they
/// were recorded.
class JinjaCasesTest {
    private static final JsonMapper JSON = new JsonMapper();
    private static final InstantSource NOON =
            InstantSource.fixed(Instant.parse("2025-07-10T12:00:00Z"));

    @Test
    void printsWhatJinjaPrintsAndFailsWhereItFails() throws IOException {
        List<JsonNode> rows = rows();
        Map<String, @Nullable Object> variables =
                JSON.convertValue(rows.getFirst().get("variables"), new TypeReference<>() {});

        List<String> wrong = new ArrayList<>();
        for (JsonNode row : rows.subList(1, rows.size())) {
            String template = row.path("template").asString();
            String expected = row.has("out") ? row.path("out").asString() : "an error";
            String actual = rendered(template, variables);
            if (!expected.equals(actual)) {
                wrong.add(template + " gave " + actual + " instead of " + expected);
            }
        }

        assertThat(wrong).isEmpty();
        assertThat(rows).hasSizeGreaterThan(600);
    }

    private static String rendered(String template, Map<String, @Nullable Object> variables) {
        try {
            return ChatTemplate.compile(template).withClock(NOON, ZoneOffset.UTC).render(variables);
        } catch (TemplateException _) {
            return "an error";
        }
    }

    private static List<JsonNode> rows() throws IOException {
        try (InputStream in =
                Objects.requireNonNull(
                        JinjaCasesTest.class.getResourceAsStream("jinja-cases.jsonl"))) {
            String all = new String(in.readAllBytes(), StandardCharsets.UTF_8);
            List<JsonNode> rows = new ArrayList<>();
            for (String line : all.lines().toList()) {
                rows.add(JSON.readTree(line));
            }
            return rows;
        }
    }
}
