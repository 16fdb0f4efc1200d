package dev.sluice.chat;

import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// The names of one scope and where their values are kept. Jinja binds names before anything runs:
/// a name that a scope assigns to anywhere is its own, and begins as the outer scope's value, or
/// without one.
///
/// @see "jinja2 3.1.6, idtracking.py"
final class Symbols {
    /// The storage of one function: the template itself, a macro, a recursive loop.
    static final class Function {
        private int size;

        int size() {
            return size;
        }
    }

    /// A variable.
    ///
    /// @param function whose frame holds it
    /// @param index in that frame
    record Slot(Function function, int index) {}

    /// What a variable holds when its scope is entered.
    sealed interface Load {
        /// Set by whoever enters.
        record Parameter() implements Load {}

        /// What the caller of the template gave.
        record Resolve(String name) implements Load {}

        /// The value of an outer scope's variable.
        record Alias(Slot outer) implements Load {}

        /// Nothing.
        record Unset() implements Load {}
    }

    private final Optional<Symbols> parent;
    // For a branch of an `if`: what holds before it. The maps have only what the branch adds.
    private final Optional<Symbols> before;
    private final Function function;
    // Shared by the branches of an `if`, so that they agree on places.
    private final Map<String, Slot> places;
    private final Map<String, Slot> references;
    private final Map<Slot, Load> loads;
    private final Set<String> stores;

    private Symbols(
            Optional<Symbols> parent,
            Optional<Symbols> before,
            Function function,
            Map<String, Slot> places,
            Map<String, Slot> references,
            Map<Slot, Load> loads,
            Set<String> stores) {
        this.parent = parent;
        this.before = before;
        this.function = function;
        this.places = places;
        this.references = references;
        this.loads = loads;
        this.stores = stores;
    }

    private Symbols(Optional<Symbols> parent, Function function) {
        this(
                parent,
                Optional.empty(),
                function,
                new HashMap<>(),
                new HashMap<>(),
                new LinkedHashMap<>(),
                new HashSet<>());
    }

    /// The scope of a whole template.
    static Symbols root() {
        return new Symbols(Optional.empty(), new Function());
    }

    /// A scope inside this one, in the same frame at run time.
    Symbols inner() {
        return new Symbols(Optional.of(this), function);
    }

    /// A scope inside this one with a frame of its own.
    Symbols innerFunction() {
        return new Symbols(Optional.of(this), new Function());
    }

    private Symbols branch() {
        return new Symbols(
                parent,
                Optional.of(this),
                function,
                places,
                new HashMap<>(),
                new LinkedHashMap<>(),
                new HashSet<>());
    }

    Function function() {
        return function;
    }

    Map<Slot, Load> loads() {
        return loads;
    }

    /// Functions between this scope's and that of a variable.
    int distance(Slot slot) {
        int distance = 0;
        Symbols scope = this;
        Function current = function;
        while (current != slot.function()) {
            scope = scope.parent.orElseThrow();
            if (scope.function != current) {
                current = scope.function;
                distance++;
            }
        }
        return distance;
    }

    Optional<Slot> find(String name) {
        Optional<Slot> own = own(name);
        return own.isPresent() ? own : outer(name);
    }

    private Optional<Slot> own(String name) {
        Slot slot = references.get(name);
        return slot != null ? Optional.of(slot) : before.flatMap(earlier -> earlier.own(name));
    }

    private boolean stores(String name) {
        return stores.contains(name) || before.filter(each -> each.stores(name)).isPresent();
    }

    private Slot define(String name, Load load) {
        Slot slot = places.computeIfAbsent(name, _ -> new Slot(function, function.size++));
        references.put(name, slot);
        loads.put(slot, load);
        return slot;
    }

    Slot declareParameter(String name) {
        stores.add(name);
        return define(name, new Load.Parameter());
    }

    private void store(String name) {
        stores.add(name);
        if (own(name).isEmpty()) {
            define(name, outer(name).<Load>map(Load.Alias::new).orElseGet(Load.Unset::new));
        }
    }

    private Optional<Slot> outer(String name) {
        return parent.flatMap(scope -> scope.find(name));
    }

    private void load(String name) {
        if (find(name).isEmpty()) {
            define(name, new Load.Resolve(name));
        }
    }

    /// Binds the names of statements or expressions that belong to this scope; inner scopes are
    /// left to themselves.
    void analyse(List<? extends Syntax> nodes) {
        nodes.forEach(this::analyse);
    }

    /// Declares the names of a target as set by whoever enters the scope.
    void declareTarget(Expr target) {
        target.walk(node -> {
            if (node instanceof Expr.Target(String name)) {
                declareParameter(name);
            }
        });
    }

    private void analyse(Syntax node) {
        switch (node) {
            case Expr.Name(String name) -> load(name);
            case Expr.Target(String name) -> store(name);
            case Expr.NamespaceTarget target -> load(target.name());
            case Stmt.Macro macro -> store(macro.name());
            case Stmt.Assign assign -> {
                analyse(assign.value());
                analyse(assign.target());
            }
            case Stmt.AssignBlock assign -> analyse(assign.target());
            case Stmt.For loop -> analyse(loop.items());
            case Stmt.CallBlock block -> analyse(block.call());
            case Stmt.FilterBlock block -> analyse(block.filter());
            case Stmt.With with -> analyse(with.values());
            case Stmt.Generation _ -> {}
            case Stmt.If branches -> analyseBranches(branches);
            default -> analyse(node.children());
        }
    }

    private void analyseBranches(Stmt.If node) {
        analyse(node.test());
        Symbols body = branch();
        body.analyse(node.body());
        Symbols elifs = branch();
        elifs.analyse(node.elifs());
        Symbols otherwise = branch();
        otherwise.analyse(node.otherwise());
        merge(List.of(body, elifs, otherwise));
    }

    /// A name that a branch assigns to holds, should another branch be taken, what it held before.
    private void merge(List<Symbols> branches) {
        Set<String> assigned = new HashSet<>();
        branches.forEach(branch -> assigned.addAll(branch.stores));
        assigned.removeIf(this::stores);
        for (Symbols branch : branches) {
            references.putAll(branch.references);
            loads.putAll(branch.loads);
            stores.addAll(branch.stores);
        }
        for (String name : assigned) {
            Slot target = find(name).orElseThrow();
            loads.put(
                    target,
                    outer(name).<Load>map(Load.Alias::new).orElseGet(() -> new Load.Resolve(name)));
        }
    }
}
