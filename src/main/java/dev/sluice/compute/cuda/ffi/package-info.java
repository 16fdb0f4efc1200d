/// What the generated bindings need: where NVIDIA's libraries are. The bindings themselves are
/// sub-packages, made by jextract (`jextract/README.md`).
///
/// Main types: `NativeLibraries`. May import: the JDK. Threading: safe from any thread.
@NullMarked
package dev.sluice.compute.cuda.ffi;

import org.jspecify.annotations.NullMarked;
