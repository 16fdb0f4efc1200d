package dev.sluice.openai;

import dev.sluice.chat.ChatTemplate;
import dev.sluice.chat.TemplateException;
import dev.sluice.engine.ApiException.InvalidRequest;
import dev.sluice.engine.ApiException.NotFound;
import dev.sluice.engine.GenerationRequest;
import dev.sluice.openai.PreparedRequest.Kind;
import dev.sluice.tokenizer.TokenIds;

import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;

/// Turns the bodies of requests into requests for the engine: validates, resolves defaults, renders
/// the template, tokenizes and checks lengths. Whatever is wrong with a request that only the
/// engine can't tell is told here.
///
/// Safe for use by several threads. Takes time in proportion to the body: not for an event loop.
public final class RequestTranslator {
    private static final String DEFAULT_MODEL = "default";

    private final ServedModel model;
    private final RequestValidator validator;
    private final InstantSource clock;
    private final SequenceRules rules;

    /// @param clock tells when an answer was created
    public RequestTranslator(ServedModel model, RequestValidator validator, InstantSource clock) {
        this.model = model;
        this.validator = validator;
        this.clock = clock;
        this.rules = new SequenceRules(model);
    }

    /// Prepares a body of `/v1/chat/completions`.
    ///
    /// @throws InvalidRequest naming the field
    /// @throws NotFound if it names a model that is not served
    public PreparedRequest chat(byte[] body) {
        ChatRequest request = validator.chat(body);
        SharedParameters shared = request.shared();
        checkModel(shared);
        boolean tokenized = request.promptTokenIds().size() > 0;
        String promptField = tokenized ? request.idsField() : "messages";
        TokenIds prompt = tokenized ? request.promptTokenIds() : render(request);
        boolean ownLimit = request.maxCompletionTokens().isPresent();
        SequenceRules.Limit limit =
                ownLimit
                        ? new SequenceRules.Limit(
                                "max_completion_tokens", request.maxCompletionTokens())
                        : new SequenceRules.Limit("max_tokens", shared.maxTokens());
        Answer answer = new Answer(Kind.CHAT, id(Kind.CHAT, shared), promptField);
        GenerationRequest sequence =
                rules.sequence(sequenceId(answer, 0), prompt, shared, limit, promptField);
        Optional<String> metadata =
                request.metadata().isEmpty()
                        ? Optional.empty()
                        : Optional.of(RequestJson.write(request.metadata()));
        return prepared(answer, shared, List.of(sequence), 1, List.of(), metadata);
    }

    /// Prepares a body of `/v1/completions`.
    ///
    /// @throws InvalidRequest naming the field
    /// @throws NotFound if it names a model that is not served
    public PreparedRequest completion(byte[] body) {
        CompletionRequest request = validator.completion(body);
        SharedParameters shared = request.shared();
        checkModel(shared);
        checkNumberOfPrompts(request);
        SequenceRules.Limit limit = new SequenceRules.Limit("max_tokens", shared.maxTokens());
        Answer answer =
                new Answer(Kind.COMPLETION, id(Kind.COMPLETION, shared), request.promptField());
        List<GenerationRequest> sequences = new ArrayList<>();
        for (Prompt prompt : request.prompts()) {
            TokenIds ids = tokenize(prompt, request.addSpecialTokens());
            String id = sequenceId(answer, sequences.size());
            sequences.add(rules.sequence(id, ids, shared, limit, request.promptField()));
        }
        List<String> echoes =
                request.echo()
                        ? request.prompts().stream().map(p -> text(p, shared)).toList()
                        : List.of();
        return prepared(
                answer, shared, sequences, request.prompts().size(), echoes, Optional.empty());
    }

    /// What is known of an answer before its sequences.
    private record Answer(Kind kind, String id, String promptField) {}

    private PreparedRequest prepared(
            Answer answer,
            SharedParameters shared,
            List<GenerationRequest> sequences,
            int numPrompts,
            List<String> promptTexts,
            Optional<String> metadata) {
        return new PreparedRequest(
                answer.kind(),
                answer.id(),
                clock.instant().getEpochSecond(),
                model,
                sequences,
                numPrompts,
                promptTexts,
                shared.stream(),
                new AnswerOptions(
                        shared.streamOptions().includeUsage(),
                        shared.streamOptions().continuousUsage(),
                        false,
                        OptionalInt.empty(),
                        OptionalInt.empty(),
                        true,
                        1,
                        1,
                        !promptTexts.isEmpty(),
                        false,
                        Optional.empty()),
                answer.promptField(),
                metadata);
    }

    private void checkModel(SharedParameters shared) {
        String asked = shared.model().orElse(DEFAULT_MODEL);
        model.servedName()
                .filter(served -> !asked.equals(served) && !asked.equals(DEFAULT_MODEL))
                .ifPresent(served -> {
                    throw new NotFound(
                            "Unsupported model: [%s], support [%s] or default"
                                    .formatted(asked, served));
                });
    }

    private void checkNumberOfPrompts(CompletionRequest request) {
        int max = model.options().limits().maxPrompts();
        if (request.prompts().size() > max) {
            throw Invalid.field(
                    request.promptField(),
                    "%d prompts are more than the %d that one request may have"
                            .formatted(request.prompts().size(), max));
        }
    }

    private TokenIds render(ChatRequest request) {
        ChatTemplate template =
                model.template()
                        .orElseThrow(() ->
                                Invalid.field(
                                        "messages", "This model does not support chat_template."));
        String text = renderWith(template, variables(request));
        TokenIds prompt = model.tokenizer().encode(text, false);
        if (prompt.size() == 0) {
            throw Invalid.field("messages", "The chat template made an empty prompt of these.");
        }
        return prompt;
    }

    /// Templates know `tools` and `documents` as none where there are none.
    private Map<String, Object> variables(ChatRequest request) {
        Map<String, Object> variables = new LinkedHashMap<>();
        RequestJson.putNull(variables, "tools");
        RequestJson.putNull(variables, "documents");
        variables.putAll(model.specialTokens());
        variables.putAll(request.templateVariables());
        variables.put("messages", request.messages());
        return variables;
    }

    private static String renderWith(ChatTemplate template, Map<String, Object> variables) {
        try {
            return template.render(variables);
        } catch (TemplateException e) {
            throw Invalid.field("messages", e.text());
        }
    }

    private TokenIds tokenize(Prompt prompt, boolean addSpecial) {
        return switch (prompt) {
            case Prompt.Text(String text) -> model.tokenizer().encode(text, addSpecial);
            case Prompt.Ids(TokenIds ids) -> ids;
        };
    }

    private String text(Prompt prompt, SharedParameters shared) {
        return switch (prompt) {
            case Prompt.Text(String text) -> text;
            case Prompt.Ids(TokenIds ids) ->
                    model.tokenizer().decode(ids, shared.skipSpecialTokens());
        };
    }

    private static String id(Kind kind, SharedParameters shared) {
        String prefix = kind.prefix();
        return shared.requestId()
                .filter(id -> !id.isEmpty())
                .map(id -> id.startsWith(prefix) ? id : prefix + id)
                .orElseGet(() ->
                        prefix
                                + shared.user()
                                        .filter(user -> !user.isEmpty())
                                        .map(user -> user + "-")
                                        .orElse("")
                                + UUID.randomUUID());
    }

    /// Never parsed: an id may hold anything.
    private static String sequenceId(Answer answer, int index) {
        return answer.id() + "::" + index;
    }
}
