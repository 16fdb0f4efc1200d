package dev.sluice.chat;

import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// Which special names (`loop`, `caller`, `kwargs`, `varargs`) a body reads without having assigned
/// to them.
///
/// @see "jinja2 3.1.6, compiler.py, find_undeclared"
final class SpecialNames {
    private final Set<String> wanted;
    private final Set<String> total;
    private final Set<String> read = new HashSet<>();

    private SpecialNames(Set<String> names) {
        wanted = new HashSet<>(names);
        total = Set.copyOf(names);
    }

    static Set<String> readIn(List<? extends Syntax> body, String... names) {
        SpecialNames search = new SpecialNames(Set.of(names));
        for (Syntax node : body) {
            node.walk(search::visit);
        }
        return search.read;
    }

    private void visit(Syntax node) {
        if (read.size() == total.size()) {
            return;
        }
        switch (node) {
            case Expr.Name(String name) when wanted.contains(name) -> read.add(name);
            case Expr.Target(String name) -> wanted.remove(name);
            case Stmt.Macro macro -> macro.parameters().names().forEach(wanted::remove);
            case Stmt.CallBlock block -> block.parameters().names().forEach(wanted::remove);
            default -> {}
        }
    }
}
