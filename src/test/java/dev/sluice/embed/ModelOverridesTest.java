package dev.sluice.embed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.cli.TinyModels;
import dev.sluice.engine.LogprobsMode;
import dev.sluice.model.ModelFileException;
import dev.sluice.model.ModelSource;
import dev.sluice.openai.ApiOptions;
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

final class ModelOverridesTest {
    private static final ModelOverrides NONE = ModelOverrides.NONE;

    @TempDir private static Path directory;

    @BeforeAll
    static void write() {
        TinyModels.write(directory);
    }

    private static EngineOptions options(ModelOverrides overrides) {
        BatchOptions batch = BatchOptions.defaults().withMaxNumSeqs(2).withMaxModelLen(256);
        return EngineOptions.defaults()
                .withModel(directory.toString())
                .withBatch(batch)
                .withOverrides(overrides);
    }

    private static LoadedEngine load(EngineOptions options) {
        return LoadedEngine.load(options, new ModelSource(Map.of(), _ -> {}));
    }

    @Test
    void computesTheHeadInFloat32() {
        ModelOverrides exact =
                new ModelOverrides(Optional.empty(), Optional.empty(), NONE.configName(), true);

        try (LoadedEngine usual = load(options(NONE));
                LoadedEngine other = load(options(exact))) {
            assertThat(other.model().weightBytes()).isGreaterThan(usual.model().weightBytes());
        }
    }

    @Test
    void readsAConfigurationOfAnotherName(@TempDir Path other) throws IOException {
        TinyModels.write(other);
        Files.move(other.resolve("config.json"), other.resolve("mine.json"));
        ModelOverrides overrides =
                new ModelOverrides(Optional.empty(), Optional.empty(), "mine.json", false);

        try (LoadedEngine engine = load(options(overrides).withModel(other.toString()))) {
            assertThat(engine.model().config().maxPositions()).isEqualTo(32_768);
        }
    }

    @Test
    void usesAnotherTokenizerAndTemplate() {
        ModelOverrides overrides =
                new ModelOverrides(
                        Optional.of(directory.toString()),
                        Optional.of("{{ messages[0]['content'] }}"),
                        NONE.configName(),
                        false);

        try (LoadedEngine engine = load(options(overrides))) {
            Prompts prompts = engine.prompts();
            assertThat(prompts.chat(List.of(Map.of("role", "user", "content", "abc"))))
                    .isEqualTo(
                            engine.servedModel(Optional.empty(), ApiOptions.DEFAULT)
                                    .tokenizer()
                                    .encode("abc", false));
        }
    }

    @Test
    void saysThatTensorsDoNotFitBeforeItMissesATokenizer(@TempDir Path other) throws IOException {
        TinyModels.write(other);
        Files.delete(other.resolve("tokenizer.json"));
        Path config = other.resolve("config.json");
        String wider = Files.readString(config).replaceFirst("(\"intermediate_size\" *: *)", "$11");
        Files.writeString(config, wider);

        assertThatThrownBy(() -> load(options(NONE).withModel(other.toString())))
                .isInstanceOf(ModelFileException.class)
                .hasMessageContaining("where its configuration asks for");
    }

    @Test
    void refusesInOneSentenceWhatCannotBeUsed() {
        ModelOverrides template =
                new ModelOverrides(
                        Optional.empty(), Optional.of("{% if %}"), NONE.configName(), false);

        assertThatThrownBy(() -> load(options(template)))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("--chat-template");
    }

    @Test
    void saysWhichTokenizerCannotBeUsed(@TempDir Path home) throws IOException {
        Path damaged = Files.writeString(home.resolve("damaged.model"), "no protobuf");
        Path empty =
                Files.writeString(home.resolve("empty.json"), "{\"model\":{\"type\":\"BPE\"}}");

        assertThatThrownBy(() -> load(withTokenizer("no/such/place")))
                .isInstanceOf(ConfigurationException.class)
                .hasMessage("--tokenizer no/such/place is not there.");
        assertThatThrownBy(() -> load(withTokenizer(empty.toString())))
                .isInstanceOf(ConfigurationException.class)
                .hasMessage("--tokenizer " + empty + " has no tokens.");
        assertThatThrownBy(() -> load(withTokenizer(damaged.toString())))
                .isInstanceOf(TokenizerException.class)
                .hasMessage(damaged + ": The SentencePiece model is damaged.");
    }

    private EngineOptions withTokenizer(String name) {
        return options(
                new ModelOverrides(Optional.of(name), Optional.empty(), NONE.configName(), false));
    }

    @Test
    void tellsTheEngineHowItIsToTreatLogitsAndSequences() {
        EngineOptions options =
                options(NONE)
                        .withBatch(
                                BatchOptions.defaults()
                                        .withMaxNumSeqs(1)
                                        .withMaxModelLen(64)
                                        .withoutRecomputing())
                        .withLogits(new LogitsOptions(LogprobsMode.RAW_LOGITS, List.of()));

        try (LoadedEngine engine = load(options)) {
            assertThat(engine.engine().config().recompute()).isFalse();
            assertThat(engine.engine().config().logprobsMode()).isEqualTo(LogprobsMode.RAW_LOGITS);
        }
    }

    @Test
    void namesTheLogitsProcessorThatCannotBeLoaded() {
        EngineOptions options =
                options(NONE)
                        .withLogits(
                                new LogitsOptions(
                                        LogprobsMode.RAW_LOGPROBS,
                                        List.of("LogitBiasLogitsProcessor", "com.acme.Nothing")));

        assertThatThrownBy(() -> load(options))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("com.acme.Nothing")
                .hasMessageStartingWith("--logits-processors");
    }

    @Test
    void reservesMoreBlocksThanTheMemoryHolds() {
        int blocks = 1 << 22;
        EngineOptions options =
                options(NONE)
                        .withBatch(
                                BatchOptions.defaults()
                                        .withMaxNumSeqs(1)
                                        .withMaxModelLen(64)
                                        .withNumBlocks(blocks));

        try (LoadedEngine engine = load(options)) {
            assertThat(engine.engine().config().numBlocks()).isEqualTo(blocks);
        }
    }
}
