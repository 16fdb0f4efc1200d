package dev.sluice.cli;

import dev.sluice.embed.EngineOptions;
import dev.sluice.server.ServerOptions;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

import java.util.List;
import java.util.Map;
import java.util.Optional;
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
    private static final String LOG_DIR = "sluice.log.dir";

    @Option(
            names = FlagSources.CONFIG,
            paramLabel = "FILE",
            description =
                    "YAML file with flags as keys. Flags of the command line win over variables of"
                            + " the environment (SLUICE_MAX_MODEL_LEN), and these over the file.")
    private Optional<String> config = Optional.empty();

    @Option(
            names = "--log-level",
            paramLabel = "error|warn|info|debug",
            defaultValue = "info",
            description = "How much is logged to standard error. Default: ${DEFAULT-VALUE}")
    private LogLevel logLevel = LogLevel.INFO;

    @Mixin(name = "Model:")
    private ModelOptions model = new ModelOptions();

    @Mixin(name = "Instead of what the model's files say:")
    private OverrideFlags overrides = new OverrideFlags();

    @Mixin(name = "Arithmetic:")
    private ComputeFlags compute = new ComputeFlags();

    @Mixin(name = "Batch and memory:")
    private BatchFlags batch = new BatchFlags();

    @Mixin(name = "Requests:")
    private RequestFlags requests = new RequestFlags();

    @Mixin(name = "Generation:")
    private DecodingFlags decoding = new DecodingFlags();

    @Mixin(name = "Server:")
    private ServerFlags server = new ServerFlags();

    @Spec private CommandSpec spec = CommandSpec.create();

    private Map<String, String> environment = System.getenv();

    /// Uses other variables than the process's.
    void use(Map<String, String> variables) {
        environment = Map.copyOf(variables);
    }

    @Override
    public Integer call() {
        FastDeployVariables fastDeploy = new FastDeployVariables(environment);
        if (System.getProperty(LOG_LEVEL) == null) {
            System.setProperty(LOG_LEVEL, level(fastDeploy).spelt());
        }
        fastDeploy.logDirectory().ifPresent(directory -> System.setProperty(LOG_DIR, directory));
        // Not earlier: it reads the properties.
        Logger log = LoggerFactory.getLogger(ServeCommand.class);
        List<String> foreign = ForeignFlags.judge(spec.commandLine().getParseResult());
        ServePlan plan = plan(fastDeploy);
        config.ifPresent(file -> log.info("flags are also read from {}", file));
        foreign.forEach(log::warn);
        server.warnings().forEach(log::warn);
        fastDeploy.lines().forEach(log::warn);
        return new ServerProcess(plan, System.out).run();
    }

    private LogLevel level(FastDeployVariables fastDeploy) {
        boolean wasGiven = spec.commandLine().getParseResult().hasMatchedOption("--log-level");
        return fastDeploy.isDebug() && !wasGiven ? LogLevel.DEBUG : logLevel;
    }

    /// What the flags ask for.
    ///
    /// @throws Refusal if one of them can't be had
    ServePlan plan(FastDeployVariables fastDeploy) {
        EngineOptions engine =
                new EngineOptions(
                        model.reference(),
                        model.revision(),
                        overrides.toOverrides(requests.chatTemplate()),
                        compute.toOptions(
                                !ForeignFlags.refuseGraphs(spec.commandLine().getParseResult())),
                        batch.toOptions(!fastDeploy.endsInsteadOfRecomputing()),
                        requests.logits(),
                        decoding.toOptions());
        ServerOptions options = server.toOptions(environment);
        Map<String, Object> found =
                Map.of(
                        "log_level",
                        level(fastDeploy).spelt(),
                        "enable_prefix_caching",
                        engine.batch().prefixCaching(),
                        "no_enable_prefix_caching",
                        !engine.batch().prefixCaching(),
                        "max_num_batched_tokens",
                        engine.batch().maxNumBatchedTokens(),
                        "scheduler_max_size",
                        engine.batch().maxWaiting(),
                        "max_request_bytes",
                        options.bodies().maxBytes());
        return new ServePlan(
                engine,
                options.withSettings(EffectiveSettings.of(spec, environment, found)),
                requests.toOptions(environment),
                server.servedModelName(),
                server.drainTimeout());
    }
}
