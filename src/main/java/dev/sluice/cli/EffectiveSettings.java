package dev.sluice.cli;

import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

import java.util.Collection;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/// The flags of `serve` with the values that they have, for `/config-info`.
final class EffectiveSettings {
    private static final Set<String> SECRET = Set.of("--api-key", "--scheduler-password");

    private EffectiveSettings() {}

    /// Names and values, and what the environment said as `env_config`. Of secrets only how many
    /// there are.
    ///
    /// @param found values that hold where flags alone don't say them, by the flags' names here
    static Map<String, Object> of(
            CommandSpec serve, Map<String, String> environment, Map<String, Object> found) {
        Map<String, Object> settings = new TreeMap<>();
        for (OptionSpec option : serve.options()) {
            boolean isOfServe = !option.usageHelp() && !option.versionHelp();
            boolean wasGiven =
                    serve.commandLine().getParseResult().hasMatchedOption(option.longestName());
            if (isOfServe && (wasGiven || !option.hidden())) {
                value(option).ifPresent(value -> settings.put(name(option), value));
            }
        }
        settings.putAll(found);
        settings.put("env_config", new TreeMap<>(FlagSources.known(serve, environment)));
        return settings;
    }

    private static String name(OptionSpec option) {
        return option.longestName().replaceFirst("^-+", "").replace('-', '_');
    }

    private static Optional<Object> value(OptionSpec option) {
        Object value = option.getValue();
        if (SECRET.contains(option.longestName())) {
            // Empty ones are dropped, as the server does.
            long count =
                    value instanceof Collection<?> secrets
                            ? secrets.stream().filter(secret -> !secret.equals("")).count()
                            : 1;
            return Optional.of(count == 0 ? "none" : count + " hidden");
        }
        return switch (value) {
            case null -> Optional.empty();
            case Optional<?> given -> given.map(EffectiveSettings::plain);
            default -> Optional.of(plain(value));
        };
    }

    private static Object plain(Object value) {
        return switch (value) {
            case Number number -> number;
            case Boolean flag -> flag;
            case Collection<?> several -> several.stream().map(String::valueOf).toList();
            case Enum<?> name -> name.name().toLowerCase(Locale.ROOT);
            default -> value.toString();
        };
    }
}
