package dev.sluice.chat;

import java.util.List;
import java.util.function.Consumer;

/// A node of the syntax tree.
sealed interface Syntax permits Expr, Stmt {
    /// In the order in which Jinja visits them.
    default List<? extends Syntax> children() {
        return List.of();
    }

    /// Visits this node and all below it.
    default void walk(Consumer<Syntax> visitor) {
        visitor.accept(this);
        children().forEach(child -> child.walk(visitor));
    }
}
