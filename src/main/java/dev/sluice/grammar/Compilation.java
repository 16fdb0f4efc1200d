package dev.sluice.grammar;

import java.util.Comparator;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/// A grammar that is asked for, by one request or several: waits to be compiled, is compiled or
/// remembered.
final class Compilation implements Runnable {
    /// Those that are likely to be short first: a large schema takes seconds, most take
    /// milliseconds. Whoever asks later stands behind by some characters, so that a large one has
    /// its turn, too.
    static final Comparator<Runnable> SHORTEST_FIRST =
            Comparator.comparingLong(task -> of(task).map(each -> each.place).orElse(0L));

    private static final long CHARS_A_PLACE = 100;

    private final GrammarSpec spec;
    private final long place;
    private final Consumer<Compilation> work;
    private final CompletableFuture<CompiledGrammar> result = new CompletableFuture<>();
    private final Queue<BooleanSupplier> askers = new ConcurrentLinkedQueue<>();
    private volatile Optional<CompiledGrammar> grammar = Optional.empty();

    /// @param number counts up
    /// @param work what is done with it on a compiling thread
    Compilation(GrammarSpec spec, long number, Consumer<Compilation> work) {
        this.spec = spec;
        this.place = spec.length() + CHARS_A_PLACE * number;
        this.work = work;
    }

    private static Optional<Compilation> of(Runnable task) {
        return task instanceof Compilation compilation
                ? Optional.of(compilation)
                : Optional.empty();
    }

    GrammarSpec spec() {
        return spec;
    }

    CompletableFuture<CompiledGrammar> result() {
        return result;
    }

    /// @param wanted whether it still wants the grammar
    void ask(BooleanSupplier wanted) {
        if (!result.isDone()) {
            askers.add(wanted);
        }
    }

    boolean isWanted() {
        return askers.stream().anyMatch(BooleanSupplier::getAsBoolean);
    }

    @Override
    public void run() {
        work.accept(this);
    }

    /// Notes the grammar; [#end] tells those who asked.
    void found(CompiledGrammar compiled) {
        grammar = Optional.of(compiled);
    }

    void end() {
        askers.clear();
        result.complete(grammar.orElseThrow());
    }

    void fail(Throwable problem) {
        askers.clear();
        result.completeExceptionally(problem);
    }

    boolean isFound() {
        return grammar.isPresent();
    }

    /// Bytes of the grammar; none before it is found.
    long bytes() {
        return grammar.map(CompiledGrammar::bytes).orElse(0L);
    }
}
