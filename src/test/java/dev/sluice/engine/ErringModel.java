package dev.sluice.engine;

import dev.sluice.compute.Device;
import dev.sluice.compute.ForwardBatch;
import dev.sluice.compute.Tensor;
import dev.sluice.compute.Workspace;
import dev.sluice.model.CausalLm;
import dev.sluice.model.KvCache;
import dev.sluice.model.ModelConfig;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// A model whose logits are sometimes wrong: a draft that guesses well, but not always. Owns the
/// model that it wraps.
final class ErringModel implements CausalLm {
    private static final int PERIOD = 5;

    private final CausalLm model;
    private final Device device;
    private int numForwards;

    /// @param device that the model is on
    ErringModel(CausalLm model, Device device) {
        this.model = model;
        this.device = device;
    }

    @Override
    public ModelConfig config() {
        return model.config();
    }

    @Override
    public long workspaceBytes(int maxTokens, int maxLogitRows) {
        return model.workspaceBytes(maxTokens, maxLogitRows);
    }

    /// In each fifth pass the most likely token of the first row is another one.
    @Override
    public Tensor forward(ForwardBatch batch, KvCache cache, Workspace workspace) {
        Tensor logits = model.forward(batch, cache, workspace);
        if (++numForwards % PERIOD == 0 && logits.rows() > 0) {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment row = arena.allocate(ValueLayout.JAVA_FLOAT, logits.columns());
                row.setAtIndex(ValueLayout.JAVA_FLOAT, numForwards % logits.columns(), 1);
                device.upload(row, logits.rows(0, 1));
            }
        }
        return logits;
    }

    @Override
    public long weightBytes() {
        return model.weightBytes();
    }

    @Override
    public String weightFormat() {
        return model.weightFormat();
    }

    @Override
    public void close() {
        model.close();
    }
}
