package dev.sluice.grammar;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.stream.IntStream;

class TextLanguageTest {
    @ParameterizedTest
    @CsvSource({
        "'', 0",
        "abc|de, 3",
        "a?b?c?|ddddd, 5",
        "'(ab|c){2,4}x', 9",
        "(a|bb(c|dd(e|ff)))g, 7",
        "a+, 2147483647",
        "x|y(zz)*, 2147483647"
    })
    void theLongestTextIsCounted(String pattern, int longest) throws GrammarException {
        TextLanguage language = regex(pattern);

        assertThat(language.sizes().longest()).isEqualTo(longest);
        assertThat(language.sizes().isFinite()).isEqualTo(longest != Repeat.UNBOUNDED);
    }

    @ParameterizedTest
    @CsvSource({
        "abc|de, 2",
        "a?b?c?|ddddd, 0",
        "'(ab|c){2,4}x', 3",
        "'a{7}a*', 7",
        "x|y(zz)*, 1",
        "'(aaa)+b', 4"
    })
    void lengthsAreFound(String pattern, int shortest) throws GrammarException {
        TextLanguage language = regex(pattern);

        assertThat(language.sizes().shortest()).isEqualTo(shortest);
        for (int min = 0; min < 12; min++) {
            for (int max = min; max < 12; max++) {
                assertThat(language.sizes().hasLength(min, max))
                        .as("%d to %d", min, max)
                        .isEqualTo(language.intersects(TextLanguage.ofLength(min, max)));
            }
        }
    }

    private static TextLanguage regex(String pattern) throws GrammarException {
        return TextLanguage.regex(pattern, RegexDialect.GUIDED, GrammarLimits.DEFAULT);
    }

    @Test
    void whatLiesWithinALanguageIsFound() throws GrammarException {
        List<TextLanguage> all = new ArrayList<>();
        all.add(TextLanguage.any());
        all.add(TextLanguage.none());
        for (String pattern : List.of("", "a", "a*", "a+b?", "(a|b)*", "ab|b", "[a-c]{2}", "ab")) {
            all.add(regex(pattern));
        }

        for (TextLanguage one : all) {
            for (TextLanguage other : all) {
                assertThat(one.isWithin(other)).isEqualTo(one.minus(other).isEmpty());
            }
        }
    }

    private static IntStream seeds() {
        return IntStream.range(0, 300);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void automataAreTheLeast(int seed) throws GrammarException {
        SplittableRandom random = new SplittableRandom(seed);
        int size = random.nextInt(2, 9);
        boolean hasCycles = random.nextInt(3) == 0;
        int[][] targets = new int[size][3];
        boolean[] accepts = new boolean[size];
        TextLanguage.Builder builder = new TextLanguage.Builder();
        for (int i = 0; i < size; i++) {
            accepts[i] = random.nextInt(3) == 0;
            builder.state(accepts[i]);
        }
        for (int i = 0; i < size; i++) {
            for (int c = 0; c < 3; c++) {
                int target = random.nextInt(hasCycles ? -1 : i - 1, size);
                targets[i][c] = target < i && !hasCycles ? -1 : target;
                if (targets[i][c] >= 0) {
                    builder.edge(i, 'a' + c, 'a' + c, targets[i][c]);
                }
            }
        }

        TextLanguage least = builder.build();

        int[] kinds = kinds(targets, accepts);
        Set<Integer> reached = new TreeSet<>();
        Deque<String> work = new ArrayDeque<>(List.of(""));
        while (!work.isEmpty()) {
            String text = work.remove();
            int state = reached(targets, text);
            assertThat(least.contains(text)).isEqualTo(state >= 0 && accepts[state]);
            if (state >= 0 && kinds[state] > 0 && reached.add(kinds[state])) {
                work.addAll(List.of(text + 'a', text + 'b', text + 'c'));
            }
        }
        assertThat(least.numStates()).isEqualTo(Math.max(1, reached.size()));
    }

    /// Numbers of what is accepted behind each state; 0 for nothing.
    private static int[] kinds(int[][] targets, boolean[] accepts) {
        int[] kinds = new int[targets.length];
        for (int round = 0; round <= targets.length; round++) {
            Map<List<Integer>, Integer> numbers = new HashMap<>();
            numbers.put(List.of(0, 0, 0, 0), 0);
            int[] next = new int[kinds.length];
            for (int i = 0; i < next.length; i++) {
                List<Integer> kind = new ArrayList<>();
                kind.add(accepts[i] ? 1 : 0);
                for (int target : targets[i]) {
                    kind.add(target < 0 ? 0 : kinds[target]);
                }
                numbers.putIfAbsent(kind, numbers.size());
                next[i] = numbers.getOrDefault(kind, 0);
            }
            kinds = next;
        }
        return kinds;
    }

    private static int reached(int[][] targets, String text) {
        int state = 0;
        for (int i = 0; i < text.length() && state >= 0; i++) {
            state = targets[state][text.charAt(i) - 'a'];
        }
        return state;
    }
}
