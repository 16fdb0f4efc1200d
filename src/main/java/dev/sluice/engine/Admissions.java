package dev.sluice.engine;

import dev.sluice.grammar.CompiledGrammar;

import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;

/// Guided requests whose grammars are being compiled. They are not accepted yet, but they can be
/// ended as if they were. Any thread.
final class Admissions {
    private record Waiting(String requestId, CompletableFuture<List<String>> answer) {}

    private final Set<Waiting> waiting = ConcurrentHashMap.newKeySet();

    /// Waits for a grammar.
    ///
    /// @param compile gives the grammar, unless it is told that the request no longer waits for it
    /// @param submit takes the request
    /// @param cancel ends it, where it was taken and ended at the same time
    /// @return what the grammar has to say that is not enforced; fails as `compile` or `submit`
    ///   does, or with what ended the request before
    CompletableFuture<List<String>> await(
            String requestId,
            Function<BooleanSupplier, CompletableFuture<CompiledGrammar>> compile,
            Consumer<CompiledGrammar> submit,
            Runnable cancel) {
        CompletableFuture<List<String>> answer = new CompletableFuture<>();
        Waiting own = new Waiting(requestId, answer);
        waiting.add(own);
        var _ =
                compiled(compile, answer)
                        .whenComplete((grammar, problem) -> {
                            if (problem != null) {
                                answer.completeExceptionally(GrammarGate.itself(problem));
                            } else if (!answer.isDone()) {
                                enter(answer, grammar, submit, cancel);
                            }
                            waiting.remove(own);
                        });
        return answer;
    }

    private static CompletableFuture<CompiledGrammar> compiled(
            Function<BooleanSupplier, CompletableFuture<CompiledGrammar>> compile,
            CompletableFuture<List<String>> answer) {
        try {
            return compile.apply(() -> !answer.isDone());
        } catch (RuntimeException | Error e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    private static void enter(
            CompletableFuture<List<String>> answer,
            CompiledGrammar grammar,
            Consumer<CompiledGrammar> submit,
            Runnable cancel) {
        try {
            submit.accept(grammar);
        } catch (RuntimeException | Error e) {
            answer.completeExceptionally(e);
            return;
        }
        if (!answer.complete(grammar.remarks())) {
            cancel.run();
        }
    }

    /// Ends the requests of an id.
    void end(String requestId, ApiException cause) {
        end(each -> each.requestId().equals(requestId), cause);
    }

    /// Ends all requests.
    void endAll(ApiException cause) {
        end(_ -> true, cause);
    }

    private void end(Predicate<Waiting> which, ApiException cause) {
        waiting.stream().filter(which).forEach(each -> each.answer().completeExceptionally(cause));
    }
}
