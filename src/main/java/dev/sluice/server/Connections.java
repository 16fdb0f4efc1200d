package dev.sluice.server;

import io.vertx.core.Vertx;
import io.vertx.core.http.HttpConnection;
import io.vertx.ext.web.RoutingContext;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The connections of one event loop, from their first request on. Lives on that event loop.
final class Connections {
    private final Vertx vertx;
    private final Duration patience;
    private final Map<HttpConnection, ClientConnection> open = new HashMap<>();

    /// @param patience how long nothing may be asked on a connection
    Connections(Vertx vertx, Duration patience) {
        this.vertx = vertx;
        this.patience = patience;
    }

    /// Takes in a connection.
    void add(HttpConnection connection) {
        ClientConnection added = new ClientConnection(vertx, connection, patience);
        open.put(connection, added);
        connection.closeHandler(_ -> {
            open.remove(connection);
            added.forget();
        });
    }

    /// Counts a request among those that run until its response is ended or closed.
    void watch(RoutingContext ctx) {
        Optional.ofNullable(open.get(ctx.request().connection()))
                .ifPresent(connection -> {
                    connection.begin();
                    ctx.addEndHandler(_ -> connection.end());
                });
        ctx.next();
    }

    /// Closes each connection once its answers are out, down to the last byte, and by force what is
    /// open after a time.
    void shutDown(Duration time) {
        // It is known by the close handler when they are closed.
        List.copyOf(open.keySet()).forEach(connection -> connection.shutdown(time));
        vertx.setTimer(
                time.toMillis(), _ -> List.copyOf(open.keySet()).forEach(ClientConnection::cut));
    }
}
