/// Compares the operations of a device with those of another and with double precision, and times
/// them: what a person with a new GPU runs first.
///
/// Main types: `DeviceCheck`, `CheckResult`. May import: `compute`, `compute.weights`, the JDK.
/// Threading: all on the thread that opened both devices.
@NullMarked
package dev.sluice.compute.check;

import org.jspecify.annotations.NullMarked;
