package dev.sluice.kl;

import dev.sluice.compute.DType;
import dev.sluice.compute.Device;
import dev.sluice.compute.ForwardBatch;
import dev.sluice.compute.Packing;
import dev.sluice.compute.Tensor;
import dev.sluice.compute.Workspace;
import dev.sluice.compute.cpu.CpuDevice;
import dev.sluice.compute.cpu.CpuOptions;
import dev.sluice.model.CausalLm;
import dev.sluice.model.KvCache;
import dev.sluice.model.ModelCheckpoint;
import dev.sluice.tokenizer.TokenIds;
import dev.sluice.tokenizer.Tokenizer;
import dev.sluice.tokenizer.TokenizerLoader;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/// What the fast default costs: the mean Kullback-Leibler divergence of its next-token
/// distributions from those of float32, over teacher-forced positions.
///
/// Arguments: the model, the file to write, texts. The first 2,048 tokens of each text are cut into
/// chunks of 512; positions 256 to 510 of each count, as `llama-perplexity` has it. The file holds
/// the tokens and the float32 distributions in the form that `llama-perplexity --kl-divergence`
/// reads, so that llama.cpp is measured against the same numbers at the same positions. See
/// `bench/kl`.
final class KlDivergence {
    private static final int CHUNK = 512;
    private static final int CHUNKS_A_TEXT = 4;
    private static final int FIRST = CHUNK / 2;
    private static final int COUNTED = CHUNK - 1 - FIRST;
    private static final int BLOCK_SIZE = 16;

    private KlDivergence() {}

    public static void main(String[] arguments) throws IOException {
        Path model = Path.of(arguments[0]);
        Path base = Path.of(arguments[1]);
        int[] tokens = tokens(model, Arrays.stream(arguments).skip(2).map(Path::of).toList());
        int chunks = tokens.length / CHUNK;
        try (Run exact = new Run(model, Packing.FLOAT32, DType.F32);
                Run fast = new Run(model, Packing.SOURCE, DType.BF16);
                OutputStream out = new BufferedOutputStream(Files.newOutputStream(base), 1 << 20)) {
            int vocabulary = exact.model.config().vocabSize();
            out.write(header(tokens, chunks, vocabulary));
            double sum = 0;
            double squares = 0;
            int sameTop = 0;
            for (int chunk = 0; chunk < chunks; chunk++) {
                int[] part = Arrays.copyOfRange(tokens, chunk * CHUNK, (chunk + 1) * CHUNK);
                float[] reference = exact.logits(part);
                float[] approximate = fast.logits(part);
                for (int row = 0; row < COUNTED; row++) {
                    float[] p = logSoftmax(reference, row * vocabulary, vocabulary);
                    float[] q = logSoftmax(approximate, row * vocabulary, vocabulary);
                    out.write(packed(p));
                    double divergence = divergence(p, q);
                    sum += divergence;
                    squares += divergence * divergence;
                    sameTop += argmax(p) == argmax(q) ? 1 : 0;
                }
            }
            int count = chunks * COUNTED;
            double mean = sum / count;
            double error = Math.sqrt((squares / count - mean * mean) / (count - 1));
            System.out.printf(
                    "sluice, %s: mean KL divergence %.6f ± %.6f over %d positions, same top token"
                            + " %.2f %%%n",
                    fast.device.describe(), mean, error, count, 100.0 * sameTop / count);
        }
    }

    private static int[] tokens(Path model, List<Path> texts) throws IOException {
        Tokenizer tokenizer;
        try (ModelCheckpoint checkpoint = ModelCheckpoint.open(model)) {
            tokenizer = TokenizerLoader.fromGguf(checkpoint.ggufMetadata()).tokenizer();
        }
        int each = CHUNKS_A_TEXT * CHUNK;
        int[] all = new int[texts.size() * each];
        for (int i = 0; i < texts.size(); i++) {
            TokenIds ids = tokenizer.encode(Files.readString(texts.get(i)), false);
            if (ids.size() < each) {
                System.err.printf("%s: %d of %d tokens%n", texts.get(i), ids.size(), each);
                System.exit(2);
            }
            System.arraycopy(ids.toArray(), 0, all, i * each, each);
        }
        return all;
    }

    // littleEndian allocates each buffer with its own array, which it fills.
    @SuppressWarnings("ByteBufferBackingArray")
    private static byte[] header(int[] tokens, int chunks, int vocabulary) {
        ByteBuffer header = littleEndian(8 + 12 + 4 * chunks * CHUNK);
        header.put("_logits_".getBytes(StandardCharsets.US_ASCII));
        header.putInt(CHUNK).putInt(vocabulary).putInt(chunks);
        for (int i = 0; i < chunks * CHUNK; i++) {
            header.putInt(tokens[i]);
        }
        return header.array();
    }

    /// One row as scale, minimum and 16 bits a token; nothing below the largest less 16 matters.
    @SuppressWarnings("ByteBufferBackingArray")
    private static byte[] packed(float[] logProbabilities) {
        int vocabulary = logProbabilities.length;
        ByteBuffer row = littleEndian(2 * (2 * ((vocabulary + 1) / 2) + 4));
        float largest = logProbabilities[argmax(logProbabilities)];
        float smallest = largest;
        for (float value : logProbabilities) {
            smallest = Math.min(smallest, value);
        }
        smallest = Math.max(smallest, largest - 16);
        float scale = (largest - smallest) / 65535;
        row.putFloat(scale).putFloat(smallest);
        for (float value : logProbabilities) {
            row.putShort((short) Math.round(Math.max(0, value - smallest) / scale));
        }
        return row.array();
    }

    private static ByteBuffer littleEndian(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static float[] logSoftmax(float[] logits, int from, int count) {
        double largest = Double.NEGATIVE_INFINITY;
        for (int i = 0; i < count; i++) {
            largest = Math.max(largest, logits[from + i]);
        }
        double sum = 0;
        for (int i = 0; i < count; i++) {
            sum += Math.exp(logits[from + i] - largest);
        }
        double normaliser = largest + Math.log(sum);
        float[] out = new float[count];
        for (int i = 0; i < count; i++) {
            out[i] = (float) (logits[from + i] - normaliser);
        }
        return out;
    }

    private static double divergence(float[] p, float[] q) {
        double sum = 0;
        for (int i = 0; i < p.length; i++) {
            sum += Math.exp(p[i]) * ((double) p[i] - q[i]);
        }
        return sum;
    }

    private static int argmax(float[] values) {
        int best = 0;
        for (int i = 1; i < values.length; i++) {
            best = values[i] > values[best] ? i : best;
        }
        return best;
    }

    /// A model with a cache for one chunk.
    private static final class Run implements AutoCloseable {
        private final Device device = CpuDevice.open(CpuOptions.defaults());
        private final CausalLm model;
        private final KvCache cache;
        private final ForwardBatch batch =
                new ForwardBatch(CHUNK, 1, CHUNK / BLOCK_SIZE, BLOCK_SIZE);
        private final Workspace workspace;
        private final int[] blockTable = IntStream.range(0, CHUNK / BLOCK_SIZE).toArray();
        private final OptionalInt first;

        Run(Path path, Packing packing, DType kv) {
            try (ModelCheckpoint checkpoint = ModelCheckpoint.open(path)) {
                first = firstToken(checkpoint.ggufMetadata());
                model = checkpoint.load(device, packing);
            }
            cache = new KvCache(device, model.config(), kv, CHUNK / BLOCK_SIZE, BLOCK_SIZE);
            workspace = new Workspace(device, model.workspaceBytes(CHUNK, CHUNK));
        }

        /// The token that stands over the first of each chunk, where the model asks for one.
        private static OptionalInt firstToken(Map<String, Object> metadata) {
            return Boolean.TRUE.equals(metadata.get("tokenizer.ggml.add_bos_token"))
                            && metadata.get("tokenizer.ggml.bos_token_id") instanceof Long id
                    ? OptionalInt.of(Math.toIntExact(id))
                    : OptionalInt.empty();
        }

        /// Logits of the counted positions, `[COUNTED, vocabSize]`.
        float[] logits(int[] chunk) {
            int[] tokens = chunk.clone();
            first.ifPresent(id -> tokens[0] = id);
            batch.clear();
            batch.add(tokens, 0, CHUNK, blockTable, blockTable.length, false);
            for (int i = 0; i < COUNTED; i++) {
                batch.addLogitRow(FIRST + i);
            }
            Tensor logits = model.forward(batch, cache, workspace);
            float[] values = new float[COUNTED * model.config().vocabSize()];
            device.download(logits, MemorySegment.ofArray(values));
            return values;
        }

        @Override
        public void close() {
            workspace.close();
            batch.close();
            cache.close();
            model.close();
            device.close();
        }
    }
}
