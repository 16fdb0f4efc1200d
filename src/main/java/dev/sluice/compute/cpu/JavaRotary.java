package dev.sluice.compute.cpu;

import dev.sluice.compute.ForwardBatch;
import dev.sluice.compute.RotarySpec;
import dev.sluice.compute.Tensor;
import dev.sluice.compute.weights.Bits;

/// Plain twins of `sl_rotary_table` and `sl_rotary_store`.
final class JavaRotary {
    private JavaRotary() {}

    static void table(KernelArgs.RotaryTable args, long begin, long end) {
        int half = args.out().columns() / 2;
        for (long token = begin; token < end; token++) {
            float position = Bits.i32(args.positions(), token);
            long at = token * args.out().rowStride();
            for (int i = 0; i < half; i++) {
                float angle = position * Bits.f32(args.frequencies(), i);
                float cos = (float) Math.cos(angle);
                float sin = (float) Math.sin(angle);
                Bits.setF32(args.out().data(), at + i, cos * args.factor());
                Bits.setF32(args.out().data(), at + half + i, sin * args.factor());
            }
        }
    }

    static void store(KernelArgs.RotaryStore args, long begin, long end) {
        float[] q = new float[args.q().columns()];
        float[] k = new float[args.k().columns()];
        float[] v = new float[args.v().columns()];
        float[] rotary = new float[args.rotary().columns()];
        for (long token = begin; token < end; token++) {
            readRow(args.q(), token, q);
            readRow(args.k(), token, k);
            readRow(args.v(), token, v);
            readRow(args.rotary(), token, rotary);
            rotate(q, rotary, args.spec());
            rotate(k, rotary, args.spec());
            Bits.writeF32(q, 0, args.q().data(), token * args.q().rowStride(), q.length);
            cache(args, token, k, v);
        }
    }

    private static void rotate(float[] heads, float[] rotary, RotarySpec spec) {
        int half = spec.rotaryDim() / 2;
        int step = spec.interleaved() ? 2 : 1;
        int apart = spec.interleaved() ? 1 : half;
        for (int head = 0; head < heads.length; head += spec.headDim()) {
            for (int i = 0; i < half; i++) {
                int a = head + i * step;
                int b = a + apart;
                float x = heads[a];
                float y = heads[b];
                float cos = rotary[i];
                float sin = rotary[half + i];
                heads[a] = x * cos - y * sin;
                heads[b] = y * cos + x * sin;
            }
        }
    }

    private static void cache(KernelArgs.RotaryStore args, long token, float[] k, float[] v) {
        CacheLayout cache = CacheLayout.of(args.kv());
        ForwardBatch batch = args.batch();
        int sequence = Bits.i32(batch.sequenceOfToken(), token);
        if (sequence < 0) {
            return;
        }
        int position = Bits.i32(batch.positions(), token);
        long table = (long) sequence * batch.maxBlocksPerSequence();
        int block = Bits.i32(batch.blockTables(), table + position / cache.blockSize());
        int slot = position % cache.blockSize();
        int headDim = cache.headDim();
        for (int head = 0; head < cache.numKvHeads(); head++) {
            long keys = cache.keys(block, head);
            long values = cache.values(block, head);
            for (int d = 0; d < headDim; d++) {
                cache.set(keys + cache.keyAt(slot, d), k[head * headDim + d]);
                cache.set(values + cache.valueAt(slot, d), v[head * headDim + d]);
            }
        }
    }

    private static void readRow(Tensor x, long row, float[] into) {
        Bits.readF32(x.data(), row * x.rowStride(), into, 0, into.length);
    }
}
