package dev.sluice.chat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.UnaryOperator;

/// Python's `sorted`: stable, and asking only whether one value is less than another, so that an
/// order without sense is no error.
final class Sorting {
    private Sorting() {}

    static List<Object> sorted(Render render, List<Object> items, UnaryOperator<Object> key) {
        render.steps(items.size());
        List<Keyed> keyed = new ArrayList<>(items.size());
        for (Object item : items) {
            keyed.add(new Keyed(key.apply(item), item));
        }
        List<Object> sorted = new ArrayList<>(items.size());
        merged(render, keyed).forEach(each -> sorted.add(each.value()));
        return sorted;
    }

    /// The same from the last to the first; what is equal keeps its order.
    static List<Object> reversed(Render render, List<Object> items, UnaryOperator<Object> key) {
        List<Object> backwards = new ArrayList<>(items);
        Collections.reverse(backwards);
        List<Object> sorted = sorted(render, backwards, key);
        Collections.reverse(sorted);
        return sorted;
    }

    private record Keyed(Object key, Object value) {}

    private static List<Keyed> merged(Render render, List<Keyed> items) {
        if (items.size() < 2) {
            return items;
        }
        int middle = items.size() / 2;
        List<Keyed> left = merged(render, items.subList(0, middle));
        List<Keyed> right = merged(render, items.subList(middle, items.size()));
        List<Keyed> all = new ArrayList<>(items.size());
        int l = 0;
        int r = 0;
        while (l < left.size() && r < right.size()) {
            render.step();
            boolean rightFirst = Comparison.less(render, right.get(r).key(), left.get(l).key());
            all.add(rightFirst ? right.get(r++) : left.get(l++));
        }
        all.addAll(left.subList(l, left.size()));
        all.addAll(right.subList(r, right.size()));
        return all;
    }
}
