package dev.sluice.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sluice.model.RandomCheckpoint;
import dev.sluice.testing.ApiClient;
import dev.sluice.testing.ApiClient.Reply;
import dev.sluice.testing.LocalHub;
import dev.sluice.testing.PaddleTokenizer;
import dev.sluice.testing.SluiceServer;

import io.vertx.core.json.JsonObject;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.AnnotatedElementContext;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.io.TempDirFactory;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// The contract's start line, word for word, with random weights of the true shape of
/// ERNIE-4.5-0.3B in Paddle's layout, which a hub of the test has under the name of the real ones.
/// The model is spread over as many ranks as it says.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class StartLineIT {
    private static final String REPO = "baidu/ERNIE-4.5-0.3B-Paddle";
    private static final String START_LINE =
            "--model baidu/ERNIE-4.5-0.3B-Paddle --port 8188 --tensor-parallel-size 8"
                    + " --max-model-len 32768";
    private static final int PORT = 8188;

    /// What the contract sends, but for the limit.
    private static final String CHAT =
            """
            {
              "messages": [
                {"role": "user", "content": "Hello!"}
              ],
              "max_tokens": 8
            }
            """;

    /// The comma at the end is the contract's too.
    private static final String CHAT_WITH_LOGPROBS =
            """
            {
              "messages": [
                {"role": "user", "content": "Hello!"}
              ],
              "max_tokens": 8,
              "logprobs": true, "top_logprobs": 0,
            }
            """;

    private static final int LIMIT = 8;

    /// The checkpoint and a copy in the cache are 722 MB each.
    private static final long SPACE = 2_000_000_000L;

    @TempDir(factory = BesideTheDistribution.class)
    private static Path directory;

    private LocalHub hub;

    /// In the build's folder, as the system's folder for temporary files may lie in memory.
    static final class BesideTheDistribution implements TempDirFactory {
        @Override
        public Path createTempDirectory(AnnotatedElementContext element, ExtensionContext context)
                throws IOException {
            return Files.createTempDirectory(SluiceServer.home().getParent(), "start-line");
        }
    }

    @BeforeAll
    void fillHub() throws IOException {
        assumeTrue(
                Files.getFileStore(directory).getUsableSpace() > SPACE,
                "The checkpoint and its copy need 2 GB, and the disk has less left.");
        Path files = directory.resolve("checkpoint");
        try (RandomCheckpoint checkpoint = RandomCheckpoint.of("ernie-4.5-0.3b", 11)) {
            checkpoint.writePaddle(files);
            hub =
                    new LocalHub(REPO)
                            .with("config.json", files.resolve("config.json"))
                            .with("model.safetensors", files.resolve("model.safetensors"))
                            .with(
                                    "tokenizer.model",
                                    PaddleTokenizer.model(checkpoint.config().vocabSize()))
                            .with("tokenizer_config.json", PaddleTokenizer.config());
        }
    }

    @AfterAll
    void closeHub() throws IOException {
        if (hub != null) {
            hub.close();
        }
    }

    private SluiceServer start(String... more) {
        assumeTrue(
                isFree(PORT),
                "Another program of this machine listens on port 8188, which the start line names.");
        List<String> flags = new ArrayList<>(List.of(START_LINE.split(" ")));
        flags.addAll(List.of(more));
        Map<String, String> environment =
                Map.of(
                        "HF_ENDPOINT",
                        hub.address(),
                        "HOME",
                        directory.resolve("home").toString(),
                        "HF_HOME",
                        directory.resolve("hf").toString(),
                        "HF_HUB_CACHE",
                        "",
                        "HF_HUB_OFFLINE",
                        "",
                        "HF_TOKEN",
                        "");
        return SluiceServer.launchAsGiven(environment, flags);
    }

    private static boolean isFree(int port) {
        try (ServerSocket socket = new ServerSocket()) {
            socket.setReuseAddress(true);
            socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            return true;
        } catch (IOException taken) {
            return false;
        }
    }

    @Test
    void theStartLineServesTheNamedModelToAChat() {
        try (SluiceServer server = start()) {
            assertThat(server.url()).endsWith(":" + PORT);
            assertThat(server.output()).contains(", 8 ranks and a KV cache of ");
            try (ApiClient api = new ApiClient(server.url())) {
                assertThat(api.get("/config-info").json().getInteger("tensor_parallel_size"))
                        .isEqualTo(8);
                JsonObject model =
                        api.get("/v1/models").json().getJsonArray("data").getJsonObject(0);
                Reply reply = api.send(ApiClient.CHAT, CHAT).join();

                assertThat(model.getString("id")).isEqualTo(REPO);
                assertThat(model.getInteger("max_model_len")).isEqualTo(32768);
                assertThatItIsAnAnswer(reply);
                assertThat(reply.choice().getValue("logprobs")).isNull();
            }
        }
        assertThatTheHubGaveTheWeights();
    }

    @Test
    void theStartLineWithLogprobsScoresEveryToken() {
        try (SluiceServer server = start("--enable-logprob")) {
            assertThat(server.url()).endsWith(":" + PORT);
            try (ApiClient api = new ApiClient(server.url())) {
                Reply reply = api.send(ApiClient.CHAT, CHAT_WITH_LOGPROBS).join();

                assertThatItIsAnAnswer(reply);
                List<JsonObject> scores =
                        reply.choice().getJsonObject("logprobs").getJsonArray("content").stream()
                                .map(JsonObject.class::cast)
                                .toList();
                assertThat(scores).hasSize(reply.usage().getInteger("completion_tokens"));
                assertThat(scores)
                        .allSatisfy(score -> {
                            assertThat(score.getString("token")).isNotEmpty();
                            assertThat(score.getDouble("logprob")).isBetween(-50.0, 0.0);
                            assertThat(score.getJsonArray("bytes")).isNotEmpty();
                            assertThat(score.getJsonArray("top_logprobs")).isEmpty();
                        });
            }
        }
        assertThatTheHubGaveTheWeights();
    }

    private static void assertThatItIsAnAnswer(Reply reply) {
        assertThat(reply.status()).as(reply.body()).isEqualTo(200);
        assertThat(reply.json().getString("object")).isEqualTo("chat.completion");
        assertThat(reply.json().getString("model")).isEqualTo(REPO);
        assertThat(reply.choices()).hasSize(1);
        assertThat(reply.message().getString("role")).isEqualTo("assistant");
        assertThat(reply.text()).isNotEmpty();
        int prompt = reply.usage().getInteger("prompt_tokens");
        int completion = reply.usage().getInteger("completion_tokens");
        assertThat(prompt).isGreaterThan("Hello!".length());
        assertThat(completion).isBetween(1, LIMIT);
        assertThat(reply.usage().getInteger("total_tokens")).isEqualTo(prompt + completion);
        assertThat(reply.choice().getString("finish_reason"))
                .isEqualTo(completion == LIMIT ? "length" : "stop");
    }

    private void assertThatTheHubGaveTheWeights() {
        String folder = "/" + REPO + "/resolve/" + LocalHub.COMMIT + "/";
        assertThat(hub.requests())
                .contains(folder + "model.safetensors", folder + "tokenizer.model");
        assertThat(directory.resolve("hf/hub/models--baidu--ERNIE-4.5-0.3B-Paddle")).isDirectory();
    }
}
