/// Classes that break the rules on purpose.
@NullMarked
package dev.sluice.wrong.model;

import org.jspecify.annotations.NullMarked;
