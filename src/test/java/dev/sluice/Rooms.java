package dev.sluice;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// The rooms of the house and what each may import. `src/docs/architecture.md` has the reasons.
///
/// @param root base package, so that the rules can be tried on classes that break them
record Rooms(String root) {
    private static final List<String> EVERYWHERE =
            List.of("java..", "org.jspecify..", "org.slf4j..");
    private static final List<String> JACKSON =
            List.of("tools.jackson..", "com.fasterxml.jackson.annotation..");

    /// Rooms whose sub-packages belong to them. `compute` is one package: the devices are rooms of
    /// their own.
    static final Set<String> NAMES =
            Set.of(
                    "cli",
                    "server",
                    "bus",
                    "embed",
                    "openai",
                    "engine",
                    "chat",
                    "tokenizer",
                    "grammar",
                    "model",
                    "compute",
                    "compute.weights",
                    "compute.check",
                    "compute.cpu",
                    "compute.cuda",
                    "compute.cuda.ffi");

    private static final Map<String, List<String>> ROOMS =
            Map.ofEntries(
                    Map.entry("server", List.of("openai", "bus", "engine")),
                    Map.entry("bus", List.of("engine", "tokenizer", "grammar")),
                    Map.entry(
                            "embed",
                            List.of(
                                    "bus",
                                    "openai",
                                    "engine",
                                    "chat",
                                    "tokenizer",
                                    "grammar",
                                    "model",
                                    "compute",
                                    "compute.cpu",
                                    "compute.cuda")),
                    Map.entry("openai", List.of("chat", "tokenizer", "grammar", "engine")),
                    Map.entry("engine", List.of("model", "grammar", "tokenizer", "compute")),
                    Map.entry("chat", List.of()),
                    Map.entry("tokenizer", List.of()),
                    Map.entry("grammar", List.of("tokenizer")),
                    Map.entry("model", List.of("compute")),
                    Map.entry("compute", List.of()),
                    Map.entry("compute.weights", List.of("compute")),
                    Map.entry("compute.check", List.of("compute", "compute.weights")),
                    Map.entry("compute.cpu", List.of("compute", "compute.weights")),
                    Map.entry(
                            "compute.cuda",
                            List.of("compute", "compute.weights", "compute.cuda.ffi")),
                    Map.entry("compute.cuda.ffi", List.of()));

    private static final Map<String, List<String>> LIBRARIES =
            Map.of(
                    "server",
                    // Vert.x says with Netty's types why it can't read the head of a request,
                    // chunks
                    // of streams go past Netty's encoder, and who takes nothing is left by force.
                    List.of(
                            "io.vertx..",
                            "io.micrometer..",
                            "io.netty.buffer..",
                            "io.netty.channel..",
                            "io.netty.handler.codec.."),
                    "bus",
                    List.of("io.vertx.core.."),
                    "embed",
                    List.of("io.vertx.core.."),
                    "openai",
                    List.of(
                            "io.vertx.json.schema..",
                            "io.vertx.core.json..",
                            "tools.jackson..",
                            "com.fasterxml.jackson.annotation.."),
                    "tokenizer",
                    JACKSON,
                    "grammar",
                    JACKSON,
                    "model",
                    JACKSON);

    /// The rooms with a list; `cli` may import everything.
    static Set<String> restricted() {
        return ROOMS.keySet();
    }

    /// Package pattern of a room.
    String pattern(String room) {
        return root + "." + room + (room.equals("compute") ? "" : "..");
    }

    /// Package patterns of all rooms.
    String[] patterns() {
        return NAMES.stream().map(this::pattern).toArray(String[]::new);
    }

    /// Package patterns that a room's classes may depend on.
    String[] allowed(String room) {
        List<String> patterns = new ArrayList<>(EVERYWHERE);
        patterns.addAll(LIBRARIES.getOrDefault(room, List.of()));
        patterns.add(pattern(room));
        ROOMS.getOrDefault(room, List.of()).forEach(other -> patterns.add(pattern(other)));
        // Arrays of primitive types are classes of the unnamed package.
        patterns.add("");
        return patterns.toArray(String[]::new);
    }
}
