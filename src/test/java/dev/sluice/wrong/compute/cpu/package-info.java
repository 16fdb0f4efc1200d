/// Classes that break the rules on purpose.
@NullMarked
package dev.sluice.wrong.compute.cpu;

import org.jspecify.annotations.NullMarked;
