package dev.sluice.compute.cpu;

import java.util.IdentityHashMap;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;

/// The beginning of what each thread will read next: while it waits for the others, it fetches that
/// into its own cache. No result depends on it.
///
/// A model multiplies by the same matrices in the same order, step after step, so what followed a
/// matrix last time follows it again. All but [#step] are called by the thread that calls the
/// operations.
final class WeightsAhead implements CpuThreads.Idle {
    /// What a thread fetches of one matrix at most, of all its streams together: a part of a
    /// second-level cache.
    static final long MOST_BYTES = 384 << 10;

    /// What it fetches before it looks whether there is work, of all streams: a fraction of a
    /// microsecond.
    static final long STEP_BYTES = 2048;

    /// Longs from one thread's place to the next: processors fetch lines in pairs.
    private static final int APART = 16;

    private final Fetch fetch;
    private final int threads;
    private final IdentityHashMap<Panels, Stretches> known = new IdentityHashMap<>();
    private final Stretches nothing;
    private Stretches last;
    private long numbered;
    private final AtomicReference<Stretches> next;

    // Of each thread: the number of the matrix that it is at, the address where its first stream
    // goes on, and the one where that ends.
    private final long[] places;

    /// Brings memory into the cache of the calling thread and does not wait for it.
    @FunctionalInterface
    interface Fetch {
        /// Asks for `bytes` from an address on, which need not be valid any more.
        void fetch(long address, long bytes);
    }

    /// A matrix as the threads share it, and the one that followed it last time.
    private static final class Stretches {
        private final long number;

        /// Addresses where the threads' first streams begin, and where the last one's ends.
        private final long[] begins;

        private final int streams;

        /// Bytes from one stream to the next.
        private final long apart;

        private Stretches successor = this;

        Stretches(long number, long[] begins, int streams, long apart) {
            this.number = number;
            this.begins = begins;
            this.streams = streams;
            this.apart = apart;
        }
    }

    /// @param threads that the device has
    WeightsAhead(Fetch fetch, int threads) {
        this.fetch = fetch;
        this.threads = threads;
        this.nothing = new Stretches(0, new long[threads + 1], 1, 0);
        this.last = nothing;
        this.next = new AtomicReference<>(nothing);
        this.places = new long[(threads + 1) * APART];
    }

    /// Says that a matrix is read from now on, once, each thread its stretch.
    ///
    /// @param streams panels of one unit
    /// @param chunk units that a thread takes at a time
    void begin(Panels panels, int streams, long chunk) {
        Stretches now = known.get(panels);
        if (now == null || now.streams != streams) {
            now = stretches(panels, streams, chunk);
            known.put(panels, now);
        }
        last.successor = now;
        last = now;
        // In no hurry: what comes of it is worth less than a wait.
        next.setRelease(now.successor);
    }

    private Stretches stretches(Panels panels, int streams, long chunk) {
        long[] begins = new long[threads + 1];
        long units = panels.units(streams);
        for (int i = 0; i <= threads; i++) {
            long unit = Job.firstUnit(i, threads, units, chunk);
            long panel = panels.togetherBefore(unit, streams);
            begins[i] = panels.data().address() + panel * panels.panelBytes();
        }
        long apart = panels.together(streams) * panels.panelBytes();
        return new Stretches(++numbered, begins, streams, apart);
    }

    /// Says that other things are worth the cache from now on.
    void pause() {
        next.setRelease(nothing);
    }

    /// Forgets all matrices: some of them may be gone.
    void forget() {
        pause();
        known.clear();
        last = nothing;
    }

    @Override
    public boolean step(int thread) {
        int place = (thread + 1) * APART;
        Stretches stretches = Objects.requireNonNull(next.get());
        if (places[place] != stretches.number) {
            long begin = stretches.begins[thread];
            places[place] = stretches.number;
            places[place + 1] = begin;
            long most = begin + MOST_BYTES / stretches.streams;
            places[place + 2] = Math.min(stretches.begins[thread + 1], most);
        }
        long at = places[place + 1];
        long bytes = Math.min(STEP_BYTES / stretches.streams, places[place + 2] - at);
        if (bytes <= 0) {
            return false;
        }
        for (int s = 0; s < stretches.streams; s++) {
            fetch.fetch(at + s * stretches.apart, bytes);
        }
        places[place + 1] = at + bytes;
        return true;
    }
}
