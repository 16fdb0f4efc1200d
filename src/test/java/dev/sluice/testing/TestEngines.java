package dev.sluice.testing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.bus.EngineInfo;
import dev.sluice.bus.HostedEngine;
import dev.sluice.compute.DType;
import dev.sluice.engine.Engine;
import dev.sluice.engine.EngineConfig;
import dev.sluice.engine.EngineFeatures;
import dev.sluice.engine.GenerationRequest;
import dev.sluice.engine.SamplingParams;
import dev.sluice.engine.StopConditions;
import dev.sluice.grammar.GrammarCompiler;
import dev.sluice.grammar.GrammarLimits;
import dev.sluice.grammar.GrammarVocabulary;
import dev.sluice.grammar.JsonSchemaOptions;

import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/// Engines and requests for tests, on a [HistoryModel] over bytes.
public final class TestEngines {
    /// Longest sequence of [#config()].
    public static final int MAX_MODEL_LEN = 128;

    private TestEngines() {}

    /// A small engine: 128 tokens a sequence, 4 sequences, 16 tokens a step, 4 tokens a block.
    public static EngineConfig config() {
        return new EngineConfig(
                MAX_MODEL_LEN, 4, 16, 4, 64, DType.F32, 8, Set.of(ByteTokenizer.EOS));
    }

    /// Compiles grammars for the vocabulary, with one thread. The caller closes it.
    public static GrammarCompiler grammars() {
        return new GrammarCompiler(
                () -> GrammarVocabulary.of(new ByteTokenizer().vocabulary()),
                GrammarLimits.DEFAULT,
                JsonSchemaOptions.DEFAULT,
                1);
    }

    /// An engine for a verticle.
    public static HostedEngine hosted(EngineConfig config, HistoryModel model) {
        return hosted(config, model, EngineFeatures.NONE);
    }

    /// An engine with features for a verticle.
    public static HostedEngine hosted(
            EngineConfig config, HistoryModel model, EngineFeatures features) {
        MemoryDevice device = new MemoryDevice();
        Engine engine =
                new Engine(config, model, new ByteTokenizer(), device, features, System::nanoTime);
        EngineInfo.Serving serving =
                new EngineInfo.Serving(
                        "test",
                        device.describe(),
                        ByteTokenizer.SIZE,
                        config.maxModelLen(),
                        config.maxNumSeqs(),
                        (long) config.numBlocks() * config.blockSize());
        return new HostedEngine(
                engine,
                serving,
                () -> {
                    engine.close();
                    device.close();
                });
    }

    /// Waits for a latch where nothing may be thrown, as in a model; 20 seconds at most.
    public static void await(CountDownLatch latch) {
        try {
            assertThat(latch.await(20, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /// A greedy request that ends after a number of tokens and not by itself.
    public static GenerationRequest greedy(String id, String prompt, int maxTokens) {
        return new GenerationRequest(
                id,
                new ByteTokenizer().encode(prompt, true),
                SamplingParams.GREEDY,
                new StopConditions(maxTokens, List.of(), Set.of(), true, false));
    }
}
