package dev.sluice.grammar;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.testing.TestEngines;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import java.util.List;
import java.util.Set;

class GrammarMemoryTest {
    private final GrammarCompiler compiler = TestEngines.grammars();

    @AfterEach
    void close() {
        compiler.close();
    }

    private CompiledGrammar grammar(String pattern) {
        return compiler.compile(new GrammarSpec.RegularExpression(pattern)).join();
    }

    @Test
    void takesGrammarsUpToItsSize() {
        CompiledGrammar first = grammar("[ab]{50}");
        CompiledGrammar second = grammar("[ab]{60}c");
        GrammarMemory memory = new GrammarMemory(first.bytes() + second.bytes() - 1);

        assertThat(memory.take(first)).isTrue();
        assertThat(memory.take(second)).isFalse();
        assertThat(memory.take(first)).as("it is there already").isTrue();

        memory.giveBack(first);
        assertThat(memory.take(second)).as("another still follows the first").isFalse();

        memory.giveBack(first);
        assertThat(memory.take(second)).isTrue();
    }

    @Test
    void takesOneThatIsLargerThanItselfAlone() {
        CompiledGrammar large = grammar("[ab]{50}");
        GrammarMemory memory = new GrammarMemory(large.bytes() - 1);

        assertThat(memory.take(large)).isTrue();
        assertThat(memory.take(grammar("c"))).isFalse();
    }

    @Test
    void whatOneMayRememberIsItsPartOnceAllTakeTooMuch() {
        CompiledGrammar first = grammar("[ab]{50}");
        CompiledGrammar second = grammar("[ab]{60}c");
        GrammarMemory roomy = new GrammarMemory(1 << 20);
        GrammarMemory tight = new GrammarMemory(100);
        List.of(first, second).forEach(roomy::take);
        tight.take(first);
        GrammarMatcher matcher = first.matcher(Set.of());
        assertThat(matcher.accept('a')).isTrue();
        assertThat(tight.limit(5000)).as("what is remembered is told").isEqualTo(100);

        assertThat(roomy.limit(5000)).isEqualTo(5000);
        assertThat(tight.limit(5000)).isEqualTo(100);
    }
}
