package dev.sluice.cli;

import picocli.CommandLine;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Map;

/// What a command line came to, in this process.
///
/// @param exit its exit code
/// @param out what it wrote to standard output
/// @param err what it wrote to standard error
record CliRun(int exit, String out, String err) {

    /// Without any variables of an environment.
    static CliRun of(String... args) {
        return in(Map.of(), args);
    }

    /// With the variables of an environment.
    static CliRun in(Map<String, String> environment, String... args) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        CommandLine sluice = Main.commandLine(environment);
        sluice.setOut(new PrintWriter(out, true));
        sluice.setErr(new PrintWriter(err, true));
        int exit = Main.execute(sluice, environment, args);
        return new CliRun(exit, out.toString(), err.toString());
    }
}
