package dev.sluice.engine;

import dev.sluice.testing.MemoryDevice;

/// The same where the device draws.
class EngineGuidanceDeviceTest extends EngineGuidanceTest {
    @Override
    MemoryDevice open() {
        return MemoryDevice.sampling();
    }
}
