package dev.sluice.chat;

/// A Python range.
///
/// @param start first number
/// @param stop where it ends, exclusive
/// @param step not 0
record RangeValue(long start, long stop, long step) {
    int size() {
        long span = step > 0 ? stop - start : start - stop;
        long stride = Math.abs(step);
        return span <= 0 ? 0 : (int) ((span + stride - 1) / stride);
    }

    long get(int index) {
        return start + index * step;
    }
}
