package dev.sluice.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.testing.ParrotServer;
import dev.sluice.testing.ScriptClient;

import org.junit.jupiter.api.Test;

/// The openai clients of other languages, against the HTTP side alone.
class ScriptClientsIT {

    @Test
    void openAiForPythonIsContent() {
        try (ParrotServer server = ParrotServer.start()) {
            assertThat(ScriptClient.python("openai_client.py", server.url("")))
                    .contains("is content");
            server.awaitStats(s -> s.running() == 0 && s.waiting() == 0);
        }
    }

    @Test
    void openAiForJavaScriptIsContent() {
        try (ParrotServer server = ParrotServer.start()) {
            assertThat(ScriptClient.javascript("openai_client.mjs", server.url("")))
                    .contains("is content");
            server.awaitStats(s -> s.running() == 0 && s.waiting() == 0);
        }
    }
}
