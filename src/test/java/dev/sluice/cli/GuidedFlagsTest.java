package dev.sluice.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.embed.GuidedOptions;
import dev.sluice.grammar.JsonSchemaOptions;
import dev.sluice.grammar.JsonSchemaOptions.KeyOrder;
import dev.sluice.grammar.JsonSchemaOptions.Whitespace;

import org.junit.jupiter.api.Test;

import picocli.CommandLine;

import java.util.Optional;

final class GuidedFlagsTest {
    @CommandLine.Command
    private static final class Holder {
        @CommandLine.ArgGroup(validate = false)
        private GuidedFlags flags = new GuidedFlags();
    }

    private static Optional<GuidedOptions> parse(String... args) {
        Holder holder = new Holder();
        new CommandLine(holder).setCaseInsensitiveEnumValuesAllowed(true).parseArgs(args);
        return holder.flags.toOptions();
    }

    @Test
    void numbersAreAsLongAsTheSchemaAllowsUnlessShortOnesAreAskedFor() {
        assertThat(parse("--guided-short-numbers"))
                .contains(
                        new GuidedOptions(JsonSchemaOptions.DEFAULT.withShortNumbers(true), true));
        assertThat(JsonSchemaOptions.DEFAULT.shortNumbers()).isFalse();
    }

    @Test
    void keysComeInDeclaredOrderUnlessAnyIsAskedFor() {
        assertThat(parse()).contains(GuidedOptions.DEFAULT);
        assertThat(parse("--guided-any-key-order"))
                .contains(new GuidedOptions(JsonSchemaOptions.DEFAULT.with(KeyOrder.ANY), true));
        assertThat(parse("--guided-any-key-order", "--guided-whitespace", "any"))
                .contains(
                        new GuidedOptions(
                                JsonSchemaOptions.DEFAULT.with(KeyOrder.ANY).with(Whitespace.ANY),
                                true));
        assertThat(parse("--guided-any-key-order", "--guided-decoding-backend", "off")).isEmpty();
    }
}
