/// Classes that break the rules on purpose.
@NullMarked
package dev.sluice.wrong.grammar;

import org.jspecify.annotations.NullMarked;
