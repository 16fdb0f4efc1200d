package dev.sluice.embed;

import dev.sluice.chat.ChatTemplate;
import dev.sluice.chat.TemplateException;
import dev.sluice.model.GenerationDefaults;
import dev.sluice.model.ModelCheckpoint;
import dev.sluice.model.ResolvedModel;
import dev.sluice.openai.PromptTemplate;
import dev.sluice.openai.SamplingDefaults;
import dev.sluice.tokenizer.LoadedTokenizer;
import dev.sluice.tokenizer.TokenizerLoader;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/// The files of a model, open. Closed once the weights are on a device.
final class ModelFiles implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ModelFiles.class);

    private final ResolvedModel model;
    private final ModelCheckpoint checkpoint;

    private ModelFiles(ResolvedModel model, ModelCheckpoint checkpoint) {
        this.model = model;
        this.checkpoint = checkpoint;
    }

    static ModelFiles open(ResolvedModel model) {
        return new ModelFiles(model, ModelCheckpoint.open(model.path()));
    }

    /// What an engine is made of. Valid until this is closed.
    ModelParts parts() {
        Path path = model.path();
        LoadedTokenizer loaded =
                Files.isDirectory(path)
                        ? TokenizerLoader.fromDirectory(path)
                        : TokenizerLoader.fromGguf(checkpoint.ggufMetadata());
        return new ModelParts(
                model.name(),
                path.toString(),
                checkpoint.config(),
                checkpoint::load,
                loaded.tokenizer(),
                loaded.chatTemplate().flatMap(ModelFiles::compile),
                loaded.specialTokens(),
                defaults(checkpoint.generationDefaults()),
                eosTokenIds(loaded));
    }

    /// A template that can't be compiled leaves a model that can't chat but complete.
    private static Optional<PromptTemplate> compile(String source) {
        try {
            ChatTemplate template = ChatTemplate.compile(source);
            return Optional.of(variables -> render(template, variables));
        } catch (TemplateException e) {
            LOG.warn("the model's chat template can't be used, so it can't chat: {}", e.text());
            return Optional.empty();
        }
    }

    private static String render(ChatTemplate template, Map<String, ?> variables) {
        try {
            return template.render(variables);
        } catch (TemplateException e) {
            throw new IllegalArgumentException(e.text(), e);
        }
    }

    private static SamplingDefaults defaults(GenerationDefaults given) {
        SamplingDefaults neutral = SamplingDefaults.NEUTRAL;
        return new SamplingDefaults(
                (float) given.temperature().orElse(neutral.temperature()),
                (float) given.topP().orElse(neutral.topP()),
                given.topK(),
                (float) given.minP().orElse(neutral.minP()));
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
