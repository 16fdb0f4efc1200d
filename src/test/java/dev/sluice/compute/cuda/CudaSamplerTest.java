package dev.sluice.compute.cuda;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sluice.compute.SamplingContract;
import dev.sluice.testing.TrackingDevice;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

import java.util.Optional;

/// Tokens drawn on the emulated GPU.
class CudaSamplerTest implements SamplingContract {
    private Optional<TrackingDevice> device = Optional.empty();

    @BeforeEach
    void open() {
        assumeTrue(CudaSupport.canEmulate(), "the emulated driver was not built: no g++");
        device =
                Optional.of(
                        new TrackingDevice(
                                CudaDevice.open(CudaOptions.defaults().withEmulation())));
    }

    @Override
    public TrackingDevice device() {
        return device.orElseThrow();
    }

    @AfterEach
    void close() {
        device.ifPresent(TrackingDevice::close);
    }
}
