/// The contract's acceptance checks, against the finished server as a process of its own.
@NullMarked
package dev.sluice.acceptance;

import org.jspecify.annotations.NullMarked;
