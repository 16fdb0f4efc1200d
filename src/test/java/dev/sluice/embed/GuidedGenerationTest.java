package dev.sluice.embed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sluice.engine.FinishReason;
import dev.sluice.grammar.GrammarSpec;
import dev.sluice.guided.Generation;
import dev.sluice.guided.Generations;
import dev.sluice.guided.GrammarCheck;
import dev.sluice.guided.GuidedTexts;
import dev.sluice.guided.SchemaCheck;
import dev.sluice.guided.SchemaSample;
import dev.sluice.model.ModelSource;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// The default model writes texts for schemas that people use, and a validator that is not ours
/// reads them. The two thousand of `bench/guided texts` take longer.
class GuidedGenerationTest {
    private static final Path SCHEMAS =
            Path.of("../shared/data/maskbench/maskbench-sample-pairs.jsonl");
    private static final int TEXTS = 40;
    private static final int SHORT_SCHEMA = 900;
    private static final int MAX_TOKENS = 200;

    @Test
    void textsThatEndAreValidAndTheOthersMayGoOn() throws IOException {
        assumeTrue(Files.isReadable(SCHEMAS), "the schemas are not here: " + SCHEMAS);
        List<Generation> texts = new ArrayList<>();
        try (LoadedEngine loaded =
                        LoadedEngine.load(
                                EngineOptions.defaults(),
                                new ModelSource(System.getenv(), _ -> {}));
                GrammarCheck grammars = GuidedTexts.check(loaded)) {
            SchemaSample schemas = GuidedTexts.schemas(SCHEMAS, TEXTS / 2, SHORT_SCHEMA, grammars);

            new Generations(loaded, schemas, MAX_TOKENS).run(0, TEXTS, TEXTS, texts::add);

            assertThat(texts).hasSize(TEXTS).allSatisfy(text -> assertRight(text, grammars));
        }
        assertThat(texts.stream().filter(text -> text.reason() == FinishReason.STOP))
                .hasSizeGreaterThanOrEqualTo(TEXTS / 2);
    }

    private static void assertRight(Generation text, GrammarCheck grammars) {
        if (text.reason() == FinishReason.STOP) {
            SchemaCheck.Verdict verdict = SchemaCheck.check(text.schema(), text.text());
            assertThat(verdict.problem()).as("%s for %s", text.text(), text.schema()).isEmpty();
            assertThat(verdict.judged()).as(text.schema()).isTrue();
        } else {
            GrammarSpec spec = new GrammarSpec.JsonSchema(text.schema(), true, text.closed());
            assertThat(grammars.acceptsPrefix(spec, text.text(), text.ids()))
                    .as("%s for %s", text.text(), text.schema())
                    .isTrue();
        }
    }
}
