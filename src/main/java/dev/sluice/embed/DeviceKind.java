package dev.sluice.embed;

/// Where the arithmetic runs.
public enum DeviceKind {
    /// The best device that this machine has.
    AUTO("auto"),
    /// The processor.
    CPU("cpu"),
    /// An NVIDIA GPU.
    CUDA("cuda"),
    /// The GPU's code on the processor, through an emulated driver: for trials and tests, and slow.
    CUDA_SIM("cuda-sim");

    private final String word;

    DeviceKind(String word) {
        this.word = word;
    }

    /// The word that flags have for it.
    @Override
    public String toString() {
        return word;
    }
}
