package dev.sluice.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.compute.Activation;
import dev.sluice.compute.DType;
import dev.sluice.compute.DeviceException;
import dev.sluice.testing.MemoryDevice;
import dev.sluice.testing.TrackingDevice;

import org.junit.jupiter.api.Test;

import java.util.Collections;
import java.util.Optional;
import java.util.OptionalInt;

class KvCacheTest {
    private static ModelConfig threeLayers() {
        RopeConfig rope = new RopeConfig(10_000, false, 1, Optional.empty());
        return new ModelConfig(
                "none",
                8,
                8,
                8,
                3,
                1,
                1,
                8,
                64,
                1e-5f,
                Activation.SILU,
                1,
                1,
                rope,
                rope,
                Collections.nCopies(3, OptionalInt.empty()),
                true);
    }

    @Test
    void aLayerThatGetsNoMemoryLeavesNoneBehind() {
        try (TrackingDevice device = new TrackingDevice(new MemoryDevice())) {
            device.failAfter(2);

            assertThatThrownBy(() -> new KvCache(device, threeLayers(), DType.F32, 4, 16))
                    .isInstanceOf(DeviceException.class);

            assertThat(device.numHeld()).isZero();
        }
    }
}
