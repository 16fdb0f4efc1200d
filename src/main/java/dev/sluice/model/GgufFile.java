package dev.sluice.model;

import dev.sluice.compute.DType;
import dev.sluice.compute.Shape;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// A GGUF file of version 2 or 3, little-endian, mapped.
///
/// ```
/// magic version #tensors #pairs | pairs | tensor infos | padding | tensor data, each aligned
/// ```
///
/// Lengths, counts, offsets and extents are checked against the file before they are used: a
/// truncated or hostile file is a [ModelFileException] in [#open].
///
/// @see "docs/gguf.md of ggml-org/ggml"
final class GgufFile implements TensorFile {
    static final int MAGIC = 0x46554747;
    static final int VERSION = 3;
    static final int DEFAULT_ALIGNMENT = 32;

    private static final int MAX_EXTENTS = 4;

    /// Metadata and tensor infos. A vocabulary of 256 k tokens with its merges takes 16 MB.
    private static final int LARGEST_HEADER = 1 << 26;

    private static final int MOST_PAIRS = 1 << 16;

    /// Bytes of the smallest tensor info: length of the name, number of extents, type, offset.
    private static final int SMALLEST_INFO = 8 + 4 + 4 + 8;

    private final MappedFile file;
    private final Map<String, Object> metadata;
    private final Map<String, StoredTensor> tensors = new LinkedHashMap<>();
    private final Map<String, String> unreadable = new LinkedHashMap<>();

    private GgufFile(MappedFile file) {
        this.file = file;
        ByteCursor in = new ByteCursor(file, LARGEST_HEADER);
        checkVersion(in);
        int numTensors = in.readCount(SMALLEST_INFO, "tensors");
        int numPairs = in.readCount(GgufMetadata.SMALLEST_PAIR, "metadata pairs");
        requireFew(numTensors, MOST_TENSORS, "tensors");
        requireFew(numPairs, MOST_PAIRS, "metadata pairs");
        this.metadata = Collections.unmodifiableMap(new GgufMetadata(file, in).read(numPairs));
        checkWhole();
        readTensors(in, numTensors, alignment());
    }

    /// Maps and checks a file.
    ///
    /// @throws ModelFileException if it can't be read, is no GGUF file or is damaged
    static GgufFile open(Path path) {
        MappedFile file = MappedFile.open(path);
        boolean complete = false;
        try {
            GgufFile gguf = new GgufFile(file);
            complete = true;
            return gguf;
        } finally {
            if (!complete) {
                file.close();
            }
        }
    }

    private void checkVersion(ByteCursor in) {
        if (in.readInt("the magic number") != MAGIC) {
            throw new ModelFileException(file.path() + " is no GGUF file");
        }
        int version = in.readInt("the version");
        if (version == Integer.reverseBytes(2) || version == Integer.reverseBytes(VERSION)) {
            throw new ModelFileException(
                    file.path() + " is a big-endian GGUF file; Sluice reads little-endian ones");
        }
        if (version != 2 && version != VERSION) {
            throw new ModelFileException(
                    "%s is a GGUF file of version %s; Sluice reads 2 and 3"
                            .formatted(file.path(), Integer.toUnsignedString(version)));
        }
    }

    private void requireFew(int count, int most, String what) {
        if (count > most) {
            throw new ModelFileException(
                    "%s has %d %s; Sluice reads up to %d"
                            .formatted(file.path(), count, what, most));
        }
    }

    private void checkWhole() {
        if (metadata.get("split.count") instanceof Long parts && parts > 1) {
            throw new ModelFileException(
                    "%s is one of %d parts; join them with llama-gguf-split --merge"
                            .formatted(file.path(), parts));
        }
    }

    private long alignment() {
        Object alignment = metadata.getOrDefault("general.alignment", (long) DEFAULT_ALIGNMENT);
        if (alignment instanceof Long bytes && bytes > 0 && Long.bitCount(bytes) == 1) {
            return bytes;
        }
        throw file.damaged("general.alignment is no power of two");
    }

    private void readTensors(ByteCursor in, int count, long alignment) {
        TensorInfo[] infos = new TensorInfo[count];
        for (int i = 0; i < count; i++) {
            infos[i] = readInfo(in);
        }
        long padding = -in.position() & (alignment - 1);
        long dataStart = count == 0 ? in.position() : in.position() + padding;
        for (TensorInfo info : infos) {
            Optional<DType> dtype = GgufType.dtype(info.type);
            if (dtype.isEmpty()) {
                unreadable.put(info.name, "ggml type " + Integer.toUnsignedString(info.type));
            } else if (tensors.put(info.name, stored(info, dtype.get(), dataStart, alignment))
                    != null) {
                throw file.damaged("it has the tensor " + info.name + " twice");
            }
        }
    }

    /// @param extents innermost first
    private record TensorInfo(String name, List<Long> extents, int type, long offset) {}

    private TensorInfo readInfo(ByteCursor in) {
        String name = in.readString("a tensor name");
        int rank = in.readInt(name);
        if (rank < 0 || rank > MAX_EXTENTS) {
            throw file.damaged(
                    "tensor %s has %s extents".formatted(name, Integer.toUnsignedString(rank)));
        }
        List<Long> extents = new ArrayList<>();
        for (int i = 0; i < rank; i++) {
            extents.add(in.readLong(name));
        }
        return new TensorInfo(name, extents, in.readInt(name), in.readLong(name));
    }

    private StoredTensor stored(TensorInfo info, DType dtype, long dataStart, long alignment) {
        int rank = info.extents.size();
        int[] dims = new int[Math.max(1, rank)];
        Arrays.fill(dims, 1);
        for (int i = 0; i < rank; i++) {
            long extent = info.extents.get(i);
            if (extent <= 0 || extent > Integer.MAX_VALUE) {
                throw file.damaged(
                        "tensor %s has the extent %s"
                                .formatted(info.name, Long.toUnsignedString(extent)));
            }
            dims[rank - 1 - i] = (int) extent;
        }
        if (dims[dims.length - 1] % dtype.blockElements() != 0) {
            throw file.damaged(
                    "the rows of tensor %s have %d elements, which are no whole number of %s blocks"
                            .formatted(info.name, dims[dims.length - 1], dtype));
        }
        if (info.offset < 0 || info.offset % alignment != 0) {
            throw file.damaged(
                    "tensor %s begins at the offset %s"
                            .formatted(info.name, Long.toUnsignedString(info.offset)));
        }
        Shape shape = Shape.of(dims);
        return new StoredTensor(
                info.name,
                dtype,
                shape,
                TensorBytes.slice(file, info.name, dtype, shape, dataStart, info.offset));
    }

    /// The key-value pairs, in the order of the file; unmodifiable.
    ///
    /// | GGUF type | Java value |
    /// | --- | --- |
    /// | uint8 to int64 | `Long`; a uint64 above `Long.MAX_VALUE` is the negative number of its bits |
    /// | float32, float64 | `Double` |
    /// | bool | `Boolean` |
    /// | string | `String` |
    /// | array of string | `String[]` |
    /// | array of uint8 to int32 | `int[]`; a uint32 above `Integer.MAX_VALUE` likewise |
    /// | array of uint64, int64 | `long[]` |
    /// | array of float32 | `float[]` |
    /// | array of float64 | `double[]` |
    /// | array of bool | `boolean[]` |
    ///
    /// Arrays of arrays are refused. The arrays are the map's own: do not write to them.
    Map<String, Object> metadata() {
        return metadata;
    }

    @Override
    public Path path() {
        return file.path();
    }

    @Override
    public Map<String, StoredTensor> tensors() {
        return Collections.unmodifiableMap(tensors);
    }

    @Override
    public Map<String, String> unreadable() {
        return Collections.unmodifiableMap(unreadable);
    }

    @Override
    public void close() {
        file.close();
    }
}
