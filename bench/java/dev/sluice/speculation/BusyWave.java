package dev.sluice.speculation;

import dev.sluice.embed.LoadedEngine;
import dev.sluice.engine.Engine;
import dev.sluice.engine.GenerationEvent;
import dev.sluice.engine.GenerationRequest;
import dev.sluice.engine.SamplingParams;
import dev.sluice.engine.StopConditions;

import java.util.List;
import java.util.OptionalInt;
import java.util.Set;

/// Sequences that an engine generates together, a few steps at a time.
final class BusyWave {
    private static final int TOKENS = 160;
    private static final double SECOND = 1e9;

    private final Engine engine;
    private final int size;
    private int generated;
    private int begun;
    private int ended;

    /// What a few steps brought.
    record Slice(int tokens, long nanos) {
        double rate() {
            return tokens * SECOND / nanos;
        }

        Slice plus(Slice other) {
            return new Slice(tokens + other.tokens, nanos + other.nanos);
        }
    }

    /// Submits all, and computes their prompts.
    ///
    /// @param name differs from those of other waves of the engine
    BusyWave(LoadedEngine loaded, List<String> texts, float temperature, String name) {
        this.engine = loaded.engine();
        this.size = texts.size();
        for (int i = 0; i < size; i++) {
            engine.submit(
                    new GenerationRequest(
                            name + "-" + i,
                            loaded.prompts().text(texts.get(i)),
                            new SamplingParams(temperature, 1, OptionalInt.empty(), 0, i),
                            new StopConditions(TOKENS, List.of(), Set.of(), true, false)),
                    this::note);
        }
        while (begun < size && engine.step()) {
            Thread.onSpinWait();
        }
    }

    private void note(GenerationEvent event) {
        if (event instanceof GenerationEvent.Started) {
            begun++;
        } else if (event instanceof GenerationEvent.Delta delta) {
            generated += delta.tokenIds().size();
        }
        ended += event.isTerminal() ? 1 : 0;
    }

    /// Makes some steps.
    Slice slice(int steps) {
        int before = generated;
        long start = System.nanoTime();
        for (int i = 0; i < steps; i++) {
            engine.step();
        }
        return new Slice(generated - before, System.nanoTime() - start);
    }

    /// Whether all of them still run.
    boolean isWhole() {
        return ended == 0;
    }

    /// Generates the rest.
    void finish() {
        while (ended < size && engine.step()) {
            Thread.onSpinWait();
        }
    }
}
