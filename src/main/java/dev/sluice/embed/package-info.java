/// Puts an engine together from a model reference: the composition root that the commands and
/// embedding applications share.
///
/// Main type: `LoadedEngine`. May import: every room but `cli` and `server`.
@NullMarked
package dev.sluice.embed;

import org.jspecify.annotations.NullMarked;
