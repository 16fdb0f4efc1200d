package dev.sluice.compute;

/// Where things lie in the memory of a [SamplingBatch], in bytes and native byte order. What a
/// device's kernels read and write; nobody else needs it.
///
/// ```
/// input    | header | row 0 | row 1 | ... | pool: masks and edits, 16 bytes a unit ...
/// results  | row 0: outcome, token, value, rank, numTop, numTop of topWidth x (id, value, rank) | ...
/// ```
public final class SamplingLayout {
    /// int32: rows of the batch. The header begins with it.
    public static final long NUM_ROWS = 0;

    /// int32: entries that a row of the results has room for.
    public static final long TOP_WIDTH = 4;

    /// Bytes of the header; the rows follow.
    public static final long HEADER_BYTES = 16;

    /// float64: the random number.
    public static final long UNIFORM = 0;

    /// int32: row of the logits.
    public static final long LOGITS_ROW = 8;

    /// int32: [#GREEDY], [#REPORTS], [#RAW], [#LOGITS].
    public static final long FLAGS = 12;

    /// float32.
    public static final long TEMPERATURE = 16;

    /// float32.
    public static final long MIN_P = 20;

    /// int32: 0 for all tokens.
    public static final long TOP_K = 24;

    /// float32.
    public static final long TOP_P = 28;

    /// float32: repetition, frequency and presence follow one another.
    public static final long PENALTIES = 32;

    /// int32: unit of the pool at which the row's edits begin.
    public static final long EDITS_AT = 44;

    /// int32.
    public static final long NUM_EDITS = 48;

    /// int32: unit of the pool at which the bitmask begins; -1 for none.
    public static final long MASK_AT = 52;

    /// int32: tokens to be told of.
    public static final long TOP = 56;

    /// float32.
    public static final long REPORT_TEMPERATURE = 60;

    /// float32.
    public static final long REPORT_TOP_P = 64;

    /// Bytes of one row; the last four are not used.
    public static final long ROW_BYTES = 72;

    /// In the flags of a row: the most likely token is taken.
    public static final int GREEDY = 1;

    /// In the flags of a row: values and ranks are told.
    public static final int REPORTS = 2;

    /// In the flags of a row: they are those of the raw logits.
    public static final int RAW = 4;

    /// In the flags of a row: the values are logits.
    public static final int LOGITS = 8;

    /// Bytes of one unit of the pool, and of one edit: int32 id, float32 bias, int32 times in the
    /// output, int32 flags. The ids of a row's edits are distinct and in no order.
    public static final long UNIT_BYTES = 16;

    /// In the flags of an edit: the id is in prompt or output.
    public static final int SEEN = 1;

    /// In the flags of an edit: the id must not come now.
    public static final int FORBIDDEN = 2;

    /// int32 words of a row of the results before the entries: outcome, token, value (float32),
    /// rank, number of entries.
    public static final int RESULT_WORDS = 5;

    /// int32 words of an entry: id, value (float32), rank.
    public static final int ENTRY_WORDS = 3;

    private SamplingLayout() {}

    /// int32 words of a row of the results.
    public static int resultStride(int topWidth) {
        return RESULT_WORDS + ENTRY_WORDS * topWidth;
    }
}
