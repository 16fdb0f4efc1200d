package dev.sluice.tokenizer;

/// Token ids to text, one id at a time. The texts of all calls together, with the flushed rest, are
/// the decoded text of all ids; a text never ends within a character. Belongs to one sequence and
/// one thread.
public final class IncrementalDetokenizer {
    private final Vocabulary vocabulary;
    private final boolean skipSpecial;
    private final Utf8Stream stream = new Utf8Stream();
    private boolean stripsSpace;

    /// Decodes a whole text: drops one leading space where the vocabulary asks for it.
    ///
    /// @param skipSpecial leaves special tokens out of the text
    public IncrementalDetokenizer(Vocabulary vocabulary, boolean skipSpecial) {
        this(vocabulary, skipSpecial, true);
    }

    private IncrementalDetokenizer(Vocabulary vocabulary, boolean skipSpecial, boolean whole) {
        this.vocabulary = vocabulary;
        this.skipSpecial = skipSpecial;
        this.stripsSpace = whole && vocabulary.stripsLeadingSpace();
    }

    /// Decodes text that goes on after other text (a completion after its prompt): no leading space
    /// is dropped.
    public static IncrementalDetokenizer continuing(Vocabulary vocabulary, boolean skipSpecial) {
        return new IncrementalDetokenizer(vocabulary, skipSpecial, false);
    }

    /// Takes the next id and gives the text that it completes; may be empty. Ids past the
    /// vocabulary have no text.
    public String accept(int id) {
        if (skipSpecial && vocabulary.isSpecial(id)) {
            return "";
        }
        StringBuilder out = new StringBuilder();
        stream.accept(vocabulary.bytes(id), out);
        return strip(out);
    }

    /// Ends the text and gives the rest: a U+FFFD where a character was left incomplete.
    public String flush() {
        StringBuilder out = new StringBuilder();
        stream.flush(out);
        return strip(out);
    }

    private String strip(StringBuilder out) {
        if (stripsSpace && !out.isEmpty()) {
            stripsSpace = false;
            if (out.charAt(0) == ' ') {
                out.deleteCharAt(0);
            }
        }
        return out.toString();
    }
}
