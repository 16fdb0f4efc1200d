package dev.sluice.grammar;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/// Writes the texts of a language that have a number of characters as a rule. A least number is
/// written out, the states side by side with the characters so far; a greatest one is counted while
/// the text is read ([TextLength]).
final class CountedText {
    private static final int MAX_STATES = 100_000;

    private final GrammarBuilder builder;
    private final TextLanguage language;
    private final boolean json;
    private final int min;
    private final Map<Integer, Integer> states = new HashMap<>();
    private final Deque<Integer> work = new ArrayDeque<>();

    private CountedText(GrammarBuilder builder, TextLanguage language, boolean json, int min) {
        this.builder = builder;
        this.language = language;
        this.json = json;
        this.min = min;
    }

    /// The rule, written once for a grammar.
    ///
    /// @param json whether its characters are written as in a JSON string
    /// @param max or [Repeat#UNBOUNDED]
    /// @return the rule's number; if there is no such text, that of a rule that never ends
    static int rule(GrammarBuilder builder, TextLanguage language, boolean json, int min, int max)
            throws GrammarException {
        return builder.once(
                new Written(language, json, min, max),
                () -> write(builder, language, json, min, max));
    }

    private record Written(TextLanguage language, boolean json, int min, int max) {}

    private static int write(
            GrammarBuilder builder, TextLanguage language, boolean json, int min, int max)
            throws GrammarException {
        if (!language.sizes().hasLength(min, max)) {
            return builder.rule();
        }
        int rule = ofLeast(builder, language, json, min);
        if (max < language.sizes().longest()) {
            builder.counted(rule, max);
        }
        return rule;
    }

    /// A new rule for the texts with a least number of characters.
    ///
    /// @param json as in [#rule]
    static int ofLeast(GrammarBuilder builder, TextLanguage language, boolean json, int min)
            throws GrammarException {
        return min <= language.sizes().shortest()
                ? language.rule(builder, json)
                : new CountedText(builder, language, json, min).write();
    }

    private int write() throws GrammarException {
        if ((long) min * language.numStates() > Integer.MAX_VALUE / 2) {
            throw tooLarge();
        }
        int end = builder.state();
        int start = state(0, 0);
        while (!work.isEmpty()) {
            int place = work.remove();
            int from = Objects.requireNonNull(states.get(place));
            int state = place % language.numStates();
            int count = place / language.numStates();
            if (language.accepts(state) && count >= min) {
                builder.epsilon(from, end);
            }
            List<CodePoints> sets = new ArrayList<>();
            List<Integer> targets = new ArrayList<>();
            language.forEachEdge(
                    state,
                    (set, target) -> {
                        sets.add(set);
                        targets.add(target);
                    });
            for (int i = 0; i < sets.size(); i++) {
                int to = state(targets.get(i), Math.min(count + 1, min));
                builder.chars(from, sets.get(i), json, to);
            }
        }
        return builder.rule(start, end);
    }

    private static GrammarException tooLarge() {
        return GrammarException.unsupported(
                "a pattern or format together with a length needs more than %,d states"
                        .formatted(MAX_STATES));
    }

    private int state(int state, int count) throws GrammarException {
        int place = count * language.numStates() + state;
        Integer known = states.get(place);
        if (known == null) {
            if (states.size() >= MAX_STATES) {
                throw tooLarge();
            }
            known = builder.state();
            states.put(place, known);
            work.add(place);
        }
        return known;
    }
}
