package dev.sluice.testing;

import dev.sluice.compute.SamplingContract;

import org.junit.jupiter.api.AfterEach;

/// The test device that draws tokens does it as all must.
class NaiveSamplerTest implements SamplingContract {
    private final TrackingDevice device = new TrackingDevice(MemoryDevice.sampling());

    @Override
    public TrackingDevice device() {
        return device;
    }

    @AfterEach
    void close() {
        device.close();
    }
}
