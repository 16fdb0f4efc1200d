/// Sends generated requests, valid and hostile, to a server over HTTP: `bench/fuzz`.
///
/// [HttpFuzz] is the command, [RequestGenerator] makes the requests, [EventLoopWatch] sees whether
/// an event loop was blocked meanwhile. Not part of the product: compiled with the tests.
@NullMarked
package dev.sluice.fuzz;

import org.jspecify.annotations.NullMarked;
