/// Checks folders of cases that were recorded from other implementations: `bench/conformance`.
///
/// [Conformance] is the command, [CaseFiles] reads rows, a [CaseSet] for each subject judges them,
/// [Report] counts. Not part of the product: compiled with the tests.
@NullMarked
package dev.sluice.conformance;

import org.jspecify.annotations.NullMarked;
