package dev.sluice.compute.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

class AvailableMemoryTest {
    private Path meminfo = Path.of("");
    private Path own = Path.of("");
    private Path groups = Path.of("");

    @BeforeEach
    void makeASystem(@TempDir Path root) throws IOException {
        meminfo = root.resolve("meminfo");
        own = root.resolve("cgroup");
        groups = Files.createDirectories(root.resolve("groups/a/b")).resolve("../..").normalize();
        Files.writeString(meminfo, "MemTotal:  9000 kB\nMemAvailable:    8000 kB\n");
        Files.writeString(own, "0::/a/b\n");
    }

    private long bytes() {
        return AvailableMemory.bytes(meminfo, own, groups);
    }

    private void limit(String group, String max, String current, String inactive)
            throws IOException {
        Path folder = groups.resolve(group);
        Files.writeString(folder.resolve("memory.max"), max + "\n");
        Files.writeString(folder.resolve("memory.current"), current + "\n");
        Files.writeString(
                folder.resolve("memory.stat"), "anon 1\ninactive_file " + inactive + "\n");
    }

    @Test
    void withoutLimitsItIsWhatTheKernelCallsAvailable() {
        assertThat(bytes()).isEqualTo(8000 * 1024);
    }

    @Test
    void aLimitOfTheOwnGroupOrOfOneAboveCounts() throws IOException {
        limit("a/b", "max", "5", "0");
        limit("a", "3000000", "1000000", "250000");

        assertThat(bytes()).isEqualTo(2250000);
    }

    @Test
    void aGroupBeyondItsLimitLeavesNothing() throws IOException {
        limit("a/b", "1000", "2000", "0");

        assertThat(bytes()).isZero();
    }

    @Test
    void theOlderLayoutCountsToo() throws IOException {
        Path folder = Files.createDirectories(groups.resolve("memory"));
        Files.writeString(own, "7:cpu:/\n4:memory:/\n");
        Files.writeString(folder.resolve("memory.limit_in_bytes"), "700000\n");
        Files.writeString(folder.resolve("memory.usage_in_bytes"), "300000\n");
        Files.writeString(folder.resolve("memory.stat"), "total_inactive_file 1000\n");

        assertThat(bytes()).isEqualTo(401000);
    }

    @Test
    void aSystemThatTellsNothingStillHasMemory(@TempDir Path empty) {
        assertThat(AvailableMemory.bytes(empty.resolve("a"), empty.resolve("b"), empty))
                .isPositive();
    }
}
