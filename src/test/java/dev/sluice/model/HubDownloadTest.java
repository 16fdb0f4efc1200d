package dev.sluice.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.testing.LocalHub;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

class HubDownloadTest {
    private static final byte[] WEIGHTS =
            "weights ".repeat(40_000).getBytes(StandardCharsets.UTF_8);

    @TempDir private Path home;
    private final List<DownloadProgress> progress = new ArrayList<>();
    private LocalHub hub;

    @BeforeEach
    void startHub() throws IOException {
        hub =
                new LocalHub()
                        .with("config.json", "{}")
                        .with("tokenizer.json", "{}")
                        .with("model.safetensors", WEIGHTS)
                        .with("README.md", "words")
                        .with("pytorch_model.bin", "pickle");
    }

    @AfterEach
    void stopHub() throws IOException {
        hub.close();
    }

    private ModelSource source(Map<String, String> more) {
        return source(more, progress::add);
    }

    private ModelSource source(Map<String, String> more, Consumer<DownloadProgress> told) {
        Map<String, String> environment = new HashMap<>();
        environment.put("HOME", home.toString());
        environment.put("HF_ENDPOINT", hub.address() + "/");
        environment.putAll(more);
        return new ModelSource(environment, told, "python3", Duration.ofMillis(1));
    }

    private ModelSource source() {
        return source(Map.of());
    }

    @Test
    void fetchesTheFilesThatServingNeeds() throws IOException {
        ResolvedModel model = source().resolve(LocalHub.REPO);

        assertThat(model.name()).isEqualTo(LocalHub.REPO);
        try (var files = Files.list(model.path())) {
            assertThat(files.map(file -> file.getFileName().toString()))
                    .containsExactlyInAnyOrder(
                            "config.json", "tokenizer.json", "model.safetensors");
        }
        assertThat(model.path().resolve("model.safetensors")).hasBinaryContent(WEIGHTS);
    }

    @Test
    void keepsTheLayoutOfHuggingFacesCache() {
        ResolvedModel model =
                source(Map.of("HF_HOME", home.resolve("hf").toString())).resolve(LocalHub.REPO);

        Path repository = home.resolve("hf/hub/models--acme--tiny");
        assertThat(model.path())
                .isEqualTo(repository.resolve("snapshots").resolve(LocalHub.COMMIT));
        assertThat(repository.resolve("refs/main")).hasContent(LocalHub.COMMIT);
        assertThat(model.path().resolve("config.json")).isSymbolicLink();
    }

    @Test
    void goesOnWhereADownloadBrokeOff() {
        hub.breakingOffOnce("model.safetensors", 100_000);

        ResolvedModel model = source().resolve(LocalHub.REPO);

        assertThat(hub.requests()).contains("storage model.safetensors from 100000");
        assertThat(model.path().resolve("model.safetensors")).hasBinaryContent(WEIGHTS);
    }

    @Test
    void goesOnWhereAnEarlierProcessEnded() throws IOException {
        Path blobs = home.resolve(".cache/huggingface/hub/models--acme--tiny/blobs");
        Files.createDirectories(blobs);
        Path whole = Files.write(home.resolve("whole"), WEIGHTS);
        String tag = Checksum.of(Checksum.Kind.SHA_256, whole).hex();
        Files.write(blobs.resolve(tag + ".incomplete"), java.util.Arrays.copyOf(WEIGHTS, 300_000));

        ResolvedModel model = source().resolve(LocalHub.REPO);

        assertThat(hub.requests()).contains("storage model.safetensors from 300000");
        assertThat(model.path().resolve("model.safetensors")).hasBinaryContent(WEIGHTS);
    }

    @Test
    void needsNoSpaceForAFileWithoutAChecksumThatIsHere() throws IOException {
        hub.untagged("config.json", 1L << 60);
        Path blobs = home.resolve(".cache/huggingface/hub/models--acme--tiny/blobs");
        Files.createDirectories(blobs);
        Files.writeString(blobs.resolve(LocalHub.COMMIT + "-config.json"), "{}");

        ResolvedModel model = source().resolve(LocalHub.REPO);

        assertThat(model.path().resolve("config.json")).hasContent("{}");
    }

    @Test
    void needsNoSpaceForThePartOfAFileThatIsHere() throws IOException {
        long more = Files.getFileStore(home).getUsableSpace() + (1 << 30);
        hub.with("vocab.json", "").untagged("vocab.json", more);
        Path blobs = home.resolve(".cache/huggingface/hub/models--acme--tiny/blobs");
        Files.createDirectories(blobs);
        Path part = blobs.resolve(LocalHub.COMMIT + "-vocab.json.incomplete");
        try (RandomAccessFile sparse = new RandomAccessFile(part.toFile(), "rw")) {
            sparse.setLength(more);
        }

        ResolvedModel model = source().resolve(LocalHub.REPO);

        assertThat(model.path().resolve("vocab.json").toFile()).hasSize(more);
    }

    @Test
    void nobodyElseMayFetchTheSameMeanwhile() {
        Path repository = home.resolve(".cache/huggingface/hub/models--acme--tiny");
        List<Boolean> locked = new ArrayList<>();

        source(Map.of(), _ -> locked.add(isLocked(repository.resolve(".sluice.lock"))))
                .resolve(LocalHub.REPO);

        assertThat(locked).isNotEmpty().containsOnly(true);
    }

    private static boolean isLocked(Path file) {
        try (FileChannel channel =
                FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            return channel.tryLock() == null;
        } catch (OverlappingFileLockException _) {
            return true;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void saysThatThereIsNoSpace() {
        hub.untagged("config.json", 1L << 60);

        assertThatThrownBy(() -> source().resolve(LocalHub.REPO))
                .isInstanceOf(ModelSourceException.class)
                .hasMessageContaining("MB are to be fetched");
    }

    @Test
    void keepsNothingOfAFileWithAWrongChecksum() throws IOException {
        byte[] changed = WEIGHTS.clone();
        changed[5] ^= 1;
        hub.damaging("model.safetensors", changed);

        assertThatThrownBy(() -> source().resolve(LocalHub.REPO))
                .isInstanceOf(ModelSourceException.class)
                .hasMessageContaining("model.safetensors")
                .hasMessageContaining("damaged");

        hub.mend();
        assertThat(source().resolve(LocalHub.REPO).path().resolve("model.safetensors"))
                .hasBinaryContent(WEIGHTS);
    }

    @Test
    void servesFromTheCacheWhenTheHubIsAway() throws IOException {
        Path fetched = source().resolve(LocalHub.REPO).path();
        hub.close();

        assertThat(source().resolve(LocalHub.REPO).path()).isEqualTo(fetched);
    }

    @ParameterizedTest
    @ValueSource(ints = {401, 403, 429, 500, 503})
    void servesFromTheCacheWhenTheHubRefuses(int status) {
        Path fetched = source().resolve(LocalHub.REPO).path();
        hub.failing(status);
        hub.requests().clear();

        assertThat(source().resolve(LocalHub.REPO).path()).isEqualTo(fetched);
        assertThat(hub.requests()).hasSize(1);
    }

    @Test
    void asksPatientlyWhereNothingIsCached() {
        hub.failing(503);

        assertThatThrownBy(() -> source().resolve(LocalHub.REPO)).hasMessageContaining("503");
        assertThat(hub.requests()).hasSize(5);
    }

    @Test
    void servesNothingThatTheHubNoLongerHas() {
        source().resolve(LocalHub.REPO);
        hub.failing(404);

        assertThatThrownBy(() -> source().resolve(LocalHub.REPO))
                .isInstanceOf(ModelSourceException.class)
                .hasMessageContaining("404");
    }

    @Test
    void asksNothingOfTheHubWhenOffline() {
        Path fetched = source().resolve(LocalHub.REPO).path();
        hub.requests().clear();

        Path offline = source(Map.of("HF_HUB_OFFLINE", "1")).resolve(LocalHub.REPO).path();

        assertThat(offline).isEqualTo(fetched);
        assertThat(hub.requests()).isEmpty();
        assertThatThrownBy(() -> source(Map.of("HF_HUB_OFFLINE", "true")).resolve("acme/unknown"))
                .hasMessageContaining("HF_HUB_OFFLINE");
    }

    @Test
    void asksNothingAboutACommitThatIsComplete() {
        String reference = LocalHub.REPO + "@" + LocalHub.COMMIT;
        source().resolve(reference);
        hub.requests().clear();

        source().resolve(reference);

        assertThat(hub.requests()).isEmpty();
    }

    @Test
    void fetchesWhatAnIncompleteSnapshotLacks() throws IOException {
        Path snapshot = source().resolve(LocalHub.REPO).path();
        Files.delete(snapshot.resolve("model.safetensors").toRealPath());

        Path again = source().resolve(LocalHub.REPO).path();

        assertThat(again.resolve("model.safetensors")).hasBinaryContent(WEIGHTS);
    }

    @Test
    void fetchesWeightsLast() {
        hub.with("a.safetensors", "no model's")
                .with("tokenizer.json", "{ }")
                .with("model-00001-of-00002.safetensors", "one")
                .with("model-00002-of-00002.safetensors", "two")
                .with("model.safetensors.index.json", "{\"weight_map\":{}}");

        source().resolve(LocalHub.REPO);

        assertThat(hub.requests())
                .filteredOn(path -> path.contains("/resolve/"))
                .extracting(path -> path.substring(path.lastIndexOf('/') + 1))
                .containsExactly(
                        "config.json",
                        "model.safetensors.index.json",
                        "tokenizer.json",
                        "model-00001-of-00002.safetensors",
                        "model-00002-of-00002.safetensors",
                        "model.safetensors");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "config.json model.safetensors",
                "config.json tokenizer.json model-00001-of-00002.safetensors"
            })
    void goesOnWithACommitWhoseDownloadEndedBeforeItsSmallFiles(String there) throws IOException {
        Path snapshot =
                home.resolve(".cache/huggingface/hub/models--acme--tiny/snapshots")
                        .resolve(LocalHub.COMMIT);
        Files.createDirectories(snapshot);
        for (String name : there.split(" ", -1)) {
            Files.writeString(snapshot.resolve(name), "{}");
        }

        Path model = source().resolve(LocalHub.REPO + "@" + LocalHub.COMMIT).path();

        assertThat(model).isEqualTo(snapshot);
        assertThat(model.resolve("tokenizer.json")).exists();
        assertThat(model.resolve("model.safetensors")).exists();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "@" + LocalHub.COMMIT})
    void aModelWithoutATokenizerIsCachedToo(String revision) throws IOException {
        String reference = LocalHub.REPO + revision;
        Path fetched = source().resolve(reference).path();
        Files.delete(fetched.resolve("tokenizer.json"));

        Path offline = source(Map.of("HF_HUB_OFFLINE", "1")).resolve(reference).path();
        hub.close();
        Path withoutHub = source().resolve(reference).path();

        assertThat(offline).isEqualTo(fetched);
        assertThat(withoutHub).isEqualTo(fetched);
    }

    @Test
    void asksNothingAboutACommitWithItsOnlyShard() throws IOException {
        String reference = LocalHub.REPO + "@" + LocalHub.COMMIT;
        Path fetched = source().resolve(reference).path();
        Files.move(
                fetched.resolve("model.safetensors"),
                fetched.resolve("model-00001-of-00001.safetensors"));
        hub.requests().clear();

        assertThat(source().resolve(reference).path()).isEqualTo(fetched);
        assertThat(hub.requests()).isEmpty();
    }

    @Test
    void sendsTheTokenToTheHubOnly() throws IOException {
        hub.requiring("hf_secret");
        Path tokenFile = Files.writeString(home.resolve("token"), "hf_secret\n");

        source(Map.of("HF_TOKEN_PATH", tokenFile.toString())).resolve(LocalHub.REPO);

        assertThat(hub.storageTokens()).isEmpty();
        assertThatThrownBy(() ->
                        source().resolve(LocalHub.REPO + "@" + LocalHub.COMMIT.replace('0', '1')))
                .hasMessageContaining("401")
                .hasMessageContaining("HF_TOKEN");
    }

    @Test
    void saysThatARevisionDoesNotExist() {
        assertThatThrownBy(() -> source().resolve(LocalHub.REPO + "@nowhere"))
                .isInstanceOf(ModelSourceException.class)
                .hasMessageContaining("acme/tiny@nowhere")
                .hasMessageContaining("404");
    }

    @Test
    void asksForAChoiceAmongSeveralGgufFiles() throws IOException {
        try (LocalHub ggufs = new LocalHub().with("a.gguf", "A").with("b.gguf", "B")) {
            ModelSource source = source(Map.of("HF_ENDPOINT", ggufs.address()));

            assertThatThrownBy(() -> source.resolve(LocalHub.REPO))
                    .hasMessageContaining("acme/tiny/a.gguf, acme/tiny/b.gguf");
            assertThat(source.resolve("acme/tiny/b.gguf").path()).hasContent("B");
        }
    }

    @Test
    void refusesAFileThatWouldLieOutsideTheSnapshot() throws IOException {
        try (LocalHub hostile = new LocalHub().with("../../evil.gguf", "x")) {
            ModelSource source = source(Map.of("HF_ENDPOINT", hostile.address()));

            assertThatThrownBy(() -> source.resolve(LocalHub.REPO))
                    .isInstanceOf(ModelSourceException.class)
                    .hasMessageContaining("outside");
        }
    }

    @Test
    void tellsHowFarItIs() {
        source().resolve(LocalHub.REPO);

        DownloadProgress last = progress.getLast();
        assertThat(progress).anySatisfy(p -> assertThat(p.what()).isEqualTo("model.safetensors"));
        assertThat(last.bytes()).isEqualTo(last.totalBytes().orElseThrow());
    }
}
