package dev.sluice.compute.cuda;

import dev.sluice.compute.DeviceException;
import dev.sluice.compute.ForwardBatch;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/// Decoding steps that are captured once and replayed with one call, one for each number of tokens
/// and bound of the contexts.
///
/// The first step of a kind runs as it is, so that libraries and scratch memory are set up; the
/// second is captured. Prompts run as they are.
final class CudaGraphs implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(CudaGraphs.class);

    /// Kinds of steps that are known. The least used goes.
    private static final int MOST = 160;

    /// GPU memory that graphs may take. What one takes nobody can tell before it is made, so that
    /// the least used go until the others are back within it.
    private static final long MOST_BYTES = 256L << 20;

    /// On a small GPU they may take this share of its memory.
    private static final int SHARE = 32;

    /// Sizes up to this are powers of two, above they are its multiples.
    private static final int STEP = 8;

    private static final int LARGEST = 512;

    private final CudaStream stream;
    private final Map<Kind, Optional<Graph>> graphs = new LinkedHashMap<>(16, 0.75f, true);
    private final long mostBytes;
    private long bytes;
    private boolean enabled;
    private boolean capturing;

    /// What a graph is for.
    ///
    /// @param key of the operations
    /// @param place where the batch lies, and how often scratch memory has moved
    private record Kind(Object key, int tokens, int contextBound, long place, long moves) {}

    /// @param bytes by which free memory was less once it had been made and run
    private record Graph(MemorySegment executable, long bytes) {}

    CudaGraphs(CudaContext context) {
        this.stream = context.stream();
        this.mostBytes = Math.min(MOST_BYTES, Cuda.totalBytes() / SHARE);
        this.enabled = !context.options().eager();
    }

    /// As [dev.sluice.compute.Device#paddedTokens].
    int paddedTokens(ForwardBatch batch) {
        int tokens = batch.numTokens();
        if (!enabled || !isDecoding(batch) || tokens > LARGEST) {
            return tokens;
        }
        int size =
                tokens <= STEP
                        ? Integer.highestOneBit(2 * tokens - 1)
                        : Math.ceilDiv(tokens, STEP) * STEP;
        return Math.min(size, Math.min(batch.maxTokens(), batch.maxSequences()));
    }

    /// Whether every sequence has one token, and every token a row of logits.
    private static boolean isDecoding(ForwardBatch batch) {
        int sequences = batch.numSequences();
        return sequences > 0
                && batch.seqStarts().getAtIndex(ValueLayout.JAVA_INT, sequences) == sequences
                && batch.numLogitRows() == batch.numTokens();
    }

    /// As [dev.sluice.compute.Device#run].
    ///
    /// @param step the batch on the GPU
    void run(ForwardBatch batch, CudaBatch step, Object key, Runnable operations) {
        if (!enabled || capturing || !isDecoding(batch) || batch.numTokens() > LARGEST) {
            operations.run();
            return;
        }
        Kind kind =
                new Kind(
                        key,
                        batch.numTokens(),
                        step.contextBound(),
                        step.counts(),
                        CudaScratch.moves());
        if (!graphs.containsKey(kind)) {
            operations.run();
            keep(kind, Optional.empty());
            return;
        }
        Optional<Graph> graph = graphs.get(kind);
        if (graph.isPresent()) {
            Cuda.launchGraph(graph.get().executable(), stream.handle());
        } else {
            capture(kind, operations);
        }
    }

    private void capture(Kind kind, Runnable operations) {
        long free = Cuda.freeBytes();
        MemorySegment executable;
        try {
            executable = record(operations);
        } catch (DeviceException e) {
            if (e.deviceLost()) {
                throw e;
            }
            log.warn("decoding steps are not captured as graphs: {}", e.getMessage());
            enabled = false;
            operations.run();
            return;
        }
        Cuda.launchGraph(executable, stream.handle());
        keep(kind, Optional.of(new Graph(executable, Math.max(0, free - Cuda.freeBytes()))));
    }

    private MemorySegment record(Runnable operations) {
        Cuda.beginCapture(stream.handle());
        boolean complete = false;
        capturing = true;
        try {
            operations.run();
            complete = true;
        } finally {
            capturing = false;
            if (!complete) {
                discard();
            }
        }
        MemorySegment graph = Cuda.endCapture(stream.handle());
        try {
            return Cuda.instantiate(graph);
        } finally {
            Cuda.destroyGraph(graph);
        }
    }

    /// Ends a capture that failed; what is left of it is in the way of all later work.
    private void discard() {
        try {
            Cuda.destroyGraph(Cuda.endCapture(stream.handle()));
        } catch (DeviceException e) {
            log.debug("ending a capture that failed", e);
        }
    }

    private void keep(Kind kind, Optional<Graph> graph) {
        graphs.put(kind, graph);
        bytes += graph.map(Graph::bytes).orElse(0L);
        while (graphs.size() > MOST || (bytes > mostBytes && graphs.size() > 1)) {
            Map.Entry<Kind, Optional<Graph>> eldest = graphs.entrySet().iterator().next();
            eldest.getValue().ifPresent(this::destroy);
            graphs.remove(eldest.getKey());
        }
    }

    private void destroy(Graph graph) {
        Cuda.destroyExecutable(graph.executable());
        bytes -= graph.bytes();
    }

    /// Bytes that graphs may still take.
    long reservedBytes() {
        return enabled ? Math.max(0, mostBytes - bytes) : 0;
    }

    /// Steps that can be replayed.
    int captured() {
        return (int) graphs.values().stream().filter(Optional::isPresent).count();
    }

    @Override
    public void close() {
        graphs.values().forEach(graph -> graph.ifPresent(this::destroy));
        graphs.clear();
    }
}
