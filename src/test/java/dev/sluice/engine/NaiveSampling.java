package dev.sluice.engine;

import dev.sluice.tokenizer.TokenIds;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/// The sampling rules as they read, in double precision, on lists and by sorting.
final class NaiveSampling {
    private static final double NEVER = Double.NEGATIVE_INFINITY;

    private NaiveSampling() {}

    /// The logits that a token is drawn from.
    static double[] processed(
            GenerationRequest request, List<Integer> output, float[] row, Set<Integer> eosIds) {
        double[] logits = doubles(row);
        request.rules().logitBias().forEach((id, bias) -> logits[id] += bias);
        List<Integer> prompt = Arrays.stream(request.prompt().toArray()).boxed().toList();
        Penalties penalties = request.sampling().penalties();
        for (int id = 0; id < logits.length; id++) {
            if (prompt.contains(id) || output.contains(id)) {
                logits[id] *=
                        logits[id] < 0 ? penalties.repetition() : 1.0 / penalties.repetition();
            }
            int wanted = id;
            long count = output.stream().filter(other -> other == wanted).count();
            if (count > 0) {
                logits[id] -= count * penalties.frequency() + penalties.presence();
            }
        }
        for (int id = 0; id < logits.length; id++) {
            logits[id] /= request.sampling().temperature();
        }
        StopConditions stop = request.stop();
        if (output.size() < stop.minTokens()) {
            eosIds.forEach(id -> logits[id] = NEVER);
            stop.stopTokenIds().forEach(id -> logits[id] = NEVER);
        }
        for (TokenIds word : request.rules().badWords()) {
            List<Integer> ids = Arrays.stream(word.toArray()).boxed().toList();
            List<Integer> beginning = ids.subList(0, ids.size() - 1);
            int from = output.size() - beginning.size();
            if (from >= 0 && output.subList(from, output.size()).equals(beginning)) {
                logits[ids.getLast()] = NEVER;
            }
        }
        return logits;
    }

    static double[] doubles(float[] row) {
        return IntStream.range(0, row.length).mapToDouble(i -> row[i]).toArray();
    }

    static double[] logSoftmax(double[] logits) {
        double max = Arrays.stream(logits).max().orElseThrow();
        double sum = Arrays.stream(logits).map(logit -> Math.exp(logit - max)).sum();
        return Arrays.stream(logits).map(logit -> logit - max - Math.log(sum)).toArray();
    }

    /// Log probabilities within the nucleus; negative infinity outside.
    static double[] inNucleus(double[] logprobs, double topP) {
        Integer[] order = IntStream.range(0, logprobs.length).boxed().toArray(Integer[]::new);
        Arrays.sort(order, Comparator.comparingDouble(id -> -logprobs[id]));
        double[] kept = new double[logprobs.length];
        Arrays.fill(kept, NEVER);
        double before = 0;
        for (int id : order) {
            if (before <= topP) {
                kept[id] = logprobs[id];
            }
            before += Math.exp(logprobs[id]);
        }
        return logSoftmax(kept);
    }
}
