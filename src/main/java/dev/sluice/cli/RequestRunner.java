package dev.sluice.cli;

import dev.sluice.engine.ApiException;
import dev.sluice.engine.Engine;
import dev.sluice.engine.GenerationEvent;
import dev.sluice.engine.GenerationRequest;

import java.io.PrintStream;
import java.util.Optional;
import java.util.function.Consumer;

/// Runs one request at a time on the calling thread, which is the engine thread.
final class RequestRunner {
    private final Engine engine;

    /// Written by the thread that runs, read by the one that cancels.
    private volatile Optional<String> running = Optional.empty();

    RequestRunner(Engine engine) {
        this.engine = engine;
    }

    /// Runs a request to its end.
    ///
    /// @param text gets the text piece by piece
    /// @return how it ended; empty when it was cancelled
    /// @throws Refusal if the engine does not take it
    Optional<GenerationEvent.Finished> run(GenerationRequest request, Consumer<String> text) {
        End end = new End();
        running = Optional.of(request.id());
        try {
            engine.submit(request, event -> end.accept(event, text));
            while (engine.step()) {}
        } catch (ApiException refusal) {
            throw new Refusal(refusal.text());
        } finally {
            running = Optional.empty();
        }
        return end.finished();
    }

    /// Prints a piece of the text that runs at once. Cancels it where nobody can read it any more.
    void print(String text, PrintStream out) {
        out.print(text);
        if (out.checkError()) {
            cancel();
        }
    }

    /// Ends what runs. Any thread.
    ///
    /// @return whether something ran
    boolean cancel() {
        Optional<String> id = running;
        id.ifPresent(engine::cancel);
        return id.isPresent();
    }

    /// Remembers how a request ended.
    private static final class End {
        private Optional<GenerationEvent> last = Optional.empty();

        void accept(GenerationEvent event, Consumer<String> text) {
            if (event instanceof GenerationEvent.Delta delta) {
                text.accept(delta.text());
            }
            last = Optional.of(event);
        }

        Optional<GenerationEvent.Finished> finished() {
            return switch (last.orElseThrow()) {
                case GenerationEvent.Finished finished -> Optional.of(finished);
                case GenerationEvent.Failed(_, ApiException.Cancelled _) -> Optional.empty();
                case GenerationEvent.Failed(_, ApiException cause) ->
                        throw new IllegalStateException(cause.text(), cause);
                case GenerationEvent event -> throw new IllegalStateException("ended by " + event);
            };
        }
    }
}
