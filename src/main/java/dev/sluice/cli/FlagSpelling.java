package dev.sluice.cli;

import java.util.ArrayList;
import java.util.List;

/// Understands flags however they are spelt: `--max_model_len` is `--max-model-len`.
final class FlagSpelling {
    private static final String END_OF_FLAGS = "--";

    private FlagSpelling() {}

    /// The arguments with dashes in the names of flags. Values and what follows `--` stay.
    static String[] withDashes(String... args) {
        List<String> spelt = new ArrayList<>(args.length);
        boolean flagsEnded = false;
        for (String arg : args) {
            flagsEnded |= arg.equals(END_OF_FLAGS);
            spelt.add(flagsEnded || !arg.startsWith(END_OF_FLAGS) ? arg : withDashes(arg));
        }
        return spelt.toArray(String[]::new);
    }

    private static String withDashes(String flag) {
        int equals = flag.indexOf('=');
        String name = equals < 0 ? flag : flag.substring(0, equals);
        return name.replace('_', '-') + flag.substring(name.length());
    }
}
