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
    /// milliseconds.
    static final Comparator<Runnable> SHORTEST_FIRST =
            Comparator.<Runnable>comparingLong(task -> of(task).map(each -> each.length).orElse(0L))
                    .thenComparingLong(task -> of(task).map(each -> each.number).orElse(0L));

    private final GrammarSpec spec;
    private final long length;
    private final long number;
    private final Consumer<Compilation> work;
    private final CompletableFuture<CompiledGrammar> result = new CompletableFuture<>();
    private final Queue<BooleanSupplier> askers = new ConcurrentLinkedQueue<>();
    private volatile Optional<CompiledGrammar> grammar = Optional.empty();

    /// @param number counts up
    /// @param work what is done with it on a compiling thread
    Compilation(GrammarSpec spec, long number, Consumer<Compilation> work) {
        this.spec = spec;
        this.length = spec.length();
        this.number = number;
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

    /// Bytes of the grammar; none before it is found.
    long bytes() {
        return grammar.map(CompiledGrammar::bytes).orElse(0L);
    }
}
