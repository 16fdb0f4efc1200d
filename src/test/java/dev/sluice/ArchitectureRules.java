package dev.sluice;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaCall;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.properties.HasName;
import com.tngtech.archunit.core.domain.properties.HasOwner;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import com.tngtech.archunit.library.GeneralCodingRules;

import org.jspecify.annotations.NullMarked;

import java.lang.foreign.Arena;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// The rules of the house, by name, for the classes under a base package. Generated bindings are as
/// their tool makes them, so rules of style leave them out.
final class ArchitectureRules {
    private static final String MAPPED_FILE = "MappedFile";
    private static final Set<String> WRAPPERS = Set.of("Cuda", "Cublas", "Nccl");

    private final Rooms rooms;

    ArchitectureRules(String root) {
        this.rooms = new Rooms(root);
    }

    /// All rules.
    Map<String, ArchRule> all() {
        Map<String, ArchRule> rules = new LinkedHashMap<>();
        for (String room : Rooms.restricted()) {
            rules.put("imports of " + room, imports(room));
        }
        rules.put("every class in a room", everyClassHasARoom());
        rules.put("no cycles", noCycles());
        rules.put("foreign functions behind a fence", foreignFunctionsAreFenced());
        rules.put("reinterpret behind a fence", reinterpretIsFenced());
        rules.put("no automatic arenas", noAutomaticArenas());
        rules.put("bindings in wrappers only", onlyWrappersSeeBindings());
        rules.put("null-marked packages", packagesAreNullMarked());
        rules.put("standard streams in cli only", onlyCliTalks());
        rules.put("exit in cli only", onlyCliExits());
        rules.put(
                "no generic exceptions",
                GeneralCodingRules.NO_CLASSES_SHOULD_THROW_GENERIC_EXCEPTIONS.allowEmptyShould(
                        true));
        rules.put("no parallel streams", noParallelStreams());
        return rules;
    }

    private ArchRule imports(String room) {
        return classes()
                .that()
                .resideInAPackage(rooms.pattern(room))
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(rooms.allowed(room))
                .allowEmptyShould(true);
    }

    private ArchRule everyClassHasARoom() {
        return classes().should().resideInAnyPackage(rooms.patterns());
    }

    private ArchRule noCycles() {
        return slices().matching(rooms.root() + ".(*)..").should().beFreeOfCycles();
    }

    private ArchRule foreignFunctionsAreFenced() {
        return noClasses()
                .that(outsideTheFence())
                .should()
                .dependOnClassesThat()
                .areAssignableTo(Linker.class)
                .orShould()
                .dependOnClassesThat()
                .areAssignableTo(SymbolLookup.class)
                .orShould()
                .dependOnClassesThat()
                .haveFullyQualifiedName("sun.misc.Unsafe");
    }

    private ArchRule reinterpretIsFenced() {
        return noClasses()
                .that(outsideTheFence())
                .should()
                .callMethodWhere(isMethodOf(MemorySegment.class, "reinterpret"));
    }

    private ArchRule noAutomaticArenas() {
        return noClasses()
                .that()
                .resideOutsideOfPackage(rooms.pattern("compute.cuda.ffi"))
                .should()
                .callMethod(Arena.class, "ofAuto");
    }

    private ArchRule onlyWrappersSeeBindings() {
        String bindings = rooms.pattern("compute.cuda.ffi");
        return noClasses()
                .that()
                .resideOutsideOfPackage(bindings)
                .and(areNoWrappers())
                .should()
                .dependOnClassesThat()
                .resideInAPackage(bindings);
    }

    private ArchRule packagesAreNullMarked() {
        return classes()
                .that()
                .resideOutsideOfPackage(rooms.pattern("compute.cuda.ffi"))
                .should(
                        new ArchCondition<JavaClass>("live in a @NullMarked package") {
                            @Override
                            public void check(JavaClass type, ConditionEvents events) {
                                if (!type.getPackage().isAnnotatedWith(NullMarked.class)) {
                                    events.add(
                                            SimpleConditionEvent.violated(
                                                    type,
                                                    type.getName() + " is in no such package"));
                                }
                            }
                        });
    }

    private ArchRule onlyCliTalks() {
        return noClasses()
                .that()
                .resideOutsideOfPackages(rooms.pattern("cli"), rooms.pattern("compute.cuda.ffi"))
                .should(GeneralCodingRules.ACCESS_STANDARD_STREAMS);
    }

    private ArchRule onlyCliExits() {
        return noClasses()
                .that()
                .resideOutsideOfPackage(rooms.pattern("cli"))
                .should()
                .callMethod(System.class, "exit", int.class)
                .orShould()
                .callMethod(Runtime.class, "halt", int.class);
    }

    private ArchRule noParallelStreams() {
        return noClasses()
                .should()
                .callMethodWhere(
                        HasName.Predicates.name("parallelStream")
                                .or(HasName.Predicates.name("parallel"))
                                .onResultOf(JavaCall.Functions.Get.target()));
    }

    private DescribedPredicate<JavaClass> outsideTheFence() {
        String cpu = rooms.root() + ".compute.cpu";
        String cuda = rooms.root() + ".compute.cuda";
        return DescribedPredicate.describe(
                "are outside of compute.cpu, compute.cuda and " + MAPPED_FILE,
                type ->
                        !type.getPackageName().startsWith(cpu)
                                && !type.getPackageName().startsWith(cuda)
                                && !outermost(type).getSimpleName().equals(MAPPED_FILE));
    }

    private DescribedPredicate<JavaClass> areNoWrappers() {
        String cuda = rooms.root() + ".compute.cuda";
        return DescribedPredicate.describe(
                "are not of " + WRAPPERS,
                type ->
                        !type.getPackageName().equals(cuda)
                                || !WRAPPERS.contains(outermost(type).getSimpleName()));
    }

    private static JavaClass outermost(JavaClass type) {
        Optional<JavaClass> enclosing = type.getEnclosingClass();
        return enclosing.isPresent() ? outermost(enclosing.get()) : type;
    }

    private static DescribedPredicate<JavaCall<?>> isMethodOf(Class<?> owner, String name) {
        return JavaCall.Predicates.target(
                        HasOwner.Predicates.With.owner(JavaClass.Predicates.assignableTo(owner)))
                .and(JavaCall.Predicates.target(HasName.Predicates.name(name)));
    }
}
