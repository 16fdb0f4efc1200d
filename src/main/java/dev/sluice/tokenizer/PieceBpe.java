package dev.sluice.tokenizer;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/// Byte-pair encoding as SentencePiece does it: two neighbours merge when their text together is a
/// piece, the piece of the highest score first. No list of merges is needed.
///
/// Pieces of the kind "user-defined" are cut out first and never merge; "unused" ones may arise on
/// the way but are taken apart again at the end.
final class PieceBpe implements SubwordModel {
    private final PieceTable pieces;
    private final int[] byteIds;
    private final int[] ranks;

    PieceBpe(PieceTable pieces) {
        this.pieces = pieces;
        this.byteIds = ByteTokens.byFallback(pieces.index());
        this.ranks = ranks(pieces);
    }

    /// Order of the scores, highest first; equal scores have equal ranks.
    private static int[] ranks(PieceTable pieces) {
        int size = pieces.index().size();
        double[] sorted = new double[size];
        for (int id = 0; id < size; id++) {
            sorted[id] = -pieces.score(id);
        }
        Arrays.sort(sorted);
        int[] ranks = new int[size];
        for (int id = 0; id < size; id++) {
            ranks[id] = firstAt(sorted, -pieces.score(id));
        }
        return ranks;
    }

    private static int firstAt(double[] sorted, double value) {
        int low = 0;
        int high = sorted.length;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (Double.compare(sorted[middle], value) < 0) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    @Override
    public int fewest(String text, int from, int to) {
        return pieces.writesAll(byteIds) ? (to - from) / pieces.index().longest() : 0;
    }

    @Override
    public void encode(String text, int from, int to, IntList out) {
        Word word = new Word(text, from, to);
        int[] next = MergeLoop.run(word, word.size);
        boolean unknownBefore = false;
        for (int i = 0; i < word.size; i = next[i]) {
            unknownBefore = emit(word, word.starts[i], word.ends[i], unknownBefore, out);
        }
    }

    private boolean emit(Word word, int from, int to, boolean unknownBefore, IntList out) {
        int id = pieces.find(word.text, from, to);
        if (id != TokenIndex.NONE && pieces.kind(id) == PieceTable.Kind.UNUSED) {
            Integer cut = word.unusedCuts.get(word.text.substring(from, to));
            if (cut != null) {
                boolean unknown = emit(word, from, from + cut, unknownBefore, out);
                return emit(word, from + cut, to, unknown, out);
            }
        }
        if (id != TokenIndex.NONE) {
            out.add(id);
            return false;
        }
        return pieces.addUnknown(word.text, from, to, byteIds, unknownBefore, out);
    }

    /// The symbols of one word: parts of its text.
    private final class Word implements MergeLoop.Symbols {
        private final String text;
        private final PrefixHashes hashes;
        private final int[] starts;
        private final int[] ends;
        private final boolean[] frozen;
        private final Map<String, Integer> unusedCuts = new HashMap<>(0);
        private int size;

        Word(String text, int from, int to) {
            this.text = text;
            this.hashes = new PrefixHashes(text, from, to);
            this.starts = new int[to - from];
            this.ends = new int[to - from];
            this.frozen = new boolean[to - from];
            for (int i = from; i < to; size++) {
                int end = pieces.userDefinedEnd(text, i, to);
                frozen[size] = end > i;
                starts[size] = i;
                i = end > i ? end : i + Character.charCount(text.codePointAt(i));
                ends[size] = i;
            }
        }

        @Override
        public long pair(int left, int right) {
            int from = starts[left];
            int to = ends[right];
            if (frozen[left] || frozen[right] || to - from > pieces.index().longest()) {
                return MergeLoop.NONE;
            }
            int id = pieces.index().find(text, from, to, hashes.of(from, to));
            if (id == TokenIndex.NONE || !pieces.kind(id).inText()) {
                return MergeLoop.NONE;
            }
            if (pieces.kind(id) == PieceTable.Kind.UNUSED) {
                unusedCuts.put(pieces.index().text(id), ends[left] - from);
            }
            return MergeLoop.pack(ranks[id], id);
        }

        @Override
        public void merge(int left, int right, int merged) {
            ends[left] = ends[right];
        }
    }
}
