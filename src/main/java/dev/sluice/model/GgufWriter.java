package dev.sluice.model;

import dev.sluice.compute.DType;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/// Writes GGUF files of version 3.
///
/// @see "docs/gguf.md of ggml-org/ggml"
final class GgufWriter {
    /// Elements; whole blocks of every type.
    private static final int CHUNK = 1 << 20;

    private final OutputStream out;
    private long position;

    private GgufWriter(OutputStream out) {
        this.out = out;
    }

    /// Writes a file, replacing what is there.
    ///
    /// @param metadata values as [GgufFile#metadata()] has them; `Long` becomes uint32, `Double`
    ///   float32
    /// @param tensors plain float types
    /// @param typeOf the type in which to write a tensor
    /// @throws IOException if the file can't be written
    static void write(
            Path path,
            Map<String, Object> metadata,
            List<StoredTensor> tensors,
            Function<StoredTensor, DType> typeOf)
            throws IOException {
        try (FileChannel channel =
                        FileChannel.open(
                                path,
                                StandardOpenOption.CREATE,
                                StandardOpenOption.TRUNCATE_EXISTING,
                                StandardOpenOption.WRITE);
                OutputStream out =
                        new BufferedOutputStream(Channels.newOutputStream(channel), CHUNK)) {
            GgufWriter writer = new GgufWriter(out);
            writer.header(metadata, tensors, typeOf);
            for (StoredTensor tensor : tensors) {
                writer.pad();
                writer.data(tensor, typeOf.apply(tensor));
            }
            writer.pad();
        }
    }

    private void header(
            Map<String, Object> metadata,
            List<StoredTensor> tensors,
            Function<StoredTensor, DType> typeOf)
            throws IOException {
        putInt(GgufFile.MAGIC);
        putInt(GgufFile.VERSION);
        putLong(tensors.size());
        putLong(metadata.size());
        for (Map.Entry<String, Object> pair : metadata.entrySet()) {
            putString(pair.getKey());
            putValue(pair.getValue());
        }
        long offset = 0;
        for (StoredTensor tensor : tensors) {
            putString(tensor.name());
            int rank = tensor.shape().rank();
            putInt(rank);
            for (int i = rank - 1; i >= 0; i--) {
                putLong(tensor.shape().dim(i));
            }
            putInt(GgufType.code(typeOf.apply(tensor)));
            putLong(offset);
            offset += aligned(typeOf.apply(tensor).bytesFor(tensor.shape().elements()));
        }
    }

    private void putValue(Object value) throws IOException {
        switch (value) {
            case Long number -> {
                putInt(GgufMetadata.UINT32);
                putInt(Math.toIntExact(number));
            }
            case Double number -> {
                putInt(GgufMetadata.FLOAT32);
                putInt(Float.floatToRawIntBits(number.floatValue()));
            }
            case Boolean flag -> {
                putInt(GgufMetadata.BOOL);
                putBytes(new byte[] {(byte) (flag ? 1 : 0)});
            }
            case String text -> {
                putInt(GgufMetadata.STRING);
                putString(text);
            }
            case String[] texts -> {
                putArray(GgufMetadata.STRING, texts.length);
                for (String text : texts) {
                    putString(text);
                }
            }
            case int[] numbers -> {
                putArray(GgufMetadata.INT32, numbers.length);
                for (int number : numbers) {
                    putInt(number);
                }
            }
            case float[] numbers -> {
                putArray(GgufMetadata.FLOAT32, numbers.length);
                for (float number : numbers) {
                    putInt(Float.floatToRawIntBits(number));
                }
            }
            default -> throw new IllegalArgumentException("no GGUF value: " + value.getClass());
        }
    }

    private void putArray(int type, int length) throws IOException {
        putInt(GgufMetadata.ARRAY);
        putInt(type);
        putLong(length);
    }

    /// Encodes a chunk at a time: a whole matrix in another type need not fit the heap.
    private void data(StoredTensor tensor, DType dtype) throws IOException {
        long elements = tensor.shape().elements();
        for (long at = 0; at < elements; at += CHUNK) {
            long length = Math.min(CHUNK, elements - at);
            DType from = tensor.dtype();
            MemorySegment chunk = tensor.data().asSlice(from.bytesFor(at), from.bytesFor(length));
            putBytes(
                    TensorEncoder.encode(chunk, from, length, dtype)
                            .toArray(ValueLayout.JAVA_BYTE));
        }
    }

    private void pad() throws IOException {
        putBytes(new byte[(int) (aligned(position) - position)]);
    }

    private static long aligned(long bytes) {
        return Math.ceilDiv(bytes, GgufFile.DEFAULT_ALIGNMENT) * (long) GgufFile.DEFAULT_ALIGNMENT;
    }

    private void putString(String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        putLong(bytes.length);
        putBytes(bytes);
    }

    private void putInt(int value) throws IOException {
        putBytes(ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(value).array());
    }

    private void putLong(long value) throws IOException {
        putBytes(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array());
    }

    private void putBytes(byte[] bytes) throws IOException {
        out.write(bytes);
        position += bytes.length;
    }
}
