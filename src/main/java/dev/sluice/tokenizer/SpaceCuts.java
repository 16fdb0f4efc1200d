package dev.sluice.tokenizer;

import java.util.BitSet;

/// Cuts text that has U+2581 for spaces into words before a run of it, wherever no token holds the
/// character before it together with it. Nothing can merge across such a cut, so the ids are those
/// of the whole text, found much faster.
final class SpaceCuts implements PreTokenizer {
    private static final char SPACE = '\u2581';

    private final BitSet joined;

    private SpaceCuts(BitSet joined) {
        this.joined = joined;
    }

    static SpaceCuts of(TokenIndex index) {
        BitSet joined = new BitSet();
        for (int id = 0; id < index.size(); id++) {
            String token = index.text(id);
            for (int i = token.indexOf(SPACE, 1); i > 0; i = token.indexOf(SPACE, i + 1)) {
                joined.set(token.charAt(i - 1));
            }
        }
        joined.set(SPACE);
        return new SpaceCuts(joined);
    }

    @Override
    public Pieces apply(Pieces pieces) {
        Pieces result = pieces.recut();
        String text = pieces.text();
        for (int piece = 0; piece < pieces.count(); piece++) {
            int start = pieces.from(piece);
            int to = pieces.to(piece);
            int space = text.indexOf(SPACE, start + 1, to);
            while (space >= 0) {
                if (!joined.get(text.charAt(space - 1))) {
                    result.add(start, space);
                    start = space;
                }
                space = text.indexOf(SPACE, space + 1, to);
            }
            result.add(start, to);
        }
        return result;
    }
}
