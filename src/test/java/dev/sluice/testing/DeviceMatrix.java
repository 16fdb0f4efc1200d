package dev.sluice.testing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.compute.DType;
import dev.sluice.compute.Device;
import dev.sluice.compute.Shape;
import dev.sluice.compute.Tensor;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/// A float32 matrix on a device that is a view of columns in a wider one. What lies around the view
/// is a sentinel, and reading fails if an operation wrote there.
public final class DeviceMatrix implements AutoCloseable {
    private static final int AROUND = 3;
    private static final int QUAD = 4;
    private static final float SENTINEL = 12345.678f;

    private final Device device;
    private final Tensor parent;
    private final Tensor view;
    private final int around;

    private DeviceMatrix(Device device, int rows, int columns, int around) {
        this.device = device;
        this.parent = device.allocate(DType.F32, Shape.of(rows, columns + 2 * around));
        this.view = parent.columns(around, around + columns);
        this.around = around;
    }

    /// Puts values on a device, at an address that suits no vector.
    public static DeviceMatrix of(Device device, float[][] values) {
        DeviceMatrix matrix = new DeviceMatrix(device, values.length, values[0].length, AROUND);
        matrix.write(values);
        return matrix;
    }

    /// Puts values on a device whose rows begin at multiples of 16 bytes if they are whole quads.
    public static DeviceMatrix inQuads(Device device, float[][] values) {
        DeviceMatrix matrix = new DeviceMatrix(device, values.length, values[0].length, QUAD);
        matrix.write(values);
        return matrix;
    }

    /// A matrix to be overwritten.
    public static DeviceMatrix blank(Device device, int rows, int columns) {
        float[][] values = new float[rows][columns];
        for (float[] row : values) {
            Arrays.fill(row, -SENTINEL);
        }
        return of(device, values);
    }

    /// The view.
    public Tensor tensor() {
        return view;
    }

    private void write(float[][] values) {
        int width = parent.columns();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment host =
                    arena.allocate(ValueLayout.JAVA_FLOAT, (long) values.length * width);
            for (int r = 0; r < values.length; r++) {
                for (int c = 0; c < width; c++) {
                    boolean inside = c >= around && c < around + values[r].length;
                    host.setAtIndex(
                            ValueLayout.JAVA_FLOAT,
                            (long) r * width + c,
                            inside ? values[r][c - around] : SENTINEL);
                }
            }
            device.upload(host, parent);
        }
    }

    /// Reads the values and checks what lies around them.
    public float[][] read() {
        int width = parent.columns();
        float[][] values = new float[view.rows()][view.columns()];
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment host =
                    arena.allocate(ValueLayout.JAVA_FLOAT, (long) values.length * width);
            device.download(parent, host);
            for (int r = 0; r < values.length; r++) {
                for (int c = 0; c < width; c++) {
                    float value = host.getAtIndex(ValueLayout.JAVA_FLOAT, (long) r * width + c);
                    if (c >= around && c < around + values[r].length) {
                        values[r][c - around] = value;
                    } else {
                        assertThat(value).as("beside row %d", r).isEqualTo(SENTINEL);
                    }
                }
            }
        }
        return values;
    }

    @Override
    public void close() {
        device.release(parent);
    }
}
