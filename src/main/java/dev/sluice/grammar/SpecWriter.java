package dev.sluice.grammar;

import dev.sluice.grammar.JsonSchemaOptions.KeyOrder;

import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.exc.StreamConstraintsException;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Turns a [GrammarSpec] into rules.
final class SpecWriter {
    /// Bounds of numbers are compared exactly.
    private static final JsonMapper JSON =
            JsonMapper.builder(
                            JsonFactory.builder()
                                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                                    .build())
                    .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
                    .build();

    private final GrammarBuilder builder;
    private final JsonSchemaOptions options;
    private final List<String> remarks = new ArrayList<>();

    SpecWriter(GrammarBuilder builder, JsonSchemaOptions options) {
        this.builder = builder;
        this.options = options;
    }

    /// What is not enforced.
    List<String> remarks() {
        return List.copyOf(remarks);
    }

    Rules write(GrammarSpec spec) throws GrammarException {
        return builder.build(rule(spec));
    }

    private int rule(GrammarSpec spec) throws GrammarException {
        return switch (spec) {
            case GrammarSpec.JsonSchema s ->
                    schema(
                            parsed(s.schema(), "JSON"),
                            options.withStrict(s.strict()).withClosedObjects(s.closed()));
            case GrammarSpec.JsonObject _ ->
                    schema(JSON.createObjectNode().put("type", "object"), options);
            case GrammarSpec.RegularExpression r -> expression(r.pattern());
            case GrammarSpec.Choice c -> choice(c.texts());
            case GrammarSpec.Ebnf e -> EbnfParser.parse(builder, checked(e.grammar()));
            case GrammarSpec.StructuralTag t ->
                    new StructuralTags(builder, new SchemaContents()).rule(parsed(t.tag(), "JSON"));
        };
    }

    private String checked(String source) throws GrammarException {
        if (source.length() > builder.limits().maxSourceLength()) {
            throw GrammarException.tooLarge(
                    "it is longer than %,d characters"
                            .formatted(builder.limits().maxSourceLength()));
        }
        return source;
    }

    private JsonNode parsed(String text, String what) throws GrammarException {
        try {
            return JSON.readTree(checked(text));
        } catch (StreamConstraintsException _) {
            throw GrammarException.tooLarge(
                    "it is nested too deeply, or holds a number of more than 1,000 digits");
        } catch (NumberFormatException _) {
            // Jackson reads decimals without a limit of their exponents, and Java's have one.
            throw GrammarException.tooLarge("it holds a number whose exponent is too large");
        } catch (JacksonException e) {
            // Jackson's words name its own settings.
            boolean twice = String.valueOf(e.getOriginalMessage()).startsWith("Duplicate");
            throw GrammarException.malformed(
                    twice ? "an object in it has a member twice" : "it is not " + what);
        }
    }

    private int expression(String pattern) throws GrammarException {
        Regex regex = Regex.parse(pattern, RegexDialect.GUIDED, builder.limits());
        if (regex.ignoresAnchors()) {
            String shown = pattern.length() > 100 ? pattern.substring(0, 100) + "..." : pattern;
            remarks.add("an anchor inside the regular expression \"%s\"".formatted(shown));
        }
        return regex.rule(builder, false);
    }

    private int schema(JsonNode schema, JsonSchemaOptions how) throws GrammarException {
        SchemaRule rule = new JsonSchemaCompiler(how).compile(schema, builder);
        remarks.addAll(rule.annotations());
        remarks.addAll(rule.ignored());
        return rule.rule();
    }

    private final class SchemaContents implements StructuralTags.Contents {
        @Override
        public int schema(JsonNode schema, Optional<Boolean> strict, Optional<Boolean> anyOrder)
                throws GrammarException {
            JsonSchemaOptions how = how(strict);
            if (anyOrder.isPresent()) {
                how = how.with(anyOrder.get() ? KeyOrder.ANY : KeyOrder.DECLARED);
            }
            return SpecWriter.this.schema(schema, how);
        }

        private JsonSchemaOptions how(Optional<Boolean> strict) {
            return strict.isPresent()
                    ? options.withStrict(strict.get()).withClosedObjects(strict.get())
                    : options;
        }

        @Override
        public void xmlParameters(JsonNode schema, Optional<Boolean> strict, int from, int to)
                throws GrammarException {
            JsonSchemaOptions how = how(strict);
            SchemaDocument document =
                    new SchemaDocument(
                            schema, how.dialect(), builder.limits(), how.closedObjects());
            SchemaEvaluator evaluator = new SchemaEvaluator(document, how, builder);
            new XmlParameters(builder, evaluator).write(from, to);
            remarks.addAll(evaluator.annotations());
            remarks.addAll(evaluator.ignored());
        }

        @Override
        public int expression(String pattern) throws GrammarException {
            return SpecWriter.this.expression(pattern);
        }

        @Override
        public int anyObject() throws GrammarException {
            return schema(JSON.createObjectNode().put("type", "object"));
        }
    }

    private int choice(List<String> texts) throws GrammarException {
        if (texts.isEmpty()) {
            throw GrammarException.malformed("there is nothing to choose from");
        }
        if (texts.size() > builder.limits().maxChoices()) {
            throw GrammarException.tooLarge(
                    "there are more than %,d texts to choose from"
                            .formatted(builder.limits().maxChoices()));
        }
        return TextLanguage.of(texts).rule(builder, false);
    }
}
