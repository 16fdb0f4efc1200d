package dev.sluice.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.LongStream;

final class MergeLoopTest {
    static LongStream seeds() {
        return LongStream.range(0, 200);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void mergesAsTheDefinitionHasIt(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        MergeTable merges = new MergeTable(40);
        for (int rank = 0; rank < 40; rank++) {
            merges.put(random.nextInt(4 + rank), random.nextInt(4 + rank), rank, 4 + rank);
        }
        int[] word = new int[random.nextInt(1, 200)];
        for (int i = 0; i < word.length; i++) {
            word[i] = random.nextInt(4);
        }

        assertThat(merged(merges, word.clone())).isEqualTo(naive(merges, word));
    }

    private static List<Integer> merged(MergeTable merges, int[] ids) {
        int[] next =
                MergeLoop.run(
                        new MergeLoop.Symbols() {
                            @Override
                            public long pair(int left, int right) {
                                return merges.get(ids[left], ids[right]);
                            }

                            @Override
                            public void merge(int left, int right, int merged) {
                                ids[left] = merged;
                            }
                        },
                        ids.length);
        List<Integer> result = new ArrayList<>();
        for (int i = 0; i < ids.length; i = next[i]) {
            result.add(ids[i]);
        }
        return result;
    }

    private static List<Integer> naive(MergeTable merges, int[] word) {
        List<Integer> ids = new ArrayList<>();
        for (int id : word) {
            ids.add(id);
        }
        while (true) {
            int best = -1;
            long bestPair = Long.MAX_VALUE;
            for (int i = 0; i + 1 < ids.size(); i++) {
                long pair = merges.get(ids.get(i), ids.get(i + 1));
                if (pair != MergeTable.NONE && pair < bestPair) {
                    best = i;
                    bestPair = pair;
                }
            }
            if (best < 0) {
                return ids;
            }
            ids.set(best, (int) bestPair);
            ids.subList(best + 1, best + 2).clear();
        }
    }
}
