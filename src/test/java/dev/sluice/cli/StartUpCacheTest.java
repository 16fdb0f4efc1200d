package dev.sluice.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

final class StartUpCacheTest {
    @TempDir private Path directory;
    private Path app = Path.of("");
    private Path jdk = Path.of("");

    @BeforeEach
    void makeFolders() throws IOException {
        app = directory.resolve("app");
        jdk = Files.createDirectory(directory.resolve("jdk"));
        Files.createDirectories(app.resolve("lib"));
        Files.writeString(jdk.resolve("release"), "JAVA_VERSION=25");
    }

    private void write(String name, String text) throws IOException {
        Files.writeString(app.resolve("lib").resolve(name), text);
    }

    private void writeCache(Path madeWith, String release) throws IOException {
        write("sluice.aot", "classes");
        write("sluice.aot.jdk", madeWith + "\n");
        write("sluice.aot.release", release);
    }

    @Test
    void fitsTheJdkThatMadeIt() throws IOException {
        writeCache(jdk, "JAVA_VERSION=25");

        assertThat(StartUpCache.describe(app, jdk)).endsWith("sluice.aot, made with this JDK");
    }

    @Test
    void doesNotFitAnotherOrAChangedJdk() throws IOException {
        writeCache(directory.resolve("elsewhere"), "JAVA_VERSION=25");
        assertThat(StartUpCache.describe(app, jdk))
                .startsWith("not used, for it was made with another JDK")
                .contains("elsewhere");

        writeCache(jdk, "JAVA_VERSION=25.0.1");
        assertThat(StartUpCache.describe(app, jdk)).startsWith("not used, for the JDK has changed");
    }

    @Test
    void saysThatThereIsNoneOrThatItsJdkIsUnknown() throws IOException {
        assertThat(StartUpCache.describe(app, jdk)).startsWith("none");

        write("sluice.aot", "classes");
        assertThat(StartUpCache.describe(app, jdk)).contains("can't be read");
    }
}
