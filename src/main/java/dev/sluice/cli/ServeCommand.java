package dev.sluice.cli;

import dev.sluice.embed.BatchOptions;
import dev.sluice.embed.ComputeOptions;
import dev.sluice.embed.EngineOptions;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

import java.util.List;
import java.util.concurrent.Callable;

/// `sluice serve`: a model over HTTP.
@Command(
        name = "serve",
        description = "Serves a model over the OpenAI protocol.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        synopsisHeading = "Usage: ",
        customSynopsis = "sluice serve [--model MODEL] [OPTIONS]",
        footer = {
            "",
            "Flags may be spelt with dashes or underscores. FastDeploy's other flags are accepted where they"
                    + " change no answer, and refused where they would.",
            "",
            "Examples:",
            "  sluice serve",
            "  sluice serve --model Qwen/Qwen3-0.6B --host 0.0.0.0 --port 8000",
            "  sluice serve --model ~/models/llama.Q4_K_M.gguf --max-model-len 8192",
            "  sluice serve --model ~/models/ernie-4.5-0.3b --quantization wint8 --threads 8"
        })
final class ServeCommand implements Callable<Integer> {
    private static final String LOG_LEVEL = "sluice.log";

    @ArgGroup(validate = false, order = 1, heading = "%nModel:%n")
    private ModelOptions model = new ModelOptions();

    @ArgGroup(validate = false, order = 2, heading = "%nArithmetic:%n")
    private ComputeFlags compute = new ComputeFlags();

    @ArgGroup(validate = false, order = 3, heading = "%nBatch and memory:%n")
    private BatchFlags batch = new BatchFlags();

    @ArgGroup(validate = false, order = 4, heading = "%nServer:%n")
    private ServerFlags server = new ServerFlags();

    @Option(
            names = "--log-level",
            paramLabel = "error|warn|info|debug",
            defaultValue = "info",
            description = "How much is logged to standard error. Default: ${DEFAULT-VALUE}")
    private String logLevel = "info";

    @Option(
            names = {"--tensor-parallel-size", "-tp"},
            hidden = true,
            defaultValue = "1")
    private int tensorParallelSize = 1;

    @Spec private CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() {
        if (System.getProperty(LOG_LEVEL) == null) {
            System.setProperty(LOG_LEVEL, logLevel);
        }
        // Not earlier: it reads the level.
        Logger log = LoggerFactory.getLogger(ServeCommand.class);
        List<String> later = LaterFlags.judge(spec.commandLine().getParseResult());
        EngineOptions engine = engineOptions();
        later.forEach(log::warn);
        if (tensorParallelSize > 1) {
            log.warn(
                    "--tensor-parallel-size {} runs as 1: there is no tensor parallelism yet",
                    tensorParallelSize);
        }
        return new ServerProcess(engine, server, System.out).run();
    }

    private EngineOptions engineOptions() {
        ComputeOptions arithmetic = compute.toOptions();
        BatchOptions limits = batch.toOptions();
        return new EngineOptions(model.reference(), model.revision(), arithmetic, limits);
    }
}
