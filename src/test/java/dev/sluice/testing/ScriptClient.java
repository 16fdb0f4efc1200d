package dev.sluice.testing;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;

/// Clients in other languages: their packages are installed once, under `target/clients`.
public final class ScriptClient {
    private static final Path INSTALLED = Path.of("target", "clients").toAbsolutePath();
    private static final String OPENAI_PYTHON = "openai==2.54.0";
    private static final String OPENAI_JAVASCRIPT = "openai@6.49.0";

    private static final Path AUTHORITIES = Path.of("/etc/ssl/certs/ca-certificates.crt");

    private ScriptClient() {}

    /// Runs a script of `src/test/python` with the openai client.
    ///
    /// @return what it printed
    /// @throws AssertionError if it ends with a failure
    public static String python(String script, String... arguments) {
        assumeCommand("python3");
        Path environment = INSTALLED.resolve("python");
        Path complete = environment.resolve(OPENAI_PYTHON);
        Path python = environment.resolve("bin").resolve("python");
        if (!Files.exists(complete)) {
            run(INSTALLED, "python3", "-m", "venv", "--clear", environment.toString());
            run(INSTALLED, python.toString(), "-m", "pip", "install", "-q", OPENAI_PYTHON);
            mark(complete);
        }
        String file = Path.of("src/test/python", script).toAbsolutePath().toString();
        return run(INSTALLED, command(python.toString(), file, arguments));
    }

    /// Runs a script of `src/test/javascript` with the openai client.
    ///
    /// @return what it printed
    /// @throws AssertionError if it ends with a failure
    public static String javascript(String script, String... arguments) {
        assumeCommand("node");
        assumeCommand("npm");
        Path folder = INSTALLED.resolve("javascript");
        Path complete = folder.resolve(OPENAI_JAVASCRIPT);
        if (!Files.exists(complete)) {
            createDirectories(folder);
            run(
                    folder,
                    "npm",
                    "install",
                    "--loglevel=error",
                    "--no-fund",
                    "--prefix",
                    ".",
                    OPENAI_JAVASCRIPT);
            mark(complete);
        }
        // Modules are found beside the script only.
        Path copy = folder.resolve(script);
        copy(Path.of("src/test/javascript", script), copy);
        return run(folder, command("node", copy.toString(), arguments));
    }

    private static String[] command(String program, String file, String... arguments) {
        String[] command = new String[arguments.length + 2];
        command[0] = program;
        command[1] = file;
        System.arraycopy(arguments, 0, command, 2, arguments.length);
        return command;
    }

    private static void assumeCommand(String name) {
        boolean there;
        try {
            there = new ProcessBuilder(name, "--version").start().waitFor() == 0;
        } catch (IOException _) {
            there = false;
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            there = false;
        }
        assumeTrue(there, "this machine has no " + name);
    }

    private static String run(Path folder, String... command) {
        createDirectories(folder);
        try {
            ProcessBuilder builder =
                    new ProcessBuilder(command)
                            .directory(folder.toFile())
                            .redirectErrorStream(true);
            // Node trusts its own list of authorities; a machine behind a proxy has one more.
            if (Files.exists(AUTHORITIES)) {
                builder.environment().putIfAbsent("NODE_EXTRA_CA_CERTS", AUTHORITIES.toString());
            }
            Process process = builder.start();
            String output =
                    new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (process.waitFor() != 0) {
                throw new AssertionError(List.of(command) + " failed:\n" + output);
            }
            return output;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    private static void createDirectories(Path folder) {
        try {
            Files.createDirectories(folder);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void mark(Path file) {
        try {
            Files.createFile(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void copy(Path from, Path to) {
        try {
            Files.copy(from, to, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
