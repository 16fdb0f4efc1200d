package dev.sluice.testing;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;

/// A hub on the loopback device with one repository. Files are served from a second host, to which
/// the first redirects, as the real hub does with large files.
public final class LocalHub implements AutoCloseable {
    /// The repository of a hub that was asked for no other.
    public static final String REPO = "acme/tiny";

    /// The commit that its branch `main` stands for.
    public static final String COMMIT = "0123456789abcdef0123456789abcdef01234567";

    private final String repo;
    private final List<String> requests = new CopyOnWriteArrayList<>();
    private final List<String> storageTokens = new CopyOnWriteArrayList<>();
    private final Map<String, ByteBuffer> damaged = new ConcurrentHashMap<>();
    private final Map<String, Long> untagged = new ConcurrentHashMap<>();
    private final Map<String, Stored> files = new TreeMap<>();
    private final Arena arena = Arena.ofShared();
    private final Map<String, Integer> breakOffOnceAt = new ConcurrentHashMap<>();
    private final HttpServer front;
    private final ServerSocket storage;
    private volatile String requiredToken = "";
    private volatile int failure;

    private record Stored(ByteBuffer content, String sha256) {}

    /// A hub with the repository [#REPO].
    public LocalHub() throws IOException {
        this(REPO);
    }

    /// A hub with one repository, `owner/name`.
    public LocalHub(String repo) throws IOException {
        this.repo = repo;
        InetAddress loopback = InetAddress.getLoopbackAddress();
        front = HttpServer.create(new InetSocketAddress(loopback, 0), 0);
        storage = new ServerSocket(0, 50, loopback);
        front.createContext("/", this::answer);
        front.start();
        Thread.ofVirtual().start(this::acceptStorageConnections);
    }

    /// Adds a text file.
    public LocalHub with(String name, String content) {
        return with(name, content.getBytes(StandardCharsets.UTF_8));
    }

    /// Adds a file.
    public LocalHub with(String name, byte[] content) {
        return with(name, ByteBuffer.wrap(content));
    }

    /// Adds a file of the disk, up to 2 GB, without reading it into the heap.
    public LocalHub with(String name, Path content) throws IOException {
        try (FileChannel channel = FileChannel.open(content)) {
            MemorySegment mapped =
                    channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
            return with(name, mapped.asByteBuffer());
        }
    }

    private LocalHub with(String name, ByteBuffer content) {
        files.put(name, new Stored(content, sha256(content)));
        return this;
    }

    /// Refuses whoever does not bear this token.
    public LocalHub requiring(String token) {
        requiredToken = token;
        return this;
    }

    /// Answers with a status that is no success from now on.
    public void failing(int status) {
        failure = status;
    }

    /// Ends the next transfer of a file early.
    public LocalHub breakingOffOnce(String name, int atByte) {
        breakOffOnceAt.put(name, atByte);
        return this;
    }

    /// Sends other bytes than the listing promises.
    public LocalHub damaging(String name, byte[] content) {
        damaged.put(name, ByteBuffer.wrap(content));
        return this;
    }

    /// Lists a file without a checksum, and with another size than it has.
    public LocalHub untagged(String name, long size) {
        untagged.put(name, size);
        return this;
    }

    /// Sends what the listing promises again.
    public void mend() {
        damaged.clear();
    }

    /// The paths that were asked for, and `storage NAME from BYTE` for transfers that went on.
    public List<String> requests() {
        return requests;
    }

    /// The headers with tokens that the second host received.
    public List<String> storageTokens() {
        return storageTokens;
    }

    /// What HF_ENDPOINT is to name.
    public String address() {
        return "http://127.0.0.1:" + front.getAddress().getPort();
    }

    private void answer(HttpExchange exchange) throws IOException {
        String path = exchange.getRequestURI().getPath();
        requests.add(path);
        String token = exchange.getRequestHeaders().getFirst("Authorization");
        if (failure != 0) {
            send(exchange, failure, "no");
        } else if (!requiredToken.isEmpty() && !("Bearer " + requiredToken).equals(token)) {
            send(exchange, 401, "no");
        } else if (path.equals("/api/models/" + repo + "/revision/main")
                || path.equals("/api/models/" + repo + "/revision/" + COMMIT)) {
            send(exchange, 200, listing());
        } else if (path.startsWith("/" + repo + "/resolve/" + COMMIT + "/")) {
            String name = path.substring(path.lastIndexOf('/') + 1);
            exchange.getResponseHeaders()
                    .set("Location", "http://127.0.0.1:" + storage.getLocalPort() + "/" + name);
            send(exchange, 302, "");
        } else {
            send(exchange, 404, "no");
        }
    }

    private String listing() {
        String siblings =
                files.entrySet().stream()
                        .map(file -> sibling(file.getKey(), file.getValue()))
                        .collect(Collectors.joining(","));
        return "{\"sha\":\"" + COMMIT + "\",\"siblings\":[" + siblings + "]}";
    }

    private String sibling(String name, Stored file) {
        return untagged.containsKey(name)
                ? "{\"rfilename\":\"%s\",\"size\":%d}".formatted(name, untagged.get(name))
                : "{\"rfilename\":\"%s\",\"size\":%d,\"lfs\":{\"sha256\":\"%s\"}}"
                        .formatted(name, file.content().remaining(), file.sha256());
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
        ByteBuffer content = content(name);
        int size = content.remaining();
        Integer breakOff = breakOffOnceAt.remove(name);
        int to = breakOff == null ? size : breakOff;
        OutputStream out = connection.getOutputStream();
        String head =
                "HTTP/1.1 %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n"
                        .formatted(from > 0 ? "206 Partial Content" : "200 OK", size - from);
        out.write(head.getBytes(StandardCharsets.US_ASCII));
        Channels.newChannel(out).write(content.slice(from, to - from));
        out.flush();
    }

    private ByteBuffer content(String name) {
        Stored file = files.get(name);
        ByteBuffer whole = file == null ? ByteBuffer.allocate(0) : file.content();
        return damaged.getOrDefault(name, whole);
    }

    private static void send(HttpExchange exchange, int status, String body) throws IOException {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        try (exchange) {
            exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
            exchange.getResponseBody().write(bytes);
        }
    }

    private static String sha256(ByteBuffer content) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update(content.duplicate());
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() throws IOException {
        front.stop(0);
        storage.close();
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }
}
