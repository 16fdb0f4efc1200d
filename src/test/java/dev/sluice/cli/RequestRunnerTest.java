package dev.sluice.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.engine.Engine;
import dev.sluice.testing.ByteTokenizer;
import dev.sluice.testing.HistoryModel;
import dev.sluice.testing.MemoryDevice;
import dev.sluice.testing.TestEngines;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

final class RequestRunnerTest {
    private final MemoryDevice device = new MemoryDevice();
    private final HistoryModel model = new HistoryModel(ByteTokenizer.SIZE);
    private final Engine engine =
            new Engine(TestEngines.config(), model, new ByteTokenizer(), device, System::nanoTime);
    private final RequestRunner runner = new RequestRunner(engine);

    @AfterEach
    void close() {
        engine.close();
        device.close();
    }

    @Test
    void givesTheTextPieceByPiece() {
        StringBuilder text = new StringBuilder();

        var finished = runner.run(TestEngines.greedy("a", "hello", 9), text::append);

        assertThat(finished.orElseThrow().completionTokens()).isEqualTo(9);
        assertThat(text).isNotEmpty();
    }

    @Test
    void aCancelEndsWhatRuns() {
        model.beforeForward(_ -> {
            if (model.numForwards() == 3) {
                runner.cancel();
            }
        });

        var finished = runner.run(TestEngines.greedy("a", "hello", 50), _ -> {});

        assertThat(finished).isEmpty();
        assertThat(model.numForwards()).isLessThan(10);
        assertThat(runner.cancel()).isFalse();
    }

    @Test
    void endsWhatNobodyCanReadAnyMore() {
        PrintStream closed =
                new PrintStream(
                        new OutputStream() {
                            @Override
                            public void write(int b) throws IOException {
                                throw new IOException("Broken pipe");
                            }
                        },
                        false,
                        StandardCharsets.UTF_8);

        var finished =
                runner.run(
                        TestEngines.greedy("a", "hello", 50), text -> runner.print(text, closed));

        assertThat(finished).isEmpty();
        assertThat(model.numForwards()).isLessThan(10);
    }

    @Test
    void refusesWhatTheEngineRefuses() {
        String tooLong = "x".repeat(2 * TestEngines.MAX_MODEL_LEN);

        assertThatThrownBy(() -> runner.run(TestEngines.greedy("a", tooLong, 1), _ -> {}))
                .isInstanceOf(Refusal.class);
    }
}
