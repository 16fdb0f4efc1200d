/// Classes that break the rules on purpose.
@NullMarked
package dev.sluice.wrong.engine;

import org.jspecify.annotations.NullMarked;
