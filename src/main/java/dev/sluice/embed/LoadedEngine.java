package dev.sluice.embed;

import dev.sluice.bus.EngineInfo;
import dev.sluice.bus.HostedEngine;
import dev.sluice.compute.DType;
import dev.sluice.compute.Device;
import dev.sluice.compute.DeviceException;
import dev.sluice.compute.cpu.CpuDevice;
import dev.sluice.compute.cpu.CpuProfile;
import dev.sluice.engine.Engine;
import dev.sluice.engine.EngineConfig;
import dev.sluice.engine.EngineFeatures;
import dev.sluice.engine.GuidedDecoding;
import dev.sluice.engine.LogitsProcessor;
import dev.sluice.engine.LogitsProcessors;
import dev.sluice.engine.Speculation;
import dev.sluice.grammar.GrammarCompiler;
import dev.sluice.grammar.GrammarLimits;
import dev.sluice.grammar.GrammarVocabulary;
import dev.sluice.grammar.JsonSchemaOptions;
import dev.sluice.model.CausalLm;
import dev.sluice.model.ModelConfig;
import dev.sluice.model.ModelSource;
import dev.sluice.model.ShardingException;
import dev.sluice.openai.ApiOptions;
import dev.sluice.openai.RequestLimits;
import dev.sluice.openai.SamplingDefaults;
import dev.sluice.openai.ServedModel;
import dev.sluice.tokenizer.Tokenizer;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/// A model on a device with an engine that runs it, and all that must be closed with it.
///
/// The thread that calls [#close()] is the engine thread or follows it.
public final class LoadedEngine implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(LoadedEngine.class);
    private static final double MEGABYTE = 1e6;

    private final ModelParts parts;
    private final Deque<AutoCloseable> owned = new ArrayDeque<>();
    private final boolean isOnGpu;
    private final Device device;
    private final CausalLm model;
    private final Optional<CausalLm> draftModel;
    private final Engine engine;

    private LoadedEngine(
            EngineOptions options, ModelParts parts, Optional<ModelParts> draft, Phases phases) {
        this.parts = parts;
        List<LogitsProcessor> processors = processors(options.logits(), parts.tokenizer());
        boolean complete = false;
        try {
            Devices.Opened opened = Devices.open(options.compute());
            isOnGpu = opened.isGpu();
            device = own(opened.device());
            phases.end("device");
            model = own(onDevice(() -> load(options.compute())));
            draftModel = draft.map(small -> own(onDevice(() -> loadDraft(options, small))));
            phases.end("weights");
            engine = own(onDevice(() -> engine(options, processors)));
            phases.end("engine");
            LOG.info("loaded: {}", phases);
            complete = true;
        } finally {
            if (!complete) {
                close();
            }
        }
    }

    private CausalLm load(ComputeOptions options) {
        try {
            return parts.weights().load(device, options.packing());
        } catch (ShardingException e) {
            String sizes =
                    e.possible().stream().map(String::valueOf).collect(Collectors.joining(", "));
            ModelConfig config = parts.config();
            throw new ConfigurationException(
                    "--tensor-parallel-size %d can't spread %d query heads, %d key and value heads, a feed-forward layer of %d and a vocabulary of %d evenly; the sizes that work are %s."
                            .formatted(
                                    e.ranks(),
                                    config.numHeads(),
                                    config.numKvHeads(),
                                    config.intermediateSize(),
                                    config.vocabSize(),
                                    sizes));
        }
    }

    private CausalLm loadDraft(EngineOptions options, ModelParts draft) {
        DraftFiles.checkVocabulary(parts, draft);
        ComputeOptions compute = options.compute();
        Optional<Quantization> smaller =
                options.decoding()
                        .speculation()
                        .flatMap(SpeculationOptions::draft)
                        .flatMap(SpeculationOptions.DraftModel::quantization);
        try {
            return draft.weights()
                    .load(device, smaller.map(compute::withQuantization).orElse(compute).packing());
        } catch (ShardingException e) {
            throw new ConfigurationException(
                    "--speculative-config: the draft model can't be spread over %d ranks; the sizes that work are %s."
                            .formatted(e.ranks(), e.possible()));
        }
    }

    private Optional<Speculation> speculation(DecodingOptions options) {
        return options.speculation()
                .filter(how -> how.draft().isPresent() == draftModel.isPresent())
                .map(how -> new Speculation(how.maxTokens(), draftModel));
    }

    /// The processors that requests may use.
    ///
    /// @throws ConfigurationException naming the one that can't be loaded
    private static List<LogitsProcessor> processors(LogitsOptions options, Tokenizer tokenizer) {
        try {
            return LogitsProcessors.load(options.processors(), tokenizer);
        } catch (IllegalArgumentException e) {
            throw new ConfigurationException("--logits-processors: " + e.getMessage());
        }
    }

    /// Finds or fetches the model that the options name, and loads it. Takes seconds; minutes where
    /// the model must be downloaded.
    ///
    /// @return owned by the caller
    /// @throws dev.sluice.model.ModelSourceException if the model can't be had
    /// @throws dev.sluice.model.ModelFileException if its files can't be used
    /// @throws ConfigurationException if it can't run as the options ask
    /// @throws DeviceException if the device can't be used or has no memory left
    public static LoadedEngine load(EngineOptions options, ModelSource source) {
        Phases phases = new Phases();
        try (ModelFiles files = ModelFiles.open(options, source);
                DraftFiles draft = DraftFiles.open(options.decoding(), source)) {
            ModelParts parts = files.parts();
            Optional<ModelParts> draftParts = draft.parts();
            phases.end("files");
            return new LoadedEngine(options, parts, draftParts, phases);
        }
    }

    /// Loads a model whose parts are at hand. No draft model is loaded beside it.
    ///
    /// @return owned by the caller
    public static LoadedEngine load(EngineOptions options, ModelParts parts) {
        return new LoadedEngine(options, parts, Optional.empty(), new Phases());
    }

    private <T extends AutoCloseable> T own(T resource) {
        owned.push(resource);
        return resource;
    }

    private Engine engine(EngineOptions options, List<LogitsProcessor> processors) {
        BatchOptions batch = options.batch();
        Optional<Speculation> speculation = speculation(options.decoding());
        KvPool pool = pool(batch, speculation, options.compute().kvDtype());
        LOG.info(
                "model={} device=\"{}\" weights_mb={} kv_tokens={} kv_blocks={} kv_reserved_mb={}"
                        + " max_model_len={} max_num_seqs={}",
                parts.name(),
                device.describe(),
                Math.round(model.weightBytes() / MEGABYTE),
                pool.tokens(),
                pool.numBlocks(),
                Math.round(pool.bytes() / MEGABYTE),
                pool.maxModelLen(),
                batch.maxNumSeqs());
        EngineConfig config =
                new EngineConfig(
                        pool.maxModelLen(),
                        batch.maxNumSeqs(),
                        batch.maxNumBatchedTokens(),
                        batch.blockSize(),
                        pool.numBlocks(),
                        options.compute().kvDtype(),
                        batch.maxWaiting(),
                        parts.eosTokenIds(),
                        batch.recompute(),
                        options.logits().logprobsMode(),
                        batch.prefixCaching(),
                        batch.prefillTime(isOnGpu));
        Optional<GuidedDecoding> guided =
                options.logits()
                        .guided()
                        .map(how -> new GuidedDecoding(grammars(how.json()), how.jumpForward()));
        return new Engine(
                config,
                model,
                parts.tokenizer(),
                device,
                new EngineFeatures(processors, guided, speculation, options.decoding().earlyStop()),
                System::nanoTime);
    }

    private GrammarCompiler grammars(JsonSchemaOptions json) {
        int threads = Math.max(1, Runtime.getRuntime().availableProcessors() / 2);
        GrammarCompiler compiler =
                own(
                        new GrammarCompiler(
                                () -> GrammarVocabulary.of(parts.tokenizer().vocabulary()),
                                GrammarLimits.DEFAULT,
                                json,
                                threads));
        compiler.warmUp();
        return compiler;
    }

    /// A GPU that refuses memory is the operator's to help.
    private <T> T onDevice(Supplier<T> work) {
        try {
            return work.get();
        } catch (DeviceException e) {
            if (!isOnGpu || e.deviceLost()) {
                throw e;
            }
            throw new ConfigurationException(
                    "The GPU can't hold the model as it is asked for: %s. Lower --max-model-len, --num-gpu-blocks-override or, where others use the GPU, --gpu-memory-utilization, or take a smaller model or --quantization."
                            .formatted(e.getMessage()));
        }
    }

    private KvPool pool(BatchOptions batch, Optional<Speculation> speculation, DType kvDtype) {
        int ranks = device.ranks();
        Optional<ModelConfig> draft = draftModel.map(CausalLm::config);
        if (!isOnGpu) {
            long available = ranks * device.availableBytes();
            return KvPool.plan(batch, model.config(), draft, kvDtype, ranks, available);
        }
        int most = batch.maxNumSeqs();
        int proposed =
                speculation.map(s -> s.mostRows(most, batch.maxNumBatchedTokens())).orElse(0);
        long left =
                new GpuMemory(device, batch, model, draftModel, most + proposed)
                        .takeAllButTheCache();
        return KvPool.planOnGpu(batch, model.config(), draft, kvDtype, ranks, left);
    }

    /// The engine. Not to be closed by itself.
    public Engine engine() {
        return engine;
    }

    /// What the model is called.
    public String name() {
        return parts.name();
    }

    /// How tokens are drawn where nobody says how.
    public SamplingDefaults defaults() {
        return parts.defaults();
    }

    /// The model on its device.
    public CausalLm model() {
        return model;
    }

    /// Measures where the time goes; empty where the model does not run on the CPU alone.
    public Optional<CpuProfile> cpuProfile() {
        return device instanceof CpuDevice cpu ? Optional.of(cpu.profile()) : Optional.empty();
    }

    /// What is told about the engine.
    public EngineInfo.Serving serving() {
        EngineConfig config = engine.config();
        return new EngineInfo.Serving(
                parts.name(),
                device.describe(),
                model.config().vocabSize(),
                config.maxModelLen(),
                config.maxNumSeqs(),
                (long) config.numBlocks() * config.blockSize());
    }

    /// The model as the OpenAI protocol knows it.
    ///
    /// @param servedName the only name that requests may use, where one is wanted
    /// @throws ConfigurationException if the options don't fit the model
    public ServedModel servedModel(Optional<String> servedName, ApiOptions api) {
        int vocabulary = parts.tokenizer().vocabulary().size();
        if (api.maxLogprobs().orElse(0) > vocabulary) {
            throw new ConfigurationException(
                    "--max-logprobs %d is more than the %d tokens of the vocabulary; -1 means all."
                            .formatted(api.maxLogprobs().getAsInt(), vocabulary));
        }
        // More could never be taken, however often they are tried again.
        int places = engine.config().maxNumSeqs() + engine.config().maxWaiting();
        RequestLimits limits = api.limits();
        ApiOptions possible =
                api.withLimits(limits.withMaxSequences(Math.min(limits.maxSequences(), places)));
        return new ServedModel(
                parts.name(),
                servedName,
                parts.root(),
                parts.tokenizer(),
                parts.template(),
                parts.specialTokens(),
                parts.defaults(),
                possible,
                engine.config().maxModelLen(),
                Instant.now(),
                parts.eosTokenIds());
    }

    /// Makes prompts for the model.
    public Prompts prompts() {
        return new Prompts(servedModel(Optional.empty(), ApiOptions.DEFAULT));
    }

    /// For an [dev.sluice.bus.EngineVerticle], which closes this at its end.
    ///
    /// @param announce tells others of the model; if it fails, this is closed
    public HostedEngine hosted(Runnable announce) {
        try {
            announce.run();
        } catch (RuntimeException e) {
            close();
            throw e;
        }
        return new HostedEngine(engine, serving(), this::close);
    }

    /// Closes engine, model and device. Idempotent.
    @Override
    public void close() {
        while (!owned.isEmpty()) {
            close(owned.pop());
        }
    }

    private static void close(AutoCloseable resource) {
        try {
            resource.close();
            LOG.debug("closed {}", resource.getClass().getSimpleName());
        } catch (Exception e) {
            LOG.error("{} could not be closed", resource.getClass().getSimpleName(), e);
        }
    }
}
