package dev.sluice.server;

import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.ext.web.RoutingContext;

import org.jspecify.annotations.Nullable;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// Lets only requests with a key pass to what lies under `/v1`. Keys are kept and compared as their
/// SHA-256, in a time that does not depend on what they have in common.
final class ApiKeys {
    private static final String PROTECTED = "/v1";
    private static final String SCHEME = "bearer ";

    private final List<byte[]> digests;

    /// @param keys at least one
    ApiKeys(List<String> keys) {
        this.digests = keys.stream().map(ApiKeys::digest).toList();
    }

    /// Before the body is read.
    void check(RoutingContext ctx) {
        // The path that routes go by: `//v1` and `/%761` are `/v1` too.
        boolean isOpen =
                !ctx.normalizedPath().startsWith(PROTECTED)
                        || ctx.request().method().equals(HttpMethod.OPTIONS);
        if (isOpen || isKnown(ctx.request().getHeader(HttpHeaders.AUTHORIZATION))) {
            ctx.next();
        } else {
            ErrorResponses.sendUnauthorized(ctx);
        }
    }

    private boolean isKnown(@Nullable String header) {
        String given = Optional.ofNullable(header).orElse("").strip();
        if (!given.toLowerCase(Locale.ROOT).startsWith(SCHEME)) {
            return false;
        }
        byte[] digest = digest(given.substring(SCHEME.length()).strip());
        boolean found = false;
        for (byte[] known : digests) {
            found |= MessageDigest.isEqual(known, digest);
        }
        return found;
    }

    private static byte[] digest(String key) {
        try {
            return MessageDigest.getInstance("SHA-256")
                    .digest(key.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
