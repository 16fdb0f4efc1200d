package dev.sluice.grammar;

import tools.jackson.databind.JsonNode;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Turns structural tags into rules: free text with parts that follow a format.
///
/// Two forms are read: `structures` with `triggers`, and a tree of formats. A string that ends a
/// tag ends it where it first comes, so free text inside the tag never holds it.
///
/// @see "the structural tag page of mlc-ai/xgrammar"
final class StructuralTags {
    private final GrammarBuilder builder;
    private final Contents contents;
    private int depth;

    /// Adds what stands inside tags.
    interface Contents {
        /// Adds the JSON values of a schema.
        ///
        /// @return their rule
        default int schema(JsonNode schema) throws GrammarException {
            return schema(schema, Optional.empty(), Optional.empty());
        }

        /// Adds the JSON values of a schema.
        ///
        /// @param strict true closes objects that don't say whether they are open, false lets be
        ///   left out what can't be enforced
        /// @param anyOrder whether the keys of objects come in any order
        /// @return their rule
        int schema(JsonNode schema, Optional<Boolean> strict, Optional<Boolean> anyOrder)
                throws GrammarException;

        /// Adds the objects of a schema as XML parameters.
        ///
        /// @param strict as in [#schema]
        void xmlParameters(JsonNode schema, Optional<Boolean> strict, int from, int to)
                throws GrammarException;

        /// Adds the texts that a regular expression matches whole.
        ///
        /// @return their rule
        int expression(String pattern) throws GrammarException;

        /// Adds any JSON object.
        ///
        /// @return its rule
        int anyObject() throws GrammarException;
    }

    StructuralTags(GrammarBuilder builder, Contents contents) {
        this.builder = builder;
        this.contents = contents;
    }

    /// Adds a whole tag.
    int rule(JsonNode tag) throws GrammarException {
        if (!tag.isObject()) {
            throw GrammarException.malformed("it is no JSON object");
        }
        for (String older : List.of("structures", "triggers")) {
            if (tag.hasNonNull("format") && tag.hasNonNull(older)) {
                throw GrammarException.malformed(
                        "'format' and '%s' exclude each other".formatted(older));
            }
        }
        int rule = builder.rule();
        if (tag.hasNonNull("format")) {
            write(tag.get("format"), List.of(), builder.start(rule), builder.end(rule));
        } else {
            List<Tag> tags = new ArrayList<>();
            for (JsonNode structure : array(tag, "structures")) {
                tags.add(legacy(structure));
            }
            triggered(
                    new Triggered(strings(tag, "triggers"), tags, false, false, List.of()),
                    List.of(),
                    builder.start(rule),
                    builder.end(rule));
        }
        return rule;
    }

    /// A part of the text.
    ///
    /// @param begin what it begins with
    /// @param content what stands in it; empty for any JSON object
    /// @param ends one of these ends it; none if it ends with its content
    private record Tag(String begin, Optional<JsonNode> content, List<String> ends) {}

    /// Free text with tags.
    private record Triggered(
            List<String> triggers,
            List<Tag> tags,
            boolean atLeastOne,
            boolean stopAfterFirst,
            List<String> excludes) {}

    private static Tag legacy(JsonNode structure) throws GrammarException {
        JsonNode schema = structure.path("schema");
        Optional<JsonNode> content =
                schema.isMissingNode() || schema.isNull() ? Optional.empty() : Optional.of(schema);
        return new Tag(string(structure, "begin"), content, List.of(string(structure, "end")));
    }

    private static Tag tag(JsonNode node) throws GrammarException {
        JsonNode end = node.path("end");
        List<String> ends = end.isArray() ? strings(node, "end") : List.of(string(node, "end"));
        return new Tag(
                string(node, "begin"),
                Optional.of(required(node, "content")),
                ends.stream().filter(e -> !e.isEmpty()).toList());
    }

    private static JsonNode required(JsonNode node, String field) throws GrammarException {
        JsonNode value = node.path(field);
        if (value.isMissingNode()) {
            throw GrammarException.malformed("'%s' is missing".formatted(field));
        }
        return value;
    }

    private static String string(JsonNode node, String field) throws GrammarException {
        JsonNode value = required(node, field);
        if (!value.isString()) {
            throw GrammarException.malformed("'%s' is no string".formatted(field));
        }
        return value.asString();
    }

    private static int integer(JsonNode node, String field) throws GrammarException {
        JsonNode value = required(node, field);
        if (!value.isIntegralNumber() || !value.canConvertToInt()) {
            throw GrammarException.malformed("'%s' is no integer".formatted(field));
        }
        return value.intValue();
    }

    private static JsonNode array(JsonNode node, String field) throws GrammarException {
        JsonNode value = required(node, field);
        if (!value.isArray()) {
            throw GrammarException.malformed("'%s' is no array".formatted(field));
        }
        return value;
    }

    private static List<String> strings(JsonNode node, String field) throws GrammarException {
        List<String> strings = new ArrayList<>();
        for (JsonNode item : array(node, field)) {
            if (!item.isString()) {
                throw GrammarException.malformed(
                        "'%s' holds something else than strings".formatted(field));
            }
            strings.add(item.asString());
        }
        return strings;
    }

    private static List<String> optionalStrings(JsonNode node, String field)
            throws GrammarException {
        return node.path(field).isMissingNode() || node.path(field).isNull()
                ? List.of()
                : strings(node, field);
    }

    private static Optional<Boolean> optionalBoolean(JsonNode node, String field)
            throws GrammarException {
        JsonNode value = node.path(field);
        if (value.isMissingNode() || value.isNull()) {
            return Optional.empty();
        }
        if (!value.isBoolean()) {
            throw GrammarException.malformed("'%s' is neither true nor false".formatted(field));
        }
        return Optional.of(value.asBoolean());
    }

    /// Adds a format.
    ///
    /// @param ends what must come behind it, and is added, too; nothing if empty
    private void write(JsonNode node, List<String> ends, int from, int to) throws GrammarException {
        if (++depth > builder.limits().maxNesting()) {
            throw GrammarException.tooLarge("it has too many nested formats");
        }
        String type = string(node, "type");
        switch (type) {
            case "any_text" -> anyText(node, ends, from, to);
            case "triggered_tags" -> triggered(triggered(node), ends, from, to);
            case "dispatch" -> dispatch(node, ends, from, to);
            case "sequence" -> sequence(array(node, "elements"), ends, from, to);
            case "or" -> {
                for (JsonNode element : array(node, "elements")) {
                    write(element, ends, from, to);
                }
            }
            case "optional" -> {
                write(required(node, "content"), ends, from, to);
                end(ends, from, to);
            }
            default -> {
                int behind = builder.state();
                limited(type, node, from, behind);
                end(ends, behind, to);
            }
        }
        depth--;
    }

    private void end(List<String> ends, int from, int to) throws GrammarException {
        if (ends.isEmpty()) {
            builder.epsilon(from, to);
        }
        for (String end : ends) {
            builder.epsilon(builder.literal(from, end), to);
        }
    }

    /// Formats that know themselves where they end.
    private void limited(String type, JsonNode node, int from, int to) throws GrammarException {
        switch (type) {
            case "const_string" ->
                    builder.epsilon(builder.literal(from, string(node, "value")), to);
            case "json_schema" -> builder.call(from, schema(node), to);
            case "qwen_xml_parameter" ->
                    contents.xmlParameters(
                            required(node, "json_schema"),
                            optionalBoolean(node, "strict"),
                            from,
                            to);
            case "regex" -> builder.call(from, contents.expression(string(node, "pattern")), to);
            case "grammar" ->
                    builder.call(from, EbnfParser.parse(builder, string(node, "grammar")), to);
            case "tag" -> write(tag(node), from, to);
            case "tags_with_separator" -> separated(node, from, to);
            case "star" -> repeated(node, 0, Repeat.UNBOUNDED, from, to);
            case "plus" -> repeated(node, 1, Repeat.UNBOUNDED, from, to);
            case "repeat" -> {
                int min = integer(node, "min");
                int max = integer(node, "max");
                if (min < 0) {
                    throw GrammarException.malformed("'min' is less than 0");
                }
                repeated(node, min, max < 0 ? Repeat.UNBOUNDED : max, from, to);
            }
            default ->
                    throw GrammarException.unsupported(
                            "the format '%s' is not supported".formatted(type));
        }
    }

    private int schema(JsonNode node) throws GrammarException {
        String style = node.path("style").asString("json");
        if (!style.equals("json")) {
            throw GrammarException.unsupported("the style '%s' is not supported".formatted(style));
        }
        if (!node.path("max_whitespace_cnt").isMissingNode()
                && !node.path("max_whitespace_cnt").isNull()) {
            throw GrammarException.unsupported("max_whitespace_cnt is not supported");
        }
        JsonNode schema = required(node, "json_schema");
        return contents.schema(
                schema, optionalBoolean(node, "strict"), optionalBoolean(node, "any_order"));
    }

    private void repeated(JsonNode node, int min, int max, int from, int to)
            throws GrammarException {
        if (max < min) {
            throw GrammarException.malformed("'max' is less than 'min'");
        }
        if (min == 0) {
            builder.epsilon(from, to);
        }
        if (max > 0) {
            int body = builder.rule();
            write(required(node, "content"), List.of(), builder.start(body), builder.end(body));
            builder.call(from, builder.repeat(body, min, max), to);
        }
    }

    private void sequence(JsonNode elements, List<String> ends, int from, int to)
            throws GrammarException {
        int at = from;
        for (int i = 0; i < elements.size() - 1; i++) {
            int next = builder.state();
            write(elements.get(i), List.of(), at, next);
            at = next;
        }
        if (elements.isEmpty()) {
            end(ends, at, to);
        } else {
            write(elements.get(elements.size() - 1), ends, at, to);
        }
    }

    private void write(Tag tag, int from, int to) throws GrammarException {
        inside(tag, builder.literal(from, tag.begin()), to);
    }

    private void inside(Tag tag, int from, int to) throws GrammarException {
        if (tag.content().isEmpty()) {
            end(tag.ends(), builder.call(from, contents.anyObject()), to);
        } else if (isSchema(tag)) {
            end(tag.ends(), builder.call(from, contents.schema(tag.content().get())), to);
        } else {
            write(tag.content().get(), tag.ends(), from, to);
        }
    }

    /// The older form has a schema where the other has a format.
    private static boolean isSchema(Tag tag) {
        JsonNode content = tag.content().orElseThrow();
        return !content.isObject() || !FORMATS.contains(content.path("type").asString(""));
    }

    private static final List<String> FORMATS =
            List.of(
                    "const_string",
                    "json_schema",
                    "regex",
                    "grammar",
                    "any_text",
                    "tag",
                    "triggered_tags",
                    "tags_with_separator",
                    "sequence",
                    "or",
                    "optional",
                    "star",
                    "plus",
                    "repeat",
                    "dispatch",
                    "qwen_xml_parameter");

    private void separated(JsonNode node, int from, int to) throws GrammarException {
        int tags = builder.rule();
        for (JsonNode tag : array(node, "tags")) {
            write(tag(tag), builder.start(tags), builder.end(tags));
        }
        if (!optionalBoolean(node, "at_least_one").orElse(false)) {
            builder.epsilon(from, to);
        }
        int behind = builder.call(from, tags);
        builder.epsilon(behind, to);
        if (!optionalBoolean(node, "stop_after_first").orElse(false)) {
            builder.call(builder.literal(behind, string(node, "separator")), tags, behind);
        }
    }

    private void anyText(JsonNode node, List<String> ends, int from, int to)
            throws GrammarException {
        for (String limit : List.of("max_tokens", "max_chars")) {
            if (!node.path(limit).isMissingNode() && !node.path(limit).isNull()) {
                throw GrammarException.unsupported(limit + " is not supported");
            }
        }
        FreeText text = new FreeText(builder);
        for (String word : optionalStrings(node, "excludes")) {
            text.forbidden(word);
        }
        finish(text, ends, from, to);
    }

    /// Ends a free text: with one of the ends, or anywhere.
    private void finish(FreeText text, List<String> ends, int from, int to)
            throws GrammarException {
        for (String end : ends) {
            text.word(end, to);
        }
        List<Integer> stops = text.add(from);
        if (ends.isEmpty()) {
            stops.forEach(stop -> builder.epsilon(stop, to));
        }
    }

    private Triggered triggered(JsonNode node) throws GrammarException {
        List<Tag> tags = new ArrayList<>();
        for (JsonNode tag : array(node, "tags")) {
            tags.add(tag(tag));
        }
        return new Triggered(
                strings(node, "triggers"),
                tags,
                optionalBoolean(node, "at_least_one").orElse(false),
                optionalBoolean(node, "stop_after_first").orElse(false),
                optionalStrings(node, "excludes"));
    }

    private void triggered(Triggered t, List<String> ends, int from, int to)
            throws GrammarException {
        check(t);
        int again = builder.state();
        int behindTag = builder.state();
        if (t.stopAfterFirst()) {
            end(ends, behindTag, to);
        } else {
            builder.epsilon(behindTag, again);
        }
        FreeText text = new FreeText(builder);
        for (String trigger : t.triggers()) {
            int behind = builder.state();
            for (Tag tag : t.tags()) {
                if (tag.begin().startsWith(trigger)) {
                    int opened = builder.literal(behind, tag.begin().substring(trigger.length()));
                    inside(tag, opened, behindTag);
                }
            }
            text.word(trigger, behind);
        }
        for (String word : t.excludes()) {
            text.forbidden(word);
        }
        finish(text, ends, again, to);
        if (!t.atLeastOne()) {
            builder.epsilon(from, again);
            return;
        }
        for (Tag tag : t.tags()) {
            write(tag, from, behindTag);
        }
    }

    private static void check(Triggered t) throws GrammarException {
        for (Tag tag : t.tags()) {
            if (t.triggers().stream().noneMatch(tag.begin()::startsWith)) {
                throw GrammarException.malformed(
                        "the tag that begins with '%s' has no trigger".formatted(tag.begin()));
            }
        }
        for (String a : t.triggers()) {
            for (String b : t.triggers()) {
                if (!a.equals(b) && b.startsWith(a)) {
                    throw GrammarException.malformed(
                            "the trigger '%s' is the beginning of '%s'".formatted(a, b));
                }
            }
        }
    }

    private void dispatch(JsonNode node, List<String> ends, int from, int to)
            throws GrammarException {
        int again = builder.state();
        int behind = builder.state();
        builder.epsilon(from, again);
        if (optionalBoolean(node, "loop").orElse(true)) {
            builder.epsilon(behind, again);
        } else {
            end(ends, behind, to);
        }
        FreeText text = new FreeText(builder);
        for (JsonNode rule : array(node, "rules")) {
            if (!rule.isArray() || rule.size() != 2 || !rule.get(0).isString()) {
                throw GrammarException.malformed("a rule of 'dispatch' is a string and a format");
            }
            int opened = builder.state();
            write(rule.get(1), List.of(), opened, behind);
            text.word(rule.get(0).asString(), opened);
        }
        for (String word : optionalStrings(node, "excludes")) {
            text.forbidden(word);
        }
        finish(text, ends, again, to);
    }
}
