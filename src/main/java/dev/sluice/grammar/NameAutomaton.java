package dev.sluice.grammar;

import java.util.stream.IntStream;

/// The automaton of rules or of a language whose texts are host names: letters, digits, hyphens and
/// dots. It is deterministic.
interface NameAutomaton {
    /// The state behind a character, or [TextLanguage#DEAD].
    int next(int state, int character);

    /// Visits what leads from a state.
    void forEachEdge(int state, TextLanguage.EdgeVisitor visitor);

    /// Whether a text may end in a state.
    boolean accepts(int state);

    /// The states in which names begin.
    int[] starts();

    static NameAutomaton of(TextLanguage language) {
        return new NameAutomaton() {
            @Override
            public int next(int state, int character) {
                return language.next(state, character);
            }

            @Override
            public void forEachEdge(int state, TextLanguage.EdgeVisitor visitor) {
                language.forEachEdge(state, visitor);
            }

            @Override
            public boolean accepts(int state) {
                return language.accepts(state);
            }

            @Override
            public int[] starts() {
                return new int[1];
            }
        };
    }

    /// Those of the rules that have a [NameText].
    static NameAutomaton of(Rules rules) {
        return new NameAutomaton() {
            @Override
            public int next(int state, int character) {
                for (CharEdge edge : rules.chars()[state]) {
                    if (edge.set().contains(character)) {
                        return edge.target();
                    }
                }
                return TextLanguage.DEAD;
            }

            @Override
            public void forEachEdge(int state, TextLanguage.EdgeVisitor visitor) {
                for (CharEdge edge : rules.chars()[state]) {
                    visitor.visit(edge.set(), edge.target());
                }
            }

            @Override
            public boolean accepts(int state) {
                return rules.ends()[state]
                        || IntStream.of(rules.epsilons()[state])
                                .anyMatch(target -> rules.ends()[target]);
            }

            @Override
            public int[] starts() {
                return IntStream.range(0, rules.starts().length)
                        .filter(rule -> rules.memories()[rule] instanceof NameText)
                        .map(rule -> rules.starts()[rule])
                        .toArray();
            }
        };
    }
}
