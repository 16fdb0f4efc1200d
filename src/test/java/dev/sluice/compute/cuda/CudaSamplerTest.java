package dev.sluice.compute.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.compute.SamplingContract;
import dev.sluice.testing.TrackingDevice;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

import java.util.Optional;

/// Tokens drawn on the emulated GPU: in both orders of threads the same bits.
class CudaSamplerTest implements SamplingContract {
    private Optional<Cusim> opened = Optional.empty();
    private Optional<TrackingDevice> device = Optional.empty();

    @BeforeEach
    void open() {
        Cusim cusim = Cusim.open();
        opened = Optional.of(cusim);
        cusim.reset();
        cusim.deferStreams(true);
        CudaDevice gpu = CudaDevice.open(CudaOptions.defaults().withEmulation());
        device = Optional.of(new TrackingDevice(new BothOrdersDevice(cusim, gpu)));
    }

    @Override
    public TrackingDevice device() {
        return device.orElseThrow();
    }

    @AfterEach
    void nothingIsLeft() {
        opened.ifPresent(cusim -> {
            cusim.deferStreams(false);
            device().close();
            assertThat(cusim.allocatedBytes()).isZero();
            assertThat(cusim.pinnedBytes()).isZero();
        });
    }
}
