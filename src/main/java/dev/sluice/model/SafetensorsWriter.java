package dev.sluice.model;

import dev.sluice.compute.DType;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/// Writes safetensors files.
///
/// @see "README of huggingface/safetensors"
final class SafetensorsWriter {
    /// What safetensors itself pads the header to.
    private static final int ALIGNMENT = 8;

    private static final long CHUNK = 1 << 24;

    private SafetensorsWriter() {}

    /// Writes a file, replacing what is there.
    ///
    /// @param tensors F32, F16 or BF16, with names that need no escape in JSON
    /// @param bfloat16 what to call BF16: `BF16`, or `U16` as Paddle does
    /// @throws IOException if the file can't be written
    static void write(Path path, List<StoredTensor> tensors, String bfloat16) throws IOException {
        StringBuilder header = new StringBuilder("{\"__metadata__\":{\"format\":\"pt\"}");
        long offset = 0;
        for (StoredTensor tensor : tensors) {
            long end = offset + tensor.data().byteSize();
            header.append(
                    ",\"%s\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[%d,%d]}"
                            .formatted(
                                    tensor.name(),
                                    tensor.dtype() == DType.BF16 ? bfloat16 : tensor.dtype(),
                                    tensor.shape(),
                                    offset,
                                    end));
            offset = end;
        }
        header.append('}').repeat(" ", Math.floorMod(-header.length(), ALIGNMENT));
        byte[] text = header.toString().getBytes(StandardCharsets.UTF_8);
        try (FileChannel out =
                FileChannel.open(
                        path,
                        StandardOpenOption.CREATE,
                        StandardOpenOption.TRUNCATE_EXISTING,
                        StandardOpenOption.WRITE)) {
            ByteBuffer start = ByteBuffer.allocate(8 + text.length).order(ByteOrder.LITTLE_ENDIAN);
            write(out, start.putLong(text.length).put(text).flip());
            for (StoredTensor tensor : tensors) {
                long bytes = tensor.data().byteSize();
                for (long at = 0; at < bytes; at += CHUNK) {
                    long length = Math.min(CHUNK, bytes - at);
                    write(out, tensor.data().asSlice(at, length).asByteBuffer());
                }
            }
        }
    }

    private static void write(FileChannel out, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            out.write(bytes);
        }
    }
}
