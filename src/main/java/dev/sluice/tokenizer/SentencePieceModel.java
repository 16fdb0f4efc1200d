package dev.sluice.tokenizer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/// What a SentencePiece model file holds.
///
/// @param unigram pieces are chosen by [Unigram], else by [PieceBpe]
/// @see "https://github.com/google/sentencepiece, sentencepiece_model.proto"
record SentencePieceModel(
        PieceTable pieces,
        boolean unigram,
        SentencePieceNormalizer normalizer,
        OptionalInt bos,
        OptionalInt eos,
        OptionalInt pad) {
    private static final int MODEL_UNIGRAM = 1;
    private static final int MODEL_BPE = 2;
    private static final int MOST_PIECES = 1 << 24;

    /// Reads a model file's bytes.
    static SentencePieceModel parse(byte[] file) {
        Reader reader = new Reader();
        reader.readModel(new ProtobufReader(file));
        return reader.model();
    }

    /// The texts that templates know by name.
    Map<String, String> roles() {
        Map<String, String> names = new HashMap<>();
        bos.ifPresent(id -> names.put("bos_token", pieces.index().text(id)));
        eos.ifPresent(id -> names.put("eos_token", pieces.index().text(id)));
        pad.ifPresent(id -> names.put("pad_token", pieces.index().text(id)));
        if (pieces.unknownId() != TokenIndex.NONE) {
            names.put("unk_token", pieces.index().text(pieces.unknownId()));
        }
        return names;
    }

    private static final class Reader {
        private final List<String> texts = new ArrayList<>();
        private final List<PieceTable.Kind> kinds = new ArrayList<>();
        private double[] scores = new double[1 << 12];
        private long modelType = MODEL_UNIGRAM;
        private boolean byteFallback;
        private final long[] ids = {0, 1, 2, -1};
        private SentencePieceNormalizer.Spec spec = SentencePieceNormalizer.Spec.STANDARD;
        private boolean spaceAsSuffix;

        void readModel(ProtobufReader in) {
            while (in.hasNext()) {
                switch (in.nextField()) {
                    case 1 -> readPiece(in.message());
                    case 2 -> readTrainer(in.message());
                    case 3 -> readNormalizer(in.message());
                    default -> in.skip();
                }
            }
        }

        private void readPiece(ProtobufReader in) {
            String text = "";
            float score = 0;
            PieceTable.Kind kind = PieceTable.Kind.NORMAL;
            while (in.hasNext()) {
                switch (in.nextField()) {
                    case 1 -> text = in.text();
                    case 2 -> score = in.single();
                    case 3 -> kind = PieceTable.Kind.of((int) in.integer());
                    default -> in.skip();
                }
            }
            if (texts.size() == MOST_PIECES) {
                throw new TokenizerException("The SentencePiece model has too many pieces.");
            }
            if (texts.size() == scores.length) {
                scores = Arrays.copyOf(scores, scores.length * 2);
            }
            scores[texts.size()] = Float.isNaN(score) ? Float.NEGATIVE_INFINITY : score;
            texts.add(text);
            kinds.add(kind);
        }

        private void readTrainer(ProtobufReader in) {
            while (in.hasNext()) {
                int field = in.nextField();
                switch (field) {
                    case 3 -> modelType = in.integer();
                    case 24 -> spaceAsSuffix = in.integer() != 0;
                    case 35 -> byteFallback = in.integer() != 0;
                    case 40, 41, 42, 43 -> ids[field - 40] = in.integer();
                    default -> in.skip();
                }
            }
        }

        private void readNormalizer(ProtobufReader in) {
            byte[] map = {};
            boolean prefix = true;
            boolean shrink = true;
            boolean escape = true;
            while (in.hasNext()) {
                switch (in.nextField()) {
                    case 2 -> map = in.bytes();
                    case 3 -> prefix = in.integer() != 0;
                    case 4 -> shrink = in.integer() != 0;
                    case 5 -> escape = in.integer() != 0;
                    default -> in.skip();
                }
            }
            spec = new SentencePieceNormalizer.Spec(map, prefix, shrink, escape, false);
        }

        SentencePieceModel model() {
            if (texts.isEmpty()) {
                throw new TokenizerException("The SentencePiece model has no pieces.");
            }
            if (modelType != MODEL_UNIGRAM && modelType != MODEL_BPE) {
                throw new TokenizerException(
                        "The SentencePiece model is neither BPE nor unigram (type "
                                + modelType
                                + "), which is not supported.");
            }
            int unknown = unknownId();
            PieceTable pieces =
                    new PieceTable(
                            new TokenIndex(texts.toArray(String[]::new)),
                            Arrays.copyOf(scores, texts.size()),
                            kinds.toArray(PieceTable.Kind[]::new),
                            new PieceTable.Unknown(unknown, byteFallback));
            return new SentencePieceModel(
                    pieces,
                    modelType == MODEL_UNIGRAM,
                    new SentencePieceNormalizer(spec.spaceAsSuffix(spaceAsSuffix), pieces),
                    id(1),
                    id(2),
                    id(3));
        }

        /// The piece of that kind counts, not what the trainer was told.
        private int unknownId() {
            int id = kinds.indexOf(PieceTable.Kind.UNKNOWN);
            return id < 0 ? TokenIndex.NONE : id;
        }

        private OptionalInt id(int role) {
            long id = ids[role];
            boolean there =
                    id >= 0 && id < kinds.size() && kinds.get((int) id) == PieceTable.Kind.CONTROL;
            return there ? OptionalInt.of((int) id) : OptionalInt.empty();
        }
    }
}
