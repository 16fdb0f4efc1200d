package dev.sluice.tokenizer;

import java.util.function.IntPredicate;

/// Cuts parts at the matches of a pattern. A part is matched as if it stood alone: what is around
/// it is neither seen by look-ahead nor part of a boundary.
final class Splitter implements PreTokenizer {
    private final Finder finder;
    private final Behavior behavior;
    private final boolean invert;

    /// What becomes of the matches.
    enum Behavior {
        /// Left out.
        REMOVED,
        /// Parts of their own.
        ISOLATED,
        /// The end of the part before.
        MERGED_WITH_PREVIOUS,
        /// The beginning of the part behind.
        MERGED_WITH_NEXT,
        /// Parts of their own, adjacent ones as one.
        CONTIGUOUS
    }

    /// Finds matches in a part of a text.
    interface Finder {
        /// Gives every match, from left to right, to a receiver.
        void find(String text, int from, int to, Receiver receiver);
    }

    /// Receives matches.
    interface Receiver {
        /// A match; may be empty.
        void match(int start, int end);
    }

    Splitter(Finder finder, Behavior behavior, boolean invert) {
        this.finder = finder;
        this.behavior = behavior;
        this.invert = invert;
    }

    /// Matches are parts of their own.
    static Splitter isolated(Finder finder) {
        return new Splitter(finder, Behavior.ISOLATED, false);
    }

    /// Occurrences of a text; an empty one occurs nowhere.
    static Finder literal(String wanted) {
        if (wanted.isEmpty()) {
            return (_, _, _, _) -> {};
        }
        return (text, from, to, receiver) -> {
            int start = text.indexOf(wanted, from, to);
            while (start >= 0) {
                receiver.match(start, start + wanted.length());
                start = text.indexOf(wanted, start + wanted.length(), to);
            }
        };
    }

    /// Single characters of a class.
    static Finder characters(IntPredicate wanted) {
        return (text, from, to, receiver) -> {
            for (int i = from; i < to; ) {
                int codePoint = text.codePointAt(i);
                int end = i + Character.charCount(codePoint);
                if (wanted.test(codePoint)) {
                    receiver.match(i, end);
                }
                i = end;
            }
        };
    }

    @Override
    public Pieces apply(Pieces pieces) {
        Pieces result = pieces.recut();
        for (int i = 0; i < pieces.count(); i++) {
            Cut cut = new Cut(result, pieces.from(i));
            finder.find(
                    pieces.text(),
                    pieces.from(i),
                    pieces.to(i),
                    (start, end) -> {
                        cut.add(start, false);
                        cut.add(end, true);
                    });
            cut.add(pieces.to(i), false);
            cut.end();
        }
        return result;
    }

    /// The parts that one part is cut into.
    private final class Cut {
        private final Pieces out;
        private int last;
        private boolean any;
        private boolean lastMatched;
        private int pending;

        Cut(Pieces out, int from) {
            this.out = out;
            this.last = from;
            this.pending = from;
        }

        /// The text from the last position to another, which is a match or lies between matches.
        void add(int to, boolean match) {
            boolean matched = match != invert;
            if (to == last && !match) {
                return;
            }
            switch (behavior) {
                case ISOLATED -> out.add(last, to);
                case REMOVED -> out.add(last, matched ? last : to);
                case CONTIGUOUS -> join(to, any && matched == lastMatched);
                case MERGED_WITH_PREVIOUS -> join(to, any && matched && !lastMatched);
                case MERGED_WITH_NEXT -> addBeforeNext(matched);
            }
            any = true;
            lastMatched = matched;
            last = to;
        }

        private void join(int to, boolean together) {
            if (!together) {
                out.add(pending, last);
                pending = last;
            }
            last = to;
        }

        private void addBeforeNext(boolean matched) {
            // A match waits for the text behind it; a match behind a match starts anew.
            if (any && (!lastMatched || matched)) {
                out.add(pending, last);
                pending = last;
            }
        }

        void end() {
            if (behavior != Behavior.ISOLATED && behavior != Behavior.REMOVED) {
                out.add(pending, last);
            }
        }
    }
}
