package dev.sluice.openai;

/// Takes bytes that it may keep only by copying them.
@FunctionalInterface
public interface ByteSink {
    /// Takes the bytes `[offset, offset + length)`. The array is written again afterwards.
    void write(byte[] bytes, int offset, int length);
}
