package dev.sluice.compute;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;

class BuiltLibrariesTest {
    @ParameterizedTest
    @ValueSource(strings = {"/opt/sluice", "/opt/my models", "/home/józef", "/tmp/50%25 + #1"})
    void findsThePlaceBesideAJarUnderAnyName(String folder) throws IOException {
        Path jar = Path.of(folder, "sluice.jar");

        assertThat(BuiltLibraries.beside(jar.toUri().toURL(), "lib.so"))
                .contains(Path.of(folder, "native", "lib.so"));
    }

    @Test
    void aJarInsideAnotherHasNothingBesideIt() throws IOException {
        URI nested = URI.create("jar:file:/app.jar!/lib/sluice.jar");

        assertThat(BuiltLibraries.beside(nested.toURL(), "lib.so")).isEmpty();
    }

    @Test
    void theFolderOfTheStartScriptComesFirst() {
        assertThat(BuiltLibraries.places("lib.so"))
                .first()
                .isEqualTo(Path.of(System.getProperty("sluice.home"), "lib", "native", "lib.so"));
    }
}
