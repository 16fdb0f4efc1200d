/// What guessing tokens ahead saves, and what it costs.
@NullMarked
package dev.sluice.speculation;

import org.jspecify.annotations.NullMarked;
