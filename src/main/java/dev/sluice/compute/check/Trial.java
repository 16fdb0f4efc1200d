package dev.sluice.compute.check;

import java.util.function.Function;
import java.util.function.Supplier;

/// One operation on numbers that are the same wherever it runs.
///
/// @param allowed largest error of an element, in the units that [Expected] has for it
/// @param setup puts the operands on a device
/// @param expected makes the numbers that must come out, from the operands on the reference device
record Trial(
        String family,
        String shape,
        double allowed,
        Function<Lab, Run> setup,
        Function<Lab, Expected> expected) {

    /// An operation whose operands are in place.
    ///
    /// @param result reads what the first call made
    record Run(Runnable operation, Supplier<float[]> result) {}

    /// A trial that expects what the reference device makes of the same operands; errors count in
    /// units of 1 or of the element where that is more.
    static Trial asOnReference(
            String family, String shape, double allowed, Function<Lab, Run> setup) {
        return new Trial(
                family, shape, allowed, setup, lab -> Expected.of(onReference(setup, lab)));
    }

    /// The same with errors in units of the root mean square of all elements.
    static Trial asOnReferenceByRms(
            String family, String shape, double allowed, Function<Lab, Run> setup) {
        return new Trial(
                family, shape, allowed, setup, lab -> Expected.byRms(onReference(setup, lab)));
    }

    private static float[] onReference(Function<Lab, Run> setup, Lab lab) {
        Run run = setup.apply(lab);
        run.operation().run();
        return run.result().get();
    }
}
