package dev.sluice.guided;

import dev.sluice.embed.EngineOptions;
import dev.sluice.embed.LoadedEngine;
import dev.sluice.engine.FinishReason;
import dev.sluice.grammar.GrammarSpec;
import dev.sluice.model.ModelSource;
import dev.sluice.openai.ApiOptions;
import dev.sluice.openai.ServedModel;

import io.vertx.core.json.JsonObject;

import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Locale;
import java.util.Optional;

/// Writes texts for schemas of MaskBench and checks each: one that came to its end by a validator
/// that is not ours, the others by reading them anew.
///
/// Run by `bench/guided texts`.
public final class GuidedTexts {
    private static final int SCHEMAS_OF_A_KIND = 100;
    private static final int LONGEST_SCHEMA = 20_000;
    private static final int MAX_TOKENS = 1_024;
    private static final int AT_ONCE = 24;
    private static final int PROGRESS_EVERY = 50;

    private final PrintStream out;
    private final GrammarCheck grammars;
    private final Path rows;
    private final long start = System.nanoTime();
    private int written;
    private int ended;
    private int judged;
    private int wrong;
    private long tokens;

    private GuidedTexts(PrintStream out, GrammarCheck grammars, Path rows) {
        this.out = out;
        this.grammars = grammars;
        this.rows = rows;
    }

    /// Runs.
    ///
    /// @param args file of schemas, file to write the texts to, number of the first text, number
    ///   behind the last
    public static void main(String[] args) throws IOException {
        int from = Integer.parseInt(args[2]);
        int to = Integer.parseInt(args[3]);
        try (LoadedEngine loaded =
                        LoadedEngine.load(
                                EngineOptions.defaults(),
                                new ModelSource(System.getenv(), _ -> {}));
                GrammarCheck grammars = check(loaded)) {
            SchemaSample schemas =
                    schemas(Path.of(args[0]), SCHEMAS_OF_A_KIND, LONGEST_SCHEMA, grammars);
            GuidedTexts texts = new GuidedTexts(System.out, grammars, Path.of(args[1]));
            Files.writeString(texts.rows, "");
            new Generations(loaded, schemas, MAX_TOKENS).run(from, to, AT_ONCE, texts::take);
            texts.report();
            System.exit(texts.wrong == 0 && texts.judged == texts.ended ? 0 : 1);
        }
    }

    /// A check for the texts of a model.
    public static GrammarCheck check(LoadedEngine loaded) {
        ServedModel model = loaded.servedModel(Optional.empty(), ApiOptions.DEFAULT);
        return new GrammarCheck(model.tokenizer(), model.eosIds());
    }

    /// The first schemas of each kind that can be enforced, open as well as closed.
    ///
    /// @param longest most characters of one
    public static SchemaSample schemas(Path file, int ofAKind, int longest, GrammarCheck grammars)
            throws IOException {
        return SchemaSample.read(
                file,
                ofAKind,
                longest,
                schema ->
                        grammars.compiles(new GrammarSpec.JsonSchema(schema, true, false))
                                && grammars.compiles(
                                        new GrammarSpec.JsonSchema(schema, true, true)));
    }

    private void take(Generation text) {
        written++;
        tokens += text.ids().size();
        Optional<String> problem = Optional.empty();
        if (text.reason() == FinishReason.STOP) {
            ended++;
            SchemaCheck.Verdict verdict = SchemaCheck.check(text.schema(), text.text());
            judged += verdict.judged() ? 1 : 0;
            problem = verdict.problem();
        } else if (!grammars.acceptsPrefix(
                new GrammarSpec.JsonSchema(text.schema(), true, text.closed()),
                text.text(),
                text.ids())) {
            problem = Optional.of("no prefix of a text of the schema");
        }
        problem.ifPresent(what -> complain(text, what));
        write(text);
        if (written % PROGRESS_EVERY == 0) {
            report();
        }
    }

    private void complain(Generation text, String what) {
        wrong++;
        out.printf(
                "WRONG %d: %s%n  text %s%n  schema %s%n",
                text.number(), what, text.text(), text.schema());
    }

    private void write(Generation text) {
        JsonObject row =
                new JsonObject()
                        .put("number", text.number())
                        .put("reason", text.reason().name().toLowerCase(Locale.ROOT))
                        .put("temperature", text.temperature())
                        .put("tokens", text.ids().size())
                        .put("text", text.text())
                        .put("schema", new JsonObject(text.schema()));
        try {
            Files.writeString(rows, row.encode() + "\n", StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void report() {
        double seconds = (System.nanoTime() - start) / 1e9;
        out.printf(
                "%d texts, %d came to their end, %d of them judged, %d wrong; %d tokens, %.0f a"
                        + " second%n",
                written, ended, judged, wrong, tokens, tokens / seconds);
    }
}
