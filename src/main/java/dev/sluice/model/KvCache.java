package dev.sluice.model;

import dev.sluice.compute.DType;
import dev.sluice.compute.Device;
import dev.sluice.compute.MadeSoFar;
import dev.sluice.compute.Shape;
import dev.sluice.compute.Tensor;

import java.util.ArrayList;
import java.util.List;

/// The paged keys and values of all layers.
///
/// One tensor a layer, `[numBlocks, 2, numKvHeads, blockSize, headDim]`. Which sequence uses which
/// block is the engine's business. Owned by the engine, which closes it before the device.
public final class KvCache implements AutoCloseable {
    private final Device device;
    private final List<Tensor> layers = new ArrayList<>();
    private final int numBlocks;
    private final int blockSize;

    /// Reserves the blocks; on the CPU pages are touched only as they are used.
    ///
    /// @param config of the whole model; each rank gets its share of the heads
    /// @param dtype float32, bfloat16 or float16
    public KvCache(Device device, ModelConfig config, DType dtype, int numBlocks, int blockSize) {
        this.device = device;
        this.numBlocks = numBlocks;
        this.blockSize = blockSize;
        int numKvHeads = config.shard(device.ranks()).numKvHeads();
        Shape shape = Shape.of(numBlocks, 2, numKvHeads, blockSize, config.headDim());
        try (MadeSoFar made = new MadeSoFar()) {
            for (int i = 0; i < config.numLayers(); i++) {
                layers.add(made.keep(device.reserve(dtype, shape), device::release));
            }
            made.complete();
        }
    }

    /// Bytes that one block takes over all layers.
    ///
    /// @param config of the whole model, or of one rank's share
    public static long bytesPerBlock(ModelConfig config, DType dtype, int blockSize) {
        return dtype.bytesFor(
                2L * config.numLayers() * config.numKvHeads() * blockSize * config.headDim());
    }

    /// One layer, `[numBlocks, 2, numKvHeads, blockSize, headDim]`.
    public Tensor layer(int index) {
        return layers.get(index);
    }

    /// Blocks of the pool.
    public int numBlocks() {
        return numBlocks;
    }

    /// Tokens of one block.
    public int blockSize() {
        return blockSize;
    }

    @Override
    public void close() {
        layers.forEach(device::release);
        layers.clear();
    }
}
