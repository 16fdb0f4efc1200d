package dev.sluice.engine;

import dev.sluice.compute.Tensor;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Views of logits, made once for as long as steps leave them in the same tensor. Call only on the
/// engine thread.
final class LogitViews {
    private final int numIds;
    private final List<Tensor> rows = new ArrayList<>();
    private Optional<Tensor> logits = Optional.empty();
    private Optional<Tensor> drawable = Optional.empty();

    /// @param numIds how many columns stand for a token
    LogitViews(int numIds) {
        this.numIds = numIds;
    }

    /// The columns that stand for a token.
    Tensor drawable(Tensor logits) {
        look(logits);
        if (drawable.isEmpty()) {
            drawable = Optional.of(numIds == logits.columns() ? logits : logits.columns(0, numIds));
        }
        return drawable.get();
    }

    /// One row, all its columns.
    Tensor row(Tensor logits, int index) {
        look(logits);
        for (int next = rows.size(); next <= index; next++) {
            rows.add(logits.rows(next, next + 1));
        }
        return rows.get(index);
    }

    private void look(Tensor now) {
        if (logits.isEmpty() || logits.get() != now) {
            logits = Optional.of(now);
            drawable = Optional.empty();
            rows.clear();
        }
    }
}
