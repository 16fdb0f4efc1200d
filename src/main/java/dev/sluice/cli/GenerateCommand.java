package dev.sluice.cli;

import dev.sluice.embed.LoadedEngine;
import dev.sluice.engine.GenerationRequest;
import dev.sluice.tokenizer.TokenIds;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.Callable;

/// `sluice generate`: completes one prompt.
@Command(
        name = "generate",
        description = "Completes one prompt and ends.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        customSynopsis = "sluice generate [--prompt TEXT] [--model MODEL] [OPTIONS]",
        footer = {
            "",
            "Examples:",
            "  sluice generate -p 'The capital of France is' --max-tokens 16 --temperature 0",
            "  sluice generate --chat -p 'Write one sentence about rivers.'",
            "  sluice generate --chat < question.txt"
        })
final class GenerateCommand implements Callable<Integer> {
    private static final int EXIT_INTERRUPTED = 130;

    @Mixin(name = "Model:")
    private ModelOptions model = new ModelOptions();

    @Mixin(name = "Arithmetic:")
    private ComputeFlags compute = new ComputeFlags();

    @Mixin private LocalModel local = new LocalModel();

    @Option(
            names = {"-p", "--prompt"},
            paramLabel = "TEXT",
            description = "What to continue. Default: what standard input holds")
    private Optional<String> prompt = Optional.empty();

    @Option(
            names = "--chat",
            description = "Answers the prompt as a message of a chat instead of continuing it.")
    private boolean chat;

    @Mixin private SamplingFlags sampling = new SamplingFlags();

    private final PrintStream out = Standard.out();

    @Override
    public Integer call() throws IOException {
        String text =
                prompt.isPresent()
                        ? prompt.get()
                        : new String(System.in.readAllBytes(), StandardCharsets.UTF_8);
        try (LoadedEngine engine = local.load(model, compute)) {
            RequestRunner runner = new RequestRunner(engine.engine());
            try (Signals _ = Signals.on(_ -> runner.cancel(), "INT")) {
                boolean ended =
                        runner.run(request(engine, text), piece -> runner.print(piece, out))
                                .isPresent();
                out.println();
                out.flush();
                return ended ? 0 : EXIT_INTERRUPTED;
            }
        }
    }

    private GenerationRequest request(LoadedEngine engine, String text) {
        int maxModelLen = engine.engine().config().maxModelLen();
        TokenIds ids =
                chat
                        ? new Conversation(engine.prompts(), maxModelLen, Optional.empty())
                                .ask(text)
                        : engine.prompts().text(text);
        if (ids.size() == 0) {
            throw new Refusal("The prompt is empty; give one with --prompt.");
        }
        if (ids.size() >= maxModelLen) {
            throw new Refusal(
                    "The prompt is too long: %d tokens for a context of %d."
                            .formatted(ids.size(), maxModelLen));
        }
        return new GenerationRequest(
                "generate",
                ids,
                sampling.params(engine.defaults()),
                sampling.conditions(maxModelLen - ids.size()));
    }
}
