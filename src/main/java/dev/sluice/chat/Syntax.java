package dev.sluice.chat;

import java.util.List;
import java.util.function.Consumer;

/// A node of the syntax tree.
sealed interface Syntax permits Expr, Stmt {
    /// In the order in which Jinja visits them.
    default List<? extends Syntax> children() {
        return List.of();
    }

    /// Nodes inside each other from this one down, itself among them.
    default int depth() {
        return 1 + depth(children());
    }

    /// Nodes inside each other in the deepest of several.
    static int depth(List<? extends Syntax> nodes) {
        return nodes.stream().mapToInt(Syntax::depth).max().orElse(0);
    }

    /// Visits this node and all below it.
    default void walk(Consumer<Syntax> visitor) {
        visitor.accept(this);
        children().forEach(child -> child.walk(visitor));
    }
}
