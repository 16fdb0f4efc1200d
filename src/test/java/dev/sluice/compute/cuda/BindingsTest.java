package dev.sluice.compute.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sluice.compute.cuda.ffi.NativeLibraries;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.io.IOException;
import java.lang.foreign.AddressLayout;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.GroupLayout;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// The generated bindings against `jextract/checked`: what `jextract/check` made of NVIDIA's
/// headers and libraries.
final class BindingsTest {
    private static final Path CHECKED = Path.of("jextract", "checked");
    private static final Path GENERATED =
            Path.of("jextract/generated/java/dev/sluice/compute/cuda/ffi");
    private static final String DESCRIPTOR = "$descriptor";

    /// The newest driver library that could be read is older than the oldest that is supported.
    private static final Set<String> NEWER_THAN_THE_LIST = Set.of("cuEventElapsedTime_v2");

    enum Binding {
        CUDA("libcuda.so.1", "CudaDriver", "cuInit"),
        CUBLAS("libcublas.so.13", "Cublas", "cublasDestroy_v2"),
        NCCL("libnccl.so.2", "Nccl", "ncclGetErrorString");

        final String soname;
        final String header;
        final String function;

        Binding(String soname, String header, String function) {
            this.soname = soname;
            this.header = header;
            this.function = function;
        }

        String library() {
            return name().toLowerCase(Locale.ROOT);
        }

        /// Something that the function takes.
        Object argument() {
            return this == CUBLAS ? MemorySegment.NULL : 0;
        }

        String type(String simpleName) {
            return "ffi." + library() + "." + simpleName;
        }
    }

    @ParameterizedTest
    @EnumSource
    void everyFunctionConstantAndStructIsAsInTheRealHeader(Binding binding) throws Throwable {
        List<String> bound = new ArrayList<>();
        OwnCuda cuda = OwnCuda.with(binding.library(), anything());

        Class<?> header = cuda.type(binding.type(binding.header));
        for (Method method : methods(header)) {
            String name = method.getName();
            if (name.endsWith(DESCRIPTOR)) {
                FunctionDescriptor function = (FunctionDescriptor) method.invoke(null);
                bound.add(name.replace(DESCRIPTOR, "") + kinds(function));
            } else if (isConstant(method)) {
                bound.add(name + " = " + method.invoke(null));
            }
        }
        for (Class<?> invoker : header.getClasses()) {
            bound.add(invoker.getSimpleName() + kinds(withoutArguments(invoker)));
        }
        for (String name : otherTypes(binding)) {
            bound.add(describe(cuda.type(binding.type(name))));
        }

        assertThat(bound).containsExactlyInAnyOrderElementsOf(lines(binding.library() + ".abi"));
    }

    @ParameterizedTest
    @EnumSource
    void everyFunctionIsExportedByTheRealLibrary(Binding binding) throws IOException {
        Set<String> names = new TreeSet<>(functions(binding));
        names.removeAll(NEWER_THAN_THE_LIST);

        assertThat(lines(binding.soname + ".symbols")).containsAll(names);
    }

    @ParameterizedTest
    @EnumSource
    void everyFunctionIsInTheLibraryOfThisMachine(Binding binding) throws IOException {
        assumeTrue(
                NativeLibraries.isPresent(binding.library()),
                () -> NativeLibraries.file(binding.library()) + " is not on this machine");
        assumeTrue(
                binding != Binding.CUDA || Cuda.driverVersion() >= Cuda.NEEDED_VERSION,
                "the driver of this machine is too old to be used");
        SymbolLookup library = NativeLibraries.lookup(binding.library());

        assertThat(functions(binding))
                .allSatisfy(name -> assertThat(library.find(name)).isPresent());
    }

    @ParameterizedTest
    @EnumSource
    void withoutTheLibraryOnlyACallFailsAndSaysWhy(Binding binding) throws IOException {
        String file = "libabsent.so." + binding.library();
        OwnCuda cuda = OwnCuda.without(binding.library(), file);
        String type = binding.type(binding.header);
        String message = binding.function + ": can't open " + file;

        assertThat(methods(cuda.type(type)).stream().filter(BindingsTest::isConstant))
                .isNotEmpty()
                .allSatisfy(constant -> assertThat(constant.invoke(null)).isNotNull());
        assertThatThrownBy(() -> cuda.call(type, binding.function, binding.argument()))
                .isInstanceOf(UnsatisfiedLinkError.class)
                .hasMessage(message);
        assertThatThrownBy(() -> cuda.call(type, binding.function, binding.argument()))
                .rootCause()
                .hasMessageContaining(message);
    }

    @ParameterizedTest
    @EnumSource
    void aLibraryWithoutTheFunctionIsNamed(Binding binding) {
        OwnCuda cuda = OwnCuda.with(binding.library(), _ -> Optional.empty());

        assertThatThrownBy(() ->
                        cuda.call(
                                binding.type(binding.header), binding.function, binding.argument()))
                .isInstanceOf(UnsatisfiedLinkError.class)
                .hasMessageContaining("has no function " + binding.function);
    }

    /// A library with every function, none of which may be called.
    private static SymbolLookup anything() {
        return _ -> Optional.of(MemorySegment.ofAddress(1));
    }

    private static List<Method> methods(Class<?> type) {
        return Arrays.asList(type.getDeclaredMethods());
    }

    private static boolean isConstant(Method method) {
        String name = method.getName();
        return method.getParameterCount() == 0
                && !name.contains("$")
                && methods(method.getDeclaringClass()).stream()
                        .noneMatch(other -> other.getName().equals(name + DESCRIPTOR));
    }

    /// Structs and callbacks: the files beside the header's.
    private static List<String> otherTypes(Binding binding) throws IOException {
        try (Stream<Path> files = Files.list(GENERATED.resolve(binding.library()))) {
            return files.map(file -> file.getFileName().toString().replace(".java", ""))
                    .filter(name -> !name.startsWith(binding.header))
                    .toList();
        }
    }

    /// A function that the header declares without a list of parameters, which may mean any:
    /// jextract makes a class of it.
    private static FunctionDescriptor withoutArguments(Class<?> invoker)
            throws ReflectiveOperationException {
        Object none =
                invoker.getMethod("makeInvoker", MemoryLayout[].class)
                        .invoke(null, (Object) new MemoryLayout[0]);
        return (FunctionDescriptor) invoker.getMethod("descriptor").invoke(none);
    }

    private static String describe(Class<?> type) throws ReflectiveOperationException {
        if (methods(type).stream().anyMatch(method -> method.getName().equals("descriptor"))) {
            FunctionDescriptor callback =
                    (FunctionDescriptor) type.getMethod("descriptor").invoke(null);
            return "callback " + type.getSimpleName() + kinds(callback);
        }
        GroupLayout layout = (GroupLayout) type.getMethod("layout").invoke(null);
        return "struct %s %d%s".formatted(type.getSimpleName(), layout.byteSize(), fields(layout));
    }

    private static String fields(GroupLayout layout) {
        return layout.memberLayouts().stream()
                .flatMap(member -> member.name().stream())
                .map(MemoryLayout.PathElement::groupElement)
                .map(field ->
                        " %s@%d+%d"
                                .formatted(
                                        layout.select(field).name().orElseThrow(),
                                        layout.byteOffset(field),
                                        layout.select(field).byteSize()))
                .collect(Collectors.joining());
    }

    private static String kinds(FunctionDescriptor function) {
        String result = function.returnLayout().map(BindingsTest::kind).orElse(" V0");
        return result
                + function.argumentLayouts().stream()
                        .map(BindingsTest::kind)
                        .collect(Collectors.joining());
    }

    private static String kind(MemoryLayout layout) {
        char letter =
                switch (layout) {
                    case AddressLayout _ -> 'P';
                    case ValueLayout.OfFloat _, ValueLayout.OfDouble _ -> 'F';
                    case GroupLayout _ -> 'S';
                    default -> 'I';
                };
        return " %c%d".formatted(letter, layout.byteSize());
    }

    private static Set<String> functions(Binding binding) throws IOException {
        return lines(binding.library() + ".abi").stream()
                .filter(line -> !line.contains("="))
                .map(line -> line.substring(0, line.indexOf(' ')))
                .filter(name -> !Set.of("struct", "callback").contains(name))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static List<String> lines(String file) throws IOException {
        return Files.readAllLines(CHECKED.resolve(file)).stream()
                .filter(line -> !line.startsWith("#"))
                .toList();
    }
}
