/// Classes that break the rules on purpose.
@NullMarked
package dev.sluice.wrong.compute.weights;

import org.jspecify.annotations.NullMarked;
