package dev.sluice.openai.parsers;

import dev.sluice.tokenizer.TokenIds;

import java.util.List;
import java.util.Optional;
import java.util.Set;

/// Finds the calls of tools in outputs whose format the server does not know. For users: a public
/// class with a public constructor without parameters, named by `--tool-parser-plugin`.
///
/// Each choice has an instance of its own, used by one thread at a time; it must not block. What it
/// sees is the answer, without the thinking where there is a reasoning parser. An exception fails
/// the request, no other.
public interface ToolCallParser {

    /// The name that `--tool-call-parser` chooses it by.
    String name();

    /// Markers that are single tokens of the model and that it wants in the text even where special
    /// tokens are left out. Default none.
    default Set<String> markers() {
        return Set.of();
    }

    /// Finds the calls of a whole answer.
    ///
    /// @param text of the answer
    /// @param ids of its tokens
    Extraction extract(String text, TokenIds ids);

    /// Tells what a growing answer brings; asked for each piece, and once at the end, by streams
    /// and whole answers alike. The default tells nothing, so that streams too wait for the end and
    /// for [#extract].
    ///
    /// @return empty to leave the whole answer to [#extract]; either always or never, so that after
    ///   an empty one nothing more is asked
    default Optional<Extension> extractDelta(Growth growth) {
        return Optional.empty();
    }

    /// An answer taken apart.
    ///
    /// @param content what is no call
    /// @param calls in order
    record Extraction(String content, List<Call> calls) {
        public Extraction {
            calls = List.copyOf(calls);
        }
    }

    /// A call.
    ///
    /// @param name of the function
    /// @param arguments JSON text; empty for none
    record Call(String name, String arguments) {}

    /// An answer before and after a piece.
    ///
    /// @param previousText text before
    /// @param deltaText the piece
    /// @param currentText text after
    /// @param previousIds ids before
    /// @param deltaIds ids that came with the piece
    /// @param currentIds ids after
    /// @param last whether nothing follows; the piece is empty then
    record Growth(
            String previousText,
            String deltaText,
            String currentText,
            TokenIds previousIds,
            TokenIds deltaIds,
            TokenIds currentIds,
            boolean last) {}

    /// What a piece brings.
    ///
    /// @param content more of what is no call
    /// @param calls more of calls, in order
    record Extension(String content, List<CallExtension> calls) {
        /// Nothing.
        public static final Extension NONE = new Extension("", List.of());

        public Extension {
            calls = List.copyOf(calls);
        }
    }

    /// More of a call.
    ///
    /// @param index of the call, from 0 without gaps
    /// @param name of the function, the first time
    /// @param arguments next slice of the JSON text; may be empty
    record CallExtension(int index, Optional<String> name, String arguments) {}
}
