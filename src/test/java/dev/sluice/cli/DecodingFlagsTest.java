package dev.sluice.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.embed.DecodingOptions;
import dev.sluice.embed.Quantization;
import dev.sluice.embed.SpeculationOptions;
import dev.sluice.engine.EarlyStop;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import picocli.CommandLine;

import java.util.Optional;

final class DecodingFlagsTest {
    @CommandLine.Command
    private static final class Holder {
        @CommandLine.ArgGroup(validate = false)
        private DecodingFlags flags = new DecodingFlags();
    }

    private static DecodingOptions parse(String... args) {
        Holder holder = new Holder();
        new CommandLine(holder).parseArgs(args);
        return holder.flags.toOptions();
    }

    @Test
    void nothingIsGuessedOrStoppedUnlessAskedFor() {
        assertThat(parse()).isEqualTo(DecodingOptions.PLAIN);
        assertThat(parse("--early-stop-config", "{}")).isEqualTo(DecodingOptions.PLAIN);
    }

    @Test
    void readsBothMethods() {
        assertThat(parse("--speculative-config", "{\"method\": \"ngram\"}").speculation())
                .contains(new SpeculationOptions(5, Optional.empty()));
        assertThat(
                        parse(
                                        "--speculative-config",
                                        "{\"method\":\"draft\",\"model\":\"a/b\","
                                                + "\"quantization\":\"wint4\","
                                                + "\"num_speculative_tokens\":16}")
                                .speculation())
                .contains(
                        new SpeculationOptions(
                                16,
                                Optional.of(
                                        new SpeculationOptions.DraftModel(
                                                "a/b", Optional.of(Quantization.WINT4)))));
    }

    @Test
    void readsTheEarlyStop() {
        assertThat(parse("--enable-early-stop").earlyStop()).contains(EarlyStop.DEFAULT);
        assertThat(
                        parse(
                                        "--early-stop-config",
                                        "{\"enable_early_stop\":true,\"window_size\":9,"
                                                + "\"threshold\":0.5,\"strategy\":\"repetition\"}")
                                .earlyStop())
                .contains(new EarlyStop(9, 0.5));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '\'',
            value = {
                "{}|method",
                "{\"method\":\"eagle\"}|method",
                "{\"method\":\"mtp\"}|mtp",
                "{\"method\":\"ngram\",\"num_speculative_tokens\":0}|num_speculative_tokens",
                "{\"method\":\"ngram\",\"num_speculative_tokens\":17}|num_speculative_tokens",
                "{\"method\":\"ngram\",\"model\":\"a\"}|model",
                "{\"method\":\"ngram\",\"num_model_steps\":2}|num_model_steps",
                "{\"method\":\"draft\"}|model",
                "{\"method\":\"draft\",\"model\":\"a\",\"quantization\":\"fp8\"}|quantization",
                "{\"method\":\"ngram\",\"colour\":1}|colour",
            })
    void namesTheFieldThatCanNotBeHad(String json, String field) {
        assertThatThrownBy(() -> parse("--speculative-config", json))
                .isInstanceOf(Refusal.class)
                .hasMessageStartingWith("--speculative-config")
                .hasMessageContaining(field);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '\'',
            value = {
                "{\"window_size\":0}|window_size",
                "{\"threshold\":2}|threshold",
                "{\"strategy\":\"other\"}|strategy",
                "{\"enable_early_stop\":1}|enable_early_stop",
                "{\"windows\":3}|windows",
            })
    void namesTheFieldOfTheEarlyStop(String json, String field) {
        assertThatThrownBy(() -> parse("--early-stop-config", json))
                .isInstanceOf(Refusal.class)
                .hasMessageContaining(field);
    }
}
