package dev.sluice.tokenizer;

/// Rewrites every part by itself; cuts nothing.
record Rewriter(Rule rule) implements PreTokenizer {

    /// What becomes of a part.
    interface Rule {
        /// The rewritten part.
        ///
        /// @param first whether the part is the beginning of all that is encoded: not what follows
        ///   a beginning that an earlier step removed
        String rewrite(String text, boolean first);
    }

    @Override
    public Pieces apply(Pieces pieces) {
        StringBuilder text = new StringBuilder(pieces.text().length() + 16);
        boolean first = pieces.first() && pieces.count() > 0 && pieces.from(0) == 0;
        int[] ends = new int[pieces.count()];
        for (int i = 0; i < pieces.count(); i++) {
            String part = pieces.text().substring(pieces.from(i), pieces.to(i));
            text.append(rule.rewrite(part, first && i == 0));
            ends[i] = text.length();
        }
        Pieces result = new Pieces(text.toString(), first, pieces.count());
        int start = 0;
        for (int end : ends) {
            result.add(start, end);
            start = end;
        }
        return result;
    }
}
