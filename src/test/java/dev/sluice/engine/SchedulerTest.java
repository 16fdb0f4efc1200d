package dev.sluice.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.compute.DType;
import dev.sluice.testing.ByteTokenizer;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.LongStream;

class SchedulerTest {
    private final List<String> preempted = new ArrayList<>();

    private Scheduler scheduler(EngineConfig config, BlockPool pool) {
        return new Scheduler(config, pool, s -> preempted.add(s.id()));
    }

    /// At most 4 sequences, 4 tokens a block.
    private static EngineConfig config(int maxNumBatchedTokens, int numBlocks) {
        return new EngineConfig(
                64,
                4,
                maxNumBatchedTokens,
                4,
                numBlocks,
                DType.F32,
                100,
                Set.of(ByteTokenizer.EOS));
    }

    /// Does what the engine does after a step: the scheduled tokens are computed, and sequences
    /// that reached their end get one more.
    private static void compute(List<Sequence> step) {
        for (Sequence sequence : step) {
            boolean drawn = sequence.reachesEnd();
            sequence.advance();
            if (drawn) {
                sequence.append(1);
            }
        }
    }

    private static List<String> ids(List<Sequence> sequences) {
        return sequences.stream().map(Sequence::id).toList();
    }

    @Test
    void admitsInOrderOfArrivalUpToTheLimit() {
        BlockPool pool = new BlockPool(100);
        Scheduler scheduler = scheduler(config(64, 100), pool);
        for (String id : List.of("a", "b", "c", "d", "e")) {
            scheduler.add(Requests.sequence(id, 3, 5));
        }

        List<Sequence> step = scheduler.schedule();

        assertThat(ids(step)).containsExactly("a", "b", "c", "d");
        assertThat(ids(scheduler.waiting())).containsExactly("e");
    }

    @Test
    void computesALongPromptInChunksWithinTheBudget() {
        Scheduler scheduler = scheduler(config(8, 100), new BlockPool(100));
        Sequence sequence = Requests.sequence("a", 20, 5);
        scheduler.add(sequence);
        List<Integer> chunks = new ArrayList<>();

        for (int i = 0; i < 4; i++) {
            List<Sequence> step = scheduler.schedule();
            chunks.add(step.getFirst().numScheduled());
            compute(step);
        }

        assertThat(chunks).containsExactly(8, 8, 4, 1);
    }

    @Test
    void decodesBeforeItComputesPrompts() {
        Scheduler scheduler = scheduler(config(8, 100), new BlockPool(100));
        scheduler.add(Requests.sequence("decoding", 3, 20));
        compute(scheduler.schedule());
        scheduler.add(Requests.sequence("prompt", 30, 5));

        List<Sequence> step = scheduler.schedule();

        assertThat(ids(step)).containsExactly("decoding", "prompt");
        assertThat(step.get(0).numScheduled()).isEqualTo(1);
        assertThat(step.get(1).numScheduled()).isEqualTo(7);
    }

    @Test
    void preemptsTheYoungestSequenceWhenNoBlockIsFree() {
        BlockPool pool = new BlockPool(6);
        Scheduler scheduler = scheduler(config(64, 6), pool);
        scheduler.add(Requests.sequence("old", 7, 40));
        scheduler.add(Requests.sequence("young", 7, 40));

        while (preempted.isEmpty()) {
            compute(scheduler.schedule());
            pool.checkIntegrity(scheduler.running());
        }

        assertThat(preempted).containsExactly("young");
        assertThat(ids(scheduler.running())).containsExactly("old");
        assertThat(scheduler.waiting().getFirst().numComputed()).isZero();
    }

    @Test
    void aPreemptedSequenceGoesBeforeNewOnes() {
        BlockPool pool = new BlockPool(6);
        Scheduler scheduler = scheduler(config(64, 6), pool);
        scheduler.add(Requests.sequence("old", 7, 40));
        scheduler.add(Requests.sequence("young", 7, 40));
        while (preempted.isEmpty()) {
            compute(scheduler.schedule());
        }
        scheduler.add(Requests.sequence("new", 1, 1));

        assertThat(ids(scheduler.waiting())).containsExactly("young", "new");
    }

    @Test
    void aRemovedSequenceGivesItsBlocksBack() {
        BlockPool pool = new BlockPool(10);
        Scheduler scheduler = scheduler(config(64, 10), pool);
        Sequence sequence = Requests.sequence("a", 20, 5);
        scheduler.add(sequence);
        scheduler.schedule();
        assertThat(pool.numFree()).isEqualTo(5);

        scheduler.remove(sequence);

        assertThat(pool.numFree()).isEqualTo(10);
        assertThat(scheduler.isIdle()).isTrue();
    }

    static LongStream seeds() {
        return LongStream.range(0, 200);
    }

    /// Random arrivals and cancels on a small pool: the book is right after every step, the budget
    /// is kept, order of arrival is kept, and everything ends.
    @ParameterizedTest
    @MethodSource("seeds")
    void keepsItsPromisesUnderRandomArrivalsAndCancels(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        int numBlocks = random.nextInt(8, 24);
        EngineConfig config = config(random.nextInt(4, 40), numBlocks);
        BlockPool pool = new BlockPool(numBlocks);
        Scheduler scheduler = scheduler(config, pool);
        List<Sequence> alive = new ArrayList<>();
        int arrivals = 30;

        for (int steps = 0; arrivals > 0 || !scheduler.isIdle(); steps++) {
            assertThat(steps).as("steps").isLessThan(5_000);
            if (arrivals > 0 && random.nextInt(3) == 0) {
                Sequence sequence =
                        Requests.sequence(
                                Integer.toString(arrivals--),
                                random.nextInt(1, 20),
                                random.nextInt(1, 10));
                alive.add(sequence);
                scheduler.add(sequence);
            }
            if (!alive.isEmpty() && random.nextInt(12) == 0) {
                scheduler.remove(alive.remove(random.nextInt(alive.size())));
            }

            List<Sequence> step = scheduler.schedule();

            pool.checkIntegrity(scheduler.running());
            assertThat(step.stream().mapToInt(Sequence::numScheduled).sum())
                    .isLessThanOrEqualTo(config.maxNumBatchedTokens());
            assertThat(scheduler.running()).hasSizeLessThanOrEqualTo(config.maxNumSeqs());
            assertThat(scheduler.running()).containsAll(step);
            assertThat(alive.subList(0, scheduler.running().size()))
                    .as("the oldest ones run")
                    .containsExactlyElementsOf(scheduler.running());
            assertThat(step.isEmpty()).as("something goes on").isEqualTo(scheduler.isIdle());
            compute(step);
            List<Sequence> ended =
                    step.stream()
                            .filter(s -> s.numGenerated() >= s.request().stop().maxTokens())
                            .toList();
            ended.forEach(scheduler::remove);
            alive.removeAll(ended);
        }

        assertThat(pool.numFree()).isEqualTo(numBlocks);
    }
}
