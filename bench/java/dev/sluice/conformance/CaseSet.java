package dev.sluice.conformance;

import java.util.Map;
import java.util.Optional;

/// The cases of one subject. Made with all rows of a folder, since cases refer to other rows.
interface CaseSet {
    /// The kinds of cases and the least share of each that must be right, in percent, in the order
    /// of the report.
    Map<String, Double> floors();

    /// The kind of a row: one of [#floors]; empty if it is no case of this subject.
    Optional<String> kind(Row row);

    /// Tries a row that has a kind.
    Verdict judge(Row row);

    /// Tries a row that has a kind and may say something about several.
    ///
    /// @return a verdict for each kind that it says something about
    default Map<String, Verdict> judgeAll(Row row) {
        return Map.of(kind(row).orElseThrow(), judge(row));
    }

    /// What else the report should say at its end; may be empty.
    default String note() {
        return "";
    }
}
