package dev.sluice.tokenizer;

import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.MissingNode;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/// Reads the tokenizer's files of a model directory as the hub lays them out.
final class TokenizerDirectory {
    private static final List<String> ROLES =
            List.of("bos_token", "eos_token", "unk_token", "pad_token");

    private static final String DECODER = "added_tokens_decoder";
    private static final String VOCAB_SIZE = "vocab_size";

    private final Path directory;
    private final JsonNode config;
    private final JsonNode specialTokensMap;

    private TokenizerDirectory(Path directory) {
        this.directory = directory;
        this.config = json("tokenizer_config.json");
        this.specialTokensMap = json("special_tokens_map.json");
    }

    static LoadedTokenizer read(Path directory) {
        return new TokenizerDirectory(directory).load();
    }

    private LoadedTokenizer load() {
        Path json = directory.resolve("tokenizer.json");
        Path model = directory.resolve("tokenizer.model");
        Map<String, String> names = specialTokens();
        TokenizerDraft draft;
        if (Files.exists(json)) {
            draft = TokenizerJson.read(json);
            addTokens(draft);
            frameByFlags(draft, names, ownsFrame());
        } else if (Files.exists(model)) {
            SentencePieceModel pieces = SentencePiece.read(model);
            draft = SentencePiece.draft(pieces);
            addTokens(draft);
            pieces.roles().forEach(names::putIfAbsent);
            frameByFlags(draft, names, true);
        } else {
            throw new TokenizerException(
                    directory + " holds neither tokenizer.json nor tokenizer.model.");
        }
        addEnds(draft, names);
        return new LoadedTokenizer(draft.build(), chatTemplate(), names);
    }

    private JsonNode json(String name) {
        Path file = directory.resolve(name);
        if (!Files.exists(file)) {
            return MissingNode.getInstance();
        }
        try {
            return JsonMapper.shared().readTree(file);
        } catch (JacksonException e) {
            throw new TokenizerException(
                    file + " can't be read as JSON: " + e.getOriginalMessage(), e);
        }
    }

    private Map<String, String> specialTokens() {
        boolean knowsIds = config.has(DECODER);
        Map<String, String> names = new HashMap<>();
        for (String role : ROLES) {
            NamedTokens.text(config.path(role))
                    .filter(_ -> knowsIds || !specialTokensMap.has(role))
                    .or(() -> NamedTokens.text(specialTokensMap.path(role)))
                    .ifPresent(text -> names.put(role, text));
        }
        return names;
    }

    /// Tokens that were added beside the tokenizer's own file. Those that are named without an id
    /// get one where config.json says that the model has it.
    private void addTokens(TokenizerDraft draft) {
        NamedTokens named = namedTokens();
        for (Map.Entry<String, JsonNode> entry : config.path(DECODER).properties()) {
            draft.add(TokenizerJson.addedToken(entry.getValue(), id(entry.getKey())));
        }
        for (Map.Entry<String, JsonNode> entry : json("added_tokens.json").properties()) {
            int id = JsonModel.checkId(entry.getValue().asLong(-1));
            draft.add(AddedToken.plain(entry.getKey(), id, named.has(entry.getKey())));
        }
        JsonNode model = json("config.json");
        JsonNode text = model.has(VOCAB_SIZE) ? model : model.path("text_config");
        named.addTo(draft, text.path(VOCAB_SIZE).asLong(0));
    }

    /// A configuration with a list of ids replaces the older special_tokens_map.json.
    private NamedTokens namedTokens() {
        return NamedTokens.of(
                config, config.has(DECODER) ? MissingNode.getInstance() : specialTokensMap);
    }

    private static long id(String text) {
        try {
            return Long.parseLong(text);
        } catch (NumberFormatException e) {
            throw new TokenizerException(
                    "tokenizer_config.json adds a token with the id '" + text + "'.", e);
        }
    }

    /// Classes that put their ids around a text by flags, whatever tokenizer.json says.
    private boolean ownsFrame() {
        String kind = config.path("tokenizer_class").asString("");
        return kind.startsWith("Llama") || kind.startsWith("Gemma") || kind.startsWith("CodeLlama");
    }

    private void frameByFlags(TokenizerDraft draft, Map<String, String> names, boolean owned) {
        if (!owned) {
            return;
        }
        List<Integer> before = new ArrayList<>(draft.frame().before());
        List<Integer> after = new ArrayList<>(draft.frame().after());
        applyFlag("add_bos_token", draft.id(names.getOrDefault("bos_token", "")), before);
        applyFlag("add_eos_token", draft.id(names.getOrDefault("eos_token", "")), after);
        draft.frame(new SubwordTokenizer.Frame(List.copyOf(before), List.copyOf(after)));
    }

    private void applyFlag(String flag, OptionalInt id, List<Integer> ids) {
        JsonNode wanted = config.path(flag);
        if (wanted.isBoolean() && id.isPresent()) {
            ids.clear();
            if (wanted.booleanValue()) {
                ids.add(id.getAsInt());
            }
        }
    }

    /// The end token, and those that the generation settings name; without settings, the special
    /// tokens that are known as ends.
    private void addEnds(TokenizerDraft draft, Map<String, String> names) {
        draft.bos(draft.id(names.getOrDefault("bos_token", "")));
        draft.id(names.getOrDefault("eos_token", "")).ifPresent(draft::addEos);
        JsonNode ids = json("generation_config.json").path("eos_token_id");
        if (ids.isNumber()) {
            draft.addEos(JsonModel.checkId(ids.asLong()));
        } else if (ids.isArray()) {
            ids.forEach(id -> draft.addEos(JsonModel.checkId(id.asLong(-1))));
        } else {
            EndTokens.TEXTS.stream()
                    .filter(draft::isSpecial)
                    .forEach(text -> draft.id(text).ifPresent(draft::addEos));
        }
    }

    private Optional<String> chatTemplate() {
        Path file = directory.resolve("chat_template.jinja");
        if (Files.exists(file)) {
            try {
                return Optional.of(Files.readString(file));
            } catch (IOException e) {
                throw new TokenizerException(file + " can't be read: " + e.getMessage(), e);
            }
        }
        return template(config.path("chat_template"))
                .or(() -> template(json("chat_template.json").path("chat_template")));
    }

    /// A template, or of several named ones the one named "default".
    private static Optional<String> template(JsonNode value) {
        if (value.isString()) {
            return Optional.of(value.stringValue());
        }
        for (JsonNode named : value) {
            if (named.path("name").asString("").equals("default")) {
                return Optional.of(named.path("template").asString(""));
            }
        }
        return Optional.empty();
    }
}
