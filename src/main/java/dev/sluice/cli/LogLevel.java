package dev.sluice.cli;

import java.util.Locale;

/// How much is logged: each level says what the ones before it do, and more.
enum LogLevel {
    ERROR,
    WARN,
    INFO,
    DEBUG;

    /// As the configuration of the log spells it.
    String spelt() {
        return name().toLowerCase(Locale.ROOT);
    }
}
