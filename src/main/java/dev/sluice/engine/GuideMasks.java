package dev.sluice.engine;

import dev.sluice.grammar.GrammarCompiler;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/// Finds, while the model computes a step, which tokens may come next in the sequences that follow
/// a grammar.
///
/// Owns a row of bits for each sequence, and one for each guess. Call only on the engine thread;
/// the rows are written on threads of the grammar room between [#begin] and [#await].
final class GuideMasks implements AutoCloseable {
    /// More are found by two threads.
    private static final int FEW = 4;

    private static final CompletableFuture<Void> NOTHING = CompletableFuture.completedFuture(null);

    private final Optional<GrammarCompiler> compiler;
    private final Arena arena = Arena.ofShared();
    private final List<MemorySegment> rows = new ArrayList<>();
    private final List<Runnable> work = new ArrayList<>();
    private final long words;
    private CompletableFuture<Void> running = NOTHING;

    /// @param numIds ids that can be drawn
    GuideMasks(Optional<GrammarCompiler> compiler, int numIds) {
        this.compiler = compiler;
        this.words = Math.ceilDiv(numIds, Integer.SIZE);
    }

    /// Starts the work for the sequences of a step that will draw.
    void begin(List<Sequence> step) {
        work.clear();
        int numRows = 0;
        for (int i = 0; i < step.size(); i++) {
            Sequence sequence = step.get(i);
            if (sequence.draws() && sequence.isGuided()) {
                GuidedText text = sequence.guidedText().orElseThrow();
                List<MemorySegment> places = rows(numRows, 1 + sequence.numDrafts());
                numRows += places.size();
                int[] tokens = sequence.tokens();
                work.add(() -> text.fill(tokens, sequence.length(), places));
            }
        }
        if (work.isEmpty()) {
            return;
        }
        int half = work.size() <= FEW ? work.size() : work.size() / 2;
        running =
                CompletableFuture.allOf(
                        start(work.subList(0, half)), start(work.subList(half, work.size())));
    }

    private CompletableFuture<Void> start(List<Runnable> work) {
        return work.isEmpty()
                ? NOTHING
                : CompletableFuture.runAsync(
                        () -> work.forEach(Runnable::run), compiler.orElseThrow().maskThreads());
    }

    private List<MemorySegment> rows(int from, int count) {
        while (rows.size() < from + count) {
            rows.add(arena.allocate(ValueLayout.JAVA_INT, words));
        }
        return List.copyOf(rows.subList(from, from + count));
    }

    /// Waits for the work.
    void await() {
        running.join();
        running = NOTHING;
    }

    @Override
    public void close() {
        arena.close();
    }
}
