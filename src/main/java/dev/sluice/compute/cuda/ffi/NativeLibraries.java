package dev.sluice.compute.cuda.ffi;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/// NVIDIA's libraries, each opened by its soname when it is first asked for and never closed.
///
/// The generated bindings look their functions up here, so that their classes load on a machine
/// without the libraries. The system property `sluice.native.NAME` names another file: that is how
/// tests put an emulated driver in place of the real one.
public final class NativeLibraries {
    private static final String PROPERTY = "sluice.native.";
    private static final Map<String, String> SONAMES =
            Map.of("cuda", "libcuda.so.1", "cublas", "libcublas.so.13", "nccl", "libnccl.so.2");
    private static final Map<String, Library> OPENED = new ConcurrentHashMap<>();
    private static final Map<String, String> REDIRECTED = new ConcurrentHashMap<>();

    private NativeLibraries() {}

    private record Library(String file, Optional<SymbolLookup> symbols) {
        static Library open(String file) {
            try {
                return new Library(
                        file, Optional.of(SymbolLookup.libraryLookup(file, Arena.global())));
            } catch (IllegalArgumentException e) {
                return new Library(file, Optional.empty());
            }
        }

        MemorySegment function(String name) {
            SymbolLookup lookup =
                    symbols.orElseThrow(
                            () -> new UnsatisfiedLinkError(name + ": can't open " + file));
            return lookup.find(name)
                    .orElseThrow(() ->
                            new UnsatisfiedLinkError(
                                    file + " has no function " + name + ": is it old?"));
        }
    }

    /// The file that stands for a library: a soname that the system's loader searches, or a path.
    ///
    /// @param name `cuda`, `cublas` or `nccl`
    public static String file(String name) {
        String soname = SONAMES.get(name);
        if (soname == null) {
            throw new IllegalArgumentException("no library is called " + name);
        }
        return REDIRECTED.getOrDefault(name, System.getProperty(PROPERTY + name, soname));
    }

    /// Puts another file in the place of a library for the rest of this process. Bindings keep the
    /// functions that they found, so it can't be done once the library is open.
    ///
    /// @param name `cuda`, `cublas` or `nccl`
    /// @return whether the file is open in its place
    public static boolean redirect(String name, String file) {
        if (file.equals(REDIRECTED.get(name))) {
            return true;
        }
        Library library =
                OPENED.compute(
                        name,
                        (_, open) ->
                                open == null || open.symbols().isEmpty()
                                        ? Library.open(file)
                                        : open);
        boolean isInPlace = library.file().equals(file) && library.symbols().isPresent();
        if (isInPlace) {
            REDIRECTED.put(name, file);
        }
        return isInPlace;
    }

    /// Whether [#redirect] put another file in the place of a library.
    public static boolean isRedirected(String name) {
        return REDIRECTED.containsKey(name);
    }

    /// Whether a library can be opened on this machine; tries it at the first call.
    ///
    /// @param name `cuda`, `cublas` or `nccl`
    public static boolean isPresent(String name) {
        return library(name).symbols().isPresent();
    }

    /// The functions of a library. Looking one up that is not there throws an
    /// [UnsatisfiedLinkError] that names function and file; asking for the lookup never fails.
    ///
    /// @param name `cuda`, `cublas` or `nccl`
    public static SymbolLookup lookup(String name) {
        Library library = library(name);
        return function -> Optional.of(library.function(function));
    }

    private static Library library(String name) {
        return OPENED.computeIfAbsent(name, key -> Library.open(file(key)));
    }
}
