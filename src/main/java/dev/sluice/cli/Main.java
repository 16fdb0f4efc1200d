package dev.sluice.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

import java.io.PrintWriter;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;

/// The entry point of the `sluice` command.
@Command(
        name = "sluice",
        description = "Serves language models over the OpenAI protocol.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            ServeCommand.class,
            ChatCommand.class,
            GenerateCommand.class,
            BenchCommand.class,
            PullCommand.class,
            DoctorCommand.class,
            RehearseCommand.class,
            CommandLine.HelpCommand.class
        },
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
        System.exit(run(args));
    }

    /// Runs a command.
    static int run(String... args) {
        Map<String, String> environment = System.getenv();
        return execute(commandLine(environment), environment, args);
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

    static CommandLine commandLine(Map<String, String> environment) {
        CommandLine main = new CommandLine(new Main());
        main.setCaseInsensitiveEnumValuesAllowed(true);
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
