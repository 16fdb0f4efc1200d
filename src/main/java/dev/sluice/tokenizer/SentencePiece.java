package dev.sluice.tokenizer;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// Makes a tokenizer of a SentencePiece model. Control pieces written out in a text are recognised,
/// as the converters to Hugging Face's format have it; everything else is SentencePiece's own way.
final class SentencePiece {
    private SentencePiece() {}

    /// Reads a model file.
    static SentencePieceModel read(Path file) {
        try {
            return SentencePieceModel.parse(Files.readAllBytes(file));
        } catch (IOException e) {
            throw new TokenizerException(file + " can't be read: " + e.getMessage(), e);
        } catch (TokenizerException e) {
            throw new TokenizerException(file + ": " + e.getMessage(), e);
        }
    }

    /// Reads a model file without anything beside it.
    static LoadedTokenizer load(Path file) {
        SentencePieceModel model = read(file);
        return new LoadedTokenizer(draft(model).build(), Optional.empty(), model.roles());
    }

    /// A tokenizer that puts the beginning-of-sequence id before a text if the model has one, and,
    /// where the model is a unigram, the end-of-sequence id behind it.
    static TokenizerDraft draft(SentencePieceModel model) {
        PieceTable pieces = model.pieces();
        SubwordModel subwords = model.unigram() ? new Unigram(pieces, true) : new PieceBpe(pieces);
        TokenizerDraft draft =
                new TokenizerDraft(pieces.index(), subwords)
                        .normalizer(model.normalizer())
                        .decoder(TokenDecoder.sentencePiece(model.normalizer().leadingSpace()));
        if (!model.unigram()) {
            draft.preTokenizer(SpaceCuts.of(pieces.index()));
        }
        for (int id = 0; id < pieces.index().size(); id++) {
            PieceTable.Kind kind = pieces.kind(id);
            if (kind == PieceTable.Kind.CONTROL || kind == PieceTable.Kind.UNKNOWN) {
                draft.add(AddedToken.plain(pieces.index().text(id), id, true));
            }
        }
        draft.bos(model.bos());
        model.eos().ifPresent(draft::addEos);
        return draft.frame(
                new SubwordTokenizer.Frame(
                        model.unigram() ? List.of() : model.bos().stream().boxed().toList(),
                        model.unigram() ? model.eos().stream().boxed().toList() : List.of()));
    }
}
