package dev.sluice.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.time.Duration;
import java.util.List;
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
                // Text that must be counted before all of it is there.
                "{{ ['A' * 1000000] * 2000 }}",
                "{{ (['A' * 1000000] * 100000)|sort|length }}",
                "{{ dict(a='A' * 20000000, b='A' * 20000000)|dictsort(by='value')|length }}",
                "{{ ('x' * 100000)|wordwrap(1, true, 'A' * 1000000) }}",
                "{{ ('&' * 60000000)|e|length }}",
                "{{ ('&' * 60000000)|forceescape|length }}",
                "{{ ('\\x01' * 60000000)|tojson|length }}",
                "{{ (['\\x01' * 60000000]|string)|length }}",
                "{{ '%a' % ('\u00e9' * 30000000) }}",
                "{{ ('ab' * 30000000).split('b')|length }}",
                "{{ ('a\\n' * 30000000).splitlines()|length }}",
                "{{ ('\u0390' * 30000000)|upper|length }}",
                "{{ ('\u00e9' * 10000000)|urlencode|length }}",
                "{% set s = 'A' * 30000000 %}{{ [s.format(), s % (), s.format()]|length }}",
            })
    void endsWithinItsLimits(String source) {
        Assertions.assertTimeoutPreemptively(
                Duration.ofSeconds(60),
                () ->
                        assertThatThrownBy(() -> ChatTemplate.compile(source).render(Map.of()))
                                .isInstanceOf(TemplateException.class));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{% set ns = namespace(a=[0], b=[0]) %}{% for i in range(50000) %}"
                        + "{% set ns.a = [ns.a] %}{% set ns.b = [ns.b] %}{% endfor %}"
                        + "{{ ns.a == ns.b }}",
                "{% set ns = namespace(a=[0], b=[1]) %}{% for i in range(50000) %}"
                        + "{% set ns.a = [ns.a] %}{% set ns.b = [ns.b] %}{% endfor %}"
                        + "{{ ns.a < ns.b }}",
                "{% set ns = namespace(g=[1]) %}{% for i in range(50000) %}"
                        + "{% set ns.g = ns.g|map('string') %}{% endfor %}{{ ns.g|list }}",
                "{% set ns = namespace(g=[1]) %}{% for i in range(50000) %}"
                        + "{% set ns.g = ns.g|slice(1) %}{% endfor %}{{ ns.g|list }}",
            })
    void valuesMayNotBeTooDeepForTheStack(String source) {
        assertThatThrownBy(() -> ChatTemplate.compile(source).render(Map.of()))
                .isInstanceOf(TemplateException.class)
                .hasMessageContaining("RecursionError");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{{ ('x' * 30000000)|upper|length }}",
                "{{ ('x' * 30000000).title()|length }}",
                "{{ ['x' * 15000000, 'x' * 15000000]|join|length }}",
            })
    void textIsCountedOnce(String source) {
        assertThat(ChatTemplate.compile(source).render(Map.of())).isEqualTo("30000000");
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
    void countsEachPartOfAConcatenation() {
        String source = "{% set s = 'A' * 1000000 %}{{ (s" + " ~ s".repeat(3000) + ")|length }}";

        assertThatThrownBy(() -> ChatTemplate.compile(source).render(Map.of()))
                .isInstanceOf(TemplateException.class)
                .hasMessageContaining("characters of text");
    }

    @Test
    void refusesWhatNeedsADeepStackBeforeTheStackEnds() {
        String sum = "''" + " + ''".repeat(150);
        String recursion =
                "{% macro m(n) %}{% if n %}{{ "
                        + sum
                        + " + m(n - 1) }}{% else %}{{ '%5.1f' % 2.5 }}{% endif %}{% endmacro %}"
                        + "{{ m(75) }}";

        assertThatThrownBy(() -> ChatTemplate.compile(recursion).render(Map.of()))
                .isInstanceOf(TemplateException.class)
                .hasMessageContaining("RecursionError");
        for (String link : List.of(" + 1", " and 1", " or 1", " * 1", " ** 1", ".a", "|int")) {
            assertThatThrownBy(() -> ChatTemplate.compile("{{ 1" + link.repeat(1000) + " }}"))
                    .isInstanceOf(TemplateException.class)
                    .hasMessageContaining("nests");
        }
    }

    @Test
    void takesManyBranchesWithoutADeepStack() {
        String elifs = "{% elif n == 'x' %}x".repeat(20_000);

        String prompt =
                ChatTemplate.compile("{% if not n %}0" + elifs + "{% else %}end{% endif %}")
                        .render(Map.of("n", "y"));

        assertThat(prompt).isEqualTo("end");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{{ n in s }}{{ s.find(n) }}{{ s.rfind('b' ~ n) }}{{ s.count(n) }}",
                "{{ s.replace(n, '') }}{{ s.split(n) }}{{ s.rsplit('b' ~ n) }}{{ s.partition(n) }}",
                "{{ ('<' * 200000)|striptags }}{{ ('<!--' * 100000)|striptags }}",
                "{{ ('\u00df' * 400000)|upper|length }}{{ ('\u0130' * 400000)|lower|length }}",
                "{{ ('\u03a3\u0301' * 100000)|lower|length }}",
                "{{ ('x' * 500000)|wordwrap(1)|length }}{{ (' ' * 500000)|wordwrap(1)|length }}",
            })
    void takesTimeInProportionToTheText(String source) {
        String variables = "{% set s = 'a' * 400000 %}{% set n = 'a' * 200000 ~ 'b' %}";

        Assertions.assertTimeoutPreemptively(
                Duration.ofSeconds(20),
                () -> ChatTemplate.compile(variables + source).render(Map.of()));
    }

    @Test
    void compilesManyNamesAndBranchesInLinearTime() {
        StringBuilder source = new StringBuilder();
        for (int i = 0; i < 20_000; i++) {
            source.append("{{ a").append(i).append(" }}{% if a %}{% endif %}");
        }

        Assertions.assertTimeoutPreemptively(
                Duration.ofSeconds(20), () -> ChatTemplate.compile(source.toString()));
    }

    @Test
    void endsWhenItsTimeIsOver() {
        TemplateLimits limits =
                new TemplateLimits(
                        1 << 20,
                        200,
                        Long.MAX_VALUE - 1,
                        Long.MAX_VALUE,
                        100,
                        Duration.ofMillis(50));
        ChatTemplate template = ChatTemplate.compile(LOOP + LOOP + LOOP + END + END + END, limits);

        assertThatThrownBy(() -> template.render(Map.of()))
                .isInstanceOf(TemplateException.class)
                .hasMessageContaining("rendering takes more than");
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
