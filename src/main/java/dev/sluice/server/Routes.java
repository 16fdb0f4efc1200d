package dev.sluice.server;

import dev.sluice.openai.PreparedRequest.Kind;
import dev.sluice.openai.TokenService;

import io.vertx.core.Handler;
import io.vertx.core.MultiMap;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpVersion;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.CorsHandler;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiConsumer;

/// Which handler answers what.
final class Routes {
    private static final int PREFLIGHT_SECONDS = 600;

    /// Stands for what a client names.
    private static final String ANY = "{id}";

    private final ServerState state;
    private final Router router;
    private final Map<String, Set<String>> methods = new TreeMap<>();

    private Routes(Vertx vertx, ServerState state) {
        this.state = state;
        this.router = Router.router(vertx);
        ErrorResponses.install(router, this::methodsOf);
        router.route().handler(RequestIds::assign);
        router.route().handler(state.metrics()::watch);
        router.route().handler(Routes::leaveStreamsUncompressed);
        router.route().handler(Routes::endOldStreamsByClosing);
    }

    /// Everything; metrics too, unless they have a port of their own.
    static Router all(Vertx vertx, ServerState state) {
        Routes routes = new Routes(vertx, state);
        routes.protect();
        routes.generation("/v1/chat/completions", Kind.CHAT);
        routes.generation("/v1/completions", Kind.COMPLETION);
        routes.get("/v1/models", new ModelsHandler(state));
        routes.get("/v1/models/*", new ModelsHandler(state));
        routes.get("/health", new HealthHandler(state));
        routes.get("/ping", new HealthHandler(state));
        routes.on(HttpMethod.POST, "/ping", new HealthHandler(state));
        routes.posted("/tokenize", new TokensHandler(state, TokenService::tokenize));
        routes.posted("/detokenize", new TokensHandler(state, TokenService::detokenize));
        routes.get("/openapi.json", routes::openApi);
        routes.get("/version", VersionHandler::handle);
        routes.get("/load", new RouteListHandler(routes.methods));
        if (state.options().listen().metricsPort().isEmpty()) {
            routes.metrics();
        }
        return routes.router;
    }

    /// What is served on a port of its own.
    static Router onlyMetrics(Vertx vertx, ServerState state) {
        Routes routes = new Routes(vertx, state);
        routes.metrics();
        return routes.router;
    }

    private void metrics() {
        get("/metrics", new MetricsHandler(state));
        get("/config-info", new ConfigHandler(state));
    }

    private void protect() {
        AccessOptions access = state.options().access();
        if (!access.origins().isEmpty()) {
            router.route().handler(cors(access));
        }
        if (!access.apiKeys().isEmpty()) {
            router.route().handler(new ApiKeys(access.apiKeys())::check);
        }
    }

    /// Any header may be sent: clients bring many of their own.
    private static CorsHandler cors(AccessOptions access) {
        return CorsHandler.create()
                .addOrigins(access.origins())
                .allowedMethods(Set.of(HttpMethod.GET, HttpMethod.HEAD, HttpMethod.POST))
                .exposedHeader(RequestIds.HEADER)
                .exposedHeader(Remarks.HEADER)
                .maxAgeSeconds(PREFLIGHT_SECONDS);
    }

    private void generation(String path, Kind kind) {
        posted(path, new GenerationHandler(state, kind));
    }

    /// Takes JSON that is not too large.
    private void posted(String path, BiConsumer<RoutingContext, RequestBody> handler) {
        router.post(path).handler(Routes::checkType);
        router.post(path).handler(Routes::checkEncoding);
        on(HttpMethod.POST, path, BodyReader.before(state, handler));
    }

    private void openApi(RoutingContext ctx) {
        state.openApi()
                .onSuccess(document -> WholeBody.send(ctx, document))
                .onFailure(cause -> ErrorResponses.send(ctx, cause));
    }

    /// `GET`, and `HEAD`, for which the body is left out.
    private void get(String path, Handler<RoutingContext> handler) {
        on(HttpMethod.GET, path, handler);
        on(HttpMethod.HEAD, path, handler);
    }

    private Set<String> methodsOf(String path) {
        Set<String> found = new TreeSet<>();
        methods.forEach((route, taken) -> {
            boolean isPrefix = route.endsWith(ANY);
            String fixed = isPrefix ? route.substring(0, route.length() - ANY.length()) : route;
            // The router overlooks a slash at the end.
            if (isPrefix
                    ? path.startsWith(fixed)
                    : path.equals(fixed) || path.equals(fixed + "/")) {
                found.addAll(taken);
            }
        });
        return found;
    }

    private void on(HttpMethod method, String path, Handler<RoutingContext> handler) {
        router.route(method, path).handler(handler);
        methods.computeIfAbsent(path.replace("*", ANY), _ -> new TreeSet<>()).add(method.name());
    }

    /// A compressor would hold tokens back.
    private static void leaveStreamsUncompressed(RoutingContext ctx) {
        ctx.addHeadersEndHandler(_ -> {
            String type = ctx.response().headers().get(HttpHeaders.CONTENT_TYPE);
            if (type != null && type.startsWith("text/event-stream")) {
                ctx.response().putHeader(HttpHeaders.CONTENT_ENCODING, HttpHeaders.IDENTITY);
            }
        });
        ctx.next();
    }

    /// HTTP/1.0 has no chunks: a stream lasts until the connection closes.
    private static void endOldStreamsByClosing(RoutingContext ctx) {
        if (ctx.request().version() == HttpVersion.HTTP_1_0) {
            MultiMap headers = ctx.response().headers();
            ctx.addHeadersEndHandler(_ -> {
                if (headers.contains(HttpHeaders.TRANSFER_ENCODING)) {
                    headers.remove(HttpHeaders.TRANSFER_ENCODING)
                            .set(HttpHeaders.CONNECTION, HttpHeaders.CLOSE);
                    // What was written before goes out first.
                    ctx.addEndHandler(_ -> ctx.request().connection().close());
                }
            });
        }
        ctx.next();
    }

    /// Bodies are taken as they are: a small one that is compressed could be of any size.
    private static void checkEncoding(RoutingContext ctx) {
        List<String> encodings = ctx.request().headers().getAll(HttpHeaders.CONTENT_ENCODING);
        String all = String.join(",", encodings).strip();
        if (all.isEmpty() || all.equalsIgnoreCase("identity")) {
            ctx.next();
        } else {
            ErrorResponses.sendUnsupportedEncoding(ctx, all);
        }
    }

    /// A body without a type is taken for JSON.
    private static void checkType(RoutingContext ctx) {
        String type =
                Optional.ofNullable(ctx.request().getHeader(HttpHeaders.CONTENT_TYPE)).orElse("");
        String media = type.split(";", 2)[0].strip().toLowerCase(Locale.ROOT);
        boolean json =
                media.isEmpty()
                        || media.equals(WholeBody.JSON)
                        || (media.startsWith("application/") && media.endsWith("+json"));
        if (json) {
            ctx.next();
        } else {
            ErrorResponses.sendUnsupportedType(ctx, media);
        }
    }
}
