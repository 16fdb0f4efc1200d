package dev.sluice.tokenizer;

import java.util.List;

/// A tokenizer put together from its parts: added tokens are cut out, the rest is normalised, cut
/// into words and turned into ids by a subword model. Immutable, but for a cache of words.
final class SubwordTokenizer implements Tokenizer {
    /// Chars of a word from which on it is worth while to tell beforehand whether it fits.
    private static final int COSTLY = 1 << 16;

    private final Parts parts;
    private final WordCache cache = new WordCache();

    /// What a tokenizer consists of.
    ///
    /// @param added tokens that are found in the text as it is
    /// @param addedNormalized tokens that are found in the normalised text
    /// @param frame ids around a text
    record Parts(
            AddedTokens added,
            AddedTokens addedNormalized,
            TextNormalizer normalizer,
            PreTokenizer preTokenizer,
            SubwordModel model,
            Frame frame,
            TokenTable vocabulary) {}

    /// Ids that the model wants before and after a text.
    record Frame(List<Integer> before, List<Integer> after) {
        static final Frame NONE = new Frame(List.of(), List.of());
    }

    SubwordTokenizer(Parts parts) {
        this.parts = parts;
    }

    @Override
    public TokenIds encode(String text, boolean addSpecial) {
        return encode(text, addSpecial, Integer.MAX_VALUE);
    }

    @Override
    public TokenIds encode(String text, boolean addSpecial, int most) {
        IntList out = new IntList((int) Math.min(text.length() / 3 + 8, most + 8L), most);
        if (addSpecial) {
            parts.frame.before.forEach(out::add);
        }
        parts.added.cut(text, 0, text.length(), new Outer(text, out));
        if (addSpecial) {
            parts.frame.after.forEach(out::add);
        }
        return out.toTokenIds();
    }

    @Override
    public Vocabulary vocabulary() {
        return parts.vocabulary;
    }

    @Override
    public String decode(TokenIds ids, boolean skipSpecial) {
        IncrementalDetokenizer detokenizer =
                new IncrementalDetokenizer(parts.vocabulary, skipSpecial);
        StringBuilder text = new StringBuilder(ids.size() * 4);
        for (int i = 0; i < ids.size(); i++) {
            text.append(detokenizer.accept(ids.get(i)));
        }
        return text.append(detokenizer.flush()).toString();
    }

    private void words(String text, int from, int to, boolean first, IntList out) {
        Pieces pieces = parts.preTokenizer.apply(Pieces.whole(text, from, to, first));
        for (int i = 0; i < pieces.count(); i++) {
            word(pieces.text(), pieces.from(i), pieces.to(i), out);
        }
    }

    private void word(String text, int from, int to, IntList out) {
        if (to - from > WordCache.LONGEST) {
            if (to - from > COSTLY) {
                out.expect(parts.model.fewest(text, from, to));
            }
            parts.model.encode(text, from, to, out);
            return;
        }
        int hash = TokenIndex.hash(text, from, to, 0);
        if (!cache.append(text, from, to, hash, out)) {
            int start = out.size();
            parts.model.encode(text, from, to, out);
            cache.put(text.substring(from, to), hash, out.copyFrom(start));
        }
    }

    /// Parts of the text as it was given.
    private final class Outer implements AddedTokens.Parts {
        private final String text;
        private final IntList out;

        Outer(String text, IntList out) {
            this.text = text;
            this.out = out;
        }

        @Override
        public void text(int from, int to) {
            boolean first = from == 0;
            if (parts.normalizer.isIdentity()) {
                inner(text, from, to, first);
            } else {
                String normalized = parts.normalizer.apply(text.substring(from, to));
                inner(normalized, 0, normalized.length(), first);
            }
        }

        @Override
        public void token(int id) {
            out.add(id);
        }

        private void inner(String normalized, int from, int to, boolean first) {
            parts.addedNormalized.cut(
                    normalized,
                    from,
                    to,
                    new AddedTokens.Parts() {
                        @Override
                        public void text(int start, int end) {
                            words(normalized, start, end, first && start == from, out);
                        }

                        @Override
                        public void token(int id) {
                            out.add(id);
                        }
                    });
        }
    }
}
