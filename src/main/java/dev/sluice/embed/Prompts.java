package dev.sluice.embed;

import dev.sluice.chat.ChatTemplate;
import dev.sluice.chat.TemplateException;
import dev.sluice.model.ModelSource;
import dev.sluice.openai.ServedModel;
import dev.sluice.tokenizer.LoadedTokenizer;
import dev.sluice.tokenizer.TokenIds;
import dev.sluice.tokenizer.Tokenizer;
import dev.sluice.tokenizer.TokenizerLoader;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Turns text and chats into prompts for one model. Immutable and safe for use by several threads.
///
/// Where the engine was loaded, its model makes them; a client of an engine elsewhere reads the
/// model's files itself, with [#of(EngineOptions)] or, without the weights, [#ofTokenizer(Path)].
///
/// @param name of the model
/// @param tokenizer of the model
/// @param template of the model; empty for one that is not made for chats
/// @param specialTokens texts that templates name: `bos_token`, `eos_token` and so on
public record Prompts(
        String name,
        Tokenizer tokenizer,
        Optional<ChatTemplate> template,
        Map<String, String> specialTokens) {

    /// Copies the map.
    public Prompts {
        specialTokens = Map.copyOf(specialTokens);
    }

    /// For a model that is served here.
    public Prompts(ServedModel model) {
        this(model.name(), model.tokenizer(), model.template(), model.specialTokens());
    }

    /// For the model that an engine with these options would load: the same prompts, but no weights
    /// are loaded.
    ///
    /// Finds or fetches all of the model's files, as the engine does. Blocks, for minutes where
    /// they must be downloaded: call it within [io.vertx.core.Vertx#executeBlocking], not on an
    /// event loop.
    ///
    /// @param options of which model, revision and overrides count
    /// @throws dev.sluice.model.ModelSourceException if the model can't be had
    /// @throws dev.sluice.model.ModelFileException if its files can't be used
    /// @throws dev.sluice.tokenizer.TokenizerException if its tokenizer can't
    /// @throws ConfigurationException if the overrides don't fit the model
    public static Prompts of(EngineOptions options) {
        try (ModelFiles files =
                ModelFiles.open(options, new ModelSource(System.getenv(), _ -> {}))) {
            return files.prompts();
        }
    }

    /// For a model of which only the tokenizer's files are here: tokenizer.json or tokenizer.model,
    /// and tokenizer_config.json and the chat template beside it.
    ///
    /// Blocks, for up to a second or so: call it within [io.vertx.core.Vertx#executeBlocking], not
    /// on an event loop.
    ///
    /// @param directory with these files, as they are in the model's own
    /// @throws dev.sluice.tokenizer.TokenizerException if they can't be used
    public static Prompts ofTokenizer(Path directory) {
        LoadedTokenizer loaded = TokenizerLoader.fromDirectory(directory);
        return new Prompts(
                directory.toString(),
                loaded.tokenizer(),
                loaded.chatTemplate().flatMap(ModelFiles::compile),
                loaded.specialTokens());
    }

    /// Text to be continued, with what the model wants around a text.
    ///
    /// @throws dev.sluice.tokenizer.TextTooLongException if a word of it is too long to be encoded
    public TokenIds text(String text) {
        return tokenizer.encode(text, true);
    }

    /// Whether the model is made for chats.
    public boolean canChat() {
        return template.isPresent();
    }

    /// The messages of a chat, for the model to answer.
    ///
    /// @param messages each with `role` and `content`, and whatever else the template knows
    /// @throws IllegalArgumentException if the template refuses them
    /// @throws dev.sluice.tokenizer.TextTooLongException if a word of it is too long to be encoded
    /// @throws IllegalStateException if the model is not made for chats
    public TokenIds chat(List<Map<String, Object>> messages) {
        ChatTemplate ofChats =
                template.orElseThrow(() -> new IllegalStateException(name + " has no template"));
        Map<String, Object> variables = new HashMap<>(specialTokens);
        putNone(variables, "tools");
        putNone(variables, "documents");
        variables.put("messages", messages);
        variables.put("add_generation_prompt", true);
        return tokenizer.encode(render(ofChats, variables), false);
    }

    private static String render(ChatTemplate template, Map<String, Object> variables) {
        try {
            return template.render(variables);
        } catch (TemplateException e) {
            throw new IllegalArgumentException(e.text(), e);
        }
    }

    /// Templates tell a variable that is none from one that is missing.
    @SuppressWarnings("NullAway")
    private static void putNone(Map<String, Object> variables, String name) {
        variables.put(name, null);
    }
}
