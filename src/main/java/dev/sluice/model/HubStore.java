package dev.sluice.model;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.regex.Pattern;

/// Repositories of the hub on this machine, in the layout of Hugging Face's own cache, so that what
/// either has fetched serves both.
///
/// ```
/// models--ORG--NAME/refs/REVISION                 the commit
/// models--ORG--NAME/blobs/TAG                     the bytes
/// models--ORG--NAME/snapshots/COMMIT/FILE         link to ../../blobs/TAG
/// ```
///
/// @see "Manage the cache: huggingface.co/docs/huggingface_hub/guides/manage-cache"
final class HubStore {
    private static final Pattern COMMIT = Pattern.compile("[0-9a-f]{40}");
    private static final Pattern SHARD = Pattern.compile(".*-of-.*\\.safetensors");
    private static final String ONLY_SHARD = "-of-00001.safetensors";

    private final Path root;
    private final HubClient client;
    private final Consumer<DownloadProgress> progress;

    /// @param root directory that holds the `models--` directories
    HubStore(Path root, HubClient client, Consumer<DownloadProgress> progress) {
        this.root = root;
        this.client = client;
        this.progress = progress;
    }

    /// The model, where the cache holds one: whether it [is whole][#isWhole] is another question.
    ///
    /// @return a snapshot directory, or a .gguf file in one
    Optional<Path> cached(ModelReference.Hub reference) throws IOException {
        Path repository = repository(reference);
        Path ref = repository.resolve("refs").resolve(reference.revision()).normalize();
        String commit = reference.revision();
        if (Files.isRegularFile(ref)) {
            commit = Files.readString(ref).strip();
        }
        Path snapshot = repository.resolve("snapshots").resolve(commit).normalize();
        return Files.isDirectory(snapshot) ? complete(reference, snapshot) : Optional.empty();
    }

    /// Whether nothing shows that the download of a cached model has ended early. Those of other
    /// tools, several files at once, may have the weights first. A repository without a tokenizer
    /// of its own looks like that too.
    static boolean isWhole(Path snapshot) throws IOException {
        if (!Files.isDirectory(snapshot)) {
            return true;
        }
        boolean hasTokenizer =
                Files.exists(snapshot.resolve("tokenizer.json"))
                        || Files.exists(snapshot.resolve("tokenizer.model"));
        if (!hasTokenizer || Files.exists(snapshot.resolve(SafetensorsShards.SINGLE))) {
            return hasTokenizer;
        }
        try (DirectoryStream<Path> shardsOfSeveral =
                Files.newDirectoryStream(
                        snapshot,
                        file ->
                                SHARD.matcher(file.getFileName().toString()).matches()
                                        && !file.toString().endsWith(ONLY_SHARD))) {
            return Files.exists(snapshot.resolve(SafetensorsShards.INDEX))
                    || !shardsOfSeveral.iterator().hasNext();
        }
    }

    /// Whether the revision is a commit, whose files never change.
    static boolean isCommit(String revision) {
        return COMMIT.matcher(revision).matches();
    }

    /// Brings the cache up to date with the hub.
    ///
    /// @param patience with the first question, whether there is anything to fetch
    /// @return a snapshot directory, or a .gguf file in one
    /// @throws ModelSourceException with the reason in words
    Path fetch(ModelReference.Hub reference, HttpFiles.Patience patience) throws IOException {
        HubRevision revision = client.revision(reference.repo(), reference.revision(), patience);
        List<HubFile> needed = HubFile.needed(reference.repo(), revision.files(), reference.file());
        Path repository = repository(reference);
        try (CacheLock _ = CacheLock.acquire(repository.resolve(".sluice.lock"))) {
            requireSpace(repository, revision.commit(), needed);
            Path snapshot = repository.resolve("snapshots").resolve(revision.commit());
            for (HubFile file : needed) {
                fetch(reference, revision.commit(), file, snapshot);
            }
            if (!isCommit(reference.revision())) {
                Path ref = repository.resolve("refs").resolve(reference.revision());
                Files.createDirectories(ref.getParent());
                Files.writeString(ref, revision.commit());
            }
            return complete(reference, snapshot)
                    .orElseThrow(() -> new IOException(snapshot + " is not complete"));
        }
    }

    private void fetch(ModelReference.Hub reference, String commit, HubFile file, Path snapshot)
            throws IOException {
        Path target = snapshot.resolve(file.name()).normalize();
        if (!target.startsWith(snapshot)) {
            throw new ModelSourceException(
                    reference.repo() + " holds a file outside itself: " + file.name());
        }
        if (Files.exists(target)) {
            return;
        }
        Path blob = blob(repository(reference), commit, file);
        if (!Files.exists(blob)) {
            Files.createDirectories(blob.resolveSibling("."));
            Path part = part(blob);
            client.download(
                    reference.repo(),
                    commit,
                    file,
                    part,
                    bytes ->
                            progress.accept(new DownloadProgress(file.name(), bytes, file.size())));
            verify(reference, file, part);
            Files.move(part, blob, StandardCopyOption.ATOMIC_MOVE);
        }
        link(target, blob);
    }

    /// Where the bytes of a file lie: under its tag, which files of several commits share.
    private static Path blob(Path repository, String commit, HubFile file) {
        String name = file.tag().orElse(commit + "-" + file.name().replace('/', '-'));
        return repository.resolve("blobs").resolve(name.replaceAll("[^\\w.-]", "-"));
    }

    private static Path part(Path blob) {
        return blob.resolveSibling(blob.getFileName() + ".incomplete");
    }

    private static void verify(ModelReference.Hub reference, HubFile file, Path part)
            throws IOException {
        Optional<Checksum> expected = file.tag().flatMap(Checksum::ofHubTag);
        if (expected.isPresent() && !expected.get().matches(part)) {
            Files.delete(part);
            throw new ModelSourceException(
                    "%s of %s arrived damaged: its %s is not %s; try again"
                            .formatted(
                                    file.name(),
                                    reference.repo(),
                                    expected.get().kind(),
                                    expected.get().hex()));
        }
    }

    private static void link(Path target, Path blob) throws IOException {
        Path directory = Files.createDirectories(target.resolveSibling("."));
        try {
            Files.createSymbolicLink(target, directory.normalize().relativize(blob));
        } catch (UnsupportedOperationException | IOException noLinksHere) {
            Files.move(blob, target, StandardCopyOption.ATOMIC_MOVE);
        }
    }

    private static void requireSpace(Path repository, String commit, List<HubFile> needed)
            throws IOException {
        long missing = 0;
        for (HubFile file : needed) {
            Path blob = blob(repository, commit, file);
            Path part = part(blob);
            if (!Files.exists(blob)) {
                missing += file.size().orElse(0) - (Files.exists(part) ? Files.size(part) : 0);
            }
        }
        long free = Files.getFileStore(repository).getUsableSpace();
        if (missing > free) {
            throw new ModelSourceException(
                    "%d MB are to be fetched, but %s has only %d MB left"
                            .formatted(missing / 1_000_000, repository, free / 1_000_000));
        }
    }

    private static Optional<Path> complete(ModelReference.Hub reference, Path snapshot)
            throws IOException {
        if (reference.file().isPresent()) {
            Path file = snapshot.resolve(reference.file().get()).normalize();
            return Files.exists(file) ? Optional.of(file) : Optional.empty();
        }
        return new ModelDirectory(snapshot).model();
    }

    private Path repository(ModelReference.Hub reference) {
        return root.resolve("models--" + reference.repo().replace("/", "--"));
    }
}
