package dev.sluice.model;

import java.nio.file.Path;
import java.util.Map;

/// A file of named tensors, mapped. Every tensor lies within the file.
interface TensorFile extends AutoCloseable {
    /// Tensors of a file, which take up to a kilobyte each when it is opened. The deepest model
    /// that Sluice knows has fewer.
    int MOST_TENSORS = 1 << 16;

    /// The file, or the index of a file in several parts.
    Path path();

    /// Tensors by the names that the file gives them.
    Map<String, StoredTensor> tensors();

    /// Tensors in a type that Sluice does not read: name to the type's name.
    Map<String, String> unreadable();

    /// Unmaps the file; the data of its tensors ends.
    @Override
    void close();
}
