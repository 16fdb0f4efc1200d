package dev.sluice.compute;

import dev.sluice.testing.TrackingDevice;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

import java.util.Optional;

/// What every device must do, checked against plain double-precision Java on odd sizes. A device's
/// test extends it and opens the device.
public abstract class AbstractDeviceTest
        implements MemoryContract, RowContract, LinearContract, AttentionContract, PaddingContract {
    private Optional<TrackingDevice> device = Optional.empty();

    /// Opens the device under test; closed after each test.
    protected abstract Device open();

    @Override
    public TrackingDevice device() {
        return device.orElseThrow();
    }

    @BeforeEach
    void openDevice() {
        device = Optional.of(new TrackingDevice(open()));
    }

    @AfterEach
    void closeDevice() {
        device.ifPresent(TrackingDevice::close);
    }
}
