/// Classes that break the rules on purpose.
@NullMarked
package dev.sluice.wrong.bus;

import org.jspecify.annotations.NullMarked;
