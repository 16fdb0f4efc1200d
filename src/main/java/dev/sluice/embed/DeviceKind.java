package dev.sluice.embed;

/// Where the arithmetic runs.
public enum DeviceKind {
    /// The best device that this machine has.
    AUTO,
    /// The processor.
    CPU
}
