package dev.sluice.openai;

import dev.sluice.engine.GenerationEvent;
import dev.sluice.engine.TokenLogprobs;
import dev.sluice.openai.PreparedRequest.Kind;
import dev.sluice.tokenizer.IncrementalDetokenizer;
import dev.sluice.tokenizer.TokenIds;
import dev.sluice.tokenizer.Vocabulary;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// Keeps what an answer tells of single tokens until a chunk takes it: ids with their raw text, and
/// log probabilities. What was kept is given once, so that all pieces together are the whole,
/// wherever they were cut.
///
/// Belongs to one choice and one thread.
final class TokenTrail {
    /// About what an id and its text take in an answer.
    private static final int CHARS_PER_ID = 12;

    /// About what a token with its log probability takes in an answer.
    private static final int CHARS_PER_LOGPROB = 64;

    private final boolean keepsIds;
    private final boolean keepsLogprobs;
    private final Vocabulary vocabulary;
    private final IncrementalDetokenizer rawText;
    private final Optional<TextOffsets> offsets;
    private final StringBuilder text = new StringBuilder();
    private int[] ids = new int[8];
    private int numIds;
    private List<TokenEntry> entries = new ArrayList<>();
    private List<TokenEntry> drafts = List.of();
    private int pendingSize;

    /// What was kept.
    ///
    /// @param ids generated, where they are wanted
    /// @param text of the ids with special tokens and all markup; never ends within a character
    /// @param entries log probabilities, where they are wanted
    /// @param drafts those of guessed tokens, where they are wanted
    record Piece(TokenIds ids, String text, List<TokenEntry> entries, List<TokenEntry> drafts) {
        /// Nothing.
        static final Piece NONE = new Piece(TokenIds.EMPTY, "", List.of(), List.of());

        boolean isEmpty() {
            return ids.size() == 0 && text.isEmpty() && entries.isEmpty();
        }
    }

    /// Whether an answer tells anything of single tokens.
    static boolean isWanted(AnswerOptions answer) {
        return answer.returnTokenIds() || answer.logprobs().isPresent();
    }

    TokenTrail(PreparedRequest request, int sequence) {
        this.keepsIds = request.answer().returnTokenIds();
        this.keepsLogprobs = request.answer().logprobs().isPresent();
        this.vocabulary = request.served().tokenizer().vocabulary();
        boolean continues = request.sequences().get(sequence).output().continuesText();
        this.rawText = decoder(continues, false);
        boolean skips = request.sequences().get(sequence).output().skipSpecialTokens();
        this.offsets =
                keepsLogprobs && request.kind() == Kind.COMPLETION
                        ? Optional.of(
                                new TextOffsets(decoder(continues, skips), request.echo(sequence)))
                        : Optional.empty();
    }

    private IncrementalDetokenizer decoder(boolean continues, boolean skipSpecial) {
        return continues
                ? IncrementalDetokenizer.continuing(vocabulary, skipSpecial)
                : new IncrementalDetokenizer(vocabulary, skipSpecial);
    }

    /// Begins with the tokens of the prompt, which the answer's text begins with.
    ///
    /// @param text the prompt as it is echoed
    /// @param logprobs of each token but the first
    void echo(TokenIds prompt, String text, List<TokenLogprobs> logprobs) {
        if (offsets.isEmpty() || logprobs.size() != prompt.size() - 1) {
            return;
        }
        int[] begins = TextOffsets.ofPrompt(prompt, text, vocabulary);
        entries.add(new TokenEntry(prompt.get(0), Optional.empty(), begins[0]));
        for (int i = 1; i < begins.length; i++) {
            entries.add(new TokenEntry(prompt.get(i), Optional.of(logprobs.get(i - 1)), begins[i]));
        }
    }

    /// Takes the tokens of the next event.
    void accept(GenerationEvent.Delta delta) {
        if (keepsIds) {
            for (int i = 0; i < delta.tokenIds().size(); i++) {
                add(delta.tokenIds().get(i));
            }
        }
        if (keepsLogprobs) {
            delta.logprobs().forEach(this::add);
            delta.draftLogprobs().forEach(this::addDraft);
        }
    }

    private void add(int id) {
        if (numIds == ids.length) {
            ids = Arrays.copyOf(ids, numIds * 2);
        }
        ids[numIds++] = id;
        text.append(rawText.accept(id));
        pendingSize += CHARS_PER_ID;
    }

    private void add(TokenLogprobs logprobs) {
        int id = logprobs.chosen().tokenId();
        int offset = offsets.map(o -> o.next(id)).orElse(0);
        entries.add(new TokenEntry(id, Optional.of(logprobs), offset));
        pendingSize += size(logprobs);
    }

    /// A guess stands where the token stands that came with it.
    private void addDraft(TokenLogprobs logprobs) {
        if (drafts.isEmpty()) {
            drafts = new ArrayList<>();
        }
        int offset = entries.isEmpty() ? 0 : entries.getLast().textOffset();
        drafts.add(new TokenEntry(logprobs.chosen().tokenId(), Optional.of(logprobs), offset));
        pendingSize += size(logprobs);
    }

    /// About how many characters of an answer one position takes.
    static int size(TokenLogprobs logprobs) {
        return CHARS_PER_LOGPROB * (1 + logprobs.top().size());
    }

    /// About how many characters of the answer what was kept will take, the prompt's tokens aside.
    int pendingSize() {
        return pendingSize;
    }

    /// Takes what was kept since the last time.
    ///
    /// @param last whether nothing follows
    Piece take(boolean last) {
        if (last) {
            text.append(rawText.flush());
        }
        Piece piece = new Piece(TokenIds.of(ids, numIds), text.toString(), entries, drafts);
        numIds = 0;
        text.setLength(0);
        entries = new ArrayList<>();
        drafts = List.of();
        pendingSize = 0;
        return piece;
    }
}
