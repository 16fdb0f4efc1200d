package dev.sluice.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.testing.Check;

import org.junit.jupiter.api.Disabled;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;

import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Method;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Walks the list of acceptance checks: each has an integration test, or says which work brings it.
class ChecksTest {
    private static final Pattern LINE = Pattern.compile("(\\d+)  ([^|]+?)(?: \\| (.+))?");

    /// A line of the list.
    ///
    /// @param later what the check waits for; empty if it must pass now
    private record Line(int number, String claim, String later) {}

    private static List<Line> list() throws IOException {
        try (InputStream in = ChecksTest.class.getResourceAsStream("checks.txt")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .map(LINE::matcher)
                    .peek(matcher -> assertThat(matcher.matches()).isTrue())
                    .map(m ->
                            new Line(
                                    Integer.parseInt(m.group(1)),
                                    m.group(2),
                                    m.group(3) == null ? "" : m.group(3)))
                    .toList();
        }
    }

    /// Numbers that some integration test shows.
    private static Set<Integer> shown() throws IOException, URISyntaxException {
        Path classes =
                Path.of(
                        ChecksTest.class
                                .getProtectionDomain()
                                .getCodeSource()
                                .getLocation()
                                .toURI());
        try (Stream<Path> files = Files.walk(classes)) {
            return files.map(file -> classes.relativize(file).toString())
                    .filter(name -> name.endsWith("IT.class"))
                    .map(name -> name.replace(".class", "").replace('/', '.'))
                    .flatMap(ChecksTest::tests)
                    .flatMap(test -> Arrays.stream(test.getAnnotation(Check.class).value()).boxed())
                    .collect(Collectors.toCollection(TreeSet::new));
        }
    }

    private static Stream<Method> tests(String className) {
        try {
            Class<?> type = Class.forName(className, false, ChecksTest.class.getClassLoader());
            return Stream.of(type.getDeclaredMethods())
                    .filter(method -> method.isAnnotationPresent(Check.class))
                    .filter(method ->
                            method.isAnnotationPresent(Test.class)
                                    || method.isAnnotationPresent(ParameterizedTest.class))
                    .filter(method -> !method.isAnnotationPresent(Disabled.class))
                    .filter(_ -> !type.isAnnotationPresent(Disabled.class));
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void theListIsWhole() throws IOException {
        List<Line> list = list();

        assertThat(list).hasSize(72);
        for (int i = 0; i < list.size(); i++) {
            assertThat(list.get(i).number()).isEqualTo(i + 1);
        }
    }

    @Test
    void everyCheckHasATestUnlessItWaitsForOtherWork() throws Exception {
        Set<Integer> shown = shown();

        assertThat(list())
                .allSatisfy(line ->
                        assertThat(shown.contains(line.number()) || !line.later().isEmpty())
                                .as("%d: %s has a test", line.number(), line.claim())
                                .isTrue());
    }

    @Test
    void everyNumberOfATestIsInTheList() throws Exception {
        assertThat(list().stream().map(Line::number)).containsAll(shown());
    }
}
