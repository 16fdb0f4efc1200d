package dev.sluice.grammar;

import dev.sluice.grammar.RegexNode.Assertion;
import dev.sluice.grammar.RegexNode.Call;
import dev.sluice.grammar.RegexNode.Characters;
import dev.sluice.grammar.RegexNode.Choice;
import dev.sluice.grammar.RegexNode.LookAhead;
import dev.sluice.grammar.RegexNode.Place;
import dev.sluice.grammar.RegexNode.Repetition;
import dev.sluice.grammar.RegexNode.Sequence;

import java.util.List;

/// A regular expression and the texts that it matches: whole texts in the guided dialect, texts
/// with a match anywhere in ECMA's. Immutable.
final class Regex {
    private final RegexNode node;
    private final RegexDialect dialect;
    private final boolean ignoresAnchors;

    private Regex(RegexNode node, RegexDialect dialect, boolean ignoresAnchors) {
        this.node = node;
        this.dialect = dialect;
        this.ignoresAnchors = ignoresAnchors;
    }

    static Regex parse(String pattern, RegexDialect dialect, GrammarLimits limits)
            throws GrammarException {
        RegexNode node = RegexParser.parse(pattern, dialect, limits);
        return dialect == RegexDialect.GUIDED
                ? new Regex(withoutPlaces(node), dialect, isAnchoredInside(node, true, true))
                : new Regex(node, dialect, false);
    }

    /// Whether it has anchors that mean something and are ignored, which the guided dialect allows
    /// and wants to be told.
    boolean ignoresAnchors() {
        return ignoresAnchors;
    }

    /// @param first whether nothing comes before the node
    /// @param last whether nothing comes behind it
    private static boolean isAnchoredInside(RegexNode node, boolean first, boolean last) {
        return switch (node) {
            case Characters _, Call _ -> false;
            case Choice c ->
                    c.alternatives().stream().anyMatch(a -> isAnchoredInside(a, first, last));
            case Repetition r ->
                    isAnchoredInside(r.body(), first && r.max() == 1, last && r.max() == 1);
            case Assertion a -> a.place() == Place.START ? !first : !last;
            case LookAhead a -> isAnchoredInside(a.body(), false, false);
            case Sequence s -> {
                List<RegexNode> items = s.items();
                int from = 0;
                while (from < items.size() && items.get(from).equals(new Assertion(Place.START))) {
                    from++;
                }
                int to = items.size();
                while (to > from && items.get(to - 1).equals(new Assertion(Place.END))) {
                    to--;
                }
                boolean inside = (from > 0 && !first) || (to < items.size() && !last);
                for (int i = from; i < to; i++) {
                    inside |=
                            isAnchoredInside(items.get(i), first && i == from, last && i == to - 1);
                }
                yield inside;
            }
        };
    }

    /// A whole text matches, so that anchors at its ends say nothing; elsewhere they are ignored,
    /// too.
    private static RegexNode withoutPlaces(RegexNode node) {
        return switch (node) {
            case Characters c -> c;
            case Call c -> c;
            case Sequence s -> new Sequence(s.items().stream().map(Regex::withoutPlaces).toList());
            case Choice c ->
                    new Choice(c.alternatives().stream().map(Regex::withoutPlaces).toList());
            case Repetition r -> new Repetition(withoutPlaces(r.body()), r.min(), r.max());
            case Assertion _ -> Sequence.EMPTY;
            case LookAhead a -> a;
        };
    }

    /// The texts that match.
    TextLanguage language() throws GrammarException {
        if (dialect == RegexDialect.GUIDED) {
            return Nfa.match(node);
        }
        return node.looksAhead() ? new LookAheads().search(node) : Nfa.search(node);
    }

    /// Adds the texts that match as a rule: without making the expression deterministic first,
    /// where its anchors are at the ends only.
    ///
    /// @param json whether characters are written as in a JSON string
    int rule(GrammarBuilder builder, boolean json) throws GrammarException {
        if (!node.hasAssertions()) {
            return new ExpressionWriter(builder, json).rule(node, dialect == RegexDialect.ECMA);
        }
        List<RegexNode> alternatives =
                node instanceof Choice choice ? choice.alternatives() : List.of(node);
        if (alternatives.stream().allMatch(Regex::isAnchoredAtItsEndsOnly)) {
            return anchored(new ExpressionWriter(builder, json), builder, alternatives);
        }
        return language().rule(builder, json);
    }

    private static int anchored(
            ExpressionWriter writer, GrammarBuilder builder, List<RegexNode> alternatives)
            throws GrammarException {
        int rule = builder.rule();
        for (RegexNode node : alternatives) {
            writer.addMatch(
                    inner(node),
                    !startsAnchored(node),
                    !endsAnchored(node),
                    builder.start(rule),
                    builder.end(rule));
        }
        return rule;
    }

    private static List<RegexNode> items(RegexNode node) {
        return node instanceof Sequence sequence ? sequence.items() : List.of(node);
    }

    private static boolean startsAnchored(RegexNode node) {
        List<RegexNode> items = items(node);
        return !items.isEmpty() && items.getFirst().equals(new Assertion(Place.START));
    }

    private static boolean endsAnchored(RegexNode node) {
        List<RegexNode> items = items(node);
        return !items.isEmpty() && items.getLast().equals(new Assertion(Place.END));
    }

    private static RegexNode inner(RegexNode node) {
        List<RegexNode> items = items(node);
        int from = startsAnchored(node) ? 1 : 0;
        int to = items.size() - (endsAnchored(node) ? 1 : 0);
        return from > to ? Sequence.EMPTY : new Sequence(items.subList(from, to));
    }

    private static boolean isAnchoredAtItsEndsOnly(RegexNode node) {
        return !inner(node).hasAssertions();
    }

    /// Languages of expressions with look-ahead, built from the end: what may follow a place is the
    /// language of the rest, and a look-ahead intersects it.
    private static final class LookAheads {
        TextLanguage search(RegexNode node) throws GrammarException {
            RegexNode first = node.from(true);
            RegexNode later = node.from(false);
            TextLanguage match = before(first, TextLanguage.any());
            if (later.equals(first)) {
                return TextLanguage.any().then(match);
            }
            if (later.equals(Choice.NONE)) {
                return match;
            }
            TextLanguage behind = TextLanguage.ofLength(1, Repeat.UNBOUNDED);
            return match.or(behind.then(before(later, TextLanguage.any())));
        }

        /// Texts of the node with a text of `rest` behind it.
        private TextLanguage before(RegexNode node, TextLanguage rest) throws GrammarException {
            if (!node.hasAssertions()) {
                return Nfa.match(node).then(rest);
            }
            return switch (node) {
                case Sequence s -> {
                    TextLanguage language = rest;
                    for (RegexNode item : s.items().reversed()) {
                        language = before(item, language);
                    }
                    yield language;
                }
                case Choice c -> {
                    TextLanguage language = TextLanguage.none();
                    for (RegexNode alternative : c.alternatives()) {
                        language = language.or(before(alternative, rest));
                    }
                    yield language;
                }
                case LookAhead a -> {
                    TextLanguage ahead = before(a.body(), TextLanguage.any());
                    yield a.negative() ? rest.minus(ahead) : rest.and(ahead);
                }
                case Repetition r -> repeated(r, rest);
                case Assertion a when a.place() == Place.END ->
                        rest.and(TextLanguage.ofLength(0, 0));
                case Assertion _ ->
                        throw GrammarException.unsupported(
                                "a regular expression with look-ahead has a word boundary, or '^' inside,"
                                        + " which is not supported");
                case Characters c -> TextLanguage.characters(c.set()).then(rest);
                case Call c -> throw new IllegalArgumentException("no part of EBNF: " + c);
            };
        }

        private TextLanguage repeated(Repetition r, TextLanguage rest) throws GrammarException {
            if (r.max() == Repeat.UNBOUNDED) {
                throw GrammarException.unsupported(
                        "a regular expression has look-ahead inside an unbounded repetition, which is not"
                                + " supported");
            }
            TextLanguage language = rest;
            for (int i = r.max(); i > r.min(); i--) {
                language = rest.or(before(r.body(), language));
            }
            for (int i = 0; i < r.min(); i++) {
                language = before(r.body(), language);
            }
            return language;
        }
    }
}
