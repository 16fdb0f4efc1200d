package dev.sluice.openai;

import dev.sluice.engine.FinishReason;
import dev.sluice.engine.GenerationEvent;

import java.util.Optional;

/// Follows one choice: takes the events of its sequence and gives out the text that has come since
/// the last time. Used by one thread.
public final class ChoiceProgress {
    private final int index;
    private final int promptTokens;
    private final StringBuilder text = new StringBuilder();
    private Optional<FinishReason> reason = Optional.empty();
    private boolean started;
    private boolean endTaken;
    private int completionTokens;
    private int cachedTokens;
    private long arrivalNanos;

    public ChoiceProgress(PreparedRequest request, int index) {
        this.index = index;
        this.promptTokens = request.sequences().get(index).prompt().size();
        this.text.append(request.echo(index));
    }

    /// Takes the next event. A failure changes nothing.
    public void accept(GenerationEvent event) {
        switch (event) {
            case GenerationEvent.Started _ -> started = true;
            case GenerationEvent.Delta delta -> {
                text.append(delta.text());
                completionTokens += delta.tokenIds().size();
                arrivalNanos = delta.elapsedNanos();
            }
            case GenerationEvent.Finished finished -> {
                reason = Optional.of(finished.reason());
                cachedTokens = finished.cachedTokens();
            }
            case GenerationEvent.Failed _ -> {}
        }
    }

    /// Index of the choice.
    public int index() {
        return index;
    }

    /// Whether the engine has begun with it.
    public boolean isStarted() {
        return started;
    }

    /// Whether its last token has come.
    public boolean hasEnded() {
        return reason.isPresent();
    }

    /// Whether there is something that was not taken yet.
    public boolean hasPiece() {
        return started && (hasEnded() ? !endTaken : !text.isEmpty());
    }

    /// Characters that were not taken yet.
    public int pendingChars() {
        return text.length();
    }

    /// Tokens so far.
    public Usage usage() {
        return new Usage(promptTokens, completionTokens, cachedTokens);
    }

    /// Tokens before the first one was generated.
    public Usage initialUsage() {
        return new Usage(promptTokens, 0, 0);
    }

    /// Takes what has come since the last time.
    public ChoiceText take() {
        ChoiceText piece = new ChoiceText(index, text.toString(), arrivalNanos, reason, usage());
        text.setLength(0);
        endTaken = hasEnded();
        return piece;
    }
}
