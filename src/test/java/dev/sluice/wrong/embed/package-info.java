/// Classes that break the rules on purpose.
@NullMarked
package dev.sluice.wrong.embed;

import org.jspecify.annotations.NullMarked;
