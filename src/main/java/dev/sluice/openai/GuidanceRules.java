package dev.sluice.openai;

import dev.sluice.engine.Guidance;
import dev.sluice.openai.parsers.CallSpelling;
import dev.sluice.openai.parsers.OutputParsers;
import dev.sluice.openai.parsers.ParserSettings;
import dev.sluice.openai.parsers.ThinkingMarkers;
import dev.sluice.tokenizer.TokenIds;
import dev.sluice.tokenizer.Vocabulary;

import java.util.Optional;
import java.util.OptionalInt;

/// From where on the output of one model has the form that a request wants.
///
/// @param model with its tokenizer
record GuidanceRules(ServedModel model) {

    /// The form of a chat's answer. Where a tool must be called, that is all there is to form;
    /// where one may be, `response_format` is about the answers that are no calls.
    ///
    /// @param parser of the output
    Optional<GuidedForm> form(ChatRequest request, Optional<ParserSettings> parser) {
        Optional<CallSpelling> spelling =
                parser.flatMap(ParserSettings::toolCalls).flatMap(OutputParsers::callSpelling);
        Vocabulary vocabulary = model.tokenizer().vocabulary();
        Optional<GuidedForm> form = request.shared().form();
        if (form.isEmpty() || !request.tools().wanted().isEmpty()) {
            return ToolCallForm.of(request.tools(), spelling, vocabulary);
        }
        return spelling.filter(_ -> form.get().field().equals(GuidedFields.RESPONSE_FORMAT))
                .map(calls -> ToolCallForm.orCalls(form.get(), request.tools(), calls, vocabulary))
                .or(() -> form);
    }

    /// Guides the output from its first token on, but leaves the model its thinking: the one that
    /// the prompt has opened, or one that the output opens with the marker's token. A model that
    /// has no such token is not asked to think.
    ///
    /// @param parser of the output
    Guidance guidance(GuidedForm form, Optional<ParserSettings> parser, TokenIds prompt) {
        Optional<ThinkingMarkers> markers =
                parser.flatMap(ParserSettings::reasoning).flatMap(OutputParsers::thinkingMarkers);
        if (markers.isEmpty()) {
            return new Guidance(form.grammar(), form.field());
        }
        ParserSettings settings = parser.orElseThrow();
        TokenIds end = model.marker(markers.get().end());
        if (OutputParsers.isThinkingOpen(settings, model.tokenizer(), prompt)) {
            return new Guidance(form.grammar(), form.field(), Optional.of(end));
        }
        OptionalInt opener = OutputParsers.thinkingOpener(settings, model.tokenizer(), prompt);
        return opener.isPresent()
                ? new Guidance(form.grammar(), form.field(), Optional.of(end), opener)
                : new Guidance(form.grammar(), form.field());
    }
}
