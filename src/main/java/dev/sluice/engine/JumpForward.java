package dev.sluice.engine;

import dev.sluice.tokenizer.TokenIds;
import dev.sluice.tokenizer.Tokenizer;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// Finds the tokens of text that a grammar forces, as the tokenizer would write it behind what is
/// there already.
///
/// The last token is left to be drawn: what comes behind the forced text might share it. Sequences
/// whose log probabilities are wanted, or that a processor, a bias, a stop id or another rule of
/// single tokens touches, are not shortened, for each of their tokens has a say. Call only on the
/// engine thread.
///
/// @see "Zheng et al. 2024, SGLang, section 4 (jump-forward decoding)"
final class JumpForward {
    private static final int MOST_BYTES = 512;
    private static final int CONTEXT_TOKENS = 4;
    private static final int[] NONE = {};

    private final Tokenizer tokenizer;

    JumpForward(Tokenizer tokenizer) {
        this.tokenizer = tokenizer;
    }

    /// The tokens that must come next; none where there is a choice, or too little to gain.
    int[] tokens(Sequence sequence) {
        if (!sequence.isGuided() || !isPlain(sequence)) {
            return NONE;
        }
        byte[] forced = sequence.guidedText().orElseThrow().forcedBytes(MOST_BYTES);
        if (forced.length < 2) {
            return NONE;
        }
        int context = Math.min(CONTEXT_TOKENS, sequence.numGenerated());
        int from = sequence.length() - context;
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        for (int i = from; i < sequence.length(); i++) {
            text.writeBytes(tokenizer.vocabulary().bytes(sequence.tokens()[i]));
        }
        text.writeBytes(forced);
        return behindContext(sequence, from, context, text.toByteArray());
    }

    private int[] behindContext(Sequence sequence, int from, int context, byte[] bytes) {
        String text;
        try {
            text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
        } catch (CharacterCodingException _) {
            return NONE;
        }
        TokenIds ids = tokenizer.encode(text, false);
        if (ids.size() < context + 2) {
            return NONE;
        }
        int[] all = ids.toArray();
        // A marker in the text is a special token to the tokenizer, but not to a grammar.
        if (Arrays.stream(all, context, all.length).anyMatch(tokenizer.vocabulary()::isSpecial)) {
            return NONE;
        }
        boolean asBefore = Arrays.equals(all, 0, context, sequence.tokens(), from, from + context);
        return asBefore ? Arrays.copyOfRange(all, context, all.length - 1) : NONE;
    }

    private static boolean isPlain(Sequence sequence) {
        GenerationRequest request = sequence.request();
        LogitsRules rules = request.rules();
        return request.output().logprobs().top().isEmpty()
                && rules.logitBias().isEmpty()
                && rules.processorArgs().isEmpty()
                && rules.badWords().isEmpty()
                && request.stop().stopTokenIds().isEmpty();
    }
}
