package dev.sluice.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.testing.ByteTokenizer;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/// Logits processors in a running engine.
class EngineProcessorsTest extends RuledEngine {
    /// Fails for the sequences whose argument says so, here or there.
    private record Broken(String where) implements LogitsProcessor {
        @Override
        public void updateState(List<? extends SequenceState> active) {
            if (where.equals("updateState")) {
                throw new IllegalStateException("on purpose");
            }
        }

        @Override
        public boolean appliesTo(SequenceState sequence) {
            boolean mine = sequence.args().containsKey("broken");
            if (mine && where.equals("appliesTo")) {
                throw new IllegalStateException("on purpose");
            }
            return mine;
        }

        @Override
        public void apply(SequenceState sequence, MemorySegment logits) {
            if (where.equals("outOfBounds")) {
                logits.setAtIndex(ValueLayout.JAVA_FLOAT, ByteTokenizer.SIZE, 1f);
            }
            throw new IllegalStateException("on purpose");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"updateState", "appliesTo", "apply", "outOfBounds"})
    void aProcessorThatFailsEndsItsOwnSequencesOnly(String where) {
        LogitsRules broken =
                new LogitsRules(List.of(), Map.of(), Map.of("broken", true), Optional.empty());

        Map<String, Answer> answers =
                run(
                        roomy(),
                        List.of(new Broken(where)),
                        request("bad", broken, endless(5), OutputOptions.TEXT),
                        request("good", LogitsRules.NONE, endless(5), OutputOptions.TEXT));

        assertThat(of(answers, "bad").end()).isInstanceOf(GenerationEvent.Failed.class);
        assertThat(of(answers, "good").reason()).isEqualTo(FinishReason.LENGTH);
        assertThat(of(answers, "good"))
                .isEqualTo(
                        alone(request("good", LogitsRules.NONE, endless(5), OutputOptions.TEXT)));
    }

    @Test
    void aProcessorThatFailsAtTheDoorRefusesTheRequestAndNothingIsKeptOfIt() {
        LogitsProcessor broken =
                new LogitsProcessor() {
                    @Override
                    public void checkArgs(Map<String, Object> args, int vocabSize) {
                        throw new IllegalStateException("on purpose");
                    }

                    @Override
                    public boolean appliesTo(SequenceState sequence) {
                        return false;
                    }

                    @Override
                    public void apply(SequenceState sequence, MemorySegment logits) {}
                };
        try (Engine engine =
                engine(roomy(), EngineFeatures.of(List.of(broken), Optional.empty()))) {

            CompletableFuture<List<String>> admitted =
                    engine.admit(
                            request("a", LogitsRules.NONE, endless(5), OutputOptions.TEXT),
                            _ -> {});

            assertThatThrownBy(admitted::join).hasRootCauseMessage("on purpose");
            assertThat(engine.hasWork()).isFalse();
        }
    }

    @Test
    void aProcessorSeesTheSequencesThatDraw() {
        List<List<String>> seen = new ArrayList<>();
        LogitsProcessor watcher =
                new LogitsProcessor() {
                    @Override
                    public void updateState(List<? extends SequenceState> active) {
                        seen.add(active.stream().map(SequenceState::requestId).toList());
                    }

                    @Override
                    public boolean appliesTo(SequenceState sequence) {
                        return false;
                    }

                    @Override
                    public void apply(SequenceState sequence, MemorySegment logits) {
                        throw new IllegalStateException("not asked for");
                    }
                };

        run(
                config(8, 2, 100),
                List.of(watcher),
                Requests.of("a", Requests.prompt(1, 3), SamplingParams.GREEDY, 4),
                Requests.of("b", Requests.prompt(2, 12), SamplingParams.GREEDY, 1));

        assertThat(seen)
                .containsExactly(List.of("a"), List.of("a", "b"), List.of("a"), List.of("a"));
    }

    @Test
    void aProcessorRefusesArgumentsBeforeTheRequestIsAccepted() {
        LogitsRules rules =
                new LogitsRules(
                        List.of(),
                        Map.of(),
                        Map.of("logit_bias", Map.of("9999", 1)),
                        Optional.empty());
        GenerationRequest request = request("a", rules, endless(2), OutputOptions.TEXT);

        assertThatThrownBy(() -> alone(request, new LogitBiasLogitsProcessor()))
                .isInstanceOfSatisfying(
                        ApiException.InvalidRequest.class,
                        e -> assertThat(e.param()).contains("logits_processors_args"));
        assertThat(alone(request).reason()).isEqualTo(FinishReason.LENGTH);
    }
}
