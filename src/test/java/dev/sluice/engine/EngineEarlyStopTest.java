package dev.sluice.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.testing.MemoryDevice;
import dev.sluice.tokenizer.TokenIds;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/// Ends of texts whose model is sure of itself for long. A bias makes it so.
class EngineEarlyStopTest extends RuledEngine {
    private static final int WINDOW = 7;

    private boolean onDevice;

    @Override
    EngineFeatures features(EngineFeatures asked) {
        return asked.with(new EarlyStop(WINDOW, 0.9));
    }

    private Answer answer(float bias, float temperature, StopConditions stop) {
        GenerationRequest request =
                new GenerationRequest(
                        "a",
                        TokenIds.of(Requests.prompt(3, 12)),
                        new SamplingParams(temperature, 0.99f, OptionalInt.empty(), 0, 11),
                        new LogitsRules(
                                List.of(), Map.of((int) 'x', bias), Map.of(), Optional.empty()),
                        stop,
                        OutputOptions.TEXT);
        if (!onDevice) {
            return alone(request);
        }
        OnDevice drawing = new OnDevice();
        Answer answer = drawing.alone(request);
        assertThat(drawing.device.numSampled()).isEqualTo(answer.ids().size());
        return answer;
    }

    /// The same on a device that draws.
    static final class OnDevice extends EngineEarlyStopTest {
        @Override
        MemoryDevice open() {
            return MemoryDevice.sampling();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aCertainModelIsStopped(boolean device) {
        onDevice = device;

        for (float temperature : new float[] {0, 1}) {
            Answer answer = answer(50, temperature, endless(40));

            assertThat(answer.text()).isEqualTo("x".repeat(WINDOW));
            assertThat(answer.reason()).isEqualTo(FinishReason.STOP);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void anUncertainModelIsNotStopped(boolean device) {
        onDevice = device;

        for (float temperature : new float[] {0, 1}) {
            Answer answer = answer(0, temperature, endless(40));

            assertThat(answer.ids()).hasSize(40);
            assertThat(answer.reason()).isEqualTo(FinishReason.LENGTH);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void theLeastNumberOfTokensComesFirst(boolean device) {
        onDevice = device;

        Answer answer = answer(50, 1, new StopConditions(20, 40, List.of(), Set.of(), true, false));

        assertThat(answer.ids()).hasSize(20);
    }

    /// The device tells the probability within the nucleus only.
    @Test
    void whatADeviceCanNotMeasureIsDrawnByTheHost() {
        OnDevice drawing = new OnDevice();
        LogitsRules sure =
                new LogitsRules(List.of(), Map.of((int) 'x', 50f), Map.of(), Optional.empty());

        for (SamplingParams params :
                List.of(
                        new SamplingParams(1, 1, OptionalInt.of(3), 0, 1),
                        new SamplingParams(1, 1, OptionalInt.empty(), 0.1f, 1))) {
            Answer answer =
                    drawing.alone(
                            new GenerationRequest(
                                    "a",
                                    TokenIds.of(Requests.prompt(3, 12)),
                                    params,
                                    sure,
                                    endless(40),
                                    OutputOptions.TEXT));

            assertThat(answer.text()).isEqualTo("x".repeat(WINDOW));
        }
        assertThat(drawing.device.numSampled()).isZero();
    }
}
