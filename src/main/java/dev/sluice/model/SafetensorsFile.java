package dev.sluice.model;

import dev.sluice.compute.DType;
import dev.sluice.compute.Shape;

import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/// One safetensors file, mapped.
///
/// ```
/// uint64 n | JSON of n bytes: name -> {dtype, shape, data_offsets} | tensor data
/// ```
///
/// The header is checked against the file before it is used: a truncated or hostile file is a
/// [ModelFileException] in [#open].
///
/// @see "README of huggingface/safetensors"
final class SafetensorsFile implements TensorFile {
    /// The limit that safetensors itself sets.
    private static final long LARGEST_HEADER = 100_000_000;

    /// JSON takes more than ten times its length in memory.
    private static final long LARGEST_PARSED = 16_000_000;

    private final MappedFile file;
    private final Map<String, StoredTensor> tensors = new LinkedHashMap<>();
    private final Map<String, String> unreadable = new LinkedHashMap<>();

    private SafetensorsFile(MappedFile file) {
        this.file = file;
        ByteCursor in = new ByteCursor(file, Long.BYTES + LARGEST_PARSED);
        long headerBytes = in.readLong("the length of the header");
        if (headerBytes < 0 || headerBytes > LARGEST_HEADER) {
            throw file.damaged(
                    "its header is %s bytes long".formatted(Long.toUnsignedString(headerBytes)));
        }
        long start = in.skip(headerBytes, "the header");
        JsonNode header = parse(start, headerBytes);
        if (header.size() > MOST_TENSORS) {
            throw new ModelFileException(
                    "%s has %d tensors; Sluice reads up to %d"
                            .formatted(file.path(), header.size(), MOST_TENSORS));
        }
        header.forEachEntry((name, entry) -> {
            if (!name.equals("__metadata__")) {
                readEntry(name, entry, in.position());
            }
        });
    }

    /// Maps and checks a file.
    ///
    /// @throws ModelFileException if it can't be read or is damaged
    static SafetensorsFile open(Path path) {
        MappedFile file = MappedFile.open(path);
        boolean complete = false;
        try {
            SafetensorsFile safetensors = new SafetensorsFile(file);
            complete = true;
            return safetensors;
        } finally {
            if (!complete) {
                file.close();
            }
        }
    }

    private JsonNode parse(long start, long length) {
        byte[] bytes = file.slice(start, length, "the header").toArray(ValueLayout.JAVA_BYTE);
        try {
            return JsonFiles.parseObject(new String(bytes, StandardCharsets.UTF_8));
        } catch (JacksonException e) {
            throw file.damaged("its header is no JSON object: " + e.getOriginalMessage());
        }
    }

    private void readEntry(String name, JsonNode entry, long dataStart) {
        String type = entry.path("dtype").asString("");
        JsonNode offsets = entry.path("data_offsets");
        long begin = offset(name, offsets.path(0));
        long end = offset(name, offsets.path(1));
        if (begin > end) {
            throw file.damaged("tensor %s goes from %d to %d".formatted(name, begin, end));
        }
        file.slice(dataStart, end, "tensor " + name);
        Optional<DType> dtype = dtype(type);
        if (dtype.isEmpty()) {
            unreadable.put(name, type);
            return;
        }
        Shape shape = shape(name, entry.path("shape"));
        if (!hasWholeBlocks(dtype.get(), shape)) {
            unreadable.put(name, type);
            return;
        }
        StoredTensor tensor =
                new StoredTensor(
                        name,
                        dtype.get(),
                        shape,
                        TensorBytes.slice(file, name, dtype.get(), shape, dataStart, begin));
        if (tensor.data().byteSize() != end - begin) {
            throw file.damaged(
                    "tensor %s of shape %s has %d bytes".formatted(name, shape, end - begin));
        }
        tensors.put(name, tensor);
    }

    private long offset(String name, JsonNode node) {
        if (!node.isIntegralNumber() || !node.canConvertToLong() || node.longValue() < 0) {
            throw file.damaged("tensor " + name + " has no data_offsets of two whole numbers");
        }
        return node.longValue();
    }

    private Shape shape(String name, JsonNode node) {
        if (!node.isArray()) {
            throw file.damaged("tensor " + name + " has no shape");
        }
        int[] dims = new int[node.size()];
        for (int i = 0; i < dims.length; i++) {
            JsonNode dim = node.get(i);
            if (!dim.isIntegralNumber() || !dim.canConvertToInt() || dim.intValue() < 0) {
                throw file.damaged("tensor " + name + " has a shape that Sluice can't hold");
            }
            dims[i] = dim.intValue();
        }
        return dims.length == 0 ? Shape.of(1) : Shape.of(dims);
    }

    private static boolean hasWholeBlocks(DType dtype, Shape shape) {
        return shape.dim(shape.rank() - 1) % dtype.blockElements() == 0;
    }

    /// Paddle writes bfloat16 as U16, because numpy has no such type.
    private static Optional<DType> dtype(String name) {
        return switch (name) {
            case "F32" -> Optional.of(DType.F32);
            case "F16" -> Optional.of(DType.F16);
            case "BF16", "U16" -> Optional.of(DType.BF16);
            case "I8" -> Optional.of(DType.I8);
            default -> Optional.empty();
        };
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
