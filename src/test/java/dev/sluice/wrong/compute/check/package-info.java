/// Classes that break the rules on purpose.
@NullMarked
package dev.sluice.wrong.compute.check;

import org.jspecify.annotations.NullMarked;
