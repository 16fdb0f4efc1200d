package dev.sluice.tokenizer;

import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// The `model` of a tokenizer.json, read as a stream: vocabularies are large.
final class JsonModel {
    private static final int MOST_IDS = 1 << 24;
    private static final String SPACE = "\u2581";

    private String[] tokens = new String[1 << 16];
    private double[] scores = {};
    private int size;
    private final List<String> lefts = new ArrayList<>();
    private final List<String> rights = new ArrayList<>();
    private final Map<String, Object> options = new HashMap<>();
    private boolean scored;

    private JsonModel() {
        Arrays.fill(tokens, "");
    }

    /// Reads the object that the parser stands at.
    static JsonModel read(JsonParser in) {
        if (in.currentToken() != JsonToken.START_OBJECT) {
            throw new TokenizerException("tokenizer.json: 'model' is no object.");
        }
        JsonModel model = new JsonModel();
        while (in.nextToken() == JsonToken.PROPERTY_NAME) {
            String name = in.currentName();
            JsonToken value = in.nextToken();
            switch (name) {
                case "vocab" -> model.readVocabulary(in);
                case "merges" -> model.readMerges(in);
                default -> model.readOption(name, value, in);
            }
        }
        return model;
    }

    private void readOption(String name, JsonToken value, JsonParser in) {
        switch (value) {
            case VALUE_STRING -> options.put(name, in.getString());
            case VALUE_TRUE -> options.put(name, true);
            case VALUE_FALSE -> options.put(name, false);
            case VALUE_NUMBER_INT -> options.put(name, in.getLongValue());
            default -> in.skipChildren();
        }
    }

    private void readVocabulary(JsonParser in) {
        if (in.currentToken() == JsonToken.START_ARRAY) {
            readScored(in);
            return;
        }
        if (in.currentToken() != JsonToken.START_OBJECT) {
            throw new TokenizerException("tokenizer.json: 'vocab' is no object.");
        }
        while (in.nextToken() == JsonToken.PROPERTY_NAME) {
            String token = in.currentName();
            if (in.nextToken() != JsonToken.VALUE_NUMBER_INT) {
                throw new TokenizerException("tokenizer.json: a token's id is no number.");
            }
            put(checkId(in.getLongValue()), token);
        }
    }

    private void readScored(JsonParser in) {
        scored = true;
        scores = new double[1 << 16];
        while (in.nextToken() == JsonToken.START_ARRAY) {
            if (in.nextToken() != JsonToken.VALUE_STRING) {
                throw new TokenizerException("tokenizer.json: a piece is no text.");
            }
            String token = in.getString();
            JsonToken score = in.nextToken();
            if (score == null || !score.isNumeric()) {
                throw new TokenizerException("tokenizer.json: a piece's score is no number.");
            }
            if (size >= scores.length) {
                scores = Arrays.copyOf(scores, size * 2);
            }
            scores[size] = in.getDoubleValue();
            put(checkId(size), token);
            in.nextToken();
        }
    }

    /// Refuses ids that no vocabulary has.
    static int checkId(long id) {
        if (id < 0 || id >= MOST_IDS) {
            throw new TokenizerException(
                    "tokenizer.json has the token id " + id + ", which is out of range.");
        }
        return (int) id;
    }

    private void put(int id, String token) {
        if (id >= tokens.length) {
            int before = tokens.length;
            tokens = Arrays.copyOf(tokens, Math.max(id + 1, before * 2));
            Arrays.fill(tokens, before, tokens.length, "");
        }
        tokens[id] = token;
        size = Math.max(size, id + 1);
    }

    private void readMerges(JsonParser in) {
        if (in.currentToken() != JsonToken.START_ARRAY) {
            in.skipChildren();
            return;
        }
        while (in.nextToken() != JsonToken.END_ARRAY) {
            if (in.currentToken() == JsonToken.START_ARRAY) {
                in.nextToken();
                lefts.add(mergeText(in));
                in.nextToken();
                rights.add(mergeText(in));
                in.nextToken();
            } else {
                String line = mergeText(in);
                int space = line.indexOf(' ');
                if (space < 0) {
                    throw new TokenizerException(
                            "tokenizer.json: the merge '" + line + "' is no pair.");
                }
                lefts.add(line.substring(0, space));
                rights.add(line.substring(space + 1));
            }
        }
    }

    private static String mergeText(JsonParser in) {
        if (in.currentToken() != JsonToken.VALUE_STRING) {
            throw new TokenizerException("tokenizer.json: a merge is no text.");
        }
        return in.getString();
    }

    /// The texts by id.
    String[] tokens() {
        return Arrays.copyOf(tokens, size);
    }

    /// The kind of model; older files leave it to the reader.
    String kind() {
        String kind = text("type");
        if (!kind.isEmpty()) {
            return kind;
        }
        return scored ? "Unigram" : lefts.isEmpty() ? "WordLevel" : "BPE";
    }

    private String text(String name) {
        return options.get(name) instanceof String text ? text : "";
    }

    private boolean flag(String name) {
        return options.get(name) instanceof Boolean flag && flag;
    }

    /// Builds the model over its own tokens.
    ///
    /// @param byteLevel the words that it gets are still to be turned into bytes
    SubwordModel build(TokenIndex index, boolean byteLevel) {
        return switch (kind()) {
            case "BPE" -> mergeBpe(index, byteLevel);
            case "Unigram" -> unigram(index);
            default ->
                    throw new TokenizerException(
                            "tokenizer.json has a model of the kind '"
                                    + kind()
                                    + "', which is not supported (BPE and Unigram are).");
        };
    }

    /// Whether every word may be cut before a space without a change of the ids.
    boolean mayCutAtSpaces(TokenIndex index) {
        return kind().equals("BPE")
                && !flag("ignore_merges")
                && text("continuing_subword_prefix").isEmpty()
                && text("end_of_word_suffix").isEmpty()
                && keepsNeighboursApart(index);
    }

    /// Whether something that never merges stands for each unknown character. Where one is left
    /// out, those around it may merge; of unknown ones around a cut two might be made.
    private boolean keepsNeighboursApart(TokenIndex index) {
        if (flag("byte_fallback") && ByteTokens.isComplete(ByteTokens.byFallback(index))) {
            return true;
        }
        String unknown = text("unk_token");
        return index.find(unknown) != TokenIndex.NONE
                && index.find(SPACE) != TokenIndex.NONE
                && !lefts.contains(unknown)
                && !rights.contains(unknown);
    }

    private SubwordModel mergeBpe(TokenIndex index, boolean byteLevel) {
        String prefix = text("continuing_subword_prefix");
        MergeTable merges = new MergeTable(lefts.size());
        for (int rank = 0; rank < lefts.size(); rank++) {
            String left = lefts.get(rank);
            String right = rights.get(rank);
            int cut = right.startsWith(prefix) ? prefix.length() : 0;
            int length = right.length();
            int hash = TokenIndex.hash(right, cut, length, left.hashCode());
            int merged = index.findJoined(left, 0, left.length(), right, cut, length, hash);
            int leftId = index.find(left);
            int rightId = index.find(right);
            if (leftId == TokenIndex.NONE
                    || rightId == TokenIndex.NONE
                    || merged == TokenIndex.NONE) {
                throw new TokenizerException(
                        "tokenizer.json merges '"
                                + left
                                + "' and '"
                                + right
                                + "', but not all of it is in the vocabulary.");
            }
            merges.put(leftId, rightId, rank, merged);
        }
        String unknown = text("unk_token");
        return new MergeBpe(
                index,
                merges,
                new MergeBpe.Options(
                        byteLevel,
                        flag("ignore_merges"),
                        flag("byte_fallback"),
                        unknown.isEmpty() ? TokenIndex.NONE : index.find(unknown),
                        flag("fuse_unk"),
                        prefix,
                        text("end_of_word_suffix")));
    }

    private SubwordModel unigram(TokenIndex index) {
        int unknown =
                options.get("unk_id") instanceof Long id && id >= 0 && id < size
                        ? id.intValue()
                        : TokenIndex.NONE;
        PieceTable.Kind[] kinds = new PieceTable.Kind[size];
        Arrays.fill(kinds, PieceTable.Kind.NORMAL);
        PieceTable pieces =
                new PieceTable(
                        index,
                        Arrays.copyOf(scores, size),
                        kinds,
                        new PieceTable.Unknown(unknown, flag("byte_fallback")));
        return new Unigram(pieces, false);
    }
}
