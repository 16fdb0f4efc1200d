package dev.sluice.cli;

import dev.sluice.compute.cpu.CompilerThreads;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

import java.io.PrintWriter;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Supplier;

/// The entry point of the `sluice` command.
@Command(
        name = "sluice",
        description = "Serves language models over the OpenAI protocol.",
        synopsisSubcommandLabel = "COMMAND",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        footer = {
            "",
            "sluice COMMAND --help says more about a command.",
            "Further options for the JVM: SLUICE_JAVA_OPTS=-Xmx2g sluice ..."
        })
public final class Main implements Callable<Integer> {
    /// A wrong command line, configuration or model; said in a sentence.
    static final int EXIT_CONFIGURATION = 2;

    private static final int HELP_COLUMNS = 100;
    private static final int EXIT_FAULT = 1;

    private static final List<Subcommand> SUBCOMMANDS =
            List.of(
                    new Subcommand("serve", true, ServeCommand::new),
                    new Subcommand("chat", true, ChatCommand::new),
                    new Subcommand("generate", true, GenerateCommand::new),
                    new Subcommand("bench", true, BenchCommand::new),
                    new Subcommand("pull", false, PullCommand::new),
                    new Subcommand("doctor", false, DoctorCommand::new),
                    new Subcommand("rehearse", false, RehearseCommand::new));

    /// A command whose flags are read only if it may be wanted: that takes a tenth of a second.
    ///
    /// @param runsModel whether it runs a model as quickly as it can
    private record Subcommand(String name, boolean runsModel, Supplier<Callable<Integer>> make) {}

    @Spec private CommandSpec spec = CommandSpec.create();

    private Main() {}

    /// Shows what there is, where no command was given.
    @Override
    public Integer call() {
        spec.commandLine().usage(spec.commandLine().getErr());
        return EXIT_CONFIGURATION;
    }

    /// Runs a command and ends the process with its exit code: 0 for success, 2 where the command
    /// line, the configuration or the model is at fault, 1 where Sluice is.
    public static void main(String[] args) {
        if (named(args).stream().anyMatch(Subcommand::runsModel)) {
            Thread.ofPlatform().daemon().name("priorities").start(CompilerThreads::giveWay);
        }
        System.exit(run(args));
    }

    /// Runs a command.
    static int run(String... args) {
        Map<String, String> environment = System.getenv();
        int exit = execute(commandLine(environment, args), environment, args);
        boolean hasFailed = exit == EXIT_CONFIGURATION || exit == EXIT_FAULT;
        if (!hasFailed && isOutputLost()) {
            System.err.println(
                    "sluice: Standard output can't be written: it was closed, or its disk is full.");
            return EXIT_CONFIGURATION;
        }
        return exit;
    }

    /// Commands write to the one stream, picocli its help to the other.
    private static boolean isOutputLost() {
        boolean lost = Standard.out().checkError();
        return System.out.checkError() || lost;
    }

    /// Runs a command with variables of an environment.
    static int execute(CommandLine main, Map<String, String> environment, String... args) {
        try {
            String[] spelt = FlagSpelling.withDashes(args);
            GivenFlags given = FlagSources.complete(main.getCommandSpec(), environment, spelt);
            main.setParameterExceptionHandler((e, _) -> sayWhatIsWrong(e, given));
            main.setExecutionExceptionHandler((e, command, _) -> sayWhatFailed(e, command, given));
            return main.execute(given.args().toArray(String[]::new));
        } catch (Refusal refusal) {
            main.getErr().println("sluice: " + refusal.getMessage());
            return EXIT_CONFIGURATION;
        }
    }

    /// The command that the first argument names, if it names one.
    private static List<Subcommand> named(String... args) {
        return SUBCOMMANDS.stream()
                .filter(command -> args.length > 0 && command.name().equals(args[0]))
                .toList();
    }

    /// The command line.
    ///
    /// @param args what it is for: where the first one names a command, the others are left out
    static CommandLine commandLine(Map<String, String> environment, String... args) {
        CommandLine main = new CommandLine(new Main());
        List<Subcommand> named = named(args);
        for (Subcommand command : named.isEmpty() ? SUBCOMMANDS : named) {
            main.addSubcommand(command.make().get());
        }
        if (named.isEmpty()) {
            main.addSubcommand(new CommandLine.HelpCommand());
        }
        main.setCaseInsensitiveEnumValuesAllowed(true);
        // Start scripts append flags to those of others; the last one is meant.
        main.setOverwrittenOptionsAllowed(true);
        main.setHelpFactory(SectionedHelp::new);
        main.setUsageHelpWidth(HELP_COLUMNS);
        main.setUsageHelpAutoWidth(true);
        Optional.ofNullable(main.getSubcommands().get("serve"))
                .ifPresent(serve -> {
                    ForeignFlags.addTo(serve);
                    ((ServeCommand) serve.getCommandSpec().userObject()).use(environment);
                });
        return main;
    }

    private static int sayWhatIsWrong(ParameterException e, GivenFlags given) {
        CommandLine command = e.getCommandLine();
        PrintWriter err = command.getErr();
        err.println("sluice: " + WrongValue.sentence(e, given).orElseGet(e::getMessage));
        err.println("See: " + command.getCommandSpec().qualifiedName() + " --help");
        return EXIT_CONFIGURATION;
    }

    private static int sayWhatFailed(Exception e, CommandLine command, GivenFlags given) {
        ProgressLine.end();
        Optional<String> sentence = Refusal.sentence(e).map(given::inWordsOfOrigin);
        if (sentence.isPresent()) {
            command.getErr().println("sluice: " + sentence.get());
            return EXIT_CONFIGURATION;
        }
        e.printStackTrace(command.getErr());
        return EXIT_FAULT;
    }
}
