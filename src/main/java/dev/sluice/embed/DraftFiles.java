package dev.sluice.embed;

import dev.sluice.model.ModelSource;
import dev.sluice.tokenizer.Vocabulary;

import java.util.Arrays;
import java.util.Optional;

/// The files of the model that guesses tokens, open; none where nothing guesses.
final class DraftFiles implements AutoCloseable {
    private static final String FLAG = "--speculative-config: model ";

    private final Optional<ModelFiles> files;

    private DraftFiles(Optional<ModelFiles> files) {
        this.files = files;
    }

    /// Finds or fetches what the options name.
    static DraftFiles open(DecodingOptions options, ModelSource source) {
        return new DraftFiles(
                options.speculation()
                        .flatMap(SpeculationOptions::draft)
                        .map(SpeculationOptions.DraftModel::model)
                        .map(source::resolve)
                        .map(here -> ModelFiles.open(here, ModelOverrides.NONE)));
    }

    /// What it is made of. Valid until this is closed.
    Optional<ModelParts> parts() {
        return files.map(ModelFiles::parts);
    }

    /// @throws ConfigurationException if the ids of the two models mean other tokens
    static void checkVocabulary(ModelParts model, ModelParts draft) {
        Vocabulary own = model.tokenizer().vocabulary();
        Vocabulary other = draft.tokenizer().vocabulary();
        if (other.size() != own.size() || draft.config().vocabSize() < own.size()) {
            throw new ConfigurationException(
                    "%s%s has %d tokens, but %s has %d: it can't guess for it."
                            .formatted(FLAG, draft.name(), other.size(), model.name(), own.size()));
        }
        for (int id = 0; id < own.size(); id++) {
            if (!Arrays.equals(own.bytes(id), other.bytes(id))) {
                throw new ConfigurationException(
                        "%s%s has another token %d than %s: it can't guess for it."
                                .formatted(FLAG, draft.name(), id, model.name()));
            }
        }
    }

    @Override
    public void close() {
        files.ifPresent(ModelFiles::close);
    }
}
