package dev.sluice.embed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.cli.TinyModels;
import dev.sluice.model.ModelSource;
import dev.sluice.model.ModelSourceException;
import dev.sluice.tokenizer.TokenizerException;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Prompts that are made without an engine.
final class PromptsTest {
    private static final List<Map<String, Object>> CHAT =
            List.of(
                    Map.of("role", "system", "content", "Be brief."),
                    Map.of("role", "user", "content", "Is 'größer' a word?"));

    @TempDir private static Path tiny;

    @BeforeAll
    static void write() {
        TinyModels.write(tiny);
    }

    private static EngineOptions small() {
        BatchOptions batch = BatchOptions.defaults().withMaxNumSeqs(1).withMaxModelLen(64);
        return EngineOptions.defaults().withBatch(batch);
    }

    private static EngineOptions tinyModel() {
        return small().withModel(tiny.toString());
    }

    private static void assertSameAsOfTheEngine(EngineOptions options) {
        Prompts alone = Prompts.of(options);

        try (LoadedEngine engine =
                LoadedEngine.load(options, new ModelSource(System.getenv(), _ -> {}))) {
            assertSame(alone, engine.prompts());
            assertThat(alone.name()).isEqualTo(engine.name());
        }
    }

    private static void assertSame(Prompts prompts, Prompts expected) {
        assertThat(prompts.canChat()).isEqualTo(expected.canChat()).isTrue();
        assertThat(prompts.chat(CHAT)).isEqualTo(expected.chat(CHAT));
        assertThat(prompts.text("Is 'größer' a word?"))
                .isEqualTo(expected.text("Is 'größer' a word?"));
    }

    @Test
    void areThoseOfTheEngineForADirectory() {
        assertSameAsOfTheEngine(tinyModel());
    }

    @Test
    void areThoseOfTheEngineForTheDefaultModel() {
        assertSameAsOfTheEngine(small());
    }

    @Test
    void areThoseOfTheEngineWithAnotherTemplate() {
        ModelOverrides overrides =
                new ModelOverrides(
                        Optional.empty(),
                        Optional.of("{{ bos_token }}{{ messages[1]['content'] }}"),
                        ModelOverrides.CONFIG_NAME,
                        false);

        assertSameAsOfTheEngine(tinyModel().withOverrides(overrides));
    }

    @Test
    void needNoWeightsWhereTheTokenizersFilesAreHere(@TempDir Path files) throws IOException {
        for (String name : List.of("tokenizer.json", "tokenizer_config.json")) {
            Files.copy(tiny.resolve(name), files.resolve(name));
        }

        Prompts alone = Prompts.ofTokenizer(files);

        assertSame(alone, Prompts.of(tinyModel()));
    }

    @Test
    void sayWhatIsMissing(@TempDir Path empty) {
        assertThatThrownBy(() -> Prompts.of(small().withModel(empty.toString())))
                .isInstanceOf(ModelSourceException.class);
        assertThatThrownBy(() -> Prompts.ofTokenizer(empty)).isInstanceOf(TokenizerException.class);
    }
}
