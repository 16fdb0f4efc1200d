package dev.sluice.server;

import io.vertx.ext.web.RoutingContext;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.Optional;
import java.util.UUID;
import java.util.regex.Pattern;

/// The ids by which clients and logs speak of a request: the client's own, if it has at most 128
/// characters, all of them letters, digits or one of `._:/+=@-`; else a new one.
final class RequestIds {
    /// The header that carries them.
    static final String HEADER = "x-request-id";

    private static final Logger LOG = LoggerFactory.getLogger(RequestIds.class);
    private static final Pattern VALID = Pattern.compile("[A-Za-z0-9._:/+=@-]{1,128}");

    private RequestIds() {}

    /// Gives a request its id, tells the client and goes on.
    static void assign(RoutingContext ctx) {
        give(ctx);
        ctx.next();
    }

    /// Gives a request its id and tells the client, if it has none yet.
    static void give(RoutingContext ctx) {
        if (ctx.get(HEADER) != null) {
            return;
        }
        Optional<String> given = Optional.ofNullable(ctx.request().getHeader(HEADER));
        String id =
                given.filter(text -> VALID.matcher(text).matches())
                        .orElseGet(() -> UUID.randomUUID().toString());
        if (given.isPresent() && !given.get().equals(id)) {
            // Not the given one: it is unfit for a log.
            LOG.debug("request={} replaces an x-request-id that is too long or unfit", id);
        }
        ctx.put(HEADER, id);
        ctx.response().putHeader(HEADER, id);
    }

    /// The id of a request; `-` where it came to none.
    static String of(RoutingContext ctx) {
        return Optional.ofNullable(ctx.<String>get(HEADER)).orElse("-");
    }
}
