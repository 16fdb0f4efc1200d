package dev.sluice.compute.check;

import java.util.Optional;

/// What came of one operation.
///
/// @param family of operations
/// @param shape what it worked on, for humans
/// @param seconds one call took by the host's clock, launches included
/// @param error the largest of all elements, in the same unit as `allowed`
/// @param allowed what the types of the operation explain
/// @param trouble why it could not run or read
public record CheckResult(
        String family,
        String shape,
        double seconds,
        double error,
        double allowed,
        Optional<String> trouble) {

    /// Whether it ran and all elements were near enough.
    public boolean passed() {
        return trouble.isEmpty() && error <= allowed;
    }
}
