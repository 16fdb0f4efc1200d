package dev.sluice.cli;

import picocli.CommandLine;

import java.util.Map;
import java.util.stream.Stream;

/// A command line of `serve` that is understood but not run.
///
/// @param command with its values
/// @param parsed what was given
/// @param environment variables
record ServeRun(
        ServeCommand command, CommandLine.ParseResult parsed, Map<String, String> environment) {

    static ServeRun of(String... flags) {
        return in(Map.of(), flags);
    }

    static ServeRun in(Map<String, String> environment, String... flags) {
        CommandLine main = Main.commandLine(environment);
        String[] args =
                FlagSpelling.withDashes(
                        Stream.concat(Stream.of("serve"), Stream.of(flags)).toArray(String[]::new));
        CommandLine.ParseResult parsed =
                main.parseArgs(
                                FlagSources.complete(main.getCommandSpec(), environment, args)
                                        .args()
                                        .toArray(String[]::new))
                        .subcommand();
        ServeCommand command = (ServeCommand) parsed.commandSpec().userObject();
        return new ServeRun(command, parsed, environment);
    }

    /// What a server would do.
    ServePlan plan() {
        return command.plan(new FastDeployVariables(environment));
    }
}
