package dev.sluice.tokenizer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/// Makes a tokenizer of a GGUF file's metadata (`tokenizer.ggml.*`).
final class GgufTokenizer {
    private final GgufValues values;
    private final TokenIndex index;
    private final PieceTable.Kind[] kinds;

    private GgufTokenizer(GgufValues values) {
        this.values = values;
        String[] tokens = values.texts("tokens");
        this.index = new TokenIndex(tokens);
        this.kinds = new PieceTable.Kind[tokens.length];
        Arrays.fill(kinds, PieceTable.Kind.NORMAL);
        if (values.has("token_type")) {
            int[] types = values.integers("token_type");
            requireLength("token_type", types.length);
            Arrays.setAll(kinds, id -> PieceTable.Kind.of(types[id]));
        }
        for (int id = 0; id < tokens.length; id++) {
            // Rows that only pad the embedding are written as user-defined by some converters.
            if (kinds[id] == PieceTable.Kind.USER_DEFINED && tokens[id].equals("[PAD" + id + "]")) {
                kinds[id] = PieceTable.Kind.UNUSED;
            }
        }
    }

    /// Reads the tokenizer, its chat template and its special tokens.
    static LoadedTokenizer read(Map<String, Object> metadata) {
        GgufValues values = new GgufValues(metadata);
        GgufTokenizer reader = new GgufTokenizer(values);
        return new LoadedTokenizer(
                reader.tokenizer(), values.text("tokenizer.chat_template"), reader.specialTokens());
    }

    private Tokenizer tokenizer() {
        String model =
                values.text("tokenizer.ggml.model")
                        .orElseThrow(() ->
                                new TokenizerException(
                                        "The GGUF file has no tokenizer.ggml.model."));
        TokenizerDraft draft = draft(model);
        addTokens(draft);
        addEnds(draft);
        return draft.build();
    }

    private TokenizerDraft draft(String model) {
        return switch (model) {
            case "gpt2" -> byteLevel();
            case "llama", "gemma4" -> sentencePiece(model.equals("llama"));
            case "t5" -> unigram();
            default ->
                    throw new TokenizerException(
                            "The GGUF file's tokenizer is of the kind '"
                                    + model
                                    + "', which is not supported (gpt2, llama, gemma4 and t5"
                                    + " are).");
        };
    }

    private TokenizerDraft byteLevel() {
        GgufPreTokenizer pre =
                GgufPreTokenizer.named(values.text("tokenizer.ggml.pre").orElse("default"));
        MergeBpe model =
                new MergeBpe(
                        index,
                        merges(),
                        MergeBpe.Options.bytes(pre.ignoreMerges(), TokenIndex.NONE));
        return new TokenizerDraft(index, model)
                .normalizer(pre.normalizer())
                .preTokenizer(pre.steps())
                .frame(frame(pre.addsBos(), false))
                .decoder(TokenDecoder.BYTE_LEVEL);
    }

    private TokenizerDraft sentencePiece(boolean framed) {
        boolean prefix = values.flag("add_space_prefix", framed);
        List<TextNormalizer> steps = new ArrayList<>();
        if (prefix) {
            steps.add(TextNormalizer.prepend("\u2581"));
        }
        steps.add(TextNormalizer.replace(" ", "\u2581"));
        SubwordModel model =
                values.has("merges")
                        ? new MergeBpe(index, merges(), MergeBpe.Options.characters(unknownId()))
                        : new PieceBpe(pieces(true).withoutUserDefined());
        return new TokenizerDraft(index, model)
                .normalizer(TextNormalizer.sequence(steps))
                .preTokenizer(SpaceCuts.of(index))
                .frame(frame(framed, false))
                .decoder(TokenDecoder.sentencePiece(prefix ? LeadingSpace.ONE : LeadingSpace.KEPT));
    }

    private TokenizerDraft unigram() {
        byte[] map = values.has("precompiled_charsmap") ? characterMap() : new byte[0];
        PieceTable pieces = pieces(false);
        SentencePieceNormalizer normalizer =
                new SentencePieceNormalizer(
                        new SentencePieceNormalizer.Spec(
                                map,
                                values.flag("add_space_prefix", true),
                                values.flag("remove_extra_whitespaces", true),
                                true,
                                false),
                        pieces);
        return new TokenizerDraft(index, new Unigram(pieces, true))
                .normalizer(normalizer)
                .frame(frame(false, true))
                .decoder(TokenDecoder.sentencePiece(normalizer.leadingSpace()));
    }

    private byte[] characterMap() {
        int[] values = this.values.integers("precompiled_charsmap");
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) values[i];
        }
        return bytes;
    }

    private int unknownId() {
        OptionalInt id = values.id("unknown_token_id");
        return id.isPresent() && id.getAsInt() < index.size() ? id.getAsInt() : TokenIndex.NONE;
    }

    private PieceTable pieces(boolean byteFallback) {
        double[] scores = values.numbers("scores");
        requireLength("scores", scores.length);
        return new PieceTable(
                index, scores, kinds, new PieceTable.Unknown(unknownId(), byteFallback));
    }

    private MergeTable merges() {
        String[] lines = values.texts("merges");
        MergeTable merges = new MergeTable(lines.length);
        for (int rank = 0; rank < lines.length; rank++) {
            String line = lines[rank];
            int space = line.indexOf(' ', 1);
            if (space < 0) {
                throw new TokenizerException(
                        "The GGUF file's tokenizer.ggml.merges holds '" + line + "', no pair.");
            }
            int end = line.length();
            int hash = TokenIndex.hash(line, 0, space, 0);
            int left = index.find(line, 0, space, hash);
            int right = index.find(line, space + 1, end);
            int joined = TokenIndex.hash(line, space + 1, end, hash);
            int merged = index.findJoined(line, 0, space, line, space + 1, end, joined);
            // Such a merge could never be written.
            if (left != TokenIndex.NONE && right != TokenIndex.NONE && merged != TokenIndex.NONE) {
                merges.put(left, right, rank, merged);
            }
        }
        return merges;
    }

    private void requireLength(String name, int length) {
        if (length != index.size()) {
            throw new TokenizerException(
                    "The GGUF file's tokenizer.ggml."
                            + name
                            + " has "
                            + length
                            + " entries for "
                            + index.size()
                            + " tokens.");
        }
    }

    private void addTokens(TokenizerDraft draft) {
        for (int id = 0; id < kinds.length; id++) {
            switch (kinds[id]) {
                case CONTROL, UNKNOWN -> draft.add(AddedToken.plain(index.text(id), id, true));
                case USER_DEFINED -> draft.add(AddedToken.plain(index.text(id), id, false));
                case NORMAL, UNUSED, BYTE -> {}
            }
        }
    }

    private SubwordTokenizer.Frame frame(boolean addsBos, boolean addsEos) {
        List<Integer> before = new ArrayList<>();
        List<Integer> after = new ArrayList<>();
        if (values.flag("add_bos_token", addsBos)) {
            knownId("bos_token_id").ifPresent(before::add);
        }
        if (values.flag("add_eos_token", addsEos)) {
            knownId("eos_token_id").ifPresent(after::add);
        }
        return new SubwordTokenizer.Frame(List.copyOf(before), List.copyOf(after));
    }

    private OptionalInt knownId(String name) {
        OptionalInt id = values.id(name);
        return id.isPresent() && id.getAsInt() < index.size() ? id : OptionalInt.empty();
    }

    private void addEnds(TokenizerDraft draft) {
        draft.bos(knownId("bos_token_id"));
        for (String name : List.of("eos_token_id", "eot_token_id", "eom_token_id")) {
            knownId(name).ifPresent(draft::addEos);
        }
        for (String text : EndTokens.TEXTS) {
            int id = index.find(text);
            if (id != TokenIndex.NONE && kinds[id] == PieceTable.Kind.CONTROL) {
                draft.addEos(id);
            }
        }
    }

    private Map<String, String> specialTokens() {
        Map<String, String> names = new HashMap<>();
        putText(names, "bos_token", "bos_token_id");
        putText(names, "eos_token", "eos_token_id");
        putText(names, "unk_token", "unknown_token_id");
        putText(names, "pad_token", "padding_token_id");
        return names;
    }

    private void putText(Map<String, String> names, String name, String key) {
        knownId(key).ifPresent(id -> names.put(name, index.text(id)));
    }
}
