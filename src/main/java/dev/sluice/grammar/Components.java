package dev.sluice.grammar;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/// Strongly connected components of a graph, those that are reached from others first.
///
/// @see "Tarjan 1972, Depth-first search and linear graph algorithms"
final class Components {
    private final Map<Integer, Set<Integer>> graph;
    private final Map<Integer, Integer> index = new HashMap<>();
    private final Map<Integer, Integer> low = new HashMap<>();
    private final Deque<Integer> open = new ArrayDeque<>();
    private final Set<Integer> isOpen = new HashSet<>();
    private final List<List<Integer>> found = new ArrayList<>();

    Components(Map<Integer, Set<Integer>> graph) {
        this.graph = graph;
    }

    List<List<Integer>> find(List<Integer> nodes) {
        for (int node : nodes) {
            if (!index.containsKey(node)) {
                visit(node);
            }
        }
        return found;
    }

    private record Frame(int node, Iterator<Integer> rest) {}

    /// Depth first without recursion: grammars may be deep.
    private void visit(int root) {
        Deque<Frame> path = new ArrayDeque<>();
        path.push(enter(root));
        while (!path.isEmpty()) {
            Frame frame = path.peek();
            int node = frame.node();
            if (frame.rest().hasNext()) {
                int next = frame.rest().next();
                if (!index.containsKey(next)) {
                    path.push(enter(next));
                } else if (isOpen.contains(next)) {
                    low.merge(node, of(index, next), Math::min);
                }
                continue;
            }
            path.pop();
            if (!path.isEmpty()) {
                low.merge(path.peek().node(), of(low, node), Math::min);
            }
            if (of(low, node) == of(index, node)) {
                close(node);
            }
        }
    }

    private Frame enter(int node) {
        index.put(node, index.size());
        low.put(node, of(index, node));
        open.push(node);
        isOpen.add(node);
        return new Frame(node, graph.getOrDefault(node, Set.of()).iterator());
    }

    private static int of(Map<Integer, Integer> numbers, int node) {
        return Objects.requireNonNull(numbers.get(node));
    }

    private void close(int node) {
        List<Integer> component = new ArrayList<>();
        int member;
        do {
            member = open.pop();
            isOpen.remove(member);
            component.add(member);
        } while (member != node);
        found.add(component.reversed());
    }
}
