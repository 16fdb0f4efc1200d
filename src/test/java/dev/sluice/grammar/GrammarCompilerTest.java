package dev.sluice.grammar;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.testing.ByteTokenizer;

import org.junit.jupiter.api.Test;

class GrammarCompilerTest {
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
}
