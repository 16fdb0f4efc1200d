/// HTTP and server-sent events.
///
/// Main types: `HttpServerVerticle`, one handler per endpoint, `SseWriter`, `ErrorResponses` (the
/// only place that knows status codes). May import: `openai`, `bus`, `engine`, Vert.x, micrometer,
/// and of Netty buffers, channels and codecs. Threading: event loops; nothing here blocks.
@NullMarked
package dev.sluice.server;

import org.jspecify.annotations.NullMarked;
