package dev.sluice.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/// Environment variables of FastDeploy's start scripts.
final class FastDeployVariables {
    private static final String DISABLED_RECOVER = "FD_DISABLED_RECOVER";
    private static final String LOG_DIR = "FD_LOG_DIR";

    // As in logback.xml.
    private static final String LOG_FILE = "sluice.log";

    private static final String DEBUG = "FD_DEBUG";

    private static final Set<String> READ =
            Set.of(
                    "FD_API_KEY",
                    "FD_MAX_STOP_SEQS_NUM",
                    "FD_STOP_SEQS_MAX_LEN",
                    "FD_SUPPORT_MAX_CONNECTIONS",
                    "FD_LIMIT_THINKING_CONTENT_TRUNCATE_STR",
                    LOG_DIR,
                    DISABLED_RECOVER,
                    DEBUG);

    private static final Map<String, String> WITHOUT_EFFECT =
            new TreeMap<>(
                    Map.of(
                            "FD_SAMPLING_CLASS",
                            "there is one way to draw tokens",
                            "FD_DISABLE_CHUNKED_PREFILL",
                            "prompts always go in chunks of --max-num-batched-tokens",
                            "FD_USE_GET_SAVE_OUTPUT_V1",
                            "all log probabilities can be had",
                            "FD_ENABLE_REQUEST_DISCONNECT_STOP_INFERENCE",
                            "a request always ends when its client leaves",
                            "FD_FILL_BITMASK_BATCH",
                            "what may come next is always found while the model computes",
                            "FD_ENC_DEC_BLOCK_NUM",
                            "blocks are taken as they are needed"));

    private final Map<String, String> environment;

    FastDeployVariables(Map<String, String> environment) {
        this.environment = environment;
    }

    /// Whether a variable is one of FastDeploy's that Sluice knows.
    static boolean isKnown(String variable) {
        return READ.contains(variable) || WITHOUT_EFFECT.containsKey(variable);
    }

    /// Whether a sequence whose blocks others needed ends, rather than being computed again.
    boolean endsInsteadOfRecomputing() {
        return isOn(DISABLED_RECOVER);
    }

    /// Whether everything is logged.
    boolean isDebug() {
        return isOn(DEBUG);
    }

    /// Where the log is written besides standard error. Creates the folder if there is none.
    ///
    /// @throws Refusal if nothing can be written there
    Optional<String> logDirectory() {
        Optional<String> directory =
                Optional.ofNullable(environment.get(LOG_DIR)).filter(text -> !text.isBlank());
        if (directory.filter(name -> !canHoldFiles(name)).isPresent()) {
            throw new Refusal("%s: %s can't be written to.".formatted(LOG_DIR, directory.get()));
        }
        return directory;
    }

    private static boolean canHoldFiles(String directory) {
        try {
            Path log = Files.createDirectories(Path.of(directory)).resolve(LOG_FILE);
            return Files.exists(log)
                    ? Files.isRegularFile(log) && Files.isWritable(log)
                    : Files.isWritable(log.getParent());
        } catch (IOException | InvalidPathException _) {
            return false;
        }
    }

    private boolean isOn(String variable) {
        String value = environment.getOrDefault(variable, "").strip();
        return !value.isEmpty() && !value.equals("0") && !value.equalsIgnoreCase("false");
    }

    /// A line for each variable that is set and changes nothing.
    List<String> lines() {
        return WITHOUT_EFFECT.entrySet().stream()
                .filter(entry -> environment.containsKey(entry.getKey()))
                .map(entry -> entry.getKey() + " has no effect: " + entry.getValue())
                .toList();
    }
}
