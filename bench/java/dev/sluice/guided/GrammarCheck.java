package dev.sluice.guided;

import dev.sluice.grammar.CompiledGrammar;
import dev.sluice.grammar.GrammarCompiler;
import dev.sluice.grammar.GrammarException;
import dev.sluice.grammar.GrammarLimits;
import dev.sluice.grammar.GrammarMatcher;
import dev.sluice.grammar.GrammarSpec;
import dev.sluice.grammar.GrammarVocabulary;
import dev.sluice.grammar.JsonSchemaOptions;
import dev.sluice.tokenizer.TokenIds;
import dev.sluice.tokenizer.Tokenizer;

import java.util.Set;
import java.util.concurrent.CompletionException;

/// Reads texts anew with grammars of its own, as a server compiles them.
public final class GrammarCheck implements AutoCloseable {
    private static final int REPLACEMENT = 0xFFFD;

    private final Tokenizer tokenizer;
    private final Set<Integer> endIds;
    private final GrammarCompiler compiler;

    /// Makes a check for the texts of a model.
    public GrammarCheck(Tokenizer tokenizer, Set<Integer> endIds) {
        this.tokenizer = tokenizer;
        this.endIds = Set.copyOf(endIds);
        this.compiler =
                new GrammarCompiler(
                        () -> GrammarVocabulary.of(tokenizer.vocabulary()),
                        GrammarLimits.DEFAULT,
                        JsonSchemaOptions.DEFAULT,
                        1);
    }

    /// Whether a schema can be enforced.
    public boolean compiles(GrammarSpec spec) {
        try {
            compiler.compile(spec).join();
            return true;
        } catch (CompletionException e) {
            if (e.getCause() instanceof GrammarException) {
                return false;
            }
            throw e;
        }
    }

    /// Whether a text may go on as it has begun: by its tokens, and by those that the tokenizer
    /// makes of it.
    public boolean acceptsPrefix(GrammarSpec spec, String text, TokenIds ids) {
        CompiledGrammar grammar = compiler.compile(spec).join();
        return accepts(grammar, ids)
                && (text.indexOf(REPLACEMENT) >= 0
                        || accepts(grammar, tokenizer.encode(text, false)));
    }

    private boolean accepts(CompiledGrammar grammar, TokenIds ids) {
        GrammarMatcher matcher = grammar.matcher(endIds);
        for (int i = 0; i < ids.size(); i++) {
            if (!matcher.accept(ids.get(i))) {
                return false;
            }
        }
        return true;
    }

    @Override
    public void close() {
        compiler.close();
    }
}
