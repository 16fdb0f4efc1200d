package dev.sluice.model;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/// A hub on the loopback device with one repository. Files are served from a second host, to which
/// the first redirects, as the real hub does with large files.
final class LocalHub implements AutoCloseable {
    static final String REPO = "acme/tiny";
    static final String COMMIT = "0123456789abcdef0123456789abcdef01234567";

    final List<String> requests = new CopyOnWriteArrayList<>();
    final List<String> storageTokens = new CopyOnWriteArrayList<>();
    final Map<String, byte[]> damaged = new ConcurrentHashMap<>();
    private final Map<String, byte[]> files = new TreeMap<>();
    private final Map<String, Integer> breakOffOnceAt = new ConcurrentHashMap<>();
    private final HttpServer front;
    private final ServerSocket storage;
    private volatile String requiredToken = "";

    LocalHub() throws IOException {
        InetAddress loopback = InetAddress.getLoopbackAddress();
        front = HttpServer.create(new InetSocketAddress(loopback, 0), 0);
        storage = new ServerSocket(0, 50, loopback);
        front.createContext("/", this::answer);
        front.start();
        Thread.ofVirtual().start(this::acceptStorageConnections);
    }

    LocalHub with(String name, String content) {
        files.put(name, content.getBytes(StandardCharsets.UTF_8));
        return this;
    }

    LocalHub with(String name, byte[] content) {
        files.put(name, content);
        return this;
    }

    LocalHub requiring(String token) {
        requiredToken = token;
        return this;
    }

    LocalHub breakingOffOnce(String name, int atByte) {
        breakOffOnceAt.put(name, atByte);
        return this;
    }

    String address() {
        return "http://127.0.0.1:" + front.getAddress().getPort();
    }

    private void answer(HttpExchange exchange) throws IOException {
        String path = exchange.getRequestURI().getPath();
        requests.add(path);
        String token = exchange.getRequestHeaders().getFirst("Authorization");
        if (!requiredToken.isEmpty() && !("Bearer " + requiredToken).equals(token)) {
            send(exchange, 401, "no");
        } else if (path.equals("/api/models/" + REPO + "/revision/main")
                || path.equals("/api/models/" + REPO + "/revision/" + COMMIT)) {
            send(exchange, 200, listing());
        } else if (path.startsWith("/" + REPO + "/resolve/" + COMMIT + "/")) {
            String name = path.substring(path.lastIndexOf('/') + 1);
            exchange.getResponseHeaders()
                    .set("Location", "http://127.0.0.1:" + storage.getLocalPort() + "/" + name);
            send(exchange, 302, "");
        } else {
            send(exchange, 404, "no");
        }
    }

    private String listing() {
        StringBuilder siblings = new StringBuilder();
        files.forEach((name, content) ->
                siblings.append(siblings.isEmpty() ? "" : ",")
                        .append(
                                "{\"rfilename\":\"%s\",\"size\":%d,\"lfs\":{\"sha256\":\"%s\"}}"
                                        .formatted(name, content.length, sha256(content))));
        return "{\"sha\":\"" + COMMIT + "\",\"siblings\":[" + siblings + "]}";
    }

    private void acceptStorageConnections() {
        while (!storage.isClosed()) {
            try (Socket connection = storage.accept()) {
                store(connection);
            } catch (IOException closed) {
                requests.add("storage connection ended");
            }
        }
    }

    /// Answers one request and closes the connection: before the end where a break is asked for.
    private void store(Socket connection) throws IOException {
        BufferedReader in =
                new BufferedReader(
                        new InputStreamReader(
                                connection.getInputStream(), StandardCharsets.US_ASCII));
        String name = in.readLine().replaceAll("GET /| HTTP.*", "");
        int from = 0;
        for (String line = in.readLine(); !line.isEmpty(); line = in.readLine()) {
            if (line.startsWith("Range: ")) {
                from = Integer.parseInt(line.replaceAll("\\D", ""));
                requests.add("storage " + name + " from " + from);
            } else if (line.startsWith("Authorization: ")) {
                storageTokens.add(line);
            }
        }
        byte[] content = damaged.getOrDefault(name, files.getOrDefault(name, new byte[0]));
        Integer breakOff = breakOffOnceAt.remove(name);
        int to = breakOff == null ? content.length : breakOff;
        OutputStream out = connection.getOutputStream();
        String head =
                "HTTP/1.1 %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n"
                        .formatted(
                                from > 0 ? "206 Partial Content" : "200 OK", content.length - from);
        out.write(head.getBytes(StandardCharsets.US_ASCII));
        out.write(content, from, to - from);
        out.flush();
    }

    private static void send(HttpExchange exchange, int status, String body) throws IOException {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        try (exchange) {
            exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
            exchange.getResponseBody().write(bytes);
        }
    }

    private static String sha256(byte[] content) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() throws IOException {
        front.stop(0);
        storage.close();
    }
}
