package dev.sluice.compute.cuda;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.SymbolLookup;
import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.net.URL;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;

/// The classes of `compute.cuda` once more, with libraries of a test's choice. The bindings keep
/// what they found for as long as their class lives, so each test that chooses needs classes of its
/// own.
final class OwnCuda extends ClassLoader {
    private static final String ROOM = "dev.sluice.compute.cuda";
    private static final String LIBRARIES = ROOM + ".ffi.NativeLibraries";

    /// Whether the build had nvcc; that of this test may or may not.
    private boolean hasKernels;

    private OwnCuda() {
        super(OwnCuda.class.getClassLoader());
    }

    /// On a machine where a library is what a lookup says.
    static OwnCuda with(String library, SymbolLookup symbols) {
        return with(library, "a library of this test", Optional.of(symbols));
    }

    /// On a machine without a library.
    static OwnCuda without(String library, String file) {
        return with(library, file, Optional.empty());
    }

    private static OwnCuda with(String library, String file, Optional<SymbolLookup> symbols) {
        OwnCuda own = new OwnCuda();
        own.set(library, file, symbols);
        return own;
    }

    /// The same machine with one more library.
    OwnCuda and(String library) {
        set(library, "a library of this test", Optional.of(_ -> Optional.empty()));
        return this;
    }

    /// The same machine without one more library.
    OwnCuda andWithout(String library, String file) {
        set(library, file, Optional.empty());
        return this;
    }

    /// A build with kernels for GPUs; without this it has none.
    OwnCuda andKernels() {
        hasKernels = true;
        return this;
    }

    @Override
    public @Nullable URL getResource(String name) {
        if (!name.endsWith(".fatbin")) {
            return super.getResource(name);
        }
        return hasKernels ? OwnCuda.class.getResource("OwnCuda.class") : null;
    }

    private void set(String library, String file, Optional<SymbolLookup> symbols) {
        try {
            Constructor<?> constructor =
                    loadClass(LIBRARIES + "$Library")
                            .getDeclaredConstructor(String.class, Optional.class);
            constructor.setAccessible(true);
            Field opened = loadClass(LIBRARIES).getDeclaredField("OPENED");
            opened.setAccessible(true);
            @SuppressWarnings("unchecked")
            Map<String, Object> libraries = (Map<String, Object>) opened.get(null);
            libraries.put(library, constructor.newInstance(file, symbols));
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    /// A class of the room, for example `CudaSupport` or `ffi.cuda.CudaDriver`.
    Class<?> type(String name) {
        try {
            return loadClass(ROOM + "." + name);
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException(e);
        }
    }

    /// Calls the static method of a name that takes as many arguments as are given.
    Object call(String type, String method, Object... arguments) throws Throwable {
        Method found =
                Arrays.stream(type(type).getDeclaredMethods())
                        .filter(m -> m.getName().equals(method))
                        .filter(m -> m.getParameterCount() == arguments.length)
                        .findFirst()
                        .orElseThrow();
        found.setAccessible(true);
        try {
            return found.invoke(null, arguments);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
        synchronized (getClassLoadingLock(name)) {
            if (!name.startsWith(ROOM + ".")) {
                return super.loadClass(name, resolve);
            }
            Class<?> loaded = findLoadedClass(name);
            return loaded != null ? loaded : findClass(name);
        }
    }

    @Override
    protected Class<?> findClass(String name) throws ClassNotFoundException {
        String file = name.replace('.', '/') + ".class";
        try (InputStream in = getParent().getResourceAsStream(file)) {
            if (in == null) {
                throw new ClassNotFoundException(name);
            }
            byte[] bytes = in.readAllBytes();
            return defineClass(name, bytes, 0, bytes.length);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
