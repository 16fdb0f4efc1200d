package dev.sluice.openai;

import dev.sluice.engine.FinishReason;
import dev.sluice.engine.GenerationEvent;
import dev.sluice.engine.GenerationRequest;
import dev.sluice.engine.LogitsRules;
import dev.sluice.engine.LogprobsOptions;
import dev.sluice.engine.Marker;
import dev.sluice.engine.OutputOptions;
import dev.sluice.engine.SamplingParams;
import dev.sluice.engine.StopConditions;
import dev.sluice.engine.TokenLogprob;
import dev.sluice.engine.TokenLogprobs;
import dev.sluice.openai.PreparedRequest.Kind;
import dev.sluice.openai.parsers.ParserSettings;
import dev.sluice.testing.ByteTokenizer;
import dev.sluice.tokenizer.TokenIds;
import dev.sluice.tokenizer.Tokenizer;

import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.json.JsonMapper;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/// A request with the wishes of a test, events that a test makes up, and the answer as JSON with
/// its keys in order. Tokens are bytes unless a test has others.
final class AnswerScript {
    /// Else the second of two equal keys would hide the first.
    private static final JsonMapper JSON =
            JsonMapper.builder()
                    .enable(DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY)
                    .build();

    private final Kind kind;
    private final List<String> prompts;
    private final Deque<ScriptedParser> parsers = new ArrayDeque<>();
    private final List<String> chunks = new ArrayList<>();
    private final Set<ChoiceProgress> begun = new HashSet<>();
    private int perPrompt = 1;
    private boolean includeUsage;
    private boolean continuousUsage;
    private boolean tokenIds;
    private OptionalInt logprobs = OptionalInt.empty();
    private OptionalInt promptLogprobs = OptionalInt.empty();
    private boolean decoded = true;
    private int tokensPerChunk = 1;
    private int candidates = 1;
    private boolean echo;
    private boolean metrics;
    private boolean streams = true;
    private boolean slow;
    private Tokenizer tokenizer = new ByteTokenizer();
    private boolean continuesText;
    private Optional<AnswerProgress> progress = Optional.empty();
    private Optional<ChunkRenderer> renderer = Optional.empty();

    private AnswerScript(Kind kind, String... prompts) {
        this.kind = kind;
        this.prompts = List.of(prompts);
    }

    static AnswerScript chat(String prompt) {
        return new AnswerScript(Kind.CHAT, prompt);
    }

    static AnswerScript completion(String... prompts) {
        return new AnswerScript(Kind.COMPLETION, prompts);
    }

    static AnswerScript of(Kind kind) {
        return new AnswerScript(kind, "ab");
    }

    AnswerScript n(int sequencesOfAPrompt) {
        perPrompt = sequencesOfAPrompt;
        return this;
    }

    AnswerScript bestOf(int sequencesOfAChoice) {
        candidates = sequencesOfAChoice;
        return n(sequencesOfAChoice);
    }

    AnswerScript withUsage() {
        includeUsage = true;
        return this;
    }

    AnswerScript withContinuousUsage() {
        continuousUsage = true;
        return this;
    }

    AnswerScript withTokenIds() {
        tokenIds = true;
        return this;
    }

    AnswerScript withLogprobs(int top) {
        logprobs = OptionalInt.of(top);
        return this;
    }

    AnswerScript withPromptLogprobs(int top) {
        promptLogprobs = OptionalInt.of(top);
        return this;
    }

    AnswerScript withoutTokenTexts() {
        decoded = false;
        return this;
    }

    AnswerScript tokensPerChunk(int tokens) {
        tokensPerChunk = tokens;
        return this;
    }

    AnswerScript withEcho() {
        echo = true;
        return this;
    }

    AnswerScript withMetrics() {
        metrics = true;
        return this;
    }

    /// The text goes on after the prompt's.
    AnswerScript continuing(Tokenizer other) {
        tokenizer = other;
        continuesText = true;
        return this;
    }

    /// A parser for the next sequence.
    AnswerScript parsedBy(ScriptedParser parser) {
        parsers.add(parser);
        return this;
    }

    private AnswerProgress progress() {
        if (progress.isEmpty()) {
            PreparedRequest request = request();
            progress = Optional.of(new AnswerProgress(request, (_, _, _) -> parsers.remove()));
            renderer = Optional.of(new ChunkRenderer(request));
        }
        return progress.get();
    }

    private PreparedRequest request() {
        List<GenerationRequest> sequences = new ArrayList<>();
        for (String prompt : prompts) {
            TokenIds ids = tokenizer.encode(prompt, false);
            for (int i = 0; i < perPrompt; i++) {
                sequences.add(
                        new GenerationRequest(
                                "s",
                                ids,
                                SamplingParams.GREEDY,
                                LogitsRules.NONE,
                                StopConditions.maxTokens(9),
                                new OutputOptions(
                                        true, continuesText, Set.of(), LogprobsOptions.NONE)));
            }
        }
        return new PreparedRequest(
                kind,
                "id-1",
                77,
                served(),
                sequences,
                prompts.size(),
                echo || tokenIds ? prompts : List.of(),
                streams,
                options(),
                "prompt",
                Optional.empty());
    }

    private ServedModel served() {
        return new ServedModel(
                "m",
                Optional.empty(),
                "/m",
                tokenizer,
                Optional.empty(),
                Map.of(),
                SamplingDefaults.NEUTRAL,
                ApiOptions.DEFAULT,
                512,
                Instant.EPOCH);
    }

    private AnswerOptions options() {
        return new AnswerOptions(
                includeUsage,
                continuousUsage,
                tokenIds,
                logprobs,
                promptLogprobs,
                decoded,
                tokensPerChunk,
                candidates,
                echo,
                metrics,
                parsers.isEmpty()
                        ? Optional.empty()
                        : Optional.of(
                                new ParserSettings(
                                        Optional.of("scripted"),
                                        Optional.empty(),
                                        true,
                                        true,
                                        true)));
    }

    /// From now on the client does not read.
    AnswerScript stall() {
        slow = true;
        return this;
    }

    /// The client reads again.
    AnswerScript resume() {
        slow = false;
        poll();
        return this;
    }

    /// The stream breaks: what is there goes out.
    AnswerScript breakOff() {
        progress().sequences().forEach(ChoiceProgress::release);
        return resume();
    }

    AnswerScript started(int sequence, TokenLogprobs... prompt) {
        return take(sequence, new GenerationEvent.Started("s", 2_000_000, List.of(prompt), 0));
    }

    AnswerScript token(int sequence, String text, int id) {
        return take(sequence, new GenerationEvent.Delta("s", text, TokenIds.of(id), at(sequence)));
    }

    AnswerScript token(int sequence, String text, TokenLogprobs logprobs) {
        return take(
                sequence,
                new GenerationEvent.Delta(
                        "s",
                        text,
                        TokenIds.of(logprobs.chosen().tokenId()),
                        List.of(logprobs),
                        List.of(),
                        at(sequence)));
    }

    AnswerScript marker(int sequence, int id) {
        return take(
                sequence,
                new GenerationEvent.Delta(
                        "s",
                        "",
                        TokenIds.of(id),
                        List.of(),
                        List.of(new Marker(id, 0, 0)),
                        at(sequence)));
    }

    /// Tokens that are the bytes of a text, one event each.
    AnswerScript text(int sequence, String ascii) {
        ascii.chars().forEach(c -> token(sequence, Character.toString(c), c));
        return this;
    }

    AnswerScript finished(int sequence, FinishReason reason) {
        return finished(sequence, reason, 0);
    }

    AnswerScript finished(int sequence, FinishReason reason, int cached) {
        return take(sequence, new GenerationEvent.Finished("s", reason, 0, 0, cached));
    }

    /// A second a token.
    private long at(int sequence) {
        return 1_000_000_000L
                * (1 + progress().sequences().get(sequence).usage().completionTokens());
    }

    private AnswerScript take(int sequence, GenerationEvent event) {
        progress().accept(sequence, event);
        if (!slow) {
            poll();
        }
        return this;
    }

    private void poll() {
        ChunkRenderer writer = renderer.orElseThrow();
        for (ChoiceProgress choice : progress().sequences()) {
            if (choice.isStarted() && begun.add(choice) && writer.hasStart()) {
                add(writer.start(choice));
            }
            if (choice.hasPiece()) {
                writer.piece(
                        choice, (bytes, from, n) -> add(Arrays.copyOfRange(bytes, from, from + n)));
            }
        }
    }

    private void add(byte[] events) {
        for (String event : new String(events, StandardCharsets.UTF_8).split("\n\n", 0)) {
            if (!event.isEmpty() && !event.equals("data: [DONE]")) {
                chunks.add(json(event.substring("data: ".length())));
            }
        }
    }

    /// About how many characters wait for the client.
    int pendingSize() {
        return progress().pendingSize();
    }

    /// The chunks so far.
    List<String> chunks() {
        return List.copyOf(chunks);
    }

    /// All chunks of a stream that has ended.
    List<String> allChunks() {
        add(renderer.orElseThrow().end(progress()));
        return chunks();
    }

    /// The choices of the chunks so far, without their envelope.
    List<String> choices() {
        return chunks.stream().map(AnswerScript::choice).toList();
    }

    private static String choice(String chunk) {
        return JSON.readTree(chunk).get("choices").get(0).toString();
    }

    /// Lets what comes be one answer.
    AnswerScript whole() {
        streams = false;
        return stall();
    }

    /// The whole answer.
    String body() {
        return json(
                new String(new WholeRenderer(request()).body(progress()), StandardCharsets.UTF_8));
    }

    /// A part of the whole answer.
    static String at(String json, String pointer) {
        return JSON.readTree(json).at(pointer).toString();
    }

    /// JSON without spaces, its keys as they were.
    static String json(String text) {
        return JSON.readTree(text).toString();
    }

    static TokenLogprob logprob(int id, double logprob, int rank) {
        return new TokenLogprob(id, (float) logprob, rank);
    }

    static TokenLogprobs chosen(int id, double logprob, TokenLogprob... top) {
        return new TokenLogprobs(logprob(id, logprob, 1), List.of(top));
    }
}
