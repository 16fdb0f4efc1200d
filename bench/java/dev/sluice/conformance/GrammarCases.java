package dev.sluice.conformance;

import dev.sluice.grammar.CompiledGrammar;
import dev.sluice.grammar.GrammarCompiler;
import dev.sluice.grammar.GrammarException;
import dev.sluice.grammar.GrammarLimits;
import dev.sluice.grammar.GrammarMatcher;
import dev.sluice.grammar.GrammarSpec;
import dev.sluice.grammar.GrammarVocabulary;
import dev.sluice.grammar.JsonSchemaOptions;
import dev.sluice.testing.GgufMetadataReader;
import dev.sluice.tokenizer.TokenIds;
import dev.sluice.tokenizer.Tokenizer;
import dev.sluice.tokenizer.TokenizerLoader;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.stream.Stream;

/// Grammars: which texts they accept. Every text is tokenised with a real vocabulary, and every
/// token looked up in the mask of its place before it is read.
///
/// Rows whose instance is refused only because its keys come in another order than the schema's are
/// counted apart, as are rows that expect a schema to be refused.
final class GrammarCases implements CaseSet, AutoCloseable {
    private static final String SUITE = "JSON-Schema-Test-Suite";
    private static final String SUITE_ACCEPTED = "JSON-Schema-Test-Suite, invalid not accepted";
    private static final String MASKBENCH = "MaskBench schemas compiled";
    private static final String MASKBENCH_VALID = "MaskBench valid instances";
    private static final String MASKBENCH_INVALID = "MaskBench invalid instances";
    private static final String ENGINES_ACCEPTED = "engines' JSON schemas, invalid not accepted";
    private static final String ENGINES = "engines' JSON schemas, valid accepted";
    private static final String EBNF = "EBNF";
    private static final String REGEX = "regular expressions";
    private static final String TAGS = "structural tags";
    private static final String GBNF = "GBNF";

    private static final JsonMapper JSON = JsonMapper.shared();
    private static final String VOCABULARY = "ggml-vocab-llama-bpe.gguf";

    private final Tokenizer tokenizer;
    private final GrammarCompiler compiler;
    private final GrammarCompiler inAnyOrder;
    private final Set<Integer> ends;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment mask;
    private final Set<String> schemasSeen = new HashSet<>();
    private final Times maskTimes = new Times();
    private final Times compileTimes = new Times();
    private int byKeyOrder;
    private int notJudged;

    private GrammarCases(Tokenizer tokenizer) {
        this.tokenizer = tokenizer;
        this.ends = tokenizer.vocabulary().eosIds();
        JsonSchemaOptions options =
                JsonSchemaOptions.DEFAULT.with(JsonSchemaOptions.Whitespace.ANY);
        this.compiler = compiler(options);
        this.inAnyOrder = compiler(options.with(JsonSchemaOptions.KeyOrder.ANY));
        this.mask =
                arena.allocate(
                        ValueLayout.JAVA_INT, Math.ceilDiv(tokenizer.vocabulary().size(), 32));
    }

    private GrammarCompiler compiler(JsonSchemaOptions options) {
        return new GrammarCompiler(
                () -> GrammarVocabulary.of(tokenizer.vocabulary()),
                GrammarLimits.DEFAULT,
                options,
                1);
    }

    /// @param data asked for the vocabulary if the folder lacks it
    static CaseSet of(Path folder, Path data) throws IOException {
        for (Path place : List.of(folder, data)) {
            Optional<Path> file = find(place);
            if (file.isPresent()) {
                return new GrammarCases(
                        TokenizerLoader.fromGguf(GgufMetadataReader.read(file.get())).tokenizer());
            }
        }
        return new WithoutVocabulary();
    }

    /// Rows can only be tried with tokens.
    private static final class WithoutVocabulary implements CaseSet {
        @Override
        public Map<String, Double> floors() {
            return GrammarCases.allFloors();
        }

        @Override
        public Optional<String> kind(Row row) {
            return kindOf(row);
        }

        @Override
        public Verdict judge(Row row) {
            return new Verdict.Skipped(VOCABULARY + " is not here");
        }
    }

    private static Optional<Path> find(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            return Optional.empty();
        }
        try (Stream<Path> walk = Files.walk(folder)) {
            return walk.filter(file -> file.endsWith(VOCABULARY)).findFirst();
        }
    }

    @Override
    public Map<String, Double> floors() {
        return allFloors();
    }

    private static Map<String, Double> allFloors() {
        Map<String, Double> floors = new LinkedHashMap<>();
        floors.put(SUITE, 75.0);
        floors.put(SUITE_ACCEPTED, 100.0);
        floors.put(MASKBENCH, 92.0);
        floors.put(MASKBENCH_VALID, 99.5);
        floors.put(MASKBENCH_INVALID, 100.0);
        floors.put(ENGINES_ACCEPTED, 100.0);
        floors.put(ENGINES, 0.0);
        floors.put(EBNF, 97.0);
        floors.put(REGEX, 97.0);
        floors.put(TAGS, 97.0);
        floors.put(GBNF, 97.0);
        return floors;
    }

    @Override
    public Optional<String> kind(Row row) {
        return kindOf(row);
    }

    private static Optional<String> kindOf(Row row) {
        if (row.has("kind", "schema", "instance", "valid", "keyword")) {
            return row.text("kind").equals("plain") ? Optional.of(SUITE) : Optional.empty();
        }
        if (row.has("id", "schema", "instance", "valid")) {
            return Optional.of(MASKBENCH);
        }
        if (row.has("schema", "spec_valid") || row.text("kind").equals("json_schema")) {
            return Optional.of(ENGINES);
        }
        if (!row.has("grammar", "input", "accepted")) {
            return Optional.empty();
        }
        return switch (row.text("kind")) {
            case "ebnf" -> Optional.of(EBNF);
            case "regex" -> Optional.of(REGEX);
            case "structural_tag" -> Optional.of(TAGS);
            case "gbnf", "" -> Optional.of(GBNF);
            default -> Optional.empty();
        };
    }

    @Override
    public Verdict judge(Row row) {
        return judgeAll(row).values().iterator().next();
    }

    @Override
    public Map<String, Verdict> judgeAll(Row row) {
        Map<String, Verdict> verdicts = new LinkedHashMap<>();
        switch (kind(row).orElseThrow()) {
            case SUITE -> {
                boolean valid = row.get("valid").asBoolean();
                Verdict verdict = schema(row, row.get("schema"), row.text("instance"), valid);
                add(verdicts, SUITE, verdict);
                if (!valid && !(verdict instanceof Verdict.Refused)) {
                    add(verdicts, SUITE_ACCEPTED, verdict);
                }
            }
            case MASKBENCH -> maskBench(row, verdicts);
            case ENGINES -> engine(row, verdicts);
            case EBNF, GBNF ->
                    add(
                            verdicts,
                            kind(row).orElseThrow(),
                            text(row, new GrammarSpec.Ebnf(row.text("grammar"))));
            case REGEX ->
                    add(
                            verdicts,
                            REGEX,
                            text(row, new GrammarSpec.RegularExpression(row.text("grammar"))));
            default ->
                    add(
                            verdicts,
                            TAGS,
                            text(row, new GrammarSpec.StructuralTag(row.text("grammar"))));
        }
        return verdicts;
    }

    private static void add(Map<String, Verdict> verdicts, String kind, Verdict verdict) {
        verdicts.put(kind, verdict);
    }

    private void maskBench(Row row, Map<String, Verdict> verdicts) {
        boolean valid = row.get("valid").asBoolean();
        Verdict verdict = schema(row, row.get("schema"), row.text("instance"), valid);
        boolean refused = verdict instanceof Verdict.Refused;
        if (schemasSeen.add(row.get("schema").toString())) {
            add(verdicts, MASKBENCH, refused ? verdict : Verdict.RIGHT);
        }
        if (!refused) {
            add(verdicts, valid ? MASKBENCH_VALID : MASKBENCH_INVALID, verdict);
        }
    }

    private void engine(Row row, Map<String, Verdict> verdicts) {
        if (!row.has("spec_valid") || row.get("spec_valid").isNull() || row.has("compile_error")) {
            notJudged++;
            return;
        }
        boolean valid = row.get("spec_valid").asBoolean();
        boolean ofGrammar = row.has("grammar");
        JsonNode schema = ofGrammar ? JSON.readTree(row.text("grammar")) : row.get("schema");
        Verdict verdict = schema(row, schema, row.text(ofGrammar ? "input" : "instance"), valid);
        if (valid) {
            add(verdicts, ENGINES, verdict);
        } else if (!(verdict instanceof Verdict.Refused)) {
            add(verdicts, ENGINES_ACCEPTED, verdict);
        }
    }

    private Verdict schema(Row row, JsonNode schema, String instance, boolean valid) {
        try {
            GrammarSpec spec = new GrammarSpec.JsonSchema(schema.toString(), true);
            CompiledGrammar grammar = compiled(spec);
            boolean accepted = accepts(grammar, instance);
            if (accepted == valid) {
                return Verdict.RIGHT;
            }
            if (valid && differsByKeyOrder(grammar, spec, schema, instance)) {
                byKeyOrder++;
                return Verdict.RIGHT;
            }
            return new Verdict.Wrong(
                    (accepted ? "accepted " : "rejected ")
                            + shortened(instance)
                            + " of "
                            + shortened(schema.toString()));
        } catch (GrammarException e) {
            return new Verdict.Refused(e.getMessage() + " " + shortened(schema.toString()));
        } catch (RuntimeException e) {
            return new Verdict.Wrong(e + " " + row.place());
        }
    }

    private Verdict text(Row row, GrammarSpec spec) {
        boolean expected = row.get("accepted").asBoolean();
        try {
            boolean accepted = accepts(compiled(spec), row.text("input"));
            return accepted == expected
                    ? Verdict.RIGHT
                    : new Verdict.Wrong(
                            (accepted ? "accepted " : "rejected ") + shortened(row.text("input")));
        } catch (GrammarException e) {
            return new Verdict.Refused(String.valueOf(e.getMessage()));
        } catch (RuntimeException e) {
            return new Verdict.Wrong(e.toString());
        }
    }

    private static String shortened(String text) {
        return text.length() <= 160 ? text : text.substring(0, 160) + "...";
    }

    private CompiledGrammar compiled(GrammarSpec spec) throws GrammarException {
        long start = System.nanoTime();
        try {
            return compiled(compiler, spec);
        } finally {
            compileTimes.add(System.nanoTime() - start);
        }
    }

    private static CompiledGrammar compiled(GrammarCompiler compiler, GrammarSpec spec)
            throws GrammarException {
        try {
            return compiler.compile(spec).get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof GrammarException refusal) {
                throw refusal;
            }
            throw new IllegalStateException(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private boolean accepts(CompiledGrammar grammar, String text) {
        GrammarMatcher matcher = grammar.matcher(ends);
        TokenIds ids = tokenizer.encode(text, false);
        for (int i = 0; i < ids.size(); i++) {
            long start = System.nanoTime();
            matcher.fillNextTokenBitmask(mask);
            maskTimes.add(System.nanoTime() - start);
            boolean allowed =
                    (mask.getAtIndex(ValueLayout.JAVA_INT, ids.get(i) >> 5) >>> ids.get(i) & 1)
                            == 1;
            boolean accepted = matcher.accept(ids.get(i));
            if (allowed != accepted) {
                throw new IllegalStateException(
                        "mask and matcher differ at token " + i + " of " + shortened(text));
            }
            if (!accepted) {
                return false;
            }
        }
        return matcher.mayEnd();
    }

    /// Whether an instance is accepted with its keys in the order in which the schema names them
    /// first or, where alternatives name them in several, by the same schema in any order.
    private boolean differsByKeyOrder(
            CompiledGrammar grammar, GrammarSpec spec, JsonNode schema, String instance)
            throws GrammarException {
        return new KeyOrder(schema)
                        .reordered(instance)
                        .filter(text -> accepts(grammar, text))
                        .isPresent()
                || accepts(compiled(inAnyOrder, spec), instance);
    }

    @Override
    public String note() {
        return "right but for the order of keys: %d; not judged: %d%ncompile: %s%nmask: %s"
                .formatted(byKeyOrder, notJudged, compileTimes, maskTimes);
    }

    @Override
    public void close() {
        compiler.close();
        inAnyOrder.close();
        arena.close();
    }
}
