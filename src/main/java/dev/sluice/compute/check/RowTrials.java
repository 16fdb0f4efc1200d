package dev.sluice.compute.check;

import dev.sluice.compute.Activation;
import dev.sluice.compute.DType;
import dev.sluice.compute.Device;
import dev.sluice.compute.ForwardBatch;
import dev.sluice.compute.Tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.function.Function;

/// Operations that work row by row, against the reference device: float32 on both sides, so that
/// the order of additions and the last bits of functions are all that may differ.
final class RowTrials {
    private static final String FAMILY = "rows";
    private static final double FEW_ROUNDINGS = 1e-5;
    private static final float EPS = 1e-5f;

    private RowTrials() {}

    static List<Trial> of(int rows, int columns, int head) {
        String shape = "%d x %d".formatted(rows, columns);
        return List.of(
                inPlace(
                        "add " + shape,
                        rows,
                        columns,
                        (lab, x) -> {
                            Tensor y = lab.random(rows, columns);
                            return device -> device.add(x, y);
                        }),
                inPlace(
                        "bias " + shape,
                        rows,
                        columns,
                        (lab, x) -> {
                            Tensor bias = lab.random(columns);
                            return device -> device.addBias(x, bias);
                        }),
                outOfPlace(
                        "RMS norm " + shape,
                        rows,
                        columns,
                        (lab, out) -> {
                            Tensor x = lab.random(rows, columns);
                            Tensor weight = lab.random(columns);
                            return device -> device.rmsNorm(x, weight, EPS, out);
                        }),
                outOfPlace(
                        "RMS norm of heads of %d, %s".formatted(head, shape),
                        rows,
                        columns,
                        (lab, out) -> {
                            Tensor x = lab.random(rows, columns);
                            Tensor weight = lab.random(head);
                            return device -> device.rmsNorm(x, weight, EPS, out);
                        }),
                outOfPlace(
                        "add and RMS norm " + shape,
                        rows,
                        columns,
                        (lab, out) -> {
                            Tensor residual = lab.random(rows, columns);
                            Tensor x = lab.random(rows, columns);
                            Tensor weight = lab.random(columns);
                            return device -> device.addRmsNorm(residual, x, weight, EPS, out);
                        }),
                gate(Activation.SILU, rows, columns),
                gate(Activation.GELU_TANH, rows, columns),
                gather(rows, columns),
                largest(rows, columns));
    }

    /// What is done with operands that are in place.
    private interface Setup {
        Work with(Lab lab, Tensor target);
    }

    private interface Work {
        void on(Device device);
    }

    private static Trial inPlace(String shape, int rows, int columns, Setup setup) {
        return trial(shape, lab -> lab.random(rows, columns), setup);
    }

    private static Trial outOfPlace(String shape, int rows, int columns, Setup setup) {
        return trial(shape, lab -> lab.blank(DType.F32, rows, columns), setup);
    }

    private static Trial trial(String shape, Function<Lab, Tensor> target, Setup setup) {
        return Trial.asOnReference(
                FAMILY,
                shape,
                FEW_ROUNDINGS,
                lab -> {
                    Tensor tensor = target.apply(lab);
                    Work work = setup.with(lab, tensor);
                    return new Trial.Run(() -> work.on(lab.device()), () -> lab.read(tensor));
                });
    }

    private static Trial gate(Activation activation, int rows, int columns) {
        String shape = "gate %s %d x %d".formatted(activation, rows, columns);
        return outOfPlace(
                shape,
                rows,
                columns,
                (lab, out) -> {
                    Tensor gateUp = lab.random(rows, 2 * columns);
                    return device -> device.gatedActivation(activation, gateUp, out);
                });
    }

    private static Trial gather(int rows, int columns) {
        int wanted = Math.ceilDiv(rows, 2);
        String shape = "gather %d of %d x %d".formatted(wanted, rows, columns);
        return outOfPlace(
                shape,
                wanted,
                columns,
                (lab, out) -> {
                    Tensor x = lab.random(rows, columns);
                    ForwardBatch batch = lab.batch(rows, 1, 1, 2 * rows);
                    batch.add(new int[rows], 0, rows, new int[1], 1, false);
                    for (int i = 0; i < wanted; i++) {
                        batch.addLogitRow(rows - 1 - 2 * i);
                    }
                    return device -> device.gatherLogitRows(x, batch, out);
                });
    }

    private static Trial largest(int rows, int columns) {
        String shape = "argmax %d x %d".formatted(rows, columns);
        return Trial.asOnReference(
                FAMILY,
                shape,
                0,
                lab -> {
                    Tensor x = lab.random(rows, columns);
                    MemorySegment ids = lab.hostInts(rows);
                    return new Trial.Run(
                            () -> lab.device().argmax(x, ids), () -> floats(ids, rows));
                });
    }

    /// Ids as floats, which hold them exactly.
    private static float[] floats(MemorySegment ids, int count) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = ids.getAtIndex(ValueLayout.JAVA_INT, i);
        }
        return values;
    }
}
