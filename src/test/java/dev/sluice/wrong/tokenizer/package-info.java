/// Classes that break the rules on purpose.
@NullMarked
package dev.sluice.wrong.tokenizer;

import org.jspecify.annotations.NullMarked;
