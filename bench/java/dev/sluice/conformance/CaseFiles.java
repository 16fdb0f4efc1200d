package dev.sluice.conformance;

import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;

/// The rows of a folder and its sub-folders: `.jsonl`, `.jsonl.gz`, and `.json` files that are a
/// list of objects.
final class CaseFiles {
    private static final JsonMapper JSON = new JsonMapper();

    private final List<Row> rows = new ArrayList<>();
    private final List<String> unreadable = new ArrayList<>();

    private CaseFiles() {}

    /// @throws IOException if the folder itself can't be listed
    static CaseFiles in(Path folder) throws IOException {
        CaseFiles files = new CaseFiles();
        List<Path> found;
        try (Stream<Path> walk = Files.walk(folder)) {
            found = walk.filter(Files::isRegularFile).sorted().toList();
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
        found.forEach(files::read);
        return files;
    }

    List<Row> rows() {
        return rows;
    }

    /// What could not be read: a file or a line of one, and why.
    List<String> unreadable() {
        return unreadable;
    }

    private void read(Path file) {
        String name = file.getFileName().toString();
        try {
            if (name.endsWith(".jsonl")) {
                try (InputStream in = Files.newInputStream(file)) {
                    lines(file, in);
                }
            } else if (name.endsWith(".jsonl.gz")) {
                try (InputStream in = new GZIPInputStream(Files.newInputStream(file))) {
                    lines(file, in);
                }
            } else if (name.endsWith(".json")) {
                list(file);
            }
        } catch (IOException | JacksonException e) {
            unreadable.add(file + ": " + oneLine(e));
        }
    }

    private void lines(Path file, InputStream in) throws IOException {
        BufferedReader reader =
                new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
        int number = 0;
        for (String line = reader.readLine(); line != null; line = reader.readLine()) {
            number++;
            if (!line.isBlank()) {
                line(file, number, line);
            }
        }
    }

    private void line(Path file, int number, String line) {
        try {
            JsonNode node = JSON.readTree(line);
            if (node.isObject()) {
                rows.add(new Row(file, number, node));
            } else {
                unreadable.add(file + ":" + number + ": not a JSON object");
            }
        } catch (JacksonException e) {
            unreadable.add(file + ":" + number + ": " + oneLine(e));
        }
    }

    private void list(Path file) throws IOException {
        JsonNode node = JSON.readTree(Files.readString(file));
        if (!node.isArray()) {
            unreadable.add(file + ": not a list of JSON objects");
            return;
        }
        int number = 0;
        for (JsonNode item : node) {
            number++;
            if (item.isObject()) {
                rows.add(new Row(file, number, item));
            } else {
                unreadable.add(file + ":" + number + ": not a JSON object");
            }
        }
    }

    private static String oneLine(Exception e) {
        String message =
                e instanceof JacksonException json ? json.getOriginalMessage() : e.getMessage();
        return String.valueOf(message).lines().findFirst().orElse(e.getClass().getSimpleName());
    }
}
