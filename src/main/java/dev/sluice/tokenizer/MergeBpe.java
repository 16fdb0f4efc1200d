package dev.sluice.tokenizer;

/// Byte-pair encoding by a list of merges, over the bytes of a word (GPT-2 and its kin) or over its
/// characters with bytes for those that the vocabulary lacks (converted SentencePiece models).
final class MergeBpe implements SubwordModel {
    /// Bytes of the longest word that is encoded; about 25 bytes of memory are needed for each.
    private static final int LONGEST = 1 << 23;

    private final TokenIndex index;
    private final MergeTable merges;
    private final Options options;
    private final int[] byteIds;
    // Without a token for each byte, parts of a text may be left out or become one token.
    private final boolean isComplete;

    /// How words become symbols.
    ///
    /// @param byteLevel symbols are bytes in [ByteLevel]'s alphabet; else characters
    /// @param ignoreMerges a word that is a token is that token, whatever the merges say
    /// @param byteFallback a character that is no token becomes its bytes, `<0x0A>`
    /// @param unknownId id of what can't be written otherwise, or [TokenIndex#NONE]: left out
    /// @param fuseUnknown a run of unknown characters is one id
    /// @param wordPrefix stands before every character but the first of a word in the vocabulary
    /// @param wordSuffix stands behind the last character of a word
    record Options(
            boolean byteLevel,
            boolean ignoreMerges,
            boolean byteFallback,
            int unknownId,
            boolean fuseUnknown,
            String wordPrefix,
            String wordSuffix) {

        static Options bytes(boolean ignoreMerges, int unknownId) {
            return new Options(true, ignoreMerges, false, unknownId, false, "", "");
        }

        static Options characters(int unknownId) {
            return new Options(false, false, true, unknownId, true, "", "");
        }
    }

    MergeBpe(TokenIndex index, MergeTable merges, Options options) {
        this.index = index;
        this.merges = merges;
        this.options = options;
        this.byteIds = options.byteLevel ? ByteTokens.byLevel(index) : ByteTokens.byFallback(index);
        this.isComplete =
                (options.byteLevel || options.byteFallback) && ByteTokens.isComplete(byteIds);
    }

    @Override
    public void encode(String text, int from, int to, IntList out) {
        if (options.ignoreMerges) {
            int whole = options.byteLevel ? findBytes(text, from, to) : index.find(text, from, to);
            if (whole != TokenIndex.NONE) {
                out.add(whole);
                return;
            }
        }
        int bytes = Utf8.length(text, from, to);
        if (bytes > LONGEST) {
            throw new TextTooLongException(
                    "Input text is too long, a word of it has %d bytes.".formatted(bytes));
        }
        IntList symbols = new IntList(options.byteLevel ? bytes : to - from);
        if (options.byteLevel) {
            addBytes(text, from, to, symbols);
        } else {
            addCharacters(text, from, to, symbols);
        }
        Word word = new Word(merges, symbols);
        int size = symbols.size();
        int[] next = MergeLoop.run(word, size);
        for (int i = 0; i < size; i = next[i]) {
            out.add(symbols.get(i));
        }
    }

    @Override
    public int fewest(String text, int from, int to) {
        if (!isComplete) {
            return 0;
        }
        int symbols = options.byteLevel ? Utf8.length(text, from, to) : to - from;
        return symbols / index.longest();
    }

    private int findBytes(String text, int from, int to) {
        if (to - from > index.longest()) {
            return TokenIndex.NONE;
        }
        StringBuilder chars = new StringBuilder(to - from);
        ByteLevel.appendChars(text, from, to, chars);
        return index.find(chars.toString());
    }

    private void addBytes(String text, int from, int to, IntList symbols) {
        boolean unknownBefore = false;
        for (int i = from; i < to; ) {
            int codePoint = text.codePointAt(i);
            i += Character.charCount(codePoint);
            int length = Utf8.length(codePoint);
            for (int k = 0; k < length; k++) {
                int id = byteIds[Utf8.byteAt(codePoint, k)];
                if (id != TokenIndex.NONE) {
                    symbols.add(id);
                }
                unknownBefore = id == TokenIndex.NONE && addUnknown(unknownBefore, symbols);
            }
        }
    }

    private void addCharacters(String text, int from, int to, IntList symbols) {
        boolean unknownBefore = false;
        for (int i = from; i < to; ) {
            int codePoint = text.codePointAt(i);
            int end = i + Character.charCount(codePoint);
            int id = character(text, i, end, i == from, end == to);
            if (id != TokenIndex.NONE) {
                symbols.add(id);
                unknownBefore = false;
            } else if (!options.byteFallback || !ByteTokens.append(byteIds, codePoint, symbols)) {
                unknownBefore = addUnknown(unknownBefore, symbols);
            }
            i = end;
        }
    }

    private int character(String text, int from, int to, boolean first, boolean last) {
        String prefix = first ? "" : options.wordPrefix;
        String suffix = last ? options.wordSuffix : "";
        return prefix.isEmpty() && suffix.isEmpty()
                ? index.find(text, from, to)
                : index.find(prefix + text.substring(from, to) + suffix);
    }

    private boolean addUnknown(boolean unknownBefore, IntList symbols) {
        if (options.unknownId == TokenIndex.NONE) {
            return false;
        }
        if (!unknownBefore || !options.fuseUnknown) {
            symbols.add(options.unknownId);
        }
        return true;
    }

    /// The symbols of one word.
    private static final class Word implements MergeLoop.Symbols {
        private final MergeTable merges;
        private final IntList ids;

        Word(MergeTable merges, IntList ids) {
            this.merges = merges;
            this.ids = ids;
        }

        @Override
        public long pair(int left, int right) {
            return merges.get(ids.get(left), ids.get(right));
        }

        @Override
        public void merge(int left, int right, int merged) {
            ids.set(left, merged);
        }
    }
}
