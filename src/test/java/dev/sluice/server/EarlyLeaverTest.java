package dev.sluice.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.openai.ServedModel;
import dev.sluice.testing.ByteTokenizer;
import dev.sluice.testing.ParrotServer;
import dev.sluice.testing.RawConnection;
import dev.sluice.testing.TestEngines;
import dev.sluice.tokenizer.TokenIds;
import dev.sluice.tokenizer.Tokenizer;
import dev.sluice.tokenizer.Vocabulary;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.util.concurrent.CountDownLatch;

@Timeout(60)
class EarlyLeaverTest {
    private static final String PATH = "/v1/completions";
    private static final String PROMPT = "{\"prompt\":\"%s\",\"max_tokens\":2}";

    /// Bytes; for the text "held" it takes until a gate opens.
    private static final class GatedTokenizer implements Tokenizer {
        private final ByteTokenizer bytes = new ByteTokenizer();
        private final CountDownLatch entered = new CountDownLatch(1);
        private final CountDownLatch gate = new CountDownLatch(1);

        @Override
        public TokenIds encode(String text, boolean addSpecial) {
            if (text.equals("held")) {
                entered.countDown();
                TestEngines.await(gate);
            }
            return bytes.encode(text, addSpecial);
        }

        @Override
        public Vocabulary vocabulary() {
            return bytes.vocabulary();
        }

        @Override
        public String decode(TokenIds ids, boolean skipSpecial) {
            return bytes.decode(ids, skipSpecial);
        }
    }

    private static ServedModel model(Tokenizer tokenizer) {
        ServedModel parrot = ParrotServer.servedModel();
        return new ServedModel(
                parrot.name(),
                parrot.servedName(),
                parrot.root(),
                tokenizer,
                parrot.template(),
                parrot.specialTokens(),
                parrot.defaults(),
                parrot.options(),
                parrot.maxModelLen(),
                parrot.created());
    }

    /// There is one place, so that whoever gets an answer comes after the one who left.
    @Test
    void nothingIsGeneratedForAClientThatLeftWhileItsPromptWasRead() {
        GatedTokenizer tokenizer = new GatedTokenizer();
        ServerOptions options =
                ParrotServer.options()
                        .withAdmission(AdmissionOptions.DEFAULT.withMaxConcurrency(1));
        try (ParrotServer server = ParrotServer.start(options, model(tokenizer))) {
            RawConnection gone = new RawConnection(server.port());
            gone.post(PATH, PROMPT.formatted("held"));
            TestEngines.await(tokenizer.entered);

            gone.reset();
            awaitAnswer(server);
            tokenizer.gate.countDown();
            for (int i = 0; i < 10; i++) {
                awaitAnswer(server);
            }

            assertThat(server.awaitStats(stats -> stats.successes() >= 11).requests())
                    .isEqualTo(11);
        }
    }

    private static void awaitAnswer(ParrotServer server) {
        while (server.post(PATH, PROMPT.formatted("next")).statusCode() != 200) {
            Thread.onSpinWait();
        }
    }
}
