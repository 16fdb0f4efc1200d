package dev.sluice.tokenizer;

import java.util.Arrays;

/// Finds the words of the patterns that most byte-level vocabularies share, in one pass and without
/// the backtracking of an expression. Every part of a text is in some word.
///
/// Each method takes a position and gives the end of what is found there, or the position itself.
final class WordScanner implements Splitter.Finder {
    private final Style style;
    private final int mostDigits;

    /// Families of patterns.
    enum Style {
        /// GPT-2: a space joins the word behind it; contractions in lower case.
        GPT2,
        /// cl100k, Llama 3, Qwen 2: any character that is no letter, number or line end joins the
        /// word behind it; line ends stay with the spaces before them.
        CL100K,
        /// As CL100K, with marks as letters.
        CL100K_MARKS,
        /// o200k: as CL100K, but words also end where upper case begins, and keep contractions.
        O200K
    }

    /// @param mostDigits digits that a number may have before it is cut
    WordScanner(Style style, int mostDigits) {
        this.style = style;
        this.mostDigits = mostDigits;
    }

    @Override
    public void find(String text, int from, int to, Splitter.Receiver receiver) {
        Region region = new Region(text, from, to);
        for (int i = from; i < to; ) {
            int end =
                    switch (style) {
                        case GPT2 -> gpt2(region, i);
                        case CL100K, CL100K_MARKS -> cl100k(region, i);
                        case O200K -> o200k(region, i);
                    };
            receiver.match(i, end);
            i = end;
        }
    }

    private int gpt2(Region region, int at) {
        int end = region.contraction(at, false);
        if (end > at) {
            return end;
        }
        int start = region.is(at, ' ') ? at + 1 : at;
        int kind = region.kind(start);
        if (kind != Region.END && kind != Region.SPACE) {
            return region.run(start, kind);
        }
        return region.spaces(at);
    }

    private int cl100k(Region region, int at) {
        int end = region.contraction(at, true);
        return end > at ? end : plainWord(region, at);
    }

    private int plainWord(Region region, int at) {
        boolean marks = style == Style.CL100K_MARKS;
        int kind = region.kind(at);
        if (region.isLetter(kind, marks)) {
            return region.letters(at, marks);
        }
        if (kind != Region.NUMBER && !region.isLineEnd(at)) {
            int next = region.next(at);
            if (region.isLetter(region.kind(next), marks)) {
                return region.letters(next, marks);
            }
        }
        return numberOrRest(region, at, marks);
    }

    private int numberOrRest(Region region, int at, boolean marks) {
        if (region.kind(at) == Region.NUMBER) {
            return region.numbers(at, mostDigits);
        }
        int end = region.symbols(region.is(at, ' ') ? at + 1 : at, marks);
        if (end > at + 1 || (end > at && !region.is(at, ' '))) {
            return region.lineEnds(end, style == Style.O200K);
        }
        int lines = region.spacesToLineEnd(at);
        return lines > at ? lines : region.spaces(at);
    }

    private int o200k(Region region, int at) {
        int kind = region.kind(at);
        boolean joins = kind != Region.NUMBER && kind != Region.LETTER && !region.isLineEnd(at);
        int next = joins ? region.next(at) : at;
        int end = joins ? region.endingLower(next) : next;
        end = end > next ? end : region.endingLower(at);
        if (end == at && joins) {
            end = region.startingUpper(next);
            end = end > next ? end : at;
        }
        end = end > at ? end : region.startingUpper(at);
        return end > at ? region.contraction(end, true) : numberOrRest(region, at, false);
    }

    /// A part of a text, with what the patterns ask about it.
    private record Region(String text, int from, int to) {
        static final int END = 0;
        static final int LETTER = 1;
        static final int NUMBER = 2;
        static final int SPACE = 3;
        static final int MARK = 4;
        static final int OTHER = 5;

        private static final int[] ASCII = new int[128];

        static {
            Arrays.setAll(ASCII, Region::kindOf);
        }

        /// Which kind of character stands at a position.
        int kind(int at) {
            if (at >= to) {
                return END;
            }
            int c = character(at);
            return c < ASCII.length ? ASCII[c] : kindOf(c);
        }

        private static int kindOf(int c) {
            if (Characters.isSpace(c)) {
                return SPACE;
            }
            return switch (Character.getType(c)) {
                case Character.UPPERCASE_LETTER,
                        Character.LOWERCASE_LETTER,
                        Character.TITLECASE_LETTER,
                        Character.MODIFIER_LETTER,
                        Character.OTHER_LETTER ->
                        LETTER;
                case Character.DECIMAL_DIGIT_NUMBER,
                        Character.LETTER_NUMBER,
                        Character.OTHER_NUMBER ->
                        NUMBER;
                case Character.NON_SPACING_MARK,
                        Character.ENCLOSING_MARK,
                        Character.COMBINING_SPACING_MARK ->
                        MARK;
                default -> OTHER;
            };
        }

        private int character(int at) {
            char c = text.charAt(at);
            return Character.isHighSurrogate(c) && at + 1 < to ? text.codePointAt(at) : c;
        }

        int next(int at) {
            return at + Character.charCount(character(at));
        }

        boolean is(int at, char c) {
            return at < to && text.charAt(at) == c;
        }

        boolean isLineEnd(int at) {
            return is(at, '\n') || is(at, '\r');
        }

        boolean isLetter(int kind, boolean marks) {
            return kind == LETTER || (marks && kind == MARK);
        }

        /// End of a contraction: `'s`, `'t`, `'m`, `'d`, `'re`, `'ve`, `'ll`.
        int contraction(int at, boolean anyCase) {
            if (!is(at, '\'') || at + 1 >= to) {
                return at;
            }
            char first = letter(at + 1, anyCase);
            if (first == 's' || first == 't' || first == 'm' || first == 'd') {
                return at + 2;
            }
            char second = at + 2 < to ? letter(at + 2, anyCase) : ' ';
            boolean two =
                    (first == 'r' && second == 'e')
                            || (first == 'v' && second == 'e')
                            || (first == 'l' && second == 'l');
            return two ? at + 3 : at;
        }

        private char letter(int at, boolean anyCase) {
            char c = text.charAt(at);
            if (!anyCase) {
                return c;
            }
            // The long s folds to s.
            return c == '\u017F' ? 's' : c >= 'A' && c <= 'Z' ? (char) (c + 32) : c;
        }

        /// End of a run of letters, of numbers, or of anything but letters, numbers and spaces.
        int run(int at, int kind) {
            boolean symbols = kind == MARK || kind == OTHER;
            int end = at;
            for (int k = kind; symbols ? k == MARK || k == OTHER : k == kind; k = kind(end)) {
                end = next(end);
            }
            return end;
        }

        int letters(int at, boolean marks) {
            int end = at;
            while (isLetter(kind(end), marks)) {
                end = next(end);
            }
            return end;
        }

        int numbers(int at, int most) {
            int end = at;
            for (int i = 0; i < most && kind(end) == NUMBER; i++) {
                end = next(end);
            }
            return end;
        }

        int symbols(int at, boolean marksAreLetters) {
            int end = at;
            for (int k = kind(end); k == OTHER || (k == MARK && !marksAreLetters); k = kind(end)) {
                end = next(end);
            }
            return end;
        }

        int lineEnds(int at, boolean slashes) {
            int end = at;
            while (isLineEnd(end) || (slashes && is(end, '/'))) {
                end++;
            }
            return end;
        }

        private int spaceRun(int at) {
            int end = at;
            while (end < to && Characters.isSpace(text.charAt(end))) {
                end++;
            }
            return end;
        }

        /// Spaces up to the last line end among them.
        int spacesToLineEnd(int at) {
            int end = spaceRun(at);
            while (end > at && !isLineEnd(end - 1)) {
                end--;
            }
            return end;
        }

        /// Spaces; the last is left to what follows, unless it is the only one.
        int spaces(int at) {
            int end = spaceRun(at);
            return end == to || end - at == 1 ? end : end - 1;
        }

        private boolean isUpper(int at) {
            return kind(at) == MARK
                    || (kind(at) == LETTER
                            && Character.getType(character(at)) != Character.LOWERCASE_LETTER);
        }

        private boolean isLower(int at) {
            if (kind(at) == MARK) {
                return true;
            }
            int type = at < to ? Character.getType(character(at)) : Character.UNASSIGNED;
            return type == Character.LOWERCASE_LETTER
                    || type == Character.MODIFIER_LETTER
                    || type == Character.OTHER_LETTER;
        }

        private int lower(int at) {
            int end = at;
            while (isLower(end)) {
                end = next(end);
            }
            return end;
        }

        private int upper(int at) {
            int end = at;
            while (isUpper(end)) {
                end = next(end);
            }
            return end;
        }

        /// Upper case, perhaps none, and at least one that counts as lower case.
        int endingLower(int at) {
            int cut = upper(at);
            int end = lower(cut);
            if (end > cut) {
                return end;
            }
            // Letters without case count as both: the last of them may be the lower one.
            while (cut > at) {
                int before = cut - Character.charCount(text.codePointBefore(cut));
                if (isLower(before)) {
                    return cut;
                }
                cut = before;
            }
            return at;
        }

        /// At least one upper case, and lower case, perhaps none.
        int startingUpper(int at) {
            int cut = upper(at);
            return cut > at ? lower(cut) : at;
        }
    }
}
