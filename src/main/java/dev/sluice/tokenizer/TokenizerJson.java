package dev.sluice.tokenizer;

import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.TokenStreamFactory;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.MissingNode;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Reads a Hugging Face tokenizer.json.
///
/// @see "https://github.com/huggingface/tokenizers"
final class TokenizerJson {
    // Names of tokens are keys here: each is seen once, so a table of seen names is a loss.
    private static final JsonMapper MAPPER =
            JsonMapper.builder(
                            JsonFactory.builder()
                                    .disable(TokenStreamFactory.Feature.CANONICALIZE_PROPERTY_NAMES)
                                    .build())
                    .build();

    private final Map<String, JsonNode> parts;
    private final JsonModel model;

    private TokenizerJson(Map<String, JsonNode> parts, JsonModel model) {
        this.parts = parts;
        this.model = model;
    }

    /// Reads a file.
    static TokenizerDraft read(Path file) {
        try (JsonParser in = MAPPER.createParser(file)) {
            return parse(in).draft();
        } catch (JacksonException e) {
            throw new TokenizerException(
                    file + " can't be read as JSON: " + e.getOriginalMessage(), e);
        }
    }

    private static TokenizerJson parse(JsonParser in) {
        Map<String, JsonNode> parts = new HashMap<>();
        Optional<JsonModel> model = Optional.empty();
        if (in.nextToken() != JsonToken.START_OBJECT) {
            throw new TokenizerException("tokenizer.json is no JSON object.");
        }
        while (in.nextToken() == JsonToken.PROPERTY_NAME) {
            String name = in.currentName();
            in.nextToken();
            switch (name) {
                case "model" -> model = Optional.of(JsonModel.read(in));
                case "added_tokens", "normalizer", "pre_tokenizer", "post_processor", "decoder" ->
                        parts.put(name, in.readValueAsTree());
                default -> in.skipChildren();
            }
        }
        return new TokenizerJson(
                parts,
                model.orElseThrow(() -> new TokenizerException("tokenizer.json has no 'model'.")));
    }

    private JsonNode part(String name) {
        return parts.getOrDefault(name, MissingNode.getInstance());
    }

    private TokenizerDraft draft() {
        TokenIndex index = new TokenIndex(model.tokens());
        JsonPreTokenizer pre =
                JsonPreTokenizer.read(part("pre_tokenizer"), model.kind().equals("BPE"));
        List<PreTokenizer> steps = new ArrayList<>(pre.steps());
        if (!pre.byteLevel() && model.mayCutAtSpaces(index)) {
            steps.add(SpaceCuts.of(index));
        }
        TokenizerDraft draft =
                new TokenizerDraft(index, model.build(index, pre.byteLevel()))
                        .normalizer(JsonNormalizer.read(part("normalizer")))
                        .preTokenizer(PreTokenizer.sequence(steps))
                        .frame(JsonPostProcessor.read(part("post_processor")))
                        .decoder(JsonDecoder.read(part("decoder")));
        part("added_tokens").forEach(token -> draft.add(addedToken(token)));
        return draft;
    }

    /// A token as `added_tokens` and `added_tokens_decoder` write it.
    static AddedToken addedToken(JsonNode token) {
        return addedToken(token, token.path("id").asLong(-1));
    }

    static AddedToken addedToken(JsonNode token, long id) {
        return new AddedToken(
                token.path("content").asString(""),
                JsonModel.checkId(id),
                token.path("single_word").asBoolean(false),
                token.path("lstrip").asBoolean(false),
                token.path("rstrip").asBoolean(false),
                token.path("normalized").asBoolean(false),
                token.path("special").asBoolean(false));
    }
}
