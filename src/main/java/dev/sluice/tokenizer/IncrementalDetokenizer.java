package dev.sluice.tokenizer;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// Token ids to text, one id at a time. The texts of all calls together, with the flushed rest, are
/// the decoded text of all ids; a text never ends within a character. Belongs to one sequence and
/// one thread.
///
/// A run of fallback bytes ([Vocabulary#isByte]) is text only if all of it is: it is held back
/// until another id or the end comes, and becomes one U+FFFD per byte if it is no UTF-8, as Hugging
/// Face's decoder has it.
public final class IncrementalDetokenizer {
    private static final String REPLACEMENT = "\uFFFD";

    private final Vocabulary vocabulary;
    private final boolean skipSpecial;
    private final Utf8Stream stream = new Utf8Stream();
    private final StringBuilder out = new StringBuilder();
    private LeadingSpace leadingSpace;
    private boolean first;
    private byte[] run = new byte[8];
    private int runLength;
    private int carried;

    /// Decodes a whole text: drops leading spaces where the vocabulary asks for it.
    ///
    /// @param skipSpecial leaves special tokens out of the text
    public IncrementalDetokenizer(Vocabulary vocabulary, boolean skipSpecial) {
        this(vocabulary, skipSpecial, true);
    }

    private IncrementalDetokenizer(Vocabulary vocabulary, boolean skipSpecial, boolean whole) {
        this.vocabulary = vocabulary;
        this.skipSpecial = skipSpecial;
        this.first = whole;
        this.leadingSpace = whole ? vocabulary.leadingSpace() : LeadingSpace.KEPT;
    }

    /// Decodes text that goes on after other text (a completion after its prompt): no leading space
    /// is dropped.
    public static IncrementalDetokenizer continuing(Vocabulary vocabulary, boolean skipSpecial) {
        return new IncrementalDetokenizer(vocabulary, skipSpecial, false);
    }

    /// Takes the next id and gives the text that it completes; may be empty. Ids past the
    /// vocabulary have no text.
    public String accept(int id) {
        carried = 0;
        if (skipSpecial && vocabulary.isSpecial(id)) {
            return "";
        }
        byte[] bytes = vocabulary.bytes(id);
        if (first && bytes.length > 0) {
            bytes = vocabulary.firstBytes(id);
            first = false;
        }
        if (vocabulary.isByte(id)) {
            hold(bytes[0]);
            return "";
        }
        out.setLength(0);
        releaseRun();
        carried = out.length() + (stream.breaksAt(bytes) ? 1 : 0);
        stream.accept(bytes, out);
        return strip();
    }

    /// How many chars of the text that [#accept] gave last are of earlier ids alone: what was held
    /// back and turned out not to go on.
    public int carried() {
        return carried;
    }

    /// What is held back, as [#flush] would give it. It stays held back.
    public String held() {
        out.setLength(0);
        appendRun();
        return stream.waits() ? out.append(REPLACEMENT).toString() : out.toString();
    }

    /// Ends the text and gives the rest; what was left incomplete becomes U+FFFD.
    public String flush() {
        out.setLength(0);
        releaseRun();
        stream.flush(out);
        return strip();
    }

    private void hold(byte value) {
        if (runLength == run.length) {
            run = Arrays.copyOf(run, runLength * 2);
        }
        run[runLength++] = value;
    }

    private void releaseRun() {
        appendRun();
        runLength = 0;
    }

    private void appendRun() {
        if (runLength > 0) {
            try {
                out.append(
                        StandardCharsets.UTF_8
                                .newDecoder()
                                .decode(ByteBuffer.wrap(run, 0, runLength)));
            } catch (CharacterCodingException e) {
                out.repeat(REPLACEMENT, runLength);
            }
        }
    }

    private String strip() {
        if (leadingSpace == LeadingSpace.KEPT || out.isEmpty()) {
            return out.toString();
        }
        if (out.charAt(0) == ' ') {
            out.deleteCharAt(0);
            carried = Math.max(0, carried - 1);
        }
        if (leadingSpace != LeadingSpace.OF_EACH_TOKEN || !out.isEmpty()) {
            leadingSpace = LeadingSpace.KEPT;
        }
        return out.toString();
    }
}
