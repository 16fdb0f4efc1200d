package dev.sluice.tokenizer;

/// Cuts numbers into groups of three digits from their end, in one pass: the expressions for it
/// look ahead over all remaining digits at each.
///
/// @param atWords groups are matches, of numbers that no word goes on behind; else the places
///   between groups are, as empty matches
record DigitGroups(boolean atWords) implements Splitter.Finder {
    private static final int GROUP = 3;

    @Override
    public void find(String text, int from, int to, Splitter.Receiver receiver) {
        for (int i = from; i < to; ) {
            int end = i;
            int digits = 0;
            while (end < to && Character.isDigit(text.codePointAt(end))) {
                end += Character.charCount(text.codePointAt(end));
                digits++;
            }
            if (digits == 0) {
                i += Character.charCount(text.codePointAt(i));
                continue;
            }
            if (!atWords || end == to || !OnigurumaSyntax.isWord(text.codePointAt(end))) {
                groups(text, i, digits, receiver);
            }
            i = end;
        }
    }

    private void groups(String text, int from, int digits, Splitter.Receiver receiver) {
        int start = from;
        for (int left = digits; left > 0; ) {
            int size = left % GROUP == 0 ? GROUP : left % GROUP;
            if (!atWords && size == GROUP) {
                receiver.match(start, start);
            }
            int end = text.offsetByCodePoints(start, size);
            if (atWords) {
                receiver.match(start, end);
            }
            start = end;
            left -= size;
        }
    }
}
