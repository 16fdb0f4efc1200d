package dev.sluice.grammar;

import dev.sluice.testing.GgufMetadataReader;
import dev.sluice.tokenizer.TokenIds;
import dev.sluice.tokenizer.Tokenizer;
import dev.sluice.tokenizer.TokenizerLoader;
import dev.sluice.tokenizer.Vocabulary;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The schemas of MaskBench's sample, each with its instances as tokens of Llama 3's vocabulary.
///
/// @param cases in the order of the file, each schema once
record SpeedSample(Vocabulary vocabulary, List<Case> cases) {
    private static final JsonMapper JSON = JsonMapper.shared();
    private static final String ROWS = "maskbench/maskbench-sample-pairs.jsonl";
    private static final String VOCABULARY = "tokenizers/gguf/ggml-vocab-llama-bpe.gguf";

    /// A schema and what is read with it.
    ///
    /// @param id of the first of its rows
    record Case(String id, String schema, List<Instance> instances) {}

    /// @param tokens the text's, without special ones
    record Instance(boolean valid, TokenIds tokens) {}

    /// @param data the folder of recorded data
    /// @throws IOException if the rows or the vocabulary are not there
    static SpeedSample read(Path data) throws IOException {
        Tokenizer tokenizer =
                TokenizerLoader.fromGguf(GgufMetadataReader.read(data.resolve(VOCABULARY)))
                        .tokenizer();
        Map<String, Case> cases = new LinkedHashMap<>();
        for (String line : Files.readAllLines(data.resolve(ROWS))) {
            JsonNode row = JSON.readTree(line);
            String schema = row.get("schema").toString();
            cases.computeIfAbsent(
                            schema,
                            text -> new Case(row.get("id").asString(), text, new ArrayList<>()))
                    .instances()
                    .add(
                            new Instance(
                                    row.get("valid").asBoolean(),
                                    tokenizer.encode(row.get("instance").asString(), false)));
        }
        return new SpeedSample(tokenizer.vocabulary(), List.copyOf(cases.values()));
    }

    /// Every so many of the cases.
    SpeedSample every(int step) {
        List<Case> some = new ArrayList<>();
        for (int i = 0; i < cases.size(); i += step) {
            some.add(cases.get(i));
        }
        return new SpeedSample(vocabulary, List.copyOf(some));
    }

    /// Writes everything as JSON lines for the other engines: the vocabulary, then each case.
    void write(Path file) throws IOException {
        try (BufferedWriter out = Files.newBufferedWriter(file)) {
            ObjectNode words = JSON.createObjectNode();
            ArrayNode bytes = words.putArray("vocabulary");
            ArrayNode special = words.putArray("special");
            for (int id = 0; id < vocabulary.size(); id++) {
                bytes.add(HexFormat.of().formatHex(vocabulary.bytes(id)));
                if (vocabulary.isSpecial(id)) {
                    special.add(id);
                }
            }
            ArrayNode ends = words.putArray("ends");
            vocabulary.eosIds().forEach(ends::add);
            out.write(words.toString());
            out.newLine();
            for (Case each : cases) {
                out.write(json(each).toString());
                out.newLine();
            }
        }
    }

    private static ObjectNode json(Case each) {
        ObjectNode row = JSON.createObjectNode();
        row.put("id", each.id()).put("schema", each.schema());
        ArrayNode instances = row.putArray("instances");
        for (Instance instance : each.instances()) {
            ArrayNode ids = instances.addObject().put("valid", instance.valid()).putArray("tokens");
            for (int i = 0; i < instance.tokens().size(); i++) {
                ids.add(instance.tokens().get(i));
            }
        }
        return row;
    }
}
