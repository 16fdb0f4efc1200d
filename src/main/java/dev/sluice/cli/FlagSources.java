package dev.sluice.cli;

import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Where the flags of `serve` come from: the command line, else the environment, else a file. What
/// the latter say is put before the arguments, as if it had been typed.
///
/// A flag `--max-model-len` is the variable `SLUICE_MAX_MODEL_LEN` and the key `max-model-len`.
final class FlagSources {
    /// The flag that names the file.
    static final String CONFIG = "--config";

    private static final String COMMAND = "serve";
    private static final String PREFIX = "SLUICE_";
    private static final Map<String, String> FASTDEPLOY = Map.of("--api-key", "FD_API_KEY");
    private static final Set<String> HELP = Set.of("--help", "-h", "--version", "-V");
    private static final Set<String> YES = Set.of("true", "1", "yes", "on");
    private static final Set<String> NO = Set.of("false", "0", "no", "off");

    private final CommandSpec serve;
    private final Map<String, String> environment;

    private FlagSources(CommandSpec serve, Map<String, String> environment) {
        this.serve = serve;
        this.environment = environment;
    }

    /// Adds what environment and file say to the arguments of `serve`; those of other commands stay
    /// as they are.
    ///
    /// @param args spelt with dashes
    /// @throws Refusal if the file can't be used, or something is neither yes nor no
    static GivenFlags complete(CommandSpec main, Map<String, String> environment, String... args) {
        List<String> typed = Arrays.asList(args);
        if (args.length == 0
                || !args[0].equals(COMMAND)
                || typed.stream().anyMatch(HELP::contains)) {
            return new GivenFlags(typed, Map.of());
        }
        return Optional.ofNullable(main.subcommands().get(COMMAND))
                .map(serve -> new FlagSources(serve.getCommandSpec(), environment))
                .map(sources -> sources.complete(typed))
                .orElse(new GivenFlags(typed, Map.of()));
    }

    private GivenFlags complete(List<String> args) {
        Set<OptionSpec> typed = typed(args);
        Optional<String> file = typedFile(args).or(() -> value(PREFIX + "CONFIG"));
        Map<OptionSpec, List<String>> inFile = file.map(this::values).orElse(Map.of());
        Map<String, String> origins = new HashMap<>();
        List<String> all = new ArrayList<>();
        all.add(COMMAND);
        for (OptionSpec option : serve.options()) {
            if (!typed.contains(option) && !option.usageHelp() && !option.versionHelp()) {
                Optional<String> variable = setVariable(option);
                Optional<List<String>> values =
                        variable.map(name -> split(option, environment.getOrDefault(name, "")))
                                .or(() -> inFile(option, inFile));
                String origin =
                        variable.orElseGet(() -> key(option) + " in " + file.orElse("no file"));
                values.ifPresent(list -> {
                    origins.put(option.longestName(), origin);
                    all.addAll(flags(option, origin, list));
                });
            }
        }
        all.addAll(args.subList(1, args.size()));
        return new GivenFlags(all, origins);
    }

    /// The environment wins over the file for a flag and its opposite together.
    private Optional<List<String>> inFile(OptionSpec option, Map<OptionSpec, List<String>> inFile) {
        return opposite(option).flatMap(this::setVariable).isPresent()
                ? Optional.empty()
                : Optional.ofNullable(inFile.get(option));
    }

    /// `--no-enable-prefix-caching` of `--enable-prefix-caching`, and the other way round.
    private Optional<OptionSpec> opposite(OptionSpec option) {
        String key = key(option);
        String opposite = key.startsWith("no-") ? key.substring("no-".length()) : "no-" + key;
        return Optional.ofNullable(serve.optionsMap().get("--" + opposite));
    }

    private Set<OptionSpec> typed(List<String> args) {
        Set<OptionSpec> typed = new HashSet<>();
        for (int i = 0; i < args.size(); i++) {
            OptionSpec option = serve.optionsMap().get(args.get(i).split("=", 2)[0]);
            if (option != null && !isEmptyKey(option, args, i)) {
                typed.add(option);
                opposite(option).ifPresent(typed::add);
            }
        }
        return typed;
    }

    /// Whether a flag for keys has empty ones only, as where a script has no key to give. Then keys
    /// of environment and file count, in place of none. A key may begin with a dash.
    private boolean isEmptyKey(OptionSpec option, List<String> args, int at) {
        if (!FASTDEPLOY.containsKey(option.longestName())) {
            return false;
        }
        String flag = args.get(at);
        boolean keyHere = flag.contains("=") && !flag.endsWith("=");
        return !keyHere
                && args.subList(at + 1, args.size()).stream()
                        .takeWhile(arg -> !serve.optionsMap().containsKey(arg.split("=", 2)[0]))
                        .allMatch(String::isEmpty);
    }

    /// The name of a flag's variable.
    static String variable(OptionSpec option) {
        return PREFIX + key(option).replace('-', '_').toUpperCase(Locale.ROOT);
    }

    private static String key(OptionSpec option) {
        return option.longestName().replaceFirst("^-+", "");
    }

    /// The variable that sets a flag: Sluice's own, else FastDeploy's.
    private Optional<String> setVariable(OptionSpec option) {
        return Stream.of(variable(option), FASTDEPLOY.getOrDefault(option.longestName(), ""))
                .filter(name -> value(name).isPresent())
                .findFirst();
    }

    private static List<String> split(OptionSpec option, String text) {
        return option.isMultiValue()
                ? Arrays.stream(text.split("[,\\s]+")).filter(part -> !part.isEmpty()).toList()
                : List.of(text);
    }

    private Optional<String> value(String variable) {
        return Optional.ofNullable(environment.get(variable)).filter(text -> !text.isBlank());
    }

    private List<String> flags(OptionSpec option, String source, List<String> values) {
        String name = option.longestName();
        if (values.size() > 1 && !option.isMultiValue()) {
            throw new Refusal(
                    "%s must be one value and is %s.".formatted(source, String.join(", ", values)));
        }
        if (option.arity().max() > 0) {
            return values.stream().map(value -> name + "=" + value).toList();
        }
        String value = String.join("", values).strip().toLowerCase(Locale.ROOT);
        if (!YES.contains(value) && !NO.contains(value)) {
            throw new Refusal("%s must be true or false and is %s.".formatted(source, value));
        }
        if (YES.contains(value)) {
            return List.of(name);
        }
        return opposite(option).map(OptionSpec::longestName).stream().toList();
    }

    private Map<OptionSpec, List<String>> values(String file) {
        Map<OptionSpec, List<String>> known = new LinkedHashMap<>();
        ConfigFile.read(file).forEach((key, values) -> known.put(option(file, key), values));
        return known;
    }

    private static Optional<String> typedFile(List<String> args) {
        Optional<String> file = Optional.empty();
        for (int i = 0; i < args.size(); i++) {
            if (args.get(i).startsWith(CONFIG + "=")) {
                file = Optional.of(args.get(i).substring(CONFIG.length() + 1));
            } else if (args.get(i).equals(CONFIG) && i + 1 < args.size()) {
                file = Optional.of(args.get(i + 1));
            }
        }
        return file;
    }

    private OptionSpec option(String file, String key) {
        OptionSpec option = serve.optionsMap().get("--" + key);
        if (option == null || option.usageHelp() || option.longestName().equals(CONFIG)) {
            throw new Refusal(
                    "--config %s has the unknown key %s; the nearest flag is --%s."
                            .formatted(file, key, nearest(key)));
        }
        return option;
    }

    private String nearest(String key) {
        return serve.options().stream()
                .map(FlagSources::key)
                .min(Comparator.comparingInt(name -> distance(key, name)))
                .orElseThrow();
    }

    /// Letters to insert, delete or exchange (Levenshtein).
    private static int distance(String a, String b) {
        int[] row = new int[b.length() + 1];
        Arrays.setAll(row, i -> i);
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int exchanged = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(exchanged, Math.min(row[j], row[j - 1]) + 1);
            }
        }
        return row[b.length()];
    }

    /// The variables that were read, by name, without those that hold secrets.
    static Map<String, String> known(CommandSpec serve, Map<String, String> environment) {
        return environment.entrySet().stream()
                .filter(entry -> isKnown(serve, entry.getKey()))
                .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
    }

    private static boolean isKnown(CommandSpec serve, String variable) {
        boolean isSecret = variable.endsWith("API_KEY");
        boolean isFlag =
                serve.options().stream().anyMatch(o -> Objects.equals(variable(o), variable));
        return !isSecret && (isFlag || FastDeployVariables.isKnown(variable));
    }
}
