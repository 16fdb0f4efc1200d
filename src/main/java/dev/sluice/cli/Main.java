package dev.sluice.cli;

/// The entry point of the `sluice` command.
public final class Main {
    private Main() {}

    /// Runs a command.
    public static void main(String[] args) {
        System.out.println("sluice");
    }
}
