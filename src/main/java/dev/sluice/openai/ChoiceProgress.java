package dev.sluice.openai;

import dev.sluice.engine.DraftCounts;
import dev.sluice.engine.FinishReason;
import dev.sluice.engine.GenerationEvent;
import dev.sluice.engine.StopConditions;
import dev.sluice.engine.TokenLogprobs;
import dev.sluice.openai.parsers.OutputParser;
import dev.sluice.openai.parsers.ParsedPiece;
import dev.sluice.openai.parsers.ToolCallDelta;
import dev.sluice.tokenizer.TokenIds;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Follows one sequence: takes its events and gives out what has come since the last time, thinking
/// and calls of tools told apart from text where the request wants that. Used by one thread.
public final class ChoiceProgress {
    private final PreparedRequest request;
    private final int sequence;
    private final int index;
    private final Optional<OutputParser> parser;
    private final Optional<TokenTrail> trail;
    private final int tokensPerChunk;
    private final PendingText content = new PendingText();
    private final PendingText reasoning = new PendingText();
    private List<ToolCallDelta> toolCalls = List.of();
    private List<TokenLogprobs> promptLogprobs = List.of();
    private boolean promptLogprobsWanted;
    private String echo;
    private Optional<String> reason = Optional.empty();
    private Optional<DraftCounts> drafts = Optional.empty();
    private boolean started;
    private boolean released;
    private boolean endTaken;
    private boolean visible;
    private int pendingTokens;
    private int pendingCallChars;
    private int completionTokens;
    private int cachedTokens;
    private int reasoningTokens;
    private long promptSize;
    private double logprobSum;
    private long queueNanos;
    private long firstTokenNanos;
    private long arrivalNanos;

    /// @param sequence which of the request's sequences
    ChoiceProgress(PreparedRequest request, int sequence, Optional<OutputParser> parser) {
        AnswerOptions answer = request.answer();
        this.request = request;
        this.sequence = sequence;
        this.index = sequence / answer.candidates();
        this.parser = parser;
        this.tokensPerChunk = answer.tokensPerChunk();
        this.trail =
                TokenTrail.isWanted(answer)
                        ? Optional.of(new TokenTrail(request, sequence))
                        : Optional.empty();
        this.promptLogprobsWanted = answer.promptLogprobs().isPresent();
        this.echo = request.echo(sequence);
    }

    /// Takes the next event. A failure changes nothing.
    void accept(GenerationEvent event) {
        switch (event) {
            case GenerationEvent.Started begin -> start(begin);
            case GenerationEvent.Delta delta -> add(delta);
            case GenerationEvent.Finished finished -> finish(finished);
            case GenerationEvent.Failed _ -> {}
        }
    }

    private void start(GenerationEvent.Started begin) {
        started = true;
        queueNanos = begin.queueNanos();
        cachedTokens = begin.cachedTokens();
        begin.promptLogprobs().forEach(l -> promptSize += TokenTrail.size(l));
        if (promptLogprobsWanted) {
            promptLogprobs = begin.promptLogprobs();
        }
        if (request.answer().echo()) {
            trail.ifPresent(t -> t.echo(promptIds(), echo, begin.promptLogprobs()));
        }
    }

    private void add(GenerationEvent.Delta delta) {
        if (completionTokens == 0) {
            firstTokenNanos = delta.elapsedNanos();
        }
        completionTokens += delta.tokenIds().size();
        pendingTokens += delta.tokenIds().size();
        arrivalNanos = delta.elapsedNanos();
        if (request.answer().candidates() > 1) {
            delta.logprobs().forEach(l -> logprobSum += l.chosen().logprob());
        }
        if (trail.isPresent()) {
            trail.get().accept(delta);
        }
        if (parser.isPresent()) {
            parser.get().tokens(delta.tokenIds());
            int told = endsWithEnd(delta.tokenIds()) ? completionTokens - 1 : completionTokens;
            add(parser.get().accept(delta.text(), delta.markers(), told));
            reasoningTokens = parser.get().reasoningTokens();
        } else {
            content.append(delta.text());
            // Ids and log probabilities are told token by token, the text of each complete or not.
            visible |= !delta.text().isEmpty() || trail.isPresent();
        }
    }

    /// Whether the last of some ids has ended the output; it is part of nothing then, the thinking
    /// least of all.
    private boolean endsWithEnd(TokenIds ids) {
        if (ids.size() == 0) {
            return false;
        }
        int last = ids.get(ids.size() - 1);
        StopConditions stop = request.sequences().get(sequence).stop();
        return stop.stopTokenIds().contains(last)
                || (!stop.ignoreEos() && request.served().eosIds().contains(last));
    }

    private void add(ParsedPiece piece) {
        content.append(piece.content());
        reasoning.append(piece.reasoning());
        if (!piece.toolCalls().isEmpty()) {
            if (toolCalls.isEmpty()) {
                toolCalls = new ArrayList<>();
            }
            for (ToolCallDelta call : piece.toolCalls()) {
                toolCalls.add(call);
                pendingCallChars += call.arguments().length();
            }
        }
        visible |=
                !piece.content().isEmpty()
                        || !piece.reasoning().isEmpty()
                        || !piece.toolCalls().isEmpty();
    }

    private void finish(GenerationEvent.Finished finished) {
        cachedTokens = finished.cachedTokens();
        drafts = Optional.of(finished.drafts()).filter(counts -> counts.steps() > 0);
        boolean called = parser.isPresent() && parse(finished.reason() != FinishReason.STOP);
        reason =
                Optional.of(
                        switch (finished.reason()) {
                            case STOP -> called ? "tool_calls" : "stop";
                            case LENGTH -> "length";
                            case RECOVER_STOP -> "recover_stop";
                        });
    }

    /// Ends the parsing. A whole answer has no calls that are incomplete.
    ///
    /// @return whether the output called a tool
    private boolean parse(boolean truncated) {
        OutputParser last = parser.orElseThrow();
        add(last.finish(truncated));
        reasoningTokens = last.reasoningTokens();
        if (!request.stream() && !last.calledTools()) {
            toolCalls = List.of();
            pendingCallChars = 0;
        }
        return last.calledTools();
    }

    /// Whether its first chunk waits for the log probabilities of the prompt.
    public boolean waitsForPrompt() {
        return request.answer().promptLogprobs().isPresent();
    }

    /// Index of the choice. Candidates for one choice have the same.
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

    /// Whether there is something to show that was not taken yet, and as much of it as a chunk
    /// waits for.
    public boolean hasPiece() {
        if (hasEnded()) {
            return !endTaken;
        }
        return visible && (tokensPerChunk == 1 || pendingTokens >= tokensPerChunk || released);
    }

    /// Lets what is there go, however little it is: nothing more will come.
    public void release() {
        released = true;
    }

    /// About how many characters of the answer were not taken yet.
    int pendingSize() {
        int text = content.length() + reasoning.length() + pendingCallChars;
        return trail.isPresent() ? text + trail.get().pendingSize() : text;
    }

    /// About how many characters what is taken next will have, what is told of the prompt included.
    public long nextSize() {
        return pendingSize() + echo.length() + promptSize;
    }

    /// Takes what has come since the last time. The first piece begins with the echo.
    ChoicePiece take() {
        ChoicePiece piece =
                new ChoicePiece(
                        reasoning.take(),
                        takeContent(),
                        toolCalls,
                        trail.isPresent() ? trail.get().take(hasEnded()) : TokenTrail.Piece.NONE,
                        takePromptLogprobs(),
                        arrivalNanos,
                        reason,
                        request.answer().continuousUsage()
                                ? Optional.of(usage())
                                : Optional.empty(),
                        drafts);
        toolCalls = List.of();
        pendingCallChars = 0;
        pendingTokens = 0;
        visible = false;
        endTaken = hasEnded();
        return piece;
    }

    private String takeContent() {
        if (echo.isEmpty()) {
            return content.take();
        }
        String all = echo + content.take();
        echo = "";
        return all;
    }

    /// Takes the log probabilities of the prompt, one for each token but the first. Present once,
    /// and only where the request asks for them.
    Optional<List<TokenLogprobs>> takePromptLogprobs() {
        if (!promptLogprobsWanted) {
            return Optional.empty();
        }
        Optional<List<TokenLogprobs>> all = Optional.of(promptLogprobs);
        promptLogprobsWanted = false;
        promptLogprobs = List.of();
        promptSize = 0;
        return all;
    }

    /// Tokens of the prompt.
    TokenIds promptIds() {
        return request.sequences().get(sequence).prompt();
    }

    /// The prompt as text, markup and special tokens included.
    String promptText() {
        List<String> texts = request.promptTexts();
        return texts.isEmpty()
                ? request.served().tokenizer().decode(promptIds(), false)
                : texts.get(request.promptOf(sequence));
    }

    /// Tokens so far.
    Usage usage() {
        return new Usage(promptIds().size(), completionTokens, cachedTokens, reasoningTokens);
    }

    /// Tokens before the first one was generated.
    Usage initialUsage() {
        return new Usage(promptIds().size(), 0, cachedTokens, 0);
    }

    /// Mean log probability of the tokens, by which candidates for one choice are told apart; of no
    /// tokens, less than any other.
    double meanLogprob() {
        return completionTokens == 0 ? Double.NEGATIVE_INFINITY : logprobSum / completionTokens;
    }

    /// Time from submission to the beginning of the inference.
    long queueNanos() {
        return queueNanos;
    }

    /// Time from the beginning of the inference to the first token; 0 before.
    long firstTokenNanos() {
        return firstTokenNanos;
    }
}
