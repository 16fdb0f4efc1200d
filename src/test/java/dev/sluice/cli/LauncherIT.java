package dev.sluice.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.testing.SluiceServer;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// The shell script that people call, in `target/sluice`.
final class LauncherIT {
    private static final Map<String, String> BARE =
            Map.of("HOME", System.getProperty("user.home"), "PATH", "/usr/bin:/bin");

    /// What a process came to.
    private record Ended(int exit, String out, String err) {}

    @TempDir private Path directory;

    @Test
    void startsWithNothingButHomeAndPath() throws Exception {
        Ended ended = run(BARE, SluiceServer.launcher().toString(), "--version");

        assertThat(ended.err()).isEmpty();
        assertThat(ended.out()).startsWith("sluice ");
        assertThat(ended.exit()).isZero();
    }

    @Test
    void startsThroughALinkFromAnywhere() throws Exception {
        Path link = Files.createSymbolicLink(directory.resolve("s"), SluiceServer.launcher());

        Ended ended = run(BARE, link.toString(), "--version");

        assertThat(ended.out()).startsWith("sluice ");
    }

    @Test
    void handsTheExitCodeOn() throws Exception {
        Ended ended = run(BARE, SluiceServer.launcher().toString(), "serve", "--no-such-flag");

        assertThat(ended.exit()).isEqualTo(2);
        assertThat(ended.err()).startsWith("sluice: ");
    }

    @Test
    void takesArgumentsAsUtf8WhateverTheLocale() throws Exception {
        Map<String, String> notInstalled = new HashMap<>(BARE);
        notInstalled.put("LANG", "xx_XX.UTF-8");

        for (Map<String, String> environment : List.of(BARE, notInstalled)) {
            Ended ended =
                    run(
                            environment,
                            SluiceServer.launcher().toString(),
                            "pull",
                            "--model",
                            "/没有/模型.gguf");

            assertThat(ended.exit()).isEqualTo(2);
            assertThat(ended.err()).contains("/没有/模型.gguf");
        }
    }

    @Test
    void saysThatAFolderWithAColonIsNoPlaceForIt() throws Exception {
        Path bin = Files.createDirectories(directory.resolve("a:b/bin"));
        Path copy = Files.copy(SluiceServer.launcher(), bin.resolve("sluice"));

        Ended ended = run(BARE, copy.toString(), "--version");

        assertThat(ended.exit()).isEqualTo(2);
        assertThat(ended.err()).startsWith("sluice: ").contains("/a:b has a colon in its name");
        assertThat(ended.err().lines()).hasSize(1);
    }

    @Test
    void saysInAFewLinesWhatToInstallWhereThereIsNoJdk() throws Exception {
        Path finder = SluiceServer.launcher().resolveSibling("../lib/java-home");
        Path nowhere = Files.createDirectories(directory.resolve("jvm"));
        Path copy = directory.resolve("java-home");
        Files.writeString(
                copy, Files.readString(finder).replaceAll("/(usr|opt)/[^\\s\"]*", nowhere + "/*"));

        Ended ended =
                run(
                        Map.of("HOME", nowhere.toString(), "PATH", "/nowhere"),
                        "/bin/sh",
                        copy.toString());

        assertThat(ended.exit()).isEqualTo(2);
        assertThat(ended.err()).contains("needs a JDK 25 or later").contains("adoptium.net");
        assertThat(ended.err().lines()).hasSizeLessThan(5);
    }

    private static Ended run(Map<String, String> environment, String... command)
            throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(List.of(command));
        builder.environment().clear();
        builder.environment().putAll(environment);
        Path err = Files.createTempFile("launcher", ".err");
        Process process = builder.redirectError(err.toFile()).start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        int exit = process.waitFor();
        String errors = Files.readString(err);
        Files.delete(err);
        return new Ended(exit, out, errors);
    }
}
