package dev.sluice.compute.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.compute.DrawSpec;
import dev.sluice.compute.PenaltySpec;
import dev.sluice.compute.SamplingBatch;
import dev.sluice.compute.SamplingContract;
import dev.sluice.testing.DeviceMatrix;
import dev.sluice.testing.TrackingDevice;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

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

    @Test
    void logitsThatDoNotFitAreNamed() {
        try (SamplingBatch batch = new SamplingBatch(2, 8, 0);
                DeviceMatrix narrow = DeviceMatrix.blank(device(), 2, 7);
                DeviceMatrix low = DeviceMatrix.blank(device(), 1, 8)) {
            batch.clear();
            batch.add(1, DrawSpec.GREEDY, PenaltySpec.NONE);

            assertThatThrownBy(() -> device().sample(narrow.tensor(), batch))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("sample: logits is F32[2, 7], expected 8 ids");
            assertThatThrownBy(() -> device().sample(low.tensor(), batch))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("sample: logits is F32[1, 8], expected row 1");
        }
    }
}
