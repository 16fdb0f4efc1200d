package dev.sluice.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.time.Duration;
import java.util.Map;

/// Templates that are meant to do harm: each ends soon, with one sentence.
class HostileTemplateTest {
    private static final String LOOP = "{% for i in range(99999) %}";
    private static final String END = "{% endfor %}";

    @ParameterizedTest
    @ValueSource(
            strings = {
                // Work without end.
                LOOP + LOOP + LOOP + END + END + END,
                "{% macro m() %}{{ m() }}{{ m() }}{% endmacro %}{{ m() }}",
                "{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}",
                LOOP + "{{ range(99999)|sum }}" + END,
                LOOP + "{{ range(99999)|list|sort|length }}" + END,
                LOOP + "{{ 'x' in ('y' * 10000000) }}" + END,
                // Text without end.
                "{{ 'x' * 1000000000 }}",
                "{{ 1000000000 * 'x' }}",
                "{{ 'x'.center(2000000000) }}",
                "{{ 'x'|center(2000000000) }}",
                "{{ 'x'.zfill(2000000000) }}",
                "{{ '%2000000000d' % 1 }}",
                "{{ '{:2000000000}'.format(1) }}",
                "{{ '\t'.expandtabs(2000000000) }}",
                "{{ 'a\nb'|indent(2000000000) }}",
                "{{ [1]|tojson(indent=2000000000) }}",
                LOOP + LOOP + "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" + END + END,
                "{% set ns = namespace(s='x') %}" + LOOP + "{% set ns.s = ns.s + ns.s %}" + END,
                "{% set ns = namespace(s='x') %}" + LOOP + "{% set ns.s = ns.s ~ ns.s %}" + END,
                "{% set ns = namespace(s='xx') %}"
                        + LOOP
                        + "{% set ns.s = ns.s.replace('x', 'xx') %}"
                        + END,
                "{% set ns = namespace(s='x') %}"
                        + LOOP
                        + "{% set ns.s = [ns.s, ns.s]|join %}"
                        + END,
                // Lists and numbers without end.
                "{{ [0] * 1000000000 }}",
                "{% set ns = namespace(l=[0]) %}" + LOOP + "{% set ns.l = ns.l + ns.l %}" + END,
                "{{ [1]|batch(1000000000, 0)|list }}",
                "{{ [1]|slice(1000000000)|list }}",
                "{{ 9 ** 999999999 }}",
                "{% set ns = namespace(n=9) %}" + LOOP + "{% set ns.n = ns.n * ns.n %}" + END,
                "{{ '%.2000000000f' % 1 }}",
                "{{ 1.5|round(2000000000) }}",
                // Small things that print large, or compare long.
                "{% set ns = namespace(l=[0]) %}"
                        + LOOP
                        + "{% set ns.l = [ns.l, ns.l] %}"
                        + END
                        + "{{ ns.l }}",
                "{% set ns = namespace(l=[0]) %}{% for i in range(90) %}"
                        + "{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l }}",
                "{% set ns = namespace(l=[0]) %}{% for i in range(90) %}"
                        + "{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l|tojson }}",
                "{% set ns = namespace(a=[0], b=[0]) %}{% for i in range(90) %}"
                        + "{% set ns.a = [ns.a, ns.a] %}{% set ns.b = [ns.b, ns.b] %}{% endfor %}"
                        + "{{ ns.a == ns.b }}",
                "{% set ns = namespace(t=(0,)) %}{% for i in range(90) %}"
                        + "{% set ns.t = (ns.t, ns.t) %}{% endfor %}{{ {ns.t: 1} }}",
                "{% set ns = namespace() %}{% set ns.self = ns %}{{ ns }}",
            })
    void endsWithinItsLimits(String source) {
        Assertions.assertTimeoutPreemptively(
                Duration.ofSeconds(60),
                () ->
                        assertThatThrownBy(() -> ChatTemplate.compile(source).render(Map.of()))
                                .isInstanceOf(TemplateException.class));
    }

    @Test
    void refusesSourcesThatNestTooDeep() {
        assertThatThrownBy(() -> ChatTemplate.compile("{{ " + "(".repeat(100_000)))
                .isInstanceOf(TemplateException.class);
        assertThatThrownBy(() -> ChatTemplate.compile("{{ " + "not ".repeat(100_000) + "x }}"))
                .isInstanceOf(TemplateException.class);
        assertThatThrownBy(() -> ChatTemplate.compile("{% if x %}".repeat(50_000)))
                .isInstanceOf(TemplateException.class);
        assertThatThrownBy(() -> ChatTemplate.compile("x".repeat(2_000_000)))
                .isInstanceOf(TemplateException.class);
    }

    @Test
    void survivesVeryLongChains() {
        String chain = "{{ 1" + " + 1".repeat(200_000) + " }}";

        assertThatThrownBy(() -> ChatTemplate.compile(chain).render(Map.of()))
                .isInstanceOf(TemplateException.class);
    }

    @Test
    void leavesRoomForLongConversations() {
        String text = "word ".repeat(400_000);

        String prompt =
                ChatTemplate.compile("{{ x.strip() + '\n' }}{{ x | trim }}")
                        .render(Map.of("x", text));

        assertThat(prompt).hasSize(2 * (text.length() - 1) + 1);
    }
}
