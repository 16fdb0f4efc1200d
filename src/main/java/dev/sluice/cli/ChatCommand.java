package dev.sluice.cli;

import dev.sluice.embed.LoadedEngine;
import dev.sluice.engine.GenerationRequest;
import dev.sluice.tokenizer.TokenIds;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

import java.io.BufferedReader;
import java.io.Console;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.Callable;

/// `sluice chat`: a talk in the terminal, or with each line of a pipe.
@Command(
        name = "chat",
        description = "Talks with a model in the terminal.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        customSynopsis = "sluice chat [--model MODEL] [OPTIONS]",
        footer = {
            "",
            "In the talk: /reset forgets what was said, /exit or Ctrl-D ends, Ctrl-C stops an answer.",
            "From a pipe, each line is something to answer.",
            "",
            "Examples:",
            "  sluice chat --system 'You are a pirate.' --temperature 0.7",
            "  echo 'What is the capital of France?' | sluice chat --temperature 0"
        })
final class ChatCommand implements Callable<Integer> {
    private static final int EXIT_INTERRUPTED = 130;

    @Mixin(name = "Model:")
    private ModelOptions model = new ModelOptions();

    @Mixin(name = "Arithmetic:")
    private ComputeFlags compute = new ComputeFlags();

    @Mixin private LocalModel local = new LocalModel();
    @Mixin private SamplingFlags sampling = new SamplingFlags();

    @Option(
            names = "--system",
            paramLabel = "TEXT",
            description = "What the model is told about its part. Default: what its template says")
    private Optional<String> system = Optional.empty();

    private final PrintStream out = Standard.out();

    @Override
    public Integer call() throws IOException {
        try (LoadedEngine engine = local.load(model, compute)) {
            Conversation conversation =
                    new Conversation(
                            engine.prompts(), engine.engine().config().maxModelLen(), system);
            RequestRunner runner = new RequestRunner(engine.engine());
            try (Signals _ = Signals.on(_ -> interrupt(runner), "INT")) {
                talk(new Talk(engine, runner, conversation), isTerminal());
            }
        }
        return 0;
    }

    /// Ctrl-C stops an answer; where there is none, the command.
    private static void interrupt(RequestRunner runner) {
        if (!runner.cancel()) {
            Runtime.getRuntime().halt(EXIT_INTERRUPTED);
        }
    }

    private static boolean isTerminal() {
        return Optional.ofNullable(System.console()).map(Console::isTerminal).orElse(false);
    }

    /// What a talk needs.
    private record Talk(LoadedEngine engine, RequestRunner runner, Conversation conversation) {}

    private void talk(Talk talk, boolean isTerminal) throws IOException {
        if (isTerminal) {
            out.println(talk.engine().name() + ". /reset, /exit; Ctrl-C stops an answer.");
        }
        BufferedReader in =
                new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        while (!out.checkError()) {
            if (isTerminal) {
                out.print("\n> ");
                out.flush();
            }
            Optional<String> line = Optional.ofNullable(in.readLine()).map(String::strip);
            if (line.isEmpty() || line.get().equals("/exit") || line.get().equals("/quit")) {
                return;
            }
            say(talk, line.get());
        }
    }

    private void say(Talk talk, String line) {
        if (line.equals("/reset")) {
            talk.conversation().reset();
        } else if (!line.isEmpty()) {
            try {
                answer(talk, line);
            } catch (Refusal refusal) {
                System.err.println("sluice: " + refusal.getMessage());
            }
        }
    }

    private void answer(Talk talk, String line) {
        LoadedEngine engine = talk.engine();
        TokenIds prompt = talk.conversation().ask(line);
        int room = engine.engine().config().maxModelLen() - prompt.size();
        GenerationRequest request =
                new GenerationRequest(
                        "chat",
                        prompt,
                        sampling.params(engine.defaults()),
                        sampling.conditions(room));
        StringBuilder answer = new StringBuilder();
        talk.runner()
                .run(
                        request,
                        text -> {
                            answer.append(text);
                            talk.runner().print(text, out);
                        });
        out.println();
        out.flush();
        talk.conversation().answered(answer.toString());
    }
}
