package dev.sluice.engine;

import dev.sluice.grammar.CompiledGrammar;
import dev.sluice.grammar.GrammarCompiler;
import dev.sluice.grammar.GrammarException;
import dev.sluice.grammar.GrammarLimitException;
import dev.sluice.grammar.GrammarSpec;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.BooleanSupplier;

/// Compiles the grammars of requests, and says in the protocol's words why one can't be.
///
/// @param grammars absent where guided decoding is switched off
record GrammarGate(Optional<GrammarCompiler> grammars) {
    private static final Logger LOG = LoggerFactory.getLogger(GrammarGate.class);
    private static final int RETRY_AFTER_SECONDS = 1;

    /// Compiles a grammar, unless that has been done.
    ///
    /// @param wanted whether the request still waits for it; any thread
    /// @return fails with an [ApiException]
    CompletableFuture<CompiledGrammar> compile(Guidance guidance, BooleanSupplier wanted) {
        if (grammars.isEmpty()) {
            return CompletableFuture.failedFuture(
                    new ApiException.InvalidRequest(
                            "guided_backend is None, use --guided-decoding-backend to specify the"
                                    + " backend at server startup.",
                            guidance.param(),
                            "invalid_value"));
        }
        try {
            return grammars.get()
                    .compile(guidance.grammar(), wanted)
                    .exceptionally(e -> {
                        throw refusal(guidance, e);
                    });
        } catch (RejectedExecutionException e) {
            return CompletableFuture.failedFuture(refusal(guidance, e));
        }
    }

    private static ApiException refusal(Guidance guidance, Throwable problem) {
        Throwable cause = itself(problem);
        if (cause instanceof GrammarException e) {
            return new ApiException.InvalidRequest(
                    "Invalid %s: %s.".formatted(kind(guidance), e.getMessage()),
                    guidance.param(),
                    "invalid_value");
        }
        if (cause instanceof GrammarLimitException e) {
            return tooCostly(guidance, e);
        }
        if (cause instanceof CancellationException) {
            return new ApiException.Cancelled();
        }
        if (cause instanceof RejectedExecutionException) {
            return new ApiException.Overloaded(
                    "Too many grammars are being compiled.", RETRY_AFTER_SECONDS);
        }
        LOG.error("A grammar could not be compiled.", cause);
        return new ApiException.Internal("The grammar could not be compiled.");
    }

    /// A text can't be followed any further: the client's grammar is the cause.
    static ApiException tooCostly(Guidance guidance, GrammarLimitException problem) {
        return new ApiException.InvalidRequest(
                "Invalid %s: %s.".formatted(kind(guidance), problem.getMessage()),
                guidance.param(),
                "invalid_value");
    }

    private static String kind(Guidance guidance) {
        return switch (guidance.grammar()) {
            case GrammarSpec.JsonSchema _, GrammarSpec.JsonObject _ -> "JSON format";
            case GrammarSpec.RegularExpression _ -> "regex format";
            case GrammarSpec.Choice _ -> "choice format";
            case GrammarSpec.Ebnf _ -> "grammar format";
            case GrammarSpec.StructuralTag _ ->
                    guidance.param().startsWith("tool") ? "tools" : "structural_tag format";
        };
    }

    /// The problem, not one that stands for it.
    static Throwable itself(Throwable problem) {
        return problem instanceof CompletionException && problem.getCause() != null
                ? problem.getCause()
                : problem;
    }
}
