package dev.sluice.conformance;

import dev.sluice.testing.GgufMetadataReader;
import dev.sluice.testing.HubTokenizers;
import dev.sluice.tokenizer.TokenIds;
import dev.sluice.tokenizer.Tokenizer;
import dev.sluice.tokenizer.TokenizerException;
import dev.sluice.tokenizer.TokenizerLoader;

import tools.jackson.databind.JsonNode;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/// Tokenizers: rows `vocab` (GGUF file), `text`, `ids`; rows `tokenizer` (file in a package),
/// `text`, `ids`, perhaps with `ids_special`, `decoded`, `decoded_skip_special`; rows `tokenizer`,
/// `ids`, `decoded`. All of a row must be as recorded.
final class TokenizerCases implements CaseSet {
    private static final String GGUF = "gguf vocabularies";
    private static final String HUB = "tokenizer.json ids";
    private static final String DECODE = "tokenizer.json texts";

    /// Vocabularies are large, and rows of one stand together.
    private static final int KEPT = 3;

    private final List<Path> folders;
    private final HubTokenizers hub;
    private final Map<String, Loaded> loaded =
            new LinkedHashMap<>(16, 0.75f, true) {
                private static final long serialVersionUID = 1L;

                @Override
                protected boolean removeEldestEntry(Map.Entry<String, Loaded> eldest) {
                    return size() > KEPT;
                }
            };

    /// A tokenizer, or why there is none.
    private sealed interface Loaded {
        record Good(Tokenizer tokenizer) implements Loaded {}

        record Bad(Verdict verdict) implements Loaded {}
    }

    private TokenizerCases(List<Path> folders, HubTokenizers hub) {
        this.folders = folders;
        this.hub = hub;
    }

    /// @param data asked for vocabularies that the folder lacks
    static TokenizerCases of(Path folder, Path data) {
        return of(folder, data, new HubTokenizers());
    }

    static TokenizerCases of(Path folder, Path data, HubTokenizers hub) {
        return new TokenizerCases(List.of(folder, data.resolve("tokenizers").resolve("gguf")), hub);
    }

    @Override
    public Map<String, Double> floors() {
        Map<String, Double> floors = new LinkedHashMap<>();
        floors.put(GGUF, 100.0);
        floors.put(HUB, 100.0);
        floors.put(DECODE, 100.0);
        return floors;
    }

    @Override
    public Optional<String> kind(Row row) {
        if (row.has("vocab", "text", "ids")) {
            return Optional.of(GGUF);
        }
        if (row.has("tokenizer", "text", "ids")) {
            return Optional.of(HUB);
        }
        return row.has("tokenizer", "ids", "decoded") ? Optional.of(DECODE) : Optional.empty();
    }

    @Override
    public Verdict judge(Row row) {
        boolean gguf = row.has("vocab");
        String name = row.text(gguf ? "vocab" : "tokenizer");
        Loaded found = loaded.get(name);
        if (found == null) {
            found = load(name, gguf);
            loaded.put(name, found);
        }
        return switch (found) {
            case Loaded.Good(Tokenizer tokenizer) -> judge(row, tokenizer);
            case Loaded.Bad(Verdict verdict) -> verdict;
        };
    }

    private Loaded load(String name, boolean gguf) {
        try {
            return gguf ? loadGguf(name) : loadHub(name);
        } catch (TokenizerException e) {
            return new Loaded.Bad(new Verdict.Refused(name + ": " + e.getMessage()));
        } catch (IOException | UncheckedIOException e) {
            return new Loaded.Bad(new Verdict.Skipped(name + ": " + e.getMessage()));
        }
    }

    private Loaded loadHub(String name) throws IOException {
        return new Loaded.Good(TokenizerLoader.fromTokenizerJson(hub.fetch(name)).tokenizer());
    }

    private Loaded loadGguf(String name) throws IOException {
        for (Path folder : folders) {
            Optional<Path> file = find(folder, name);
            if (file.isPresent()) {
                Map<String, Object> metadata = GgufMetadataReader.read(file.get());
                return new Loaded.Good(TokenizerLoader.fromGguf(metadata).tokenizer());
            }
        }
        return new Loaded.Bad(new Verdict.Skipped("no vocabulary " + name));
    }

    private static Optional<Path> find(Path folder, String name) throws IOException {
        if (!Files.isDirectory(folder)) {
            return Optional.empty();
        }
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(file -> file.endsWith(name) && Files.isRegularFile(file))
                    .findFirst();
        }
    }

    private static Verdict judge(Row row, Tokenizer tokenizer) {
        TokenIds ids = ids(row.get("ids"));
        Optional<Verdict> wrong = Optional.empty();
        if (row.has("text")) {
            String text = row.text("text");
            wrong = compare(text, ids, tokenizer.encode(text, false));
            if (wrong.isEmpty() && row.has("ids_special")) {
                wrong = compare(text, ids(row.get("ids_special")), tokenizer.encode(text, true));
            }
        }
        if (wrong.isEmpty() && row.has("decoded")) {
            wrong = compare(row.text("decoded"), tokenizer.decode(ids, false));
        }
        if (wrong.isEmpty() && row.has("decoded_skip_special")) {
            wrong = compare(row.text("decoded_skip_special"), tokenizer.decode(ids, true));
        }
        return wrong.orElse(Verdict.RIGHT);
    }

    private static TokenIds ids(JsonNode array) {
        int[] ids = new int[array.size()];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = array.get(i).asInt();
        }
        return TokenIds.of(ids);
    }

    private static Optional<Verdict> compare(String text, TokenIds expected, TokenIds actual) {
        if (expected.equals(actual)) {
            return Optional.empty();
        }
        int at = 0;
        while (at < Math.min(expected.size(), actual.size())
                && expected.get(at) == actual.get(at)) {
            at++;
        }
        String shown = text.length() > 60 ? text.substring(0, 60) + "..." : text;
        return Optional.of(
                new Verdict.Wrong(
                        "\""
                                + shown.replace("\n", "\\n")
                                + "\": id "
                                + at
                                + ": expected "
                                + around(expected, at)
                                + ", got "
                                + around(actual, at)));
    }

    private static String around(TokenIds ids, int at) {
        StringBuilder shown = new StringBuilder();
        for (int i = at; i < Math.min(ids.size(), at + 6); i++) {
            shown.append(shown.isEmpty() ? "" : " ").append(ids.get(i));
        }
        return "[" + shown + "]";
    }

    private static Optional<Verdict> compare(String expected, String actual) {
        Verdict verdict = Verdict.ofTexts(expected, actual);
        return verdict instanceof Verdict.Right ? Optional.empty() : Optional.of(verdict);
    }
}
