package dev.sluice.cli;

import picocli.CommandLine.IVersionProvider;

/// What `--version` prints.
final class Version implements IVersionProvider {

    /// The version of the jar, or `development` when the classes lie in a directory.
    static String number() {
        String inJar = Version.class.getPackage().getImplementationVersion();
        return inJar == null ? "development" : inJar;
    }

    @Override
    public String[] getVersion() {
        return new String[] {
            "sluice " + number() + " (Java " + Runtime.version() + ")",
        };
    }
}
