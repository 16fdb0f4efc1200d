package dev.sluice.cli;

import picocli.CommandLine;

import java.io.PrintWriter;
import java.io.StringWriter;

/// What a command line came to, in this process.
///
/// @param exit its exit code
/// @param out what it wrote to standard output
/// @param err what it wrote to standard error
record CliRun(int exit, String out, String err) {

    static CliRun of(String... args) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        CommandLine sluice = Main.commandLine();
        sluice.setOut(new PrintWriter(out, true));
        sluice.setErr(new PrintWriter(err, true));
        int exit = sluice.execute(FlagSpelling.withDashes(args));
        return new CliRun(exit, out.toString(), err.toString());
    }
}
