package dev.sluice.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneId;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.IntStream;

class ChatTemplateTest {
    private static final String TEMPLATE =
            "{% for m in messages %}<{{ m.role }}>{{ m.content }}\n{% endfor %}"
                    + "{% if add_generation_prompt %}<assistant>{% endif %}";

    @Test
    void rendersMessages() {
        List<Map<String, String>> messages = List.of(Map.of("role", "user", "content", "Hi"));

        String prompt =
                ChatTemplate.compile(TEMPLATE)
                        .render(Map.of("messages", messages, "add_generation_prompt", true));

        assertThat(prompt).isEqualTo("<user>Hi\n<assistant>");
    }

    @Test
    void neverReadsUserTextAsTemplate() {
        String text = "{{ 1 + 1 }} {% if %} {# c #}";

        assertThat(ChatTemplate.compile("{{ x }}|{{ [x] }}").render(Map.of("x", text)))
                .isEqualTo(text + "|['" + text + "']");
    }

    @Test
    void tellsNoneFromUndefined() {
        ChatTemplate template =
                ChatTemplate.compile("{{ x is none }} {{ x is defined }} {{ d.a is none }}");
        Map<String, @Nullable Object> inside = new HashMap<>();
        inside.put("a", null);
        Map<String, @Nullable Object> values = new HashMap<>();
        values.put("x", null);
        values.put("d", inside);

        assertThat(template.render(values)).isEqualTo("True True True");
        assertThat(template.render(Map.of("d", Map.of()))).isEqualTo("False False False");
    }

    @Test
    void takesTheTimeFromItsClock() {
        ChatTemplate template =
                ChatTemplate.compile("{{ strftime_now('%Y-%m-%d %H:%M') }}")
                        .withClock(
                                InstantSource.fixed(Instant.parse("2025-01-31T23:30:00Z")),
                                ZoneId.of("Europe/Berlin"));

        assertThat(template.render(Map.of())).isEqualTo("2025-02-01 00:30");
    }

    @Test
    void knowsWhichVariablesItReads() {
        ChatTemplate template =
                ChatTemplate.compile(
                        "{% if tools %}{% macro m(x=enable_thinking) %}{{ bos }}{% endmacro %}"
                                + "{% endif %}{% set only_set = 1 %}{{ a.attribute }}");

        assertThat(List.of("tools", "enable_thinking", "bos", "a"))
                .allMatch(template::usesVariable);
        assertThat(List.of("only_set", "attribute", "messages", "m", "x"))
                .noneMatch(template::usesVariable);
    }

    @Test
    void repeatsARefusalInItsAuthorsWords() {
        ChatTemplate template =
                ChatTemplate.compile("{{ raise_exception('Roles must alternate') }}");

        assertThatThrownBy(() -> template.render(Map.of()))
                .isInstanceOf(TemplateException.class)
                .hasMessage("Roles must alternate");
    }

    @Test
    void saysWhereItFailed() {
        ChatTemplate template = ChatTemplate.compile("a\n{% if true %}\n{{ 'a' + 1 }}{% endif %}");

        assertThatThrownBy(() -> template.render(Map.of()))
                .hasMessage(
                        "The chat template failed in line 3: TypeError: can only concatenate str"
                                + " (not \"int\") to str")
                .isInstanceOfSatisfying(
                        TemplateException.class, e -> assertThat(e.line()).hasValue(3));
    }

    @Test
    void saysWhatIsNotAvailable() {
        assertThatThrownBy(() -> ChatTemplate.compile("x\n{% include 'y' %}"))
                .hasMessageContaining("line 2")
                .hasMessageContaining("'include' is not available in chat templates");
    }

    @Test
    void refusesValuesThatAreNoData() {
        ChatTemplate template = ChatTemplate.compile("{{ x }}");

        assertThatThrownBy(() -> template.render(Map.of("x", new Object())))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void rendersOnManyThreadsAtOnce() {
        ChatTemplate template =
                ChatTemplate.compile(
                        "{% set ns = namespace(sum=0) %}"
                                + "{% for i in range(n) %}{% set ns.sum = ns.sum + i %}{% endfor %}"
                                + "{{ ns.sum }}");

        List<Thread> threads =
                IntStream.range(0, 8)
                        .mapToObj(_ -> Thread.ofVirtual().unstarted(() -> renderOften(template)))
                        .toList();
        List<Throwable> failures = new CopyOnWriteArrayList<>();
        threads.forEach(thread -> thread.setUncaughtExceptionHandler((_, e) -> failures.add(e)));
        threads.forEach(Thread::start);
        threads.forEach(ChatTemplateTest::join);

        assertThat(failures).isEmpty();
    }

    private static void renderOften(ChatTemplate template) {
        for (int n = 1; n < 200; n++) {
            assertThat(template.render(Map.of("n", n)))
                    .isEqualTo(Integer.toString(n * (n - 1) / 2));
        }
    }

    private static void join(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            quoteCharacter = '`',
            value = {
                "{{ (-1)**(2**40) }}{{ (-1)**(2**40 + 1) }} ~ 1-1",
                "{{ range(0, 2**59, 2**58)[::64]|list }} ~ [0]",
                "{{ 'hello'.center(-(2**40)) }}{{ 'hello'.zfill(-(2**40)) }} ~ hellohello",
                "{{ '{:%}'.format(1e308) }} ~ inf%",
                "{{ 1e999|filesizeformat }} ~ inf YB",
                "{{ 'nan'|float|filesizeformat }} ~ nan YB",
                "{{ '\u0130'.casefold() == 'i\u0307' }} ~ True",
                "{{ '\u0130 \u03a3\u0391\u03a3'.title() }} ~ \u0130 \u03a3\u03b1\u03c2",
                "{{ '\u0391\u03a3.\u0301 \u03a3\u0391.\u03a3\u0391\u03a3 \u03a3'.lower() }}"
                        + " ~ \u03b1\u03c2.\u0301 \u03c3\u03b1.\u03c3\u03b1\u03c2 \u03c3",
                "{{ [undef.__class__] }} ~ [Undefined]",
                "{{ ['%-6sx' % '']|first|wordwrap(5)|tojson }} ~ `\" x\"`",
                "{{ '1_0_0'|float }}{{ '1_000.5e1_0'|float }} ~ 100.010005000000000.0",
                "{{ 'a<b c>d <!-- > --> e'|striptags }} ~ ad e",
            })
    void agreesWithPythonAtTheEdges(String source, String expected) {
        assertThat(ChatTemplate.compile(source).render(Map.of())).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            value = {
                "{{ 'abcdef'|truncate(-2147483647) }} ~ AssertionError",
                "{{ '{:c}'.format(-1) }} ~ OverflowError",
                "{{ '-inf'|float|filesizeformat }} ~ OverflowError",
            })
    void failsAsPythonDoesAtTheEdges(String source, String error) {
        assertThatThrownBy(() -> ChatTemplate.compile(source).render(Map.of()))
                .isInstanceOfSatisfying(
                        TemplateException.class, e -> assertThat(e.error()).isEqualTo(error));
    }
}
