package dev.sluice.model;

import java.nio.file.Path;

/// A model that is on this machine.
///
/// @param path a .gguf file, or a directory with `config.json` and safetensors
/// @param name what to call it: the hub id, else the name of the file or directory
public record ResolvedModel(Path path, String name) {}
