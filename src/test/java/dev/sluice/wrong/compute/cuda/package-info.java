/// Classes that break the rules on purpose.
@NullMarked
package dev.sluice.wrong.compute.cuda;

import org.jspecify.annotations.NullMarked;
