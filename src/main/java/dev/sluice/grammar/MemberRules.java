package dev.sluice.grammar;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// The rules of what objects are made of, each written once for all objects and their places.
final class MemberRules {
    private final JsonWriter json;
    private final GrammarBuilder builder;
    private final Map<Others, Integer> others = new HashMap<>();
    private final Map<Pair, Integer> members = new HashMap<>();
    private final Map<Distinct, Integer> keys = new HashMap<>();
    private final Map<Term, Integer> rests = new HashMap<>();
    private int comma = -1;
    private int close = -1;

    /// What a member's key is.
    sealed interface Key {}

    /// One name.
    record Name(String name) implements Key {}

    /// Any of a language but some names.
    record Others(TextLanguage language, Set<String> names) implements Key {}

    private record Pair(Key key, Term value) {}

    private record Distinct(Others keys, boolean comma) {}

    MemberRules(JsonWriter json, GrammarBuilder builder) {
        this.json = json;
        this.builder = builder;
    }

    /// A key and its colon.
    ///
    /// @return the state behind them
    int colon(int from, String name) throws GrammarException {
        return colon(from, new Name(name));
    }

    private int colon(int from, Key key) throws GrammarException {
        int behind =
                switch (key) {
                    case Name(String name) -> json.key(from, name);
                    case Others others -> builder.call(from, rule(others));
                };
        return json.separator(behind, ':');
    }

    /// The end of an object.
    int close() throws GrammarException {
        if (close < 0) {
            close = builder.rule();
            int space = json.space(builder.start(close));
            builder.text(space, CodePoints.of('}'), builder.end(close));
        }
        return close;
    }

    /// What stands between two members.
    int comma() throws GrammarException {
        if (comma < 0) {
            comma = builder.rule();
            builder.epsilon(json.separator(builder.start(comma), ','), builder.end(comma));
        }
        return comma;
    }

    /// A member.
    int member(Key key, Term value) throws GrammarException {
        Pair pair = new Pair(key, value);
        Integer known = members.get(pair);
        if (known == null) {
            known = builder.rule();
            members.put(pair, known);
            builder.call(colon(builder.start(known), key), json.rule(value), builder.end(known));
        }
        return known;
    }

    /// A key that must not come twice in the rule that calls this, which [GrammarBuilder#distinct]
    /// has been told.
    ///
    /// @param comma whether what stands between two members comes before it
    int key(Others of, boolean comma) throws GrammarException {
        Distinct key = new Distinct(of, comma);
        Integer known = keys.get(key);
        if (known == null) {
            known = builder.rule();
            keys.put(key, known);
            builder.key(known);
            int start = builder.start(known);
            int open = builder.literal(comma ? json.separator(start, ',') : start, "\"");
            TextLanguage written = json.written(of.language());
            if (written.isAny()) {
                new Exclusion(of.names()).write(open, builder.end(known));
            } else {
                int behind = builder.state();
                TextLanguage some = without(written, of.names());
                builder.epsilon(open, some.write(builder, true, behind));
                builder.text(behind, CodePoints.of('"'), builder.end(known));
            }
        }
        return known;
    }

    /// What stands behind a key: the colon and a value.
    int rest(Term value) throws GrammarException {
        Integer known = rests.get(value);
        if (known == null) {
            known = builder.rule();
            rests.put(value, known);
            int from = json.separator(builder.start(known), ':');
            builder.call(from, json.rule(value), builder.end(known));
        }
        return known;
    }

    private static TextLanguage without(TextLanguage keys, Set<String> names)
            throws GrammarException {
        return names.isEmpty() ? keys : keys.minus(TextLanguage.of(names));
    }

    private int rule(Others of) throws GrammarException {
        Integer known = others.get(of);
        if (known == null) {
            known = builder.rule();
            others.put(of, known);
            int open = builder.literal(builder.start(known), "\"");
            int end = builder.end(known);
            TextLanguage written = json.written(of.language());
            if (written.isAny()) {
                new Exclusion(of.names()).write(open, end);
            } else {
                int some = without(written, of.names()).rule(builder, true);
                builder.text(builder.call(open, some), CodePoints.of('"'), end);
            }
        }
        return known;
    }

    /// All strings but some, as a tree of these with a way out at every node.
    private final class Exclusion {
        private final List<Map<Integer, Integer>> children = new ArrayList<>();
        private final List<Boolean> excluded = new ArrayList<>();

        Exclusion(Set<String> names) {
            node();
            for (String name : names) {
                int at = 0;
                for (int c : name.codePoints().toArray()) {
                    Integer next = children.get(at).get(c);
                    if (next == null) {
                        next = node();
                        children.get(at).put(c, next);
                    }
                    at = next;
                }
                excluded.set(at, true);
            }
        }

        private int node() {
            children.add(new HashMap<>(4));
            excluded.add(false);
            return children.size() - 1;
        }

        void write(int from, int to) throws GrammarException {
            int[] states = new int[children.size()];
            states[0] = from;
            for (int i = 1; i < states.length; i++) {
                states[i] = builder.state();
            }
            int free = states.length == 1 && !excluded.getFirst() ? from : builder.state();
            builder.chars(free, CodePoints.ANY, true, free);
            builder.text(free, CodePoints.of('"'), to);
            if (free == from) {
                return;
            }
            for (int i = 0; i < states.length; i++) {
                int[] ends = new int[2 * children.get(i).size()];
                int n = 0;
                for (Map.Entry<Integer, Integer> child : children.get(i).entrySet()) {
                    ends[n++] = child.getKey();
                    ends[n++] = child.getKey();
                    builder.chars(
                            states[i],
                            CodePoints.of(child.getKey()),
                            true,
                            states[child.getValue()]);
                }
                builder.chars(states[i], CodePoints.ofRanges(ends).complement(), true, free);
                if (!excluded.get(i)) {
                    builder.text(states[i], CodePoints.of('"'), to);
                }
            }
        }
    }
}
