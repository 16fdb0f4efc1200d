package dev.sluice.cli;

import java.util.List;
import java.util.Map;

/// The arguments of a command, with what environment and file say put before them.
///
/// @param args as if all had been typed
/// @param origins what gave flags that nobody typed their values, by the flags' names: a variable,
///   or a key and its file
record GivenFlags(List<String> args, Map<String, String> origins) {

    GivenFlags {
        args = List.copyOf(args);
        origins = Map.copyOf(origins);
    }

    /// What gave a flag its value: the flag itself where it was typed.
    String origin(String flag) {
        return origins.getOrDefault(flag, flag);
    }

    /// A sentence about a flag, saying instead what gave it its value.
    ///
    /// @param sentence may begin with a flag's name
    String inWordsOfOrigin(String sentence) {
        String flag = sentence.split(" ", 2)[0];
        return origin(flag) + sentence.substring(flag.length());
    }
}
