package dev.sluice.grammar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.testing.ByteTokenizer;
import dev.sluice.testing.TestEngines;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.util.List;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;

@Timeout(30)
class GrammarCompilerTest {
    private static final String LONG = "[ab]{1}".repeat(200);

    private final CountDownLatch mayCompile = new CountDownLatch(1);

    private static GrammarCompiler compiler(long mostBytes) {
        return new GrammarCompiler(
                () -> GrammarVocabulary.of(new ByteTokenizer().vocabulary()),
                GrammarLimits.DEFAULT,
                JsonSchemaOptions.DEFAULT,
                1,
                mostBytes);
    }

    private static CompiledGrammar compile(GrammarCompiler compiler, String pattern) {
        return compiler.compile(new GrammarSpec.RegularExpression(pattern)).join();
    }

    @Test
    void remembersGrammars() {
        try (GrammarCompiler compiler = compiler(1 << 20)) {
            CompiledGrammar first = compile(compiler, "[ab]{50}");
            CompiledGrammar second = compile(compiler, "[ab]{60}");

            assertThat(compile(compiler, "[ab]{50}")).isSameAs(first);
            assertThat(compile(compiler, "[ab]{60}")).isSameAs(second);
        }
    }

    @Test
    void forgetsTheEldestOfThoseThatTakeTooMuch() {
        long one;
        try (GrammarCompiler compiler = compiler(1 << 20)) {
            one = compile(compiler, "[ab]{50}").bytes();
        }
        try (GrammarCompiler compiler = compiler(one * 3 / 2)) {
            CompiledGrammar first = compile(compiler, "[ab]{50}");
            CompiledGrammar second = compile(compiler, "[ab]{51}");

            assertThat(compile(compiler, "[ab]{51}")).isSameAs(second);
            assertThat(compile(compiler, "[ab]{50}")).isNotSameAs(first);
        }
    }

    @Test
    void forgetsOthersWhenOneGrows() {
        long both;
        try (GrammarCompiler compiler = compiler(1 << 20)) {
            both = compile(compiler, "[ab]{50}").bytes() + compile(compiler, "[ab]{51}").bytes();
        }
        try (GrammarCompiler compiler = compiler(both)) {
            CompiledGrammar first = compile(compiler, "[ab]{50}");
            CompiledGrammar second = compile(compiler, "[ab]{51}");
            assertThat(compile(compiler, "[ab]{50}")).isSameAs(first);

            assertThat(first.matcher(Set.of()).accept('a')).isTrue();

            assertThat(compile(compiler, "[ab]{51}")).isNotSameAs(second);
        }
    }

    /// Its only thread waits for the vocabulary until the test lets it.
    private GrammarCompiler waiting() {
        GrammarCompiler compiler =
                new GrammarCompiler(
                        () -> {
                            TestEngines.await(mayCompile);
                            return GrammarVocabulary.of(new ByteTokenizer().vocabulary());
                        },
                        GrammarLimits.DEFAULT,
                        JsonSchemaOptions.DEFAULT,
                        1);
        compiler.warmUp();
        return compiler;
    }

    @Test
    void theShortestOfThoseThatWaitIsNext() {
        try (GrammarCompiler compiler = waiting()) {
            List<String> order = new CopyOnWriteArrayList<>();
            List<CompletableFuture<Boolean>> all =
                    List.of(LONG + "c", "a", LONG + "d", "bc").stream()
                            .map(pattern ->
                                    compiler.compile(new GrammarSpec.RegularExpression(pattern))
                                            .thenApply(_ -> order.add(pattern)))
                            .toList();

            mayCompile.countDown();
            all.forEach(CompletableFuture::join);

            assertThat(order).containsExactly("a", "bc", LONG + "c", LONG + "d");
        }
    }

    @Test
    void whatNobodyWantsAnyMoreIsNotCompiled() {
        try (GrammarCompiler compiler = waiting()) {
            AtomicBoolean wanted = new AtomicBoolean(true);
            GrammarSpec given = new GrammarSpec.RegularExpression("a");
            GrammarSpec shared = new GrammarSpec.RegularExpression("b");
            CompletableFuture<CompiledGrammar> givenUp = compiler.compile(given, wanted::get);
            CompletableFuture<CompiledGrammar> kept = compiler.compile(shared, wanted::get);
            assertThat(compiler.compile(shared)).isSameAs(kept);

            wanted.set(false);
            mayCompile.countDown();

            assertThat(kept.join().bytes()).isPositive();
            assertThatThrownBy(givenUp::join).isInstanceOf(CancellationException.class);
            assertThat(compiler.compile(given).join().bytes()).isPositive();
        }
    }

    @Test
    void whatIsAskedForAfterTheEndFails() {
        GrammarCompiler compiler = compiler(1 << 20);
        GrammarSpec spec = new GrammarSpec.RegularExpression("a");
        compiler.close();

        for (int i = 0; i < 2; i++) {
            assertThatThrownBy(() -> compiler.compile(spec).join())
                    .isInstanceOf(RejectedExecutionException.class);
        }
    }
}
