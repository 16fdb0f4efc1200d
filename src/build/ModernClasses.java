import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassFileVersion;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeTransform;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;

/// Brings the classes of a jar into a format that the JVM's start-up cache takes: those of Java 5
/// lack the stack maps that the quick verifier needs, and are left out. What they do stays the
/// same.
///
/// Usage: java ModernClasses.java JAR
final class ModernClasses {
    /// Java 6 was the first with stack maps; of Java 8 all are.
    private static final int OLDEST = ClassFile.JAVA_8_VERSION;

    private static final int MAJOR_VERSION = 7;

    private final ClassFile format;

    private ModernClasses(URLClassLoader classes) {
        this.format =
                ClassFile.of(
                        ClassFile.StackMapsOption.GENERATE_STACK_MAPS,
                        ClassFile.ClassHierarchyResolverOption.of(
                                ClassHierarchyResolver.ofResourceParsing(classes)));
    }

    public static void main(String[] args) throws IOException {
        Path jar = Path.of(args[0]);
        Path modern = Files.createTempFile(jar.toAbsolutePath().getParent(), "modern", ".tmp");
        try {
            write(jar, modern);
            Files.setPosixFilePermissions(modern, Files.getPosixFilePermissions(jar));
            Files.move(modern, jar, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(modern);
        }
    }

    private static void write(Path jar, Path modern) throws IOException {
        try (ZipFile in = new ZipFile(jar.toFile());
                URLClassLoader classes = new URLClassLoader(new URL[] {jar.toUri().toURL()});
                ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(modern))) {
            ModernClasses work = new ModernClasses(classes);
            for (ZipEntry entry : in.stream().toList()) {
                byte[] bytes = in.getInputStream(entry).readAllBytes();
                ZipEntry copy = new ZipEntry(entry.getName());
                copy.setTime(entry.getTime());
                out.putNextEntry(copy);
                out.write(isOldClass(entry, bytes) ? work.modern(bytes) : bytes);
            }
        }
    }

    private static boolean isOldClass(ZipEntry entry, byte[] bytes) {
        return entry.getName().endsWith(".class") && bytes[MAJOR_VERSION] < OLDEST;
    }

    private byte[] modern(byte[] old) {
        return format.transformClass(
                format.parse(old),
                ClassTransform.dropping(ClassFileVersion.class::isInstance)
                        .andThen(ClassTransform.transformingMethodBodies(CodeTransform.ACCEPT_ALL))
                        .andThen(ClassTransform.endHandler(made -> made.withVersion(OLDEST, 0))));
    }
}
