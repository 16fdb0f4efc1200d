package dev.sluice.grammar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import tools.jackson.databind.node.JsonNodeFactory;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// Host names whose labels spell names in other alphabets are told apart while they are read.
class HostNamesTest {
    private static final Pattern NAME =
            Pattern.compile(
                    "(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
                            + "(\\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*");
    private static final String HOSTNAME = "'format':'hostname'";
    private static final int WALKS = 8;
    private static final int LONGEST_WALK = 40;

    private static final String[] TOKENS = {
        "\"xn--",
        "xn--",
        "Xn--",
        "xn",
        "xn-",
        "n--",
        "--",
        ".xn--",
        "-a",
        "-a.",
        "tda",
        "tda\"",
        "tda.",
        "ll-0ea",
        "ll-0ea\"",
        ".com\"",
        ".com",
        "com",
        "www.",
        "a.",
        "a\"",
        "-0ea.xn--tda\"",
        "xn--tda.xn--a\"",
        "xn--tda.xn--tda",
        "zca",
        "zca\"",
        "\\u0078n--",
        "\\u0061",
        "\\u00",
        "6",
        "\\u002e",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "99999",
        "k8j5u",
        "ihqwcrb4cv8a"
    };

    private static final String CHARACTERS = "-abcdefghijklmnopqrstuvwxyz0123456789";

    private final Random random = new Random(5);

    private static boolean isName(String text) {
        return NAME.matcher(text).matches() && ALabels.areValid(text);
    }

    private static Machine machine(String keywords) throws GrammarException {
        return SchemaRows.machine(SchemaRows.json(schema(keywords)), JsonSchemaOptions.DEFAULT);
    }

    private static String schema(String keywords) {
        return "{\"type\":\"string\",%s}".formatted(keywords.replace('\'', '"'));
    }

    private static boolean accepts(Machine machine, String text) {
        return GrammarTexts.accepts(machine, JsonNodeFactory.instance.stringNode(text).toString());
    }

    private static boolean mayBegin(Machine machine, String text) {
        ParseState state = machine.start();
        for (byte b : ("\"" + text).getBytes(StandardCharsets.UTF_8)) {
            state = machine.step(state, b & 0xFF);
        }
        return !state.isDead();
    }

    @ParameterizedTest
    @CsvSource({
        "a--b.example, true",
        "ab--cd.example, true",
        "xn-a.example, true",
        "xn.example, true",
        "axn--a.example, true",
        "xm--a.example, true",
        "xn--ll-0ea, true",
        "a.XN--ll-0ea.b, true",
        "xn--9n2bp8q.xn--9t4b11yi5a, true",
        "xn--4gbwdl.xn--wgbh1c, true",
        "xn--LL-0EA.Xn--tDa, true",
        "xn--, false",
        "xn--a.example, false",
        "example.Xn--a, false",
        "a.xn--ll-0ea.xn--X, false",
        "xn---9uc, false",
        "xn--example-, false",
        "-a.example, false",
        "a_b.example, false"
    })
    void labelsInOtherAlphabetsMustBeValid(String name, boolean valid) throws GrammarException {
        assertThat(accepts(machine(HOSTNAME), name)).isEqualTo(valid);
        assertThat(accepts(machine("'not':{" + HOSTNAME + "}"), name)).isEqualTo(!valid);
    }

    @Test
    void draft6KnowsNoOtherAlphabets() throws GrammarException {
        String draft = "'$schema':'http://json-schema.org/draft-0%d/schema#'," + HOSTNAME;

        assertThat(accepts(machine(draft.formatted(6)), "xn--a")).isTrue();
        assertThat(accepts(machine(draft.formatted(7)), "xn--a")).isFalse();
    }

    record Sets(String keywords, Predicate<String> predicate) {
        @Override
        public String toString() {
            return keywords;
        }
    }

    static Stream<Sets> sets() {
        return Stream.of(
                new Sets(HOSTNAME, HostNamesTest::isName),
                new Sets("'not':{'format':'hostname'}", s -> !isName(s)),
                new Sets("'not':{'not':{'format':'hostname'}}", HostNamesTest::isName),
                new Sets(HOSTNAME + ",'maxLength':12", s -> isName(s) && s.length() <= 12),
                new Sets(HOSTNAME + ",'minLength':9", s -> isName(s) && s.length() >= 9),
                new Sets(HOSTNAME + ",'pattern':'^xn--'", s -> isName(s) && s.startsWith("xn--")),
                new Sets(HOSTNAME + ",'pattern':'[.]com$'", s -> isName(s) && s.endsWith(".com")),
                new Sets(
                        HOSTNAME + ",'pattern':'^[a-z0-9.-]+$'",
                        s -> isName(s) && s.matches("[a-z0-9.-]+")),
                new Sets(
                        HOSTNAME + ",'pattern':'^[a-z].*[a-z0-9]$'",
                        s -> isName(s) && s.matches("[a-z].*[a-z0-9]")),
                new Sets(
                        HOSTNAME + ",'pattern':'[.][a-z]+$'",
                        s -> isName(s) && s.matches(".*[.][a-z]+")),
                new Sets(HOSTNAME + ",'pattern':'^[a-z]+$'", s -> isName(s) && s.matches("[a-z]+")),
                new Sets(
                        HOSTNAME + ",'not':{'pattern':'^x'}", s -> isName(s) && !s.startsWith("x")),
                new Sets(
                        "'oneOf':[{'format':'hostname'},{'pattern':'^[x]'}]",
                        s -> isName(s) != s.startsWith("x")),
                new Sets(
                        "'oneOf':[{'format':'hostname'},{'const':'a'},{'const':'-'}]",
                        s -> (isName(s) && !s.equals("a")) || s.equals("-")),
                new Sets(
                        "'anyOf':[{'format':'hostname'},{'const':'::1'},{'pattern':'^a[.]x'}]",
                        s -> isName(s) || s.startsWith("a.x") || s.equals("::1")),
                new Sets(
                        "'anyOf':[{'format':'hostname'},{'const':'xn--a'},{'const':'xn--b.a'}]",
                        s -> isName(s) || s.equals("xn--a") || s.equals("xn--b.a")),
                new Sets(
                        "'if':{'format':'hostname'},'then':{'maxLength':9},'else':{'minLength':9}",
                        s -> isName(s) ? s.length() <= 9 : s.length() >= 9),
                new Sets(
                        HOSTNAME + ",'enum':['xn--a','xn--tda','a.b','-','xn--ll-0ea']",
                        s -> Set.of("xn--tda", "a.b", "xn--ll-0ea").contains(s)),
                new Sets(
                        "'not':{'format':'hostname'},'pattern':'^xn--[a-z0-9-]*$'",
                        s -> !isName(s) && s.matches("xn--[a-z0-9-]*")));
    }

    @ParameterizedTest
    @MethodSource("sets")
    void belongToWhatSchemasSayOfThem(Sets sets) throws GrammarException {
        Machine machine = machine(sets.keywords);
        int accepted = 0;
        for (int i = 0; i < 3_000; i++) {
            String text = text();
            boolean belongs = sets.predicate.test(text);
            assertThat(accepts(machine, text)).as(text).isEqualTo(belongs);
            accepted += belongs ? 1 : 0;
        }
        assertThat(accepted).isPositive();
    }

    /// Mostly nearly a name.
    private String text() {
        String[] parts = {
            "xn--",
            "xn--tda",
            "xn--a",
            "xn--ll-0ea",
            "XN--zca",
            "a",
            "b",
            "x",
            "com",
            ".",
            ".",
            "-",
            "--",
            "9",
            "_",
            "a.x",
            "xn--9t4b11yi5a",
            "xn-",
            "::1"
        };
        StringBuilder text = new StringBuilder();
        int count = 1 + random.nextInt(4);
        for (int i = 0; i < count; i++) {
            text.append(parts[random.nextInt(parts.length)]);
        }
        return text.toString();
    }

    @Test
    void goOnOnlyToWhatCanBeCompletedInTime() throws GrammarException {
        Machine machine = machine(HOSTNAME + ",'maxLength':7,'pattern':'^xn--'");
        List<String> alphabet = letters(CHARACTERS);
        Set<String> beginnings = new HashSet<>();
        for (String a : alphabet) {
            for (String b : alphabet) {
                for (String c : alphabet) {
                    String label = "xn--" + a + b + c;
                    for (int i = 5; i <= 7; i++) {
                        if (isName(label.substring(0, i))) {
                            beginnings.add("xn--" + a);
                            beginnings.add(label.substring(0, i));
                            beginnings.add("xn--" + a + b);
                            break;
                        }
                    }
                }
            }
        }

        for (String a : alphabet) {
            String one = "xn--" + a;
            assertThat(mayBegin(machine, one)).as(one).isEqualTo(beginnings.contains(one));
            for (String b : alphabet) {
                String two = one + b;
                assertThat(mayBegin(machine, two))
                        .as(two)
                        .isEqualTo(beginnings.stream().anyMatch(text -> text.startsWith(two)));
            }
        }
    }

    @Test
    void areRefusedWhereNoneIsValid() {
        String schema = HOSTNAME + ",'minLength':5,'maxLength':6,'pattern':'^xn--'";

        assertThatThrownBy(() -> machine(schema))
                .isInstanceOf(GrammarException.class)
                .hasMessageContaining("no text can follow");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "'pattern':'^[a-z-]+$'",
                "'pattern':'a$'",
                "'pattern':'^xn--[a-c]'",
                "'not':{'const':'xn--ll-0ea'}",
                "'pattern':'^[^-]*-?[^-]*-?[^-]*$'"
            })
    void areRefusedWhereMoreIsSaidOfLabels(String keywords) throws GrammarException {
        assertThatThrownBy(() -> machine(HOSTNAME + "," + keywords))
                .isInstanceOf(GrammarException.class)
                .hasMessageContaining("xn--")
                .hasMessageContaining("(keyword format at the root)");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'properties':{'a':{'format':'hostname'}},'patternProperties':{'a':{'pattern':'^[a-z-]+$'}}}",
                "{'allOf':[{'properties':{'a':{'format':'hostname'}}},{'properties':{'a':{'pattern':'a$'}}}]}",
                "{'items':{'format':'hostname'},'contains':{'pattern':'a$'}}"
            })
    void areRefusedWhereSchemasMeetThatSayMoreOfLabels(String schema) {
        assertThatThrownBy(() ->
                        SchemaRows.machine(
                                SchemaRows.json(schema.replace('\'', '"')),
                                JsonSchemaOptions.DEFAULT))
                .isInstanceOf(GrammarException.class)
                .hasMessageContaining("xn--")
                .hasMessageMatching(".*\\(at .*\\)");
    }

    @Test
    void rareLettersEndLabelsThatHaveNoRoom() throws GrammarException {
        Machine machine = machine(HOSTNAME + ",'maxLength':11");

        assertThat(accepts(machine, "xn--w6jt23g")).isTrue();
        assertThat(mayBegin(machine(HOSTNAME + ",'maxLength':13"), "xn--fdb86d")).isTrue();
    }

    @Test
    void labelsCountAsValidWhereTheyAreNotToldApart() throws GrammarException {
        String narrow = "{'format':'hostname','pattern':'^[a-z-]+$'}";
        JsonSchemaOptions relaxed = JsonSchemaOptions.DEFAULT.withStrict(false);
        String condition =
                "{'type':'string','if':%s,'then':{'maxLength':3}}"
                        .formatted(narrow)
                        .replace('\'', '"');
        Machine machine = SchemaRows.machine(SchemaRows.json(condition), relaxed);

        assertThat(accepts(machine, "xn--tda")).isFalse();
        assertThat(accepts(machine, "abc")).isTrue();
        assertThat(accepts(machine, "abcd")).isFalse();
        assertThat(accepts(machine, "ab1d")).isTrue();
    }

    @Test
    void areNotToldApartInKeys() throws GrammarException {
        String names =
                "{'type':'object','propertyNames':{'format':'hostname'%s}}".replace('\'', '"');
        String plain = ",\"pattern\":\"^(?!(.*\\\\.)?[Xx][Nn]--)\"";
        JsonSchemaOptions relaxed = JsonSchemaOptions.DEFAULT.withStrict(false);

        assertThatThrownBy(() ->
                        SchemaRows.machine(
                                SchemaRows.json(names.formatted("")), JsonSchemaOptions.DEFAULT))
                .hasMessageContaining("keyword propertyNames");
        for (Machine machine :
                List.of(
                        SchemaRows.machine(SchemaRows.json(names.formatted("")), relaxed),
                        SchemaRows.machine(
                                SchemaRows.json(names.formatted(plain)),
                                JsonSchemaOptions.DEFAULT))) {
            assertThat(GrammarTexts.accepts(machine, "{\"a.b\": 1}")).isTrue();
            assertThat(GrammarTexts.accepts(machine, "{\"-\": 1}")).isFalse();
        }
    }

    @Test
    void areLeftOutByAPattern() throws GrammarException {
        String pattern =
                ",'allOf':[{'pattern':'^(?!(.*\\\\.)?[Xx][Nn]--)'},{'pattern':'^[a-z.-]+$'}]";
        Machine machine = machine(HOSTNAME + pattern);

        assertThat(accepts(machine, "a.b")).isTrue();
        assertThat(accepts(machine, "xn--tda.b")).isFalse();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6, 8, 13, 25, 40, 50, 54})
    void labelsWithRoomCanBecomeValid(int length) {
        for (int i = 0; i < 100; i++) {
            String alphabet = random.nextInt(3) > 0 ? "--ab" : CHARACTERS;
            StringBuilder begun = new StringBuilder(ALabels.PREFIX);
            for (int k = 0; k < length; k++) {
                begun.append(alphabet.charAt(random.nextInt(alphabet.length())));
            }
            String label = begun.toString();
            for (int more = LabelSearch.MANY; length + more <= 59; more += 1 + random.nextInt(6)) {
                assertThat(new LabelSearch().isLikely(label, more))
                        .as("%s %d", label, more)
                        .isTrue();
            }
        }
    }

    private static List<String> letters(String alphabet) {
        return alphabet.chars().mapToObj(Character::toString).toList();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "'format':'hostname'",
                "'format':'hostname','pattern':'^xn--'",
                "'format':'hostname','pattern':'^xn--[^.]*[.]xn--','maxLength':80",
                "'format':'hostname','pattern':'^xn--.*[a-z0-9]$','maxLength':12",
                "'format':'hostname','pattern':'^xn--','maxLength':12",
                "'format':'hostname','pattern':'^[a-z]*[.]?xn--[^.]*[.]de$','maxLength':20",
                "'not':{'format':'hostname'},'pattern':'^[a-z.]*xn--[a-z0-9.-]*$'",
                "'oneOf':[{'format':'hostname'},{'pattern':'^[xw]'}],'maxLength':40"
            })
    void masksAreExact(String keywords) throws GrammarException {
        List<byte[]> tokens = new ArrayList<>();
        for (int c = 0x20; c < 0x7F; c++) {
            tokens.add(new byte[] {(byte) c});
        }
        for (String token : TOKENS) {
            tokens.add(token.getBytes(StandardCharsets.UTF_8));
        }
        int end = tokens.size();
        GrammarVocabulary words = GrammarVocabulary.of(GrammarTexts.vocabulary(tokens));
        Matcher maxLength = Pattern.compile("'maxLength':(\\d+)").matcher(keywords);
        int max = maxLength.find() ? Integer.parseInt(maxLength.group(1)) : 253;
        int finished = 0;
        try (GrammarCompiler compiler =
                        new GrammarCompiler(
                                () -> words, GrammarLimits.DEFAULT, JsonSchemaOptions.DEFAULT, 1);
                Arena arena = Arena.ofConfined()) {
            CompiledGrammar grammar =
                    compiler.compileNow(new GrammarSpec.JsonSchema(schema(keywords), true));
            MemorySegment row = arena.allocate(ValueLayout.JAVA_INT, Math.ceilDiv(end + 1, 32));
            for (int i = 0; i < WALKS; i++) {
                finished += walk(grammar, tokens, row, max) ? 1 : 0;
            }
        }
        assertThat(finished).isGreaterThan(WALKS / 4);
    }

    /// Whether a label of another alphabet has few characters left.
    private static boolean mayBeLeftOut(String text, int max) {
        return IntStream.range(1, text.length())
                .anyMatch(i -> {
                    String begun = text.substring(1, i);
                    String label = begun.substring(begun.lastIndexOf('.') + 1);
                    int left = Math.min(63 - label.length(), max - begun.length());
                    boolean isEncoded =
                            label.toLowerCase(Locale.ROOT).startsWith(ALabels.PREFIX)
                                    || begun.contains("\\");
                    return isEncoded && left < LabelSearch.MANY + 10;
                });
    }

    private static String token(List<byte[]> tokens, int id) {
        return new String(tokens.get(id), StandardCharsets.UTF_8);
    }

    private boolean walk(CompiledGrammar grammar, List<byte[]> tokens, MemorySegment row, int max) {
        int end = tokens.size();
        MachineMatcher matcher = (MachineMatcher) grammar.matcher(Set.of(end));
        StringBuilder text = new StringBuilder();
        for (int step = 0; step < LONGEST_WALK; step++) {
            List<Integer> allowed = GrammarTexts.accepted(matcher, end + 1);
            matcher.fillSlowly(row);
            List<Integer> found = GrammarTexts.ids(row);
            for (int again = 0; again < 2; again++) {
                row.fill((byte) 0);
                matcher.fillNextTokenBitmask(row);
                assertThat(GrammarTexts.ids(row)).as("after %s", text).isEqualTo(found);
            }
            assertThat(allowed).as("after %s", text).isNotEmpty().containsAll(found);
            allowed.removeAll(found);
            assertThat(allowed)
                    .as("after %s", text)
                    .allMatch(id ->
                            id != end
                                    && tokens.get(id).length > 1
                                    && mayBeLeftOut(text + token(tokens, id), max));
            allowed = found;
            int token = chosen(allowed, tokens, step);
            assertThat(matcher.accept(token)).isTrue();
            if (token == end) {
                return true;
            }
            text.append(new String(tokens.get(token), StandardCharsets.UTF_8));
        }
        return false;
    }

    /// The end when it may come; mostly what is longer than a byte.
    private int chosen(List<Integer> allowed, List<byte[]> tokens, int step) {
        List<Integer> closing =
                allowed.stream()
                        .filter(id ->
                                id == tokens.size()
                                        || tokens.get(id)[tokens.get(id).length - 1] == '"')
                        .collect(Collectors.toList());
        if (!closing.isEmpty() && random.nextInt(LONGEST_WALK / 2) < step) {
            return closing.get(random.nextInt(closing.size()));
        }
        int token = allowed.get(random.nextInt(allowed.size()));
        return token < 0x5F ? allowed.get(random.nextInt(allowed.size())) : token;
    }
}
