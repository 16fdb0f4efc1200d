package dev.sluice.tokenizer;

import java.util.Arrays;

/// Unigram segmentation: of all ways to cut a text into pieces the one with the highest sum of
/// scores (Viterbi). One pass over the text; each start tries the lengths that pieces have.
final class Unigram implements SubwordModel {
    private static final double UNKNOWN_PENALTY = 10.0;
    private static final double USER_DEFINED_COST = 0.1;

    private final PieceTable pieces;
    private final boolean single;
    private final int[] byteIds;
    private final boolean[] lengths;
    private final double unknownScore;
    private final double highest;

    /// @param single sums are kept in single precision, as SentencePiece itself does; else double
    Unigram(PieceTable pieces, boolean single) {
        this.pieces = pieces;
        this.single = single;
        this.byteIds = ByteTokens.byFallback(pieces.index());
        this.lengths = new boolean[pieces.index().longest() + 1];
        double min = Double.POSITIVE_INFINITY;
        double max = Double.NEGATIVE_INFINITY;
        for (int id = 0; id < pieces.index().size(); id++) {
            if (pieces.kind(id) == PieceTable.Kind.NORMAL) {
                min = Math.min(min, pieces.score(id));
                max = Math.max(max, pieces.score(id));
            }
            if (pieces.kind(id).inText()) {
                lengths[pieces.index().text(id).length()] = true;
            }
        }
        this.unknownScore = single ? (float) min - (float) UNKNOWN_PENALTY : min - UNKNOWN_PENALTY;
        this.highest = max;
    }

    @Override
    public int fewest(String text, int from, int to) {
        return pieces.writesAll(byteIds) ? (to - from) / pieces.index().longest() : 0;
    }

    @Override
    public void encode(String text, int from, int to, IntList out) {
        Path path = new Path(to - from, single);
        PrefixHashes hashes = new PrefixHashes(text, from, to);
        for (int i = from; i < to; ) {
            int end = i + Character.charCount(text.codePointAt(i));
            extend(text, from, i, to, hashes, path);
            i = end;
        }
        emit(text, from, to, path, out);
    }

    private void extend(String text, int from, int start, int to, PrefixHashes hashes, Path path) {
        double before = path.scores[start - from];
        int character = Character.charCount(text.codePointAt(start));
        boolean known = false;
        int longest = Math.min(lengths.length - 1, to - start);
        for (int length = 1; length <= longest; length++) {
            if (!lengths[length]) {
                continue;
            }
            int end = start + length;
            int id = pieces.index().find(text, start, end, hashes.of(start, end));
            if (id != TokenIndex.NONE && usable(id)) {
                path.offer(start - from, end - from, id, before + score(id));
                known |= length == character;
            }
        }
        if (!known) {
            path.offer(
                    start - from, start - from + character, TokenIndex.NONE, before + unknownScore);
        }
    }

    private boolean usable(int id) {
        return pieces.kind(id) == PieceTable.Kind.NORMAL
                || pieces.kind(id) == PieceTable.Kind.USER_DEFINED;
    }

    private double score(int id) {
        if (pieces.kind(id) != PieceTable.Kind.USER_DEFINED) {
            return pieces.score(id);
        }
        int bytes = pieces.index().text(id).codePoints().map(Utf8::length).sum();
        return (single ? (float) (bytes * highest) : bytes * highest) - USER_DEFINED_COST;
    }

    private void emit(String text, int from, int to, Path path, IntList out) {
        int[] cuts = path.cuts(to - from);
        boolean unknownBefore = false;
        for (int i = 0; i + 1 < cuts.length; i++) {
            int id = path.ids[cuts[i + 1]];
            if (id != TokenIndex.NONE) {
                out.add(id);
                unknownBefore = false;
            } else {
                unknownBefore =
                        pieces.addUnknown(
                                text,
                                from + cuts[i],
                                from + cuts[i + 1],
                                byteIds,
                                unknownBefore,
                                out);
            }
        }
    }

    /// The best way to each position.
    private static final class Path {
        private final double[] scores;
        private final int[] starts;
        private final int[] ids;
        private final boolean single;

        Path(int length, boolean single) {
            this.single = single;
            this.scores = new double[length + 1];
            this.starts = new int[length + 1];
            this.ids = new int[length + 1];
            Arrays.fill(starts, TokenIndex.NONE);
        }

        void offer(int start, int end, int id, double sum) {
            double score = single ? (float) sum : sum;
            if (starts[end] == TokenIndex.NONE || score > scores[end]) {
                scores[end] = score;
                starts[end] = start;
                ids[end] = id;
            }
        }

        int[] cuts(int length) {
            IntList backwards = new IntList(length / 3);
            for (int at = length; at > 0; at = starts[at]) {
                backwards.add(at);
            }
            int[] cuts = new int[backwards.size() + 1];
            for (int i = 1; i < cuts.length; i++) {
                cuts[i] = backwards.get(backwards.size() - i);
            }
            return cuts;
        }
    }
}
