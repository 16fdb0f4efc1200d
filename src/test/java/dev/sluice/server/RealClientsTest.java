package dev.sluice.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.abort;

import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.http.StreamResponse;
import com.openai.errors.BadRequestException;
import com.openai.errors.NotFoundException;
import com.openai.models.chat.completions.ChatCompletion;
import com.openai.models.chat.completions.ChatCompletionChunk;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.chat.completions.ChatCompletionStreamOptions;
import com.openai.models.completions.Completion;
import com.openai.models.completions.CompletionCreateParams;
import com.openai.models.models.Model;

import dev.sluice.testing.ParrotServer;
import dev.sluice.testing.SseEvents;

import io.vertx.core.json.JsonObject;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RealClientsTest {
    private ParrotServer server;
    private OpenAIClient client;

    @BeforeAll
    void start() {
        server = ParrotServer.start(ParrotServer.options(), ParrotServer.servedModel());
        client =
                OpenAIOkHttpClient.builder()
                        .baseUrl(server.url("/v1"))
                        .apiKey("null")
                        .maxRetries(0)
                        .build();
    }

    @AfterAll
    void stop() {
        client.close();
        server.close();
    }

    private static ChatCompletionCreateParams.Builder chat(String content) {
        return ChatCompletionCreateParams.builder()
                .model("null")
                .addSystemMessage("Be brief.")
                .addUserMessage(content)
                .temperature(0);
    }

    @Test
    void openAiJavaReadsAWholeAnswer() {
        ChatCompletion answer = client.chat().completions().create(chat("say:Hello").build());

        answer.validate();
        assertThat(answer.choices().getFirst().message().content()).contains("Hello");
        assertThat(answer.usage().orElseThrow().completionTokens()).isEqualTo(6);
        assertThat(answer.choices().getFirst().finishReason())
                .isEqualTo(ChatCompletion.Choice.FinishReason.STOP);
    }

    @Test
    void openAiJavaReadsAStream() {
        ChatCompletionCreateParams params =
                chat("say:Hello, \ud83d\ude00!")
                        .streamOptions(
                                ChatCompletionStreamOptions.builder().includeUsage(true).build())
                        .build();

        try (StreamResponse<ChatCompletionChunk> stream =
                client.chat().completions().createStreaming(params)) {
            List<ChatCompletionChunk> chunks = stream.stream().toList();

            chunks.forEach(ChatCompletionChunk::validate);
            assertThat(
                            chunks.stream()
                                    .flatMap(chunk -> chunk.choices().stream())
                                    .map(choice -> choice.delta().content().orElseThrow())
                                    .collect(Collectors.joining()))
                    .isEqualTo("Hello, \ud83d\ude00!");
            assertThat(chunks.getLast().usage().orElseThrow().completionTokens()).isEqualTo(13);
        }
    }

    @Test
    void openAiJavaReadsCompletionsAndModels() {
        Completion answer =
                client.completions()
                        .create(
                                CompletionCreateParams.builder()
                                        .model("default")
                                        .prompt("say:Hi\u0003")
                                        .temperature(0)
                                        .build());

        answer.validate();
        assertThat(answer.choices().getFirst().text()).isEqualTo("Hi");
        List<Model> models = client.models().list().data();
        assertThat(models).extracting(Model::id).containsExactly(ParrotServer.MODEL);
        assertThat(client.models().retrieve(ParrotServer.MODEL).id()).isEqualTo(ParrotServer.MODEL);
    }

    @Test
    void openAiJavaTellsErrorsApart() {
        assertThatThrownBy(() -> client.chat().completions().create(chat("hi").topP(1.5).build()))
                .isInstanceOfSatisfying(
                        BadRequestException.class,
                        e -> {
                            assertThat(e.param()).contains("top_p");
                            assertThat(e.code()).contains("invalid_value");
                            assertThat(e.type()).contains("invalid_request_error");
                        });
        assertThatThrownBy(() -> client.models().retrieve("other"))
                .isInstanceOf(NotFoundException.class);
    }

    @Test
    void aStreamThatIsClosedEarlyIsCancelled() {
        try (StreamResponse<ChatCompletionChunk> stream =
                client.chat().completions().createStreaming(chat("forever").build())) {
            assertThat(stream.stream().limit(2).toList()).hasSize(2);
        }

        server.awaitStats(s -> s.running() == 0 && s.waiting() == 0);
    }

    /// Over HTTP/1 without a body the JDK's client asks for an upgrade to HTTP/2.
    @Test
    void theJdkClientGetsHttp2() {
        HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_2).build();
        HttpRequest request =
                HttpRequest.newBuilder(URI.create(server.url("/v1/chat/completions")))
                        .header("content-type", "application/json")
                        .POST(
                                HttpRequest.BodyPublishers.ofString(
                                        "{\"messages\":[{\"role\":\"user\",\"content\":\"say:Hi\"}]"
                                                + ",\"stream\":true,\"temperature\":0}"))
                        .build();

        try (http) {
            HttpResponse<String> response =
                    http.sendAsync(request, HttpResponse.BodyHandlers.ofString()).join();

            assertThat(response.version()).isEqualTo(HttpClient.Version.HTTP_2);
            assertThat(SseEvents.parse(response.body()).text(0)).isEqualTo("Hi");
        }
    }

    @Test
    void curlReadsAnAnswer() throws IOException {
        String answer =
                curl(
                        "-X",
                        "POST",
                        server.url("/v1/chat/completions"),
                        "-H",
                        "Content-Type: application/json",
                        "-d",
                        "{\n  \"messages\": [\n    {\"role\": \"user\", \"content\": \"say:Hello!\"}\n  ]\n}");

        assertThat(new JsonObject(answer).getJsonArray("choices").getJsonObject(0).encode())
                .contains("\"role\":\"assistant\"");
    }

    @Test
    void curlReadsAStreamAndABigBodyThatAsksBeforeItIsSent() throws IOException {
        String stream =
                curl(
                        "-N",
                        server.url("/v1/completions"),
                        "-H",
                        "Content-Type: application/json",
                        "-d",
                        "{\"prompt\":\"say:Hi\\u0003\",\"stream\":true,\"temperature\":0}");
        String tooLong =
                curl(
                        server.url("/v1/completions"),
                        "-H",
                        "Content-Type: application/json",
                        "-H",
                        "Expect: 100-continue",
                        "-d",
                        "{\"prompt\":\"" + "x".repeat(100_000) + "\"}");

        assertThat(SseEvents.parse(stream).text(0)).isEqualTo("Hi");
        assertThat(tooLong).contains("context_length_exceeded");
    }

    private static String curl(String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of("curl", "-sS", "-m", "30"));
        command.addAll(List.of(arguments));
        Process process;
        try {
            process = new ProcessBuilder(command).redirectErrorStream(true).start();
        } catch (IOException _) {
            return abort("there is no curl on this machine");
        }
        return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
}
