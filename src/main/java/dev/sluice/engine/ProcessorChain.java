package dev.sluice.engine;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/// The registered logits processors, in order. A fault of one hits only the sequences that it is
/// for. Call only on the engine thread.
final class ProcessorChain {
    private final List<LogitsProcessor> processors;
    private final List<Optional<RuntimeException>> faults = new ArrayList<>();

    ProcessorChain(List<LogitsProcessor> processors) {
        this.processors = List.copyOf(processors);
        processors.forEach(_ -> faults.add(Optional.empty()));
    }

    boolean isEmpty() {
        return processors.isEmpty();
    }

    /// Tells the processors which sequences draw next. What one throws here is thrown again by
    /// [#apply] for each sequence that it applies to.
    void update(List<Sequence> active) {
        if (isEmpty()) {
            return;
        }
        List<Sequence> view = Collections.unmodifiableList(active);
        for (int i = 0; i < processors.size(); i++) {
            try {
                processors.get(i).updateState(view);
                faults.set(i, Optional.empty());
            } catch (RuntimeException e) {
                faults.set(i, Optional.of(e));
            }
        }
    }

    boolean appliesTo(Sequence sequence) {
        for (int i = 0; i < processors.size(); i++) {
            if (processors.get(i).appliesTo(sequence)) {
                return true;
            }
        }
        return false;
    }

    /// Applies those that want a sequence.
    ///
    /// @param logits float32 `[numIds]`, modified
    void apply(Sequence sequence, MemorySegment logits) {
        for (int i = 0; i < processors.size(); i++) {
            LogitsProcessor processor = processors.get(i);
            if (processor.appliesTo(sequence)) {
                faults.get(i)
                        .ifPresent(fault -> {
                            throw new IllegalStateException("a logits processor failed", fault);
                        });
                processor.apply(sequence, logits);
            }
        }
    }
}
