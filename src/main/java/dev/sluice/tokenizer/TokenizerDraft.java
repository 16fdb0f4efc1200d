package dev.sluice.tokenizer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;

/// A tokenizer while its parts are gathered from files.
final class TokenizerDraft {
    private final TokenIndex pieces;
    private final SubwordModel model;
    private final Map<String, AddedToken> added = new LinkedHashMap<>();
    private final Set<Integer> eos = new TreeSet<>();
    private TextNormalizer normalizer = TextNormalizer.NONE;
    private PreTokenizer preTokenizer = parts -> parts;
    private SubwordTokenizer.Frame frame = SubwordTokenizer.Frame.NONE;
    private TokenDecoder decoder = TokenDecoder.PLAIN;
    private OptionalInt bos = OptionalInt.empty();

    TokenizerDraft(TokenIndex pieces, SubwordModel model) {
        this.pieces = pieces;
        this.model = model;
    }

    TokenizerDraft normalizer(TextNormalizer value) {
        normalizer = value;
        return this;
    }

    TokenizerDraft preTokenizer(PreTokenizer value) {
        preTokenizer = value;
        return this;
    }

    TokenizerDraft frame(SubwordTokenizer.Frame value) {
        frame = value;
        return this;
    }

    SubwordTokenizer.Frame frame() {
        return frame;
    }

    TokenizerDraft decoder(TokenDecoder value) {
        decoder = value;
        return this;
    }

    /// Adds a token unless one of that text is there; a piece of the same text gives it its id.
    TokenizerDraft add(AddedToken token) {
        if (!token.text().isEmpty()) {
            int piece = pieces.find(token.text());
            added.putIfAbsent(
                    token.text(), piece == TokenIndex.NONE ? token : withId(token, piece));
        }
        return this;
    }

    /// As above; the token is special, also if one of that text is there that is not.
    void addSpecial(AddedToken token) {
        add(token);
        added.computeIfPresent(token.text(), (_, there) -> there.asSpecial());
    }

    /// Whether a text is an added token.
    boolean isAdded(String text) {
        return added.containsKey(text);
    }

    /// The id of a token that has none yet: behind all others.
    int nextId() {
        int highest = added.values().stream().mapToInt(AddedToken::id).max().orElse(-1);
        return Math.max(pieces.size(), highest + 1);
    }

    private static AddedToken withId(AddedToken token, int id) {
        return new AddedToken(
                token.text(),
                id,
                token.singleWord(),
                token.takesBefore(),
                token.takesAfter(),
                token.normalized(),
                token.special());
    }

    void bos(OptionalInt id) {
        bos = id;
    }

    void addEos(int id) {
        eos.add(id);
    }

    /// Id of a text, added tokens first.
    OptionalInt id(String text) {
        AddedToken token = added.get(text);
        int id = token == null ? pieces.find(text) : token.id();
        return id == TokenIndex.NONE ? OptionalInt.empty() : OptionalInt.of(id);
    }

    /// Whether a text is a special added token.
    boolean isSpecial(String text) {
        AddedToken token = added.get(text);
        return token != null && token.special();
    }

    Tokenizer build() {
        BitSet special = new BitSet();
        List<AddedToken> raw = new ArrayList<>();
        List<AddedToken> normalized = new ArrayList<>();
        Map<Integer, String> decoded = new HashMap<>();
        for (AddedToken token : added.values()) {
            special.set(token.id(), token.special());
            if (token.normalized()) {
                AddedToken found = normalized(token);
                normalized.add(found);
                decoded.put(token.id(), found.text());
            } else {
                raw.add(token);
            }
        }
        TokenIndex all = allTokens();
        frame.before().forEach(id -> checkFrame(id, all.size()));
        frame.after().forEach(id -> checkFrame(id, all.size()));
        TokenTable table =
                new TokenTable(
                        all, decoded, decoder, special, new TokenTable.Ends(bos, Set.copyOf(eos)));
        return new SubwordTokenizer(
                new SubwordTokenizer.Parts(
                        AddedTokens.of(raw),
                        AddedTokens.of(normalized),
                        normalizer,
                        preTokenizer,
                        model,
                        frame,
                        table));
    }

    private static void checkFrame(int id, int size) {
        if (id < 0 || id >= size) {
            throw new TokenizerException(
                    "The tokenizer puts the id %d around texts, but its vocabulary has %d tokens."
                            .formatted(id, size));
        }
    }

    private AddedToken normalized(AddedToken token) {
        return new AddedToken(
                normalizer.apply(token.text()),
                token.id(),
                token.singleWord(),
                token.takesBefore(),
                token.takesAfter(),
                true,
                token.special());
    }

    /// The pieces with the added tokens among them.
    private TokenIndex allTokens() {
        int size = pieces.size();
        boolean same = true;
        for (AddedToken token : added.values()) {
            size = Math.max(size, token.id() + 1);
            same &= token.id() < pieces.size() && pieces.text(token.id()).equals(token.text());
        }
        if (same) {
            return pieces;
        }
        String[] texts = new String[size];
        Arrays.setAll(texts, id -> id < pieces.size() ? pieces.text(id) : "");
        added.values().forEach(token -> texts[token.id()] = token.text());
        return new TokenIndex(texts);
    }
}
