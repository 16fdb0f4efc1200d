package dev.sluice.compute;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.OptionalInt;

/// The tokens to be drawn in one step: for each row of logits the rules, and afterwards what came
/// of them.
///
/// Everything lies in off-heap staging memory that is sized at construction and reused, laid out as
/// [SamplingLayout] says, so that a device needs one copy in and one copy back. [#clear()], then
/// [#add] per row, each followed by what concerns that row; then [Device#sample]; then the results.
///
/// Order of the steps on a row: the bitmask; the raw values are those of here; biases; penalties,
/// repetition first; what is forbidden; the greedy choice; the temperature, and what is forbidden
/// once more; the processed values are those of here; min-p, top-k, top-p and the draw.
///
/// Owned by the engine's sampler, which closes it. Call only on the engine thread.
public final class SamplingBatch implements AutoCloseable {
    /// Most tokens that a device tells of beside the drawn one.
    public static final int MAX_TOP = 20;

    /// Most ids: sums of their weights stay below 2^63.
    public static final int MOST_IDS = 1 << 20;

    private static final long USUAL_EDITS = 1 << 17;

    /// The logit of a forbidden id. Finite, so that a row in which all other ids are negative
    /// infinity still has a largest one.
    public static final float FORBIDDEN_LOGIT = -1e10f;

    /// The value that is told for less, and for what is no number.
    public static final float LEAST_VALUE = -9999f;

    /// The share of the nucleus below which the drawn token is the only one.
    public static final float CERTAIN_BELOW = 1e-5f;

    /// How the draw of a row ended.
    public enum Outcome {
        /// A token was drawn.
        DRAWN(0),
        /// All logits are negative infinity or no numbers.
        NO_TOKEN(1),
        /// The largest logit is not finite, so that there are no probabilities. A greedy row takes
        /// it nevertheless.
        NOT_FINITE(2);

        private final int code;

        Outcome(int code) {
            this.code = code;
        }

        /// What a device writes.
        public int code() {
            return code;
        }

        private static Outcome of(int code) {
            return switch (code) {
                case 0 -> DRAWN;
                case 1 -> NO_TOKEN;
                case 2 -> NOT_FINITE;
                default -> throw new IllegalStateException("no outcome is " + code);
            };
        }
    }

    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT;

    private final Arena arena = Arena.ofShared();
    private final int maxRows;
    private final int numIds;
    private final long poolAt;
    private final long poolUnits;
    private final MemorySegment input;
    private final MemorySegment results;
    private final int[] editOf;
    private int numRows;
    private int topWidth;
    private long usedUnits;
    private long rowAt;
    private long firstEdit;

    /// Reserves the staging memory: 16 bytes an edit, one bit a row and id, some hundred bytes a
    /// row.
    ///
    /// @param maxRows most rows of one step
    /// @param numIds ids that can be drawn; columns of the logits past them do not count
    /// @param maxEdits most ids of all rows together that are biased, penalised or forbidden
    public SamplingBatch(int maxRows, int numIds, long maxEdits) {
        this.maxRows = maxRows;
        this.numIds = numIds;
        this.poolAt = poolAt(maxRows);
        this.poolUnits = poolUnits(maxRows, numIds, maxEdits);
        this.input =
                arena.allocate(
                        poolAt + poolUnits * SamplingLayout.UNIT_BYTES,
                        ValueLayout.JAVA_LONG.byteSize());
        this.results = arena.allocate(INT, (long) maxRows * SamplingLayout.resultStride(MAX_TOP));
        this.editOf = new int[numIds];
    }

    private static long poolAt(int maxRows) {
        return roundUp(SamplingLayout.HEADER_BYTES + maxRows * SamplingLayout.ROW_BYTES);
    }

    private static long poolUnits(int maxRows, int numIds, long maxEdits) {
        return maxEdits + maxRows * maskUnits(numIds);
    }

    private static long bytes(int maxRows, int numIds, long maxEdits) {
        long pool = poolUnits(maxRows, numIds, maxEdits) * SamplingLayout.UNIT_BYTES;
        return poolAt(maxRows) + pool + 4L * maxRows * SamplingLayout.resultStride(MAX_TOP);
    }

    private static long roundUp(long bytes) {
        return Math.ceilDiv(bytes, SamplingLayout.UNIT_BYTES) * SamplingLayout.UNIT_BYTES;
    }

    /// A batch whose edits suffice in most steps: 2 MiB, or less where so many rows and ids can't
    /// have more, but those of any one row in any case.
    public static SamplingBatch forSteps(int maxRows, int numIds) {
        return new SamplingBatch(maxRows, numIds, usualEdits(maxRows, numIds));
    }

    /// Bytes of [#forSteps], input and results together.
    public static long bytesForSteps(int maxRows, int numIds) {
        return bytes(maxRows, numIds, usualEdits(maxRows, numIds));
    }

    private static long usualEdits(int maxRows, int numIds) {
        return Math.max(numIds, Math.min(USUAL_EDITS, (long) maxRows * numIds));
    }

    private long maskUnits() {
        return maskUnits(numIds);
    }

    private static long maskUnits(int numIds) {
        return Math.ceilDiv(numIds, 8 * SamplingLayout.UNIT_BYTES);
    }

    /// Empties the batch.
    public void clear() {
        forgetEdits();
        numRows = 0;
        topWidth = 0;
        usedUnits = 0;
        writeHeader();
    }

    private void writeHeader() {
        input.set(INT, SamplingLayout.NUM_ROWS, numRows);
        input.set(INT, SamplingLayout.TOP_WIDTH, topWidth);
    }

    /// Whether there is room for one more row with so many edits.
    public boolean hasRoom(long edits) {
        long units = usedUnits + Math.min(edits, numIds) + maskUnits();
        return numRows < maxRows && units <= poolUnits;
    }

    /// Appends a row. What follows concerns it until the next one.
    ///
    /// @param logitsRow row of the logits; no two rows of a batch share one
    /// @return the row's index in this batch
    /// @throws IllegalArgumentException if the batch has no room
    public int add(int logitsRow, DrawSpec draw, PenaltySpec penalties) {
        return add(
                logitsRow,
                draw.greedy(),
                draw.temperature(),
                draw.topK(),
                draw.topP(),
                draw.minP(),
                draw.uniform(),
                penalties);
    }

    /// The same, with what a [DrawSpec] has one by one, for what runs in each step: the virtual
    /// machine may not manage to keep a record off the heap.
    public int add(
            int logitsRow,
            boolean greedy,
            float temperature,
            OptionalInt topK,
            float topP,
            float minP,
            double uniform,
            PenaltySpec penalties) {
        if (!hasRoom(0)) {
            throw new IllegalArgumentException("no room for another row in " + this);
        }
        forgetEdits();
        rowAt = SamplingLayout.HEADER_BYTES + numRows * SamplingLayout.ROW_BYTES;
        input.set(ValueLayout.JAVA_DOUBLE, rowAt + SamplingLayout.UNIFORM, uniform);
        input.set(INT, rowAt + SamplingLayout.LOGITS_ROW, logitsRow);
        input.set(INT, rowAt + SamplingLayout.FLAGS, greedy ? SamplingLayout.GREEDY : 0);
        input.set(FLOAT, rowAt + SamplingLayout.TEMPERATURE, temperature);
        input.set(FLOAT, rowAt + SamplingLayout.MIN_P, minP);
        input.set(INT, rowAt + SamplingLayout.TOP_K, topK.orElse(0));
        input.set(FLOAT, rowAt + SamplingLayout.TOP_P, topP);
        input.set(FLOAT, rowAt + SamplingLayout.PENALTIES, penalties.repetition());
        input.set(FLOAT, rowAt + SamplingLayout.PENALTIES + 4, penalties.frequency());
        input.set(FLOAT, rowAt + SamplingLayout.PENALTIES + 8, penalties.presence());
        input.set(INT, rowAt + SamplingLayout.MASK_AT, -1);
        input.set(INT, rowAt + SamplingLayout.TOP, 0);
        input.set(FLOAT, rowAt + SamplingLayout.REPORT_TEMPERATURE, 1);
        input.set(FLOAT, rowAt + SamplingLayout.REPORT_TOP_P, 1);
        firstEdit = usedUnits;
        input.set(INT, rowAt + SamplingLayout.EDITS_AT, Math.toIntExact(firstEdit));
        input.set(INT, rowAt + SamplingLayout.NUM_EDITS, 0);
        numRows++;
        writeHeader();
        return numRows - 1;
    }

    /// Closes ids. Call it before the row's edits.
    ///
    /// @param words int32, one bit an id from the lowest bit on, `ceil(numIds / 32)` words; a zero
    ///   closes the id: its logit becomes negative infinity. Copied
    /// @throws IllegalStateException if the row has edits already
    public void mask(MemorySegment words) {
        if (usedUnits != firstEdit) {
            throw new IllegalStateException("a mask after edits in " + this);
        }
        long at = poolAt + usedUnits * SamplingLayout.UNIT_BYTES;
        MemorySegment.copy(words, 0, input, at, 4L * Math.ceilDiv(numIds, 32));
        input.set(INT, rowAt + SamplingLayout.MASK_AT, Math.toIntExact(usedUnits));
        usedUnits += maskUnits();
        firstEdit = usedUnits;
        input.set(INT, rowAt + SamplingLayout.EDITS_AT, Math.toIntExact(firstEdit));
    }

    /// Adds to the logit of an id; again adds more. Ids that can't be drawn are ignored, here and
    /// below.
    public void bias(int id, float value) {
        if (isDrawable(id)) {
            long at = edit(id, 0) + 4;
            input.set(FLOAT, at, input.get(FLOAT, at) + value);
        }
    }

    /// Notes an id of the prompt, for the repetition penalty.
    public void inPrompt(int id) {
        if (isDrawable(id)) {
            edit(id, SamplingLayout.SEEN);
        }
    }

    /// Notes an id of the output, once for each time that it is there.
    public void inOutput(int id) {
        if (isDrawable(id)) {
            long at = edit(id, SamplingLayout.SEEN) + 8;
            input.set(INT, at, input.get(INT, at) + 1);
        }
    }

    /// Lowers the logit of an id to [#FORBIDDEN_LOGIT], where it is not lower already.
    public void forbid(int id) {
        if (isDrawable(id)) {
            edit(id, SamplingLayout.FORBIDDEN);
        }
    }

    private boolean isDrawable(int id) {
        return id >= 0 && id < numIds;
    }

    /// Where the edit of an id in the row added last is, made where there is none.
    private long edit(int id, int flag) {
        if (editOf[id] == 0) {
            if (usedUnits == poolUnits) {
                throw new IllegalArgumentException("no room for another edit in " + this);
            }
            usedUnits++;
            int count = Math.toIntExact(usedUnits - firstEdit);
            editOf[id] = count;
            input.set(INT, rowAt + SamplingLayout.NUM_EDITS, count);
            long fresh = editAt(count - 1);
            input.set(INT, fresh, id);
            input.set(FLOAT, fresh + 4, 0);
            input.set(INT, fresh + 8, 0);
            input.set(INT, fresh + 12, 0);
        }
        long edit = editAt(editOf[id] - 1);
        input.set(INT, edit + 12, input.get(INT, edit + 12) | flag);
        return edit;
    }

    private long editAt(int index) {
        return poolAt + (firstEdit + index) * SamplingLayout.UNIT_BYTES;
    }

    private void forgetEdits() {
        if (numRows > 0) {
            for (int i = input.get(INT, rowAt + SamplingLayout.NUM_EDITS) - 1; i >= 0; i--) {
                editOf[input.get(INT, editAt(i))] = 0;
            }
        }
    }

    /// Asks for values and ranks of the row added last.
    ///
    /// @throws IllegalArgumentException if more than [#MAX_TOP] tokens are to be told of
    public void report(ReportSpec spec) {
        if (spec.top() < 0 || spec.top() > MAX_TOP) {
            throw new IllegalArgumentException("top " + spec.top() + " of at most " + MAX_TOP);
        }
        int flags =
                SamplingLayout.REPORTS
                        | (spec.raw() ? SamplingLayout.RAW : 0)
                        | (spec.logits() ? SamplingLayout.LOGITS : 0);
        input.set(
                INT,
                rowAt + SamplingLayout.FLAGS,
                input.get(INT, rowAt + SamplingLayout.FLAGS) | flags);
        input.set(INT, rowAt + SamplingLayout.TOP, Math.min(spec.top(), numIds));
        input.set(FLOAT, rowAt + SamplingLayout.REPORT_TEMPERATURE, spec.temperature());
        input.set(FLOAT, rowAt + SamplingLayout.REPORT_TOP_P, spec.topP());
        topWidth = Math.max(topWidth, Math.min(spec.top(), numIds));
        writeHeader();
    }

    /// Whether values and ranks of a row were asked for.
    public boolean reports(int index) {
        long at = SamplingLayout.HEADER_BYTES + index * SamplingLayout.ROW_BYTES;
        return (input.get(INT, at + SamplingLayout.FLAGS) & SamplingLayout.REPORTS) != 0;
    }

    /// Row of the logits that a row of the batch draws from.
    public int logitsRow(int index) {
        long at = SamplingLayout.HEADER_BYTES + index * SamplingLayout.ROW_BYTES;
        return input.get(INT, at + SamplingLayout.LOGITS_ROW);
    }

    /// Rows in the batch.
    public int numRows() {
        return numRows;
    }

    /// Most rows.
    public int maxRows() {
        return maxRows;
    }

    /// Ids that can be drawn.
    public int numIds() {
        return numIds;
    }

    /// Where the pool begins in [#input()], in bytes.
    public long poolAt() {
        return poolAt;
    }

    /// What a device reads: as much of it as is used.
    public MemorySegment input() {
        return input.asSlice(0, inputBytes());
    }

    /// Bytes that [#input()] has now.
    public long inputBytes() {
        return poolAt + usedUnits * SamplingLayout.UNIT_BYTES;
    }

    /// Copies [#input()], and leaves nothing on the heap.
    ///
    /// @param target [#inputBytes()] at least
    public void copyInput(MemorySegment target) {
        MemorySegment.copy(input, 0, target, 0, inputBytes());
    }

    /// Size that [#input()] can reach, in bytes.
    public long maxInputBytes() {
        return input.byteSize();
    }

    /// What a device overwrites: [SamplingLayout#resultStride] words a row.
    public MemorySegment results() {
        return results.asSlice(0, 4L * numRows * SamplingLayout.resultStride(topWidth));
    }

    /// The memory that [#results()] lies at the beginning of, [#maxResultBytes()] of it. Leaves
    /// nothing on the heap.
    public MemorySegment allResults() {
        return results;
    }

    /// Size that [#results()] can reach, in bytes.
    public long maxResultBytes() {
        return results.byteSize();
    }

    /// How the draw of a row ended; the other results hold only for [Outcome#DRAWN].
    public Outcome outcome(int index) {
        return Outcome.of(word(index, 0));
    }

    /// The drawn token.
    public int token(int index) {
        return word(index, 1);
    }

    /// Log probability or logit of the drawn token, at least [#LEAST_VALUE]; only for a row with a
    /// [#report], as is what follows.
    public float value(int index) {
        return Float.intBitsToFloat(word(index, 2));
    }

    /// How many tokens are at least as likely as the drawn one, itself included.
    public int rank(int index) {
        return word(index, 3);
    }

    /// How many tokens are told of: as many as were asked for, or all that are numbers.
    public int numTop(int index) {
        return word(index, 4);
    }

    /// The `at`-th most likely token.
    public int topId(int index, int at) {
        return entry(index, at, 0);
    }

    /// Its log probability or logit.
    public float topValue(int index, int at) {
        return Float.intBitsToFloat(entry(index, at, 1));
    }

    /// How many tokens are at least as likely as that one.
    public int topRank(int index, int at) {
        return entry(index, at, 2);
    }

    private int entry(int index, int at, int part) {
        return word(index, SamplingLayout.RESULT_WORDS + SamplingLayout.ENTRY_WORDS * at + part);
    }

    private int word(int index, int at) {
        return results.getAtIndex(INT, (long) index * SamplingLayout.resultStride(topWidth) + at);
    }

    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }

    @Override
    public String toString() {
        return "SamplingBatch[%d of %d rows, %d of %d units, %d ids]"
                .formatted(numRows, maxRows, usedUnits, poolUnits, numIds);
    }
}
