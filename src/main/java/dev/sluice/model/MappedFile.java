package dev.sluice.model;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/// A file's bytes, mapped read-only. Owns the mapping; segments of it end with [#close()].
final class MappedFile implements AutoCloseable {
    private final Path path;
    private final Arena arena;
    private final MemorySegment bytes;

    private MappedFile(Path path, Arena arena, MemorySegment bytes) {
        this.path = path;
        this.arena = arena;
        this.bytes = bytes;
    }

    /// Maps a whole file.
    ///
    /// @throws ModelFileException if it can't be read
    static MappedFile open(Path path) {
        if (!Files.isRegularFile(path)) {
            throw new ModelFileException(path + " is no file");
        }
        // Shared: packing reads it from all of the device's threads.
        Arena arena = Arena.ofShared();
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            MemorySegment bytes = channel.map(MapMode.READ_ONLY, 0, channel.size(), arena);
            return new MappedFile(path, arena, bytes);
        } catch (IOException e) {
            arena.close();
            throw new ModelFileException(path + " can't be read: " + e.getMessage(), e);
        }
    }

    /// Where the file lies.
    Path path() {
        return path;
    }

    /// The whole file.
    MemorySegment bytes() {
        return bytes;
    }

    /// Bytes of the file.
    long size() {
        return bytes.byteSize();
    }

    /// A part of the file.
    ///
    /// @param what names the part in the message
    /// @throws ModelFileException if the part does not lie within the file
    MemorySegment slice(long offset, long length, String what) {
        if (offset < 0 || length < 0 || offset > size() || length > size() - offset) {
            throw damaged(
                    "%s takes %d bytes from byte %d, but the file ends at byte %d"
                            .formatted(what, length, offset, size()));
        }
        return bytes.asSlice(offset, length);
    }

    /// The exception for contents that can't be true.
    ModelFileException damaged(String how) {
        return new ModelFileException(path + " is damaged or incomplete: " + how);
    }

    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }
}
