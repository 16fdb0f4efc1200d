package dev.sluice.tokenizer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// The pieces of a SentencePiece model: text, score and kind by id. Immutable.
final class PieceTable {
    private final TokenIndex index;
    private final double[] scores;
    private final Kind[] kinds;
    private final Unknown unknown;
    private final AddedTokens userDefined;

    /// What a piece is for; the order is that of the file format, from 1.
    enum Kind {
        NORMAL,
        UNKNOWN,
        CONTROL,
        USER_DEFINED,
        UNUSED,
        BYTE;

        private static final List<Kind> ALL = List.of(values());

        /// Whether text can become such a piece by merging.
        boolean inText() {
            return this == NORMAL || this == USER_DEFINED || this == UNUSED;
        }

        /// The kind with a number of the file formats; unknown numbers are normal pieces.
        static Kind of(int number) {
            return number >= 1 && number <= ALL.size() ? ALL.get(number - 1) : NORMAL;
        }
    }

    /// What becomes of characters that no piece holds.
    ///
    /// @param id of the unknown piece, or [TokenIndex#NONE]: such text is left out
    /// @param byteFallback their bytes are written where all of them have a piece
    record Unknown(int id, boolean byteFallback) {}

    PieceTable(TokenIndex index, double[] scores, Kind[] kinds, Unknown unknown) {
        this.index = index;
        this.scores = scores;
        this.kinds = kinds;
        this.unknown = unknown;
        List<AddedToken> defined = new ArrayList<>();
        for (int id = 0; id < kinds.length; id++) {
            if (kinds[id] == Kind.USER_DEFINED && !index.text(id).isEmpty()) {
                defined.add(AddedToken.plain(index.text(id), id, false));
            }
        }
        this.userDefined = AddedTokens.of(defined);
    }

    /// A table of normal pieces with user-defined ones left to the caller.
    PieceTable withoutUserDefined() {
        Kind[] plain = kinds.clone();
        Arrays.setAll(plain, i -> kinds[i] == Kind.USER_DEFINED ? Kind.NORMAL : kinds[i]);
        return new PieceTable(index, scores, plain, unknown);
    }

    TokenIndex index() {
        return index;
    }

    double score(int id) {
        return scores[id];
    }

    Kind kind(int id) {
        return kinds[id];
    }

    int unknownId() {
        return unknown.id;
    }

    /// Id of a piece that text may become, or [TokenIndex#NONE].
    int find(String text, int from, int to) {
        int id = index.find(text, from, to);
        return id != TokenIndex.NONE && kinds[id].inText() ? id : TokenIndex.NONE;
    }

    /// End of the longest user-defined piece that begins at a position; the position itself when
    /// none does.
    int userDefinedEnd(String text, int from, int to) {
        return userDefined.longestEnd(text, from, to);
    }

    /// Whether each character gives a token at least.
    boolean writesAll(int[] byteIds) {
        return unknown.byteFallback && ByteTokens.isComplete(byteIds);
    }

    /// Writes text that is no piece: as bytes, or as the unknown id, once for a run.
    ///
    /// @return whether the unknown id stands for it
    boolean addUnknown(
            String text, int from, int to, int[] byteIds, boolean unknownBefore, IntList out) {
        boolean before = unknownBefore;
        for (int i = from; i < to; ) {
            int codePoint = text.codePointAt(i);
            i += Character.charCount(codePoint);
            if (unknown.byteFallback && ByteTokens.append(byteIds, codePoint, out)) {
                before = false;
            } else if (unknown.id != TokenIndex.NONE) {
                if (!before) {
                    out.add(unknown.id);
                }
                before = true;
            }
        }
        return before;
    }
}
