package dev.sluice.openai;

import dev.sluice.engine.GenerationEvent;
import dev.sluice.engine.GenerationRequest;
import dev.sluice.openai.parsers.OutputParser;
import dev.sluice.openai.parsers.OutputParsers;
import dev.sluice.openai.parsers.ParserSettings;
import dev.sluice.tokenizer.Tokenizer;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Follows all sequences of one request. Used by one thread.
public final class AnswerProgress {
    private final PreparedRequest request;
    private final List<ChoiceProgress> sequences;
    private int running;

    /// An answer nothing of which has come.
    public AnswerProgress(PreparedRequest request) {
        this(request, OutputParsers::create);
    }

    AnswerProgress(PreparedRequest request, ParserFactory parsers) {
        List<ChoiceProgress> all = new ArrayList<>();
        for (GenerationRequest sequence : request.sequences()) {
            Optional<ParserSettings> settings = request.answer().parser();
            Tokenizer tokenizer = request.served().tokenizer();
            Optional<OutputParser> parser =
                    settings.map(s -> parsers.create(s, tokenizer, sequence.prompt()));
            all.add(new ChoiceProgress(request, all.size(), parser));
        }
        this.request = request;
        this.sequences = List.copyOf(all);
        this.running = all.size();
    }

    /// Takes the next event of a sequence. A failure changes nothing.
    public void accept(int sequence, GenerationEvent event) {
        sequences.get(sequence).accept(event);
        if (event instanceof GenerationEvent.Finished) {
            running--;
        }
    }

    /// The sequences, in order. Each is a choice unless there are several candidates for one.
    public List<ChoiceProgress> sequences() {
        return sequences;
    }

    /// Whether the first output has come.
    public boolean hasStarted() {
        return sequences.stream().anyMatch(ChoiceProgress::isStarted);
    }

    /// Whether all sequences have ended.
    public boolean hasEnded() {
        return running == 0;
    }

    /// About how many characters of the answer were not taken yet.
    public int pendingSize() {
        int size = 0;
        for (int i = 0; i < sequences.size(); i++) {
            size += sequences.get(i).pendingSize();
        }
        return size;
    }

    /// About how many characters the whole answer has. Known when all sequences have ended.
    public long wholeSize() {
        return size(choices());
    }

    /// About how many characters are held, those of candidates that no choice will be included.
    public long heldSize() {
        return size(sequences);
    }

    private static long size(List<ChoiceProgress> parts) {
        long size = 0;
        for (int i = 0; i < parts.size(); i++) {
            size += parts.get(i).nextSize();
        }
        return size;
    }

    /// The choices, in the order of their indices: of several candidates for one, the likeliest.
    List<ChoiceProgress> choices() {
        int candidates = request.answer().candidates();
        if (candidates == 1) {
            return sequences;
        }
        List<ChoiceProgress> choices = new ArrayList<>();
        for (int first = 0; first < sequences.size(); first += candidates) {
            choices.add(best(sequences.subList(first, first + candidates)));
        }
        return choices;
    }

    /// The first of the best, so that an answer can be repeated.
    private static ChoiceProgress best(List<ChoiceProgress> candidates) {
        return candidates.stream()
                .reduce((a, b) -> a.meanLogprob() >= b.meanLogprob() ? a : b)
                .orElseThrow();
    }

    /// Tokens of the whole answer: what was generated is counted for every sequence, a prompt once.
    /// What its first sequence found in the cache is what it would have found alone.
    Usage usage() {
        int perPrompt = sequences.size() / request.numPrompts();
        Usage total = Usage.NONE;
        for (int i = 0; i < sequences.size(); i++) {
            Usage usage = sequences.get(i).usage();
            total = total.plus(i % perPrompt == 0 ? usage : usage.withoutPrompt());
        }
        return total;
    }
}
