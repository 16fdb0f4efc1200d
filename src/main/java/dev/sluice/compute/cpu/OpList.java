package dev.sluice.compute.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/// Operations that are written down one by one and then run by all threads in one native call each:
/// by the time that Java came to the next of them, code and objects that it needs would have been
/// driven out of the caches by the weights of the last.
///
/// What operations point to stays as it is until they have run. For the device's calling thread,
/// but for [#work].
final class OpList implements CpuThreads.Shared {
    /// Operations of a list at most: a layer has 14 to 20.
    static final int MOST_OPS = 4096;

    /// What an operation reads, as far as it is worth fetching ahead.
    enum Reads {
        /// Neither weights nor keys and values.
        LITTLE(0),
        /// Weights that few rows meet: to read them takes the time.
        WEIGHTS_FOR_FEW_ROWS(1),
        /// Weights that many rows meet.
        WEIGHTS_FOR_MANY_ROWS(2),
        /// Keys and values.
        KEYS_AND_VALUES(3);

        // `SL_WEIGHTS_*`, `SL_KEYS_AND_VALUES`
        private final int code;

        Reads(int code) {
            this.code = code;
        }
    }

    /// Where what the threads share begins: at a multiple of this.
    static final long TEAM_ALIGNMENT = 128;

    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
    private static final int OP_LONGS = 8;
    private static final int WALL_NANOS = 5;
    private static final int BUSY_NANOS = 6;
    private static final int GROUPS = 7;
    private static final long LINE = 64;
    private static final long ARGS_BYTES =
            Arrays.stream(NativeOp.values()).mapToLong(OpList::argsBytes).max().orElseThrow();

    private final MemorySegment begin;
    private final MemorySegment work;
    private final long team;
    private final CpuProfile profile;
    private final MemorySegment ops;
    private final MemorySegment args;
    private final String[] names = new String[MOST_OPS];
    private int size;

    /// @param begin `sl_team_begin`
    /// @param work `sl_team_work`
    /// @param team what the threads share: memory that `sl_team_init` was called with
    /// @param memory where the list lies; nobody may be in [#work] when it ends
    /// @param profile measures the operations when it is asked to
    OpList(
            MemorySegment begin,
            MemorySegment work,
            MemorySegment team,
            CpuMemory memory,
            CpuProfile profile) {
        this.begin = begin;
        this.work = work;
        this.team = team.address();
        this.profile = profile;
        this.ops = memory.allocate((long) Long.BYTES * OP_LONGS * MOST_OPS, false).data();
        this.args = memory.allocate(ARGS_BYTES * MOST_OPS, false).data();
    }

    /// Whole lines of the cache.
    private static long argsBytes(NativeOp op) {
        return Math.ceilDiv((long) Long.BYTES * op.fields().size(), LINE) * LINE;
    }

    /// Whether nothing more has room.
    boolean isFull() {
        return size == MOST_OPS;
    }

    /// Writes an operation down, with a copy of its arguments.
    ///
    /// @param name for the profile
    /// @param total units, 1 at least
    /// @param chunk units that a thread takes at a time; that many one thread does alone
    /// @param groups as [RowParts] finds them
    void add(String name, NativeUnits units, long total, long chunk, Reads reads, long groups) {
        long at = ARGS_BYTES * size;
        MemorySegment struct = units.args();
        MemorySegment.copy(struct, 0, args, at, struct.byteSize());
        long op = (long) OP_LONGS * size;
        ops.setAtIndex(LONG, op, units.function().address());
        ops.setAtIndex(LONG, op + 1, args.address() + at);
        ops.setAtIndex(LONG, op + 2, total);
        ops.setAtIndex(LONG, op + 3, chunk);
        ops.setAtIndex(LONG, op + 4, reads.code);
        ops.setAtIndex(LONG, op + GROUPS, groups);
        names[size++] = name;
    }

    /// Forgets what is written down.
    void clear() {
        size = 0;
    }

    /// Operations before which threads wait for each other.
    int meetings() {
        int found = 0;
        for (int i = 0; i < size; i++) {
            found += ops.getAtIndex(LONG, (long) OP_LONGS * i + GROUPS) > 0 ? 0 : 1;
        }
        return found;
    }

    /// Begins with what is written down.
    ///
    /// @return whether there is anything to share
    boolean begin() {
        boolean timed = profile.isOn();
        return NativeCalls.begin(begin, team, ops.address(), size, timed ? 1 : 0) != 0;
    }

    @Override
    public void work(int thread, long number) {
        NativeCalls.work(work, team, thread);
    }

    /// Reports what was measured, once all is done.
    void end() {
        for (int i = 0; i < size && profile.isOn(); i++) {
            long op = (long) OP_LONGS * i;
            profile.add(
                    names[i],
                    ops.getAtIndex(LONG, op + WALL_NANOS),
                    ops.getAtIndex(LONG, op + BUSY_NANOS));
        }
    }
}
