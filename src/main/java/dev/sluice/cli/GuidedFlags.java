package dev.sluice.cli;

import dev.sluice.embed.GuidedOptions;
import dev.sluice.grammar.JsonSchemaOptions;
import dev.sluice.grammar.JsonSchemaOptions.KeyOrder;
import dev.sluice.grammar.JsonSchemaOptions.Whitespace;

import picocli.CommandLine.Option;

import java.util.Optional;

/// Whether and how texts of a certain form may be asked for.
final class GuidedFlags {
    /// FastDeploy's names. All but off mean the one that there is.
    private enum Backend {
        OFF,
        AUTO,
        XGRAMMAR,
        GUIDANCE
    }

    /// White space between the tokens of JSON.
    private enum Space {
        BOUNDED,
        ANY
    }

    @Option(
            names = "--guided-decoding-backend",
            paramLabel = "off|auto|xgrammar|guidance",
            defaultValue = "auto",
            description =
                    "Whether requests may ask for JSON, a pattern, a choice or a grammar. All but"
                            + " off mean Sluice's own. Default: ${DEFAULT-VALUE}")
    private Backend backend = Backend.AUTO;

    @Option(
            names = "--guided-whitespace",
            paramLabel = "bounded|any",
            description =
                    "White space between the tokens of JSON that is asked for: one space or one"
                            + " line end with its indentation, or any, of which small models write"
                            + " without end. Default: bounded")
    private Optional<Space> space = Optional.empty();

    @Option(
            names = "--guided-decoding-disable-any-whitespace",
            description =
                    "JSON that is asked for is one line, with one space behind each comma and"
                            + " colon.")
    private boolean oneLine;

    @Option(
            names = "--guided-any-key-order",
            description =
                    "The keys that a schema lists may come in any order: up to ten of each object,"
                            + " the required ones first. By default they come in the schema's.")
    private boolean anyKeyOrder;

    @Option(
            names = "--guided-short-numbers",
            description =
                    "Numbers in JSON that is asked for have at most 18 digits more than their"
                            + " bounds decide about, fractions of seconds nine, since small models"
                            + " write digits without end at times. By default they have as many as"
                            + " the schema allows.")
    private boolean shortNumbers;

    @Option(
            names = "--no-guided-jump-forward",
            description =
                    "Draws also those tokens one by one that the form leaves no choice about. By"
                            + " default they are computed at once.")
    private boolean stepByStep;

    /// How such texts are made; empty where no form may be asked for.
    ///
    /// @throws Refusal if two flags contradict each other
    Optional<GuidedOptions> toOptions() {
        if (oneLine && space.isPresent()) {
            throw new Refusal(
                    "--guided-whitespace and --guided-decoding-disable-any-whitespace exclude"
                            + " each other.");
        }
        return backend == Backend.OFF
                ? Optional.empty()
                : Optional.of(
                        new GuidedOptions(
                                JsonSchemaOptions.DEFAULT
                                        .with(whitespace())
                                        .with(keyOrder())
                                        .withShortNumbers(shortNumbers),
                                !stepByStep));
    }

    private KeyOrder keyOrder() {
        return anyKeyOrder ? KeyOrder.ANY : KeyOrder.DECLARED;
    }

    private Whitespace whitespace() {
        if (oneLine) {
            return Whitespace.NONE;
        }
        return space.orElse(Space.BOUNDED) == Space.ANY ? Whitespace.ANY : Whitespace.BOUNDED;
    }
}
