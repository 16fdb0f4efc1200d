package dev.sluice.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.compute.DType;
import dev.sluice.compute.Device;
import dev.sluice.compute.cuda.CudaOptions;
import dev.sluice.compute.cuda.CudaRanks;
import dev.sluice.compute.cuda.Cusim;

import org.junit.jupiter.api.AfterEach;

/// The same invariants where each rank is an emulated GPU. In float32: with fewer bits a GPU's
/// kernels for one token and for many round differently.
class EngineTensorParallelGpuTest extends EngineTensorParallelTest {
    @Override
    Device open(int ranks) {
        Cusim cusim = Cusim.open();
        cusim.reset();
        cusim.forgetThreads();
        return CudaRanks.open(CudaOptions.defaults().withEmulation(), ranks);
    }

    @Override
    DType type() {
        return DType.F32;
    }

    @Override
    @AfterEach
    void allMemoryIsGivenBack() throws Exception {
        super.allMemoryIsGivenBack();
        assertThat(Cusim.open().allocatedBytes()).isZero();
        assertThat(Cusim.open().pinnedBytes()).isZero();
        assertThat(Cusim.open().threads()).hasSize(1);
    }
}
