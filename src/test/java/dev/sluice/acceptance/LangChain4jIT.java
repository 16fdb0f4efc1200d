package dev.sluice.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.openai.OpenAiChatModel;
import dev.langchain4j.model.openai.OpenAiStreamingChatModel;
import dev.langchain4j.model.output.FinishReason;
import dev.sluice.testing.SluiceServer;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/// LangChain4j's OpenAI client, which asks for HTTP/2 by an upgrade, against the finished server.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class LangChain4jIT {
    private SluiceServer server;

    @BeforeAll
    void start() {
        server = SluiceServer.start("--max-model-len", "512");
    }

    @AfterAll
    void stop() {
        server.close();
    }

    private static ChatRequest question() {
        return ChatRequest.builder()
                .messages(UserMessage.from("Name three colours of the rainbow."))
                .build();
    }

    @Test
    void readsAWholeAnswer() {
        OpenAiChatModel model =
                OpenAiChatModel.builder()
                        .baseUrl(server.url() + "/v1")
                        .apiKey("null")
                        .modelName("default")
                        .temperature(0.0)
                        .maxTokens(8)
                        .build();

        ChatResponse answer = model.chat(question());

        assertThat(answer.aiMessage().text()).isNotBlank();
        assertThat(answer.finishReason()).isEqualTo(FinishReason.LENGTH);
        assertThat(answer.tokenUsage().outputTokenCount()).isEqualTo(8);
    }

    @Test
    void readsAStream() throws Exception {
        OpenAiStreamingChatModel model =
                OpenAiStreamingChatModel.builder()
                        .baseUrl(server.url() + "/v1")
                        .apiKey("null")
                        .modelName("default")
                        .temperature(0.0)
                        .maxTokens(8)
                        .build();
        StringBuilder text = new StringBuilder();
        CompletableFuture<ChatResponse> end = new CompletableFuture<>();

        model.chat(
                question(),
                new StreamingChatResponseHandler() {
                    @Override
                    public void onPartialResponse(String partial) {
                        text.append(partial);
                    }

                    @Override
                    public void onCompleteResponse(ChatResponse response) {
                        end.complete(response);
                    }

                    @Override
                    public void onError(Throwable error) {
                        end.completeExceptionally(error);
                    }
                });

        ChatResponse answer = end.get(60, TimeUnit.SECONDS);
        assertThat(text.toString()).isEqualTo(answer.aiMessage().text()).isNotBlank();
        assertThat(answer.tokenUsage().outputTokenCount()).isEqualTo(8);
    }
}
