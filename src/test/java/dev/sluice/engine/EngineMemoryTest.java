package dev.sluice.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.compute.DeviceException;
import dev.sluice.testing.ByteTokenizer;
import dev.sluice.testing.HistoryModel;
import dev.sluice.testing.MemoryDevice;
import dev.sluice.testing.TestEngines;
import dev.sluice.testing.TrackingDevice;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.Optional;

/// An engine with a draft model takes keys and values and a workspace for either.
class EngineMemoryTest {
    private static final int TENSORS = 4;

    private final TrackingDevice device = new TrackingDevice(new MemoryDevice());

    @AfterEach
    void nothingIsLeft() {
        device.close();
    }

    private Engine open() {
        HistoryModel draft = new HistoryModel(ByteTokenizer.SIZE);
        return new Engine(
                TestEngines.config(),
                new HistoryModel(ByteTokenizer.SIZE),
                new ByteTokenizer(),
                device,
                EngineFeatures.NONE.with(new Speculation(2, Optional.of(draft))),
                System::nanoTime);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3})
    void anEngineThatGetsNoMemoryLeavesNoneBehind(int tensors) {
        device.failAfter(tensors);

        assertThatThrownBy(this::open).isInstanceOf(DeviceException.class);

        assertThat(device.numHeld()).isZero();
    }

    @Test
    void anEngineTakesAllItsMemoryWhenItIsMade() {
        device.failAfter(TENSORS);

        try (Engine _ = open()) {
            assertThat(device.numHeld()).isEqualTo(TENSORS);
        }
    }
}
