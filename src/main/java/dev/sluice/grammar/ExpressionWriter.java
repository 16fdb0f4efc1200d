package dev.sluice.grammar;

import dev.sluice.grammar.RegexNode.Assertion;
import dev.sluice.grammar.RegexNode.Call;
import dev.sluice.grammar.RegexNode.Characters;
import dev.sluice.grammar.RegexNode.Choice;
import dev.sluice.grammar.RegexNode.LookAhead;
import dev.sluice.grammar.RegexNode.Repetition;
import dev.sluice.grammar.RegexNode.Sequence;

/// Writes expressions without assertions as rules. Repetitions are counted, not unrolled.
///
/// @param json whether characters are written as in a JSON string
record ExpressionWriter(GrammarBuilder builder, boolean json) {
    /// @param anywhere whether other text may come before and behind a match
    int rule(RegexNode node, boolean anywhere) throws GrammarException {
        int rule = builder.rule();
        addMatch(node, anywhere, anywhere, builder.start(rule), builder.end(rule));
        return rule;
    }

    /// @param before whether other text may come before a match
    /// @param behind whether other text may come behind it
    void addMatch(RegexNode node, boolean before, boolean behind, int from, int to)
            throws GrammarException {
        int start = builder.state();
        int end = builder.state();
        builder.epsilon(from, start);
        if (before) {
            builder.chars(start, CodePoints.ANY, json, start);
        }
        int body = builder.state();
        builder.epsilon(start, body);
        add(node, body, end);
        if (behind) {
            builder.chars(end, CodePoints.ANY, json, end);
        }
        builder.epsilon(end, to);
    }

    /// Adds an expression between two states of a rule.
    void add(RegexNode node, int from, int to) throws GrammarException {
        switch (node) {
            case Characters c -> builder.chars(from, c.set(), json, to);
            case Call c -> builder.call(from, c.rule(), to);
            case Sequence s -> {
                int at = from;
                for (RegexNode item : s.items()) {
                    int next = builder.state();
                    add(item, at, next);
                    at = next;
                }
                builder.epsilon(at, to);
            }
            case Choice c -> {
                for (RegexNode alternative : c.alternatives()) {
                    add(alternative, from, to);
                }
            }
            case Repetition r -> add(r, from, to);
            case Assertion _, LookAhead _ ->
                    throw new IllegalArgumentException("an assertion has no rule");
        }
    }

    private void add(Repetition r, int from, int to) throws GrammarException {
        if (r.max() == Repeat.UNBOUNDED && r.min() <= 1) {
            int loop = builder.state();
            if (r.min() == 0) {
                builder.epsilon(from, loop);
            } else {
                add(r.body(), from, loop);
            }
            add(r.body(), loop, loop);
            builder.epsilon(loop, to);
        } else if (r.max() == 1) {
            if (r.min() == 0) {
                builder.epsilon(from, to);
            }
            add(r.body(), from, to);
        } else if (r.body() instanceof Characters c) {
            builder.call(from, builder.repeat(c.set(), json, r.min(), r.max()), to);
        } else {
            int body = builder.rule();
            add(r.body(), builder.start(body), builder.end(body));
            builder.call(from, builder.repeat(body, r.min(), r.max()), to);
        }
    }
}
