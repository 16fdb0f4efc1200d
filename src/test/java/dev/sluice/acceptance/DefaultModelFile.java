package dev.sluice.acceptance;

import dev.sluice.testing.ApiClient;
import dev.sluice.testing.SluiceServer;

import java.nio.file.Path;

/// Where the default model lies once it was fetched.
final class DefaultModelFile {
    private DefaultModelFile() {}

    /// Asks a server that serves it; fetches it if need be.
    static Path path() {
        try (SluiceServer server = SluiceServer.start("--max-model-len", "64");
                ApiClient api = new ApiClient(server.url())) {
            return Path.of(
                    api.get("/v1/models")
                            .json()
                            .getJsonArray("data")
                            .getJsonObject(0)
                            .getString("root"));
        }
    }
}
