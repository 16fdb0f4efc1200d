package dev.sluice;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;

import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

import java.util.Map;
import java.util.stream.Stream;

class ArchitectureTest {
    private static final String WRONG = "dev.sluice.wrong";

    /// For each rule that the classes of `dev.sluice.wrong` break: the class that must be named.
    private static final Map<String, String> CULPRITS =
            Map.ofEntries(
                    Map.entry("imports of server", "server.ReadsWeights"),
                    Map.entry("imports of bus", "bus.KnowsTheServer"),
                    Map.entry("imports of embed", "embed.KnowsTheServer"),
                    Map.entry("imports of openai", "openai.UsesTheBus"),
                    Map.entry("imports of engine", "engine.UsesVertx"),
                    Map.entry("imports of chat", "chat.UsesJackson"),
                    Map.entry("imports of tokenizer", "tokenizer.KnowsTheEngine"),
                    Map.entry("imports of grammar", "grammar.KnowsTheEngine"),
                    Map.entry("imports of model", "model.KnowsADevice"),
                    Map.entry("imports of compute", "compute.KnowsADevice"),
                    Map.entry("imports of compute.weights", "compute.weights.KnowsTheModel"),
                    Map.entry("imports of compute.check", "compute.check.KnowsTheModel"),
                    Map.entry("imports of compute.cpu", "compute.cpu.KnowsTheModel"),
                    Map.entry("imports of compute.cuda", "compute.cuda.KnowsTheModel"),
                    Map.entry("imports of compute.cuda.ffi", "compute.cuda.ffi.KnowsTheModel"),
                    Map.entry("every class in a room", "util.Helper"),
                    Map.entry("no cycles", "engine.UsesVertx"),
                    Map.entry("foreign functions behind a fence", "model.CallsNatively"),
                    Map.entry("reinterpret behind a fence", "model.CallsNatively"),
                    Map.entry("bindings in wrappers only", "compute.cuda.CallsTheDriver"),
                    Map.entry("no automatic arenas", "model.CallsNatively"),
                    Map.entry("null-marked packages", "util.Helper"),
                    Map.entry("standard streams in cli only", "engine.Prints"),
                    Map.entry("exit in cli only", "engine.Prints"),
                    Map.entry("no generic exceptions", "engine.Prints"),
                    Map.entry("no parallel streams", "engine.Prints"));

    @TestFactory
    Stream<DynamicTest> theHouseKeepsItsRules() {
        JavaClasses house =
                new ClassFileImporter()
                        .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                        .importPackages("dev.sluice");

        assertThat(house).isNotEmpty();
        return new ArchitectureRules("dev.sluice")
                .all().entrySet().stream()
                        .map(rule ->
                                DynamicTest.dynamicTest(
                                        rule.getKey(), () -> rule.getValue().check(house)));
    }

    @TestFactory
    Stream<DynamicTest> everyRuleIsBrokenByClassesThatAreWrong() {
        JavaClasses wrong = new ClassFileImporter().importPackages(WRONG);
        Map<String, ArchRule> rules = new ArchitectureRules(WRONG).all();

        return rules.keySet().stream()
                .map(name ->
                        DynamicTest.dynamicTest(
                                name,
                                () ->
                                        assertThat(
                                                        rules.get(name)
                                                                .evaluate(wrong)
                                                                .getFailureReport()
                                                                .toString())
                                                .contains(CULPRITS.get(name))));
    }

    @Test
    void everyRuleHasAClassThatBreaksIt() {
        assertThat(CULPRITS.keySet()).isEqualTo(new ArchitectureRules("dev.sluice").all().keySet());
    }
}
