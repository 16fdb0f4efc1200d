package dev.sluice.server;

import io.vertx.ext.web.RoutingContext;

import java.util.Optional;
import java.util.UUID;
import java.util.regex.Pattern;

/// The ids by which clients and logs speak of a request: the client's own, or a new one.
final class RequestIds {
    private static final String HEADER = "x-request-id";
    private static final Pattern VALID = Pattern.compile("[A-Za-z0-9._:/+=@-]{1,128}");

    private RequestIds() {}

    /// Gives a request its id and tells the client.
    static void assign(RoutingContext ctx) {
        String id =
                Optional.ofNullable(ctx.request().getHeader(HEADER))
                        .filter(given -> VALID.matcher(given).matches())
                        .orElseGet(() -> UUID.randomUUID().toString());
        ctx.put(HEADER, id);
        ctx.response().putHeader(HEADER, id);
        ctx.next();
    }

    /// The id of a request; `-` where it came to none.
    static String of(RoutingContext ctx) {
        return Optional.ofNullable(ctx.<String>get(HEADER)).orElse("-");
    }
}
