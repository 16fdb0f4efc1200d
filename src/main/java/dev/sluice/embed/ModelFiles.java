package dev.sluice.embed;

import dev.sluice.chat.ChatTemplate;
import dev.sluice.chat.TemplateException;
import dev.sluice.compute.Packing;
import dev.sluice.model.GenerationDefaults;
import dev.sluice.model.ModelCheckpoint;
import dev.sluice.model.ModelSource;
import dev.sluice.model.ResolvedModel;
import dev.sluice.openai.SamplingDefaults;
import dev.sluice.tokenizer.LoadedTokenizer;
import dev.sluice.tokenizer.TokenizerLoader;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/// The files of a model, open. Closed once the weights are on a device.
final class ModelFiles implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ModelFiles.class);

    private final ResolvedModel model;
    private final ModelOverrides overrides;
    private final ModelCheckpoint checkpoint;

    private ModelFiles(ResolvedModel model, ModelOverrides overrides, ModelCheckpoint checkpoint) {
        this.model = model;
        this.overrides = overrides;
        this.checkpoint = checkpoint;
    }

    /// Finds or fetches the files that the options name.
    static ModelFiles open(EngineOptions options, ModelSource source) {
        ModelSource named = source.withConfigName(options.overrides().configName());
        ResolvedModel here =
                options.model()
                        .map(reference -> named.resolve(reference, options.revision()))
                        .orElseGet(named::resolveDefault);
        return open(here, options.overrides());
    }

    static ModelFiles open(ResolvedModel model, ModelOverrides overrides) {
        return new ModelFiles(
                model, overrides, ModelCheckpoint.open(model.path(), overrides.configName()));
    }

    /// What an engine is made of. Valid until this is closed.
    ModelParts parts() {
        checkpoint.check();
        LoadedTokenizer loaded = tokenizer();
        Optional<Packing> head =
                overrides.float32Head() ? Optional.of(Packing.FLOAT32) : Optional.empty();
        return new ModelParts(
                model.name(),
                model.path().toString(),
                checkpoint.config(),
                (device, packing) -> checkpoint.load(device, packing, head),
                loaded.tokenizer(),
                template(loaded),
                loaded.specialTokens(),
                defaults(checkpoint.generationDefaults()),
                eosTokenIds(loaded));
    }

    /// What makes prompts; no tensor is read. Lives on after [#close()].
    Prompts prompts() {
        LoadedTokenizer loaded = tokenizer();
        return new Prompts(
                model.name(), loaded.tokenizer(), template(loaded), loaded.specialTokens());
    }

    private LoadedTokenizer tokenizer() {
        return overrides.tokenizer().map(this::otherTokenizer).orElseGet(this::ownTokenizer);
    }

    private LoadedTokenizer ownTokenizer() {
        return Files.isDirectory(model.path())
                ? TokenizerLoader.fromDirectory(model.path())
                : TokenizerLoader.fromGguf(checkpoint.ggufMetadata());
    }

    private LoadedTokenizer otherTokenizer(String name) {
        Path path =
                existing(name)
                        .orElseThrow(() ->
                                new ConfigurationException(
                                        "--tokenizer %s is not there.".formatted(name)));
        LoadedTokenizer loaded =
                Files.isDirectory(path)
                        ? TokenizerLoader.fromDirectory(path)
                        : name.endsWith(".json")
                                ? TokenizerLoader.fromTokenizerJson(path)
                                : TokenizerLoader.fromSentencePiece(path);
        int size = loaded.tokenizer().vocabulary().size();
        if (size == 0) {
            throw new ConfigurationException("--tokenizer %s has no tokens.".formatted(name));
        }
        if (size > checkpoint.config().vocabSize()) {
            throw new ConfigurationException(
                    "--tokenizer %s has %d tokens, but the model knows %d: it is another model's."
                            .formatted(name, size, checkpoint.config().vocabSize()));
        }
        return loaded;
    }

    private static Optional<Path> existing(String name) {
        try {
            return Optional.of(Path.of(name)).filter(Files::exists);
        } catch (InvalidPathException _) {
            return Optional.empty();
        }
    }

    private Optional<ChatTemplate> template(LoadedTokenizer loaded) {
        if (overrides.chatTemplate().isEmpty()) {
            return loaded.chatTemplate().flatMap(ModelFiles::compile);
        }
        try {
            return Optional.of(ChatTemplate.compile(overrides.chatTemplate().get()));
        } catch (TemplateException e) {
            throw new ConfigurationException("--chat-template is no template: " + e.text());
        }
    }

    /// A template that can't be compiled leaves a model that can't chat but complete.
    static Optional<ChatTemplate> compile(String source) {
        try {
            return Optional.of(ChatTemplate.compile(source));
        } catch (TemplateException e) {
            LOG.warn("the model's chat template can't be used, so it can't chat: {}", e.text());
            return Optional.empty();
        }
    }

    private static SamplingDefaults defaults(GenerationDefaults given) {
        SamplingDefaults neutral = SamplingDefaults.NEUTRAL;
        return new SamplingDefaults(
                (float) given.temperature().orElse(neutral.temperature()),
                (float) given.topP().orElse(neutral.topP()),
                given.topK(),
                (float) given.minP().orElse(neutral.minP()),
                repetitionPenalty(given, neutral));
    }

    /// A penalty that is no divisor would make every logit infinite.
    private static float repetitionPenalty(GenerationDefaults given, SamplingDefaults neutral) {
        float penalty = (float) given.repetitionPenalty().orElse(neutral.repetitionPenalty());
        return penalty > 0 && Float.isFinite(penalty) ? penalty : neutral.repetitionPenalty();
    }

    private Set<Integer> eosTokenIds(LoadedTokenizer loaded) {
        Set<Integer> ids = new TreeSet<>(checkpoint.eosTokenIds());
        ids.addAll(loaded.tokenizer().vocabulary().eosIds());
        return ids;
    }

    @Override
    public void close() {
        checkpoint.close();
    }
}
