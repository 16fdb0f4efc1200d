/// Classes that break the rules on purpose.
@NullMarked
package dev.sluice.wrong.chat;

import org.jspecify.annotations.NullMarked;
