/// Classes that break the rules on purpose.
@NullMarked
package dev.sluice.wrong.openai;

import org.jspecify.annotations.NullMarked;
