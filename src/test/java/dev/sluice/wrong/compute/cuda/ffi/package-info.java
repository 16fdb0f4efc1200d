/// Classes that break the rules on purpose.
@NullMarked
package dev.sluice.wrong.compute.cuda.ffi;

import org.jspecify.annotations.NullMarked;
