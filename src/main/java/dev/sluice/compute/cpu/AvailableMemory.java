package dev.sluice.compute.cpu;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.Stream;

/// How much memory this process may still take: what the kernel calls available, within the limits
/// of its control groups (version 2, and the simple case of version 1).
final class AvailableMemory {
    private static final Path MEMINFO = Path.of("/proc/meminfo");
    private static final Path OWN_GROUPS = Path.of("/proc/self/cgroup");
    private static final Path GROUPS = Path.of("/sys/fs/cgroup");

    private AvailableMemory() {}

    /// Available bytes. Where the system tells nothing: the size that the Java heap may reach.
    static long bytes() {
        return bytes(MEMINFO, OWN_GROUPS, GROUPS);
    }

    static long bytes(Path meminfo, Path ownGroups, Path groups) {
        long available = memAvailable(meminfo).orElse(Runtime.getRuntime().maxMemory());
        for (Path group : ownGroups(ownGroups, groups)) {
            available = Math.min(available, headroom(group).orElse(available));
        }
        return Math.max(0, available);
    }

    private static OptionalLong memAvailable(Path meminfo) {
        OptionalLong kib = value(meminfo, "MemAvailable:");
        return kib.isPresent() ? OptionalLong.of(kib.getAsLong() * 1024) : kib;
    }

    /// The folders of this process's groups, the innermost first, and the mount point itself, which
    /// is the own group inside a container.
    private static List<Path> ownGroups(Path ownGroups, Path groups) {
        return Stream.concat(
                        lines(ownGroups).stream().flatMap(line -> ancestors(line, groups)),
                        Stream.of(groups, groups.resolve("memory")))
                .distinct()
                .toList();
    }

    /// A line is `0::/path` (version 2) or `4:memory:/path` (version 1).
    private static Stream<Path> ancestors(String line, Path groups) {
        String[] parts = line.split(":", 3);
        if (parts.length < 3 || !(parts[1].isEmpty() || parts[1].equals("memory"))) {
            return Stream.empty();
        }
        Path root = parts[1].isEmpty() ? groups : groups.resolve("memory");
        Path own = root.resolve(parts[2].replaceFirst("^/+", "")).normalize();
        return Stream.iterate(own, path -> path.startsWith(root), Path::getParent);
    }

    /// Limit less usage, where the pages of files that may be dropped don't count as used.
    private static OptionalLong headroom(Path group) {
        OptionalLong limit = number(group.resolve("memory.max"));
        OptionalLong used = number(group.resolve("memory.current"));
        String droppable = "inactive_file ";
        if (limit.isEmpty() || used.isEmpty()) {
            limit = number(group.resolve("memory.limit_in_bytes"));
            used = number(group.resolve("memory.usage_in_bytes"));
            droppable = "total_inactive_file ";
        }
        if (limit.isEmpty() || used.isEmpty()) {
            return OptionalLong.empty();
        }
        long files = value(group.resolve("memory.stat"), droppable).orElse(0);
        return OptionalLong.of(limit.getAsLong() - used.getAsLong() + files);
    }

    private static OptionalLong value(Path file, String name) {
        return lines(file).stream()
                .filter(line -> line.startsWith(name))
                .map(line -> line.substring(name.length()).strip().split(" ", 2)[0])
                .mapToLong(Long::parseLong)
                .findFirst();
    }

    /// The only number of a file; empty for the word `max`.
    private static OptionalLong number(Path file) {
        return lines(file).stream()
                .map(String::strip)
                .filter(line -> !line.isEmpty() && line.chars().allMatch(Character::isDigit))
                .mapToLong(Long::parseLong)
                .findFirst();
    }

    private static List<String> lines(Path file) {
        try {
            return Files.isReadable(file) ? Files.readAllLines(file) : List.of();
        } catch (IOException _) {
            return List.of();
        }
    }
}
