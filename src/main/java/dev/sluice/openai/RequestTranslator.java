package dev.sluice.openai;

import dev.sluice.engine.ApiException.InvalidRequest;
import dev.sluice.engine.ApiException.NotFound;
import dev.sluice.engine.GenerationRequest;
import dev.sluice.engine.LogitsRules;
import dev.sluice.engine.LogprobsOptions;
import dev.sluice.engine.OutputOptions;
import dev.sluice.engine.StopConditions;
import dev.sluice.engine.ThinkingBudget;
import dev.sluice.openai.PreparedRequest.Kind;
import dev.sluice.openai.parsers.OutputParsers;
import dev.sluice.openai.parsers.ParserSettings;
import dev.sluice.tokenizer.TokenIds;
import dev.sluice.tokenizer.Vocabulary;

import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/// Turns the bodies of requests into requests for the engine: validates, resolves defaults, renders
/// the template, tokenizes and checks lengths. Whatever is wrong with a request that only the
/// engine can't tell is told here, and what needs no tokenizing before anything is tokenized.
///
/// Safe for use by several threads. Takes time in proportion to the body: not for an event loop.
public final class RequestTranslator {
    private final ServedModel model;
    private final RequestValidator validator;
    private final InstantSource clock;
    private final ChatPrompts prompts;
    private final LengthRules lengths;
    private final LogprobsRules logprobs;
    private final SequenceRules sequences;
    private final ThinkingRules thinking;
    private final AnswerRules answers;
    private final GuidanceRules guidance;
    private final LogprobsRoom room;

    /// @param clock tells when an answer was created
    public RequestTranslator(ServedModel model, RequestValidator validator, InstantSource clock) {
        this(model, validator, clock, LogprobsRoom.ofHeap(Runtime.getRuntime().maxMemory()));
    }

    /// @param room for the log probabilities of one answer
    RequestTranslator(
            ServedModel model, RequestValidator validator, InstantSource clock, LogprobsRoom room) {
        this.model = model;
        this.validator = validator;
        this.clock = clock;
        this.prompts = new ChatPrompts(model, new UnreadVariables());
        this.lengths = new LengthRules(model);
        this.logprobs = new LogprobsRules(model);
        this.sequences = new SequenceRules(model, RequestSeeds.of(model.options().seed()));
        this.thinking = new ThinkingRules(model);
        this.answers = new AnswerRules(model);
        this.guidance = new GuidanceRules(model);
        this.room = room;
    }

    /// Prepares a body of `/v1/chat/completions`.
    ///
    /// @throws InvalidRequest naming the field
    /// @throws NotFound if it names a model that is not served
    public PreparedRequest chat(byte[] body) {
        ChatRequest request = validator.chat(body);
        SharedParameters shared = request.shared();
        model.checkName(shared.model());
        int choices = choices("n", shared.choices(), 1, "n");
        LogprobsRules.Granted granted = logprobs.grant(shared.logprobs());
        lengths.checkStops(shared.stops());
        prompts.checkIds(request);
        LengthRules.Limit limit = thinking.limit(request.thinking(), limit(request));
        LogitsRules rules = sequences.logits(shared.logits());

        boolean thinks = thinking.isOn(request.thinking());
        Optional<ParserSettings> plain =
                answers.chatParser(request.tools(), thinks, shared.stream());
        Optional<GuidedForm> form = guidance.form(request, plain);
        Optional<ParserSettings> parser = parser(plain, form, !request.tools().wanted().isEmpty());
        String field = ChatPrompts.field(request);
        ReadyPrompt prompt = cut(prompts.prompt(request), shared);
        StopConditions stop = lengths.stop(prompt.ids(), shared.stops(), limit, field);
        SequenceRules.Common common =
                new SequenceRules.Common(
                        shared.sampling(),
                        guided(
                                withThinking(
                                        rules,
                                        thinking.budget(
                                                request.thinking(),
                                                parser,
                                                prompt.ids(),
                                                stop.maxTokens())),
                                form,
                                parser,
                                prompt),
                        output(
                                shared,
                                continuesText(request),
                                parser,
                                SequenceRules.logprobs(shared.logprobs(), granted, 1, false)),
                        shared.cacheSalt());
        String id = AnswerRules.id(Kind.CHAT, shared);
        List<GenerationRequest> all =
                sequences.sequences(id, 0, choices, prompt.ids(), common, stop);
        checkRoom(all, shared, false);
        return new PreparedRequest(
                Kind.CHAT,
                id,
                clock.instant().getEpochSecond(),
                model,
                all,
                1,
                texts(List.of(prompt), shared, false),
                shared.stream(),
                AnswerRules.options(shared, granted, 1, false, parser),
                field,
                metadata(request));
    }

    private static Optional<ParserSettings> parser(
            Optional<ParserSettings> plain, Optional<GuidedForm> form, boolean callsOnly) {
        if (form.isEmpty()) {
            return plain;
        }
        return plain.map(settings -> callsOnly ? settings.whenCallsOnly() : settings.whenGuided());
    }

    private LogitsRules guided(
            LogitsRules rules,
            Optional<GuidedForm> form,
            Optional<ParserSettings> parser,
            ReadyPrompt prompt) {
        return form.map(f -> rules.with(guidance.guidance(f, parser, prompt.ids()))).orElse(rules);
    }

    private static LengthRules.Limit limit(ChatRequest request) {
        return request.maxCompletionTokens().isPresent()
                ? new LengthRules.Limit(
                        "max_completion_tokens", request.maxCompletionTokens(), false)
                : new LengthRules.Limit("max_tokens", request.shared().stops().maxTokens(), false);
    }

    private static LogitsRules withThinking(LogitsRules rules, Optional<ThinkingBudget> budget) {
        return new LogitsRules(
                rules.badWords(),
                rules.logitBias(),
                rules.processorArgs(),
                budget,
                rules.guidance());
    }

    /// Whether the model goes on in the middle of a text.
    private static boolean continuesText(ChatRequest request) {
        return request.template().continueLast() || request.completionTokenIds().size() > 0;
    }

    private static Optional<String> metadata(ChatRequest request) {
        return request.metadata().isEmpty()
                ? Optional.empty()
                : Optional.of(RequestJson.write(request.metadata()));
    }

    /// Prepares a body of `/v1/completions`.
    ///
    /// @throws InvalidRequest naming the field
    /// @throws NotFound if it names a model that is not served
    public PreparedRequest completion(byte[] body) {
        CompletionRequest request = validator.completion(body);
        SharedParameters shared = request.shared();
        model.checkName(shared.model());
        boolean best = request.bestOf().isPresent();
        long wanted = best ? request.bestOf().getAsLong() : shared.choices();
        int perPrompt =
                choices(
                        best ? "best_of" : "n",
                        wanted,
                        request.prompts().size(),
                        request.promptField());
        int candidates = best ? perPrompt : 1;
        LogprobsRules.Granted granted = logprobs.grant(shared.logprobs());
        lengths.checkStops(shared.stops());
        checkIds(request);
        Optional<ParserSettings> parser =
                parser(answers.completionParser(shared.stream()), shared.form(), false);
        SequenceRules.Common common =
                new SequenceRules.Common(
                        shared.sampling(),
                        sequences.logits(shared.logits()),
                        output(
                                shared,
                                true,
                                parser,
                                SequenceRules.logprobs(
                                        shared.logprobs(), granted, candidates, request.echo())),
                        shared.cacheSalt());

        String id = AnswerRules.id(Kind.COMPLETION, shared);
        List<ReadyPrompt> ready = ready(request);
        List<GenerationRequest> all = sequences(id, request, ready, common, parser, perPrompt);
        checkRoom(all, shared, request.echo());
        return new PreparedRequest(
                Kind.COMPLETION,
                id,
                clock.instant().getEpochSecond(),
                model,
                all,
                ready.size(),
                texts(ready, shared, request.echo()),
                shared.stream(),
                AnswerRules.options(shared, granted, candidates, request.echo(), parser),
                request.promptField(),
                Optional.empty());
    }

    private void checkRoom(List<GenerationRequest> all, SharedParameters shared, boolean echo) {
        room.check(
                all,
                shared.stream() ? OptionalInt.of(shared.tokensPerChunk()) : OptionalInt.empty(),
                shared.logprobs().topField(),
                echo);
    }

    private void checkIds(CompletionRequest request) {
        for (Prompt prompt : request.prompts()) {
            if (prompt instanceof Prompt.Ids(TokenIds ids)) {
                TokenLists.check(request.promptField(), ids, model.tokenizer().vocabulary());
            }
        }
    }

    private List<ReadyPrompt> ready(CompletionRequest request) {
        List<ReadyPrompt> ready = new ArrayList<>(request.prompts().size());
        for (Prompt prompt : request.prompts()) {
            ReadyPrompt whole =
                    switch (prompt) {
                        case Prompt.Text(String text) ->
                                lengths.encode(
                                        text,
                                        request.addSpecialTokens(),
                                        request.shared().stops(),
                                        request.promptField());
                        case Prompt.Ids(TokenIds ids) -> ReadyPrompt.of(ids);
                    };
            ready.add(cut(whole, request.shared()));
        }
        return ready;
    }

    private List<GenerationRequest> sequences(
            String id,
            CompletionRequest request,
            List<ReadyPrompt> ready,
            SequenceRules.Common common,
            Optional<ParserSettings> parser,
            int perPrompt) {
        StopFields fields = request.shared().stops();
        LengthRules.Limit limit =
                new LengthRules.Limit("max_tokens", fields.maxTokens(), request.echo());
        List<GenerationRequest> all = new ArrayList<>(ready.size() * perPrompt);
        for (ReadyPrompt prompt : ready) {
            StopConditions stop = lengths.stop(prompt.ids(), fields, limit, request.promptField());
            SequenceRules.Common own =
                    common.with(guided(common.rules(), request.shared().form(), parser, prompt));
            all.addAll(sequences.sequences(id, all.size(), perPrompt, prompt.ids(), own, stop));
        }
        return all;
    }

    /// The number of sequences for each prompt.
    private int choices(String field, long wanted, int numPrompts, String promptField) {
        RequestLimits limits = model.options().limits();
        if (wanted > limits.maxChoices()) {
            throw Invalid.field(
                    field,
                    "%s must be at most %d, but is %d."
                            .formatted(field, limits.maxChoices(), wanted));
        }
        if (numPrompts * wanted > limits.maxSequences()) {
            throw Invalid.field(
                    wanted == 1 ? promptField : field,
                    "%d prompts with %d choices each are more than the %d that one request may have"
                            .formatted(numPrompts, wanted, limits.maxSequences()));
        }
        return (int) wanted;
    }

    private ReadyPrompt cut(ReadyPrompt prompt, SharedParameters shared) {
        return prompt.cutTo(lengths.truncate(prompt.ids(), shared.stops()));
    }

    private OutputOptions output(
            SharedParameters shared,
            boolean continuesText,
            Optional<ParserSettings> parser,
            LogprobsOptions reported) {
        Vocabulary vocabulary = model.tokenizer().vocabulary();
        return new OutputOptions(
                shared.skipSpecialTokens(),
                continuesText,
                parser.map(p -> OutputParsers.markerIds(p, vocabulary)).orElse(Set.of()),
                reported);
    }

    /// The texts of prompts, where the answer shows them.
    private List<String> texts(List<ReadyPrompt> ready, SharedParameters shared, boolean echo) {
        if (!echo && !shared.returnTokenIds()) {
            return List.of();
        }
        boolean skipSpecial = echo && shared.skipSpecialTokens();
        return ready.stream().map(p -> p.textOr(model.tokenizer(), skipSpecial)).toList();
    }
}
