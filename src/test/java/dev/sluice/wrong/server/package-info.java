/// Classes that break the rules on purpose.
@NullMarked
package dev.sluice.wrong.server;

import org.jspecify.annotations.NullMarked;
