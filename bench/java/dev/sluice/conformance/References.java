package dev.sluice.conformance;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Rows that other rows name by their `id`: the one in the nearest folder is meant.
final class References {
    private final Path root;
    private final Map<String, List<Row>> byId = new HashMap<>();
    private final Map<String, Row> elsewhere = new HashMap<>();

    private References(Path root) {
        this.root = root;
    }

    /// @param root folder of the rows
    /// @param more rows to fall back on
    /// @param field that such a row has besides `id`
    static References of(Path root, List<Row> rows, List<Row> more, String field) {
        References references = new References(root);
        for (Row row : rows) {
            if (row.has("id", field)) {
                references.byId.computeIfAbsent(row.text("id"), _ -> new ArrayList<>()).add(row);
            }
        }
        for (Row row : more) {
            if (row.has("id", field)) {
                references.elsewhere.putIfAbsent(row.text("id"), row);
            }
        }
        return references;
    }

    Optional<Row> find(Row from, String id) {
        List<Row> candidates = byId.getOrDefault(id, List.of());
        for (Path folder = from.file().getParent();
                folder != null && folder.startsWith(root);
                folder = folder.getParent()) {
            for (Row candidate : candidates) {
                if (folder.equals(candidate.file().getParent())) {
                    return Optional.of(candidate);
                }
            }
        }
        return candidates.isEmpty()
                ? Optional.ofNullable(elsewhere.get(id))
                : Optional.of(candidates.getFirst());
    }
}
