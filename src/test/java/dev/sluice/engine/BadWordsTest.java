package dev.sluice.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import dev.sluice.tokenizer.TokenIds;

import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;

class BadWordsTest {
    private static List<TokenIds> sorted(List<TokenIds> words) {
        return new LogitsRules(words, Map.of(), Map.of(), Optional.empty()).badWords();
    }

    private static List<Integer> next(List<TokenIds> words, int[] tokens, int from) {
        List<Integer> ids = new ArrayList<>();
        BadWords.forEachNext(words, tokens, from, tokens.length, ids::add);
        return ids;
    }

    private static boolean isNext(TokenIds word, int[] tokens, int from) {
        int before = word.size() - 1;
        if (before > tokens.length - from) {
            return false;
        }
        for (int i = 0; i < before; i++) {
            if (tokens[tokens.length - before + i] != word.get(i)) {
                return false;
            }
        }
        return true;
    }

    @Test
    void findsTheSameAsALookAtEachWord() {
        SplittableRandom random = new SplittableRandom(5);
        for (int trial = 0; trial < 3_000; trial++) {
            List<TokenIds> words = new ArrayList<>();
            for (int i = random.nextInt(40); i > 0; i--) {
                int[] ids = random.ints(random.nextInt(1, 6), 0, 3).toArray();
                ids[0] = ids[0] == 2 ? Integer.MAX_VALUE : ids[0];
                words.add(TokenIds.of(ids));
            }
            int[] tokens = random.ints(random.nextInt(8), 0, 3).toArray();
            int from = tokens.length == 0 ? 0 : random.nextInt(tokens.length);

            List<Integer> expected =
                    words.stream()
                            .filter(word -> isNext(word, tokens, from))
                            .map(word -> word.get(word.size() - 1))
                            .sorted()
                            .toList();

            assertThat(next(sorted(words), tokens, from).stream().sorted().toList())
                    .isEqualTo(expected);
        }
    }

    @Test
    void manyWordsTakeNoTimeWhereTheyAreNotConcerned() {
        List<TokenIds> words = new ArrayList<>();
        for (int i = 0; i < 300_000; i++) {
            words.add(TokenIds.of(i % 1_000, 7, i));
        }
        List<TokenIds> sorted = sorted(words);
        int[] tokens = {7, 7, 3};

        assertTimeoutPreemptively(
                Duration.ofSeconds(20),
                () -> {
                    for (int i = 0; i < 100_000; i++) {
                        assertThat(next(sorted, tokens, 0)).isEmpty();
                    }
                });
    }
}
