package dev.sluice.model;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/// A checkpoint of `resources/parity` and what transformers computes with it; made by
/// `src/test/python/make_parity_checkpoints.py`.
///
/// @param path what [ModelCheckpoint#open] takes
/// @param prompts in the order of the file
record ParityCheckpoint(String name, Path path, List<Prompt> prompts) {
    private static final ObjectMapper JSON = new ObjectMapper();

    /// One prompt with its numbers. The arrays are not to be written to.
    static final class Prompt {
        private final int[] tokens;
        private final int[] greedy;
        private final Logits logits;
        private final Logits bf16Logits;

        private Prompt(int[] tokens, int[] greedy, Logits logits, Logits bf16Logits) {
            this.tokens = tokens;
            this.greedy = greedy;
            this.logits = logits;
            this.bf16Logits = bf16Logits;
        }

        int[] tokens() {
            return tokens;
        }

        /// The 64 tokens that follow.
        int[] greedy() {
            return greedy;
        }

        /// float32 reference at every position, `[tokens, vocabulary]`.
        Logits logits() {
            return logits;
        }

        /// float32 arithmetic on weights rounded to bf16, `[tokens, vocabulary]`.
        Logits bf16Logits() {
            return bf16Logits;
        }
    }

    /// Reads a checkpoint of resources/parity with its numbers.
    static ParityCheckpoint read(String name) {
        return read(name, name);
    }

    /// Reads a checkpoint whose numbers are those of another one.
    static ParityCheckpoint read(String name, String numbers) {
        try {
            Path expected = directory(numbers);
            JsonNode root = JSON.readTree(Files.readString(expected.resolve("expected.json")));
            List<int[]> tokens = new ArrayList<>();
            List<int[]> greedy = new ArrayList<>();
            for (JsonNode prompt : root.get("prompts")) {
                tokens.add(ints(prompt.get("tokens")));
                greedy.add(ints(prompt.get("greedy")));
            }
            List<Logits> logits = split(expected.resolve("logits.f32"), tokens);
            Path rounded = expected.resolve("logits-bf16.f32");
            List<Logits> bf16 = Files.exists(rounded) ? split(rounded, tokens) : logits;
            List<Prompt> prompts = new ArrayList<>();
            for (int i = 0; i < tokens.size(); i++) {
                prompts.add(new Prompt(tokens.get(i), greedy.get(i), logits.get(i), bf16.get(i)));
            }
            return new ParityCheckpoint(name, model(directory(name)), prompts);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Where a directory of resources/parity lies.
    static Path directory(String name) {
        URL url = ParityCheckpoint.class.getResource("/parity/" + name);
        try {
            return Path.of(Objects.requireNonNull(url, name).toURI());
        } catch (URISyntaxException e) {
            throw new IllegalArgumentException(name, e);
        }
    }

    private static Path model(Path directory) {
        Path gguf = directory.resolve("model.gguf");
        return Files.exists(gguf) ? gguf : directory;
    }

    private static List<Logits> split(Path file, List<int[]> prompts) throws IOException {
        float[] all = floats(file);
        int rows = prompts.stream().mapToInt(tokens -> tokens.length).sum();
        int vocabulary = all.length / rows;
        List<Logits> parts = new ArrayList<>();
        int at = 0;
        for (int[] tokens : prompts) {
            float[] part = new float[tokens.length * vocabulary];
            System.arraycopy(all, at, part, 0, part.length);
            at += part.length;
            parts.add(new Logits(part, vocabulary));
        }
        return parts;
    }

    /// All float32 values of a little-endian file.
    static float[] floats(Path file) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file));
        float[] values = new float[bytes.capacity() / 4];
        bytes.order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(values);
        return values;
    }

    static int[] ints(JsonNode array) {
        int[] values = new int[array.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = array.get(i).intValue();
        }
        return values;
    }

    @Override
    public String toString() {
        return name;
    }
}
