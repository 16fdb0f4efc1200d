package dev.sluice.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.grammar.GrammarSpec;
import dev.sluice.tokenizer.TokenIds;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.lang.reflect.Constructor;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;

/// A request that lacks something is refused where it is made, not in the middle of the engine.
class RequestRecordsTest {
    static Stream<Record> records() {
        OptionalInt none = OptionalInt.empty();
        TokenIds ids = TokenIds.of(1);
        return Stream.of(
                Requests.of("a", new int[] {1}, SamplingParams.GREEDY, 4),
                SamplingParams.GREEDY,
                LogitsRules.NONE,
                StopConditions.maxTokens(4),
                OutputOptions.TEXT,
                LogprobsOptions.NONE,
                new ThinkingBudget(none, none, true, ids, ids, ids),
                new Guidance(new GrammarSpec.JsonObject(), "guided_json", Optional.empty()),
                new GrammarSpec.JsonSchema("{}", true),
                new GrammarSpec.RegularExpression("a"),
                new GrammarSpec.Choice(List.of("a")),
                new GrammarSpec.Ebnf("root ::= \"a\""),
                new GrammarSpec.StructuralTag("{}"));
    }

    @ParameterizedTest
    @MethodSource("records")
    void noComponentMayBeNull(Record whole) throws ReflectiveOperationException {
        RecordComponent[] components = whole.getClass().getRecordComponents();
        Class<?>[] types =
                Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new);
        Constructor<?> constructor = whole.getClass().getDeclaredConstructor(types);
        Object[] values = new Object[types.length];
        for (int i = 0; i < types.length; i++) {
            values[i] = components[i].getAccessor().invoke(whole);
        }

        assertThat(constructor.newInstance(values)).isEqualTo(whole);
        for (int i = 0; i < types.length; i++) {
            if (!types[i].isPrimitive()) {
                Object[] lacking = values.clone();
                Arrays.fill(lacking, i, i + 1, null);
                assertThatThrownBy(() -> constructor.newInstance(lacking))
                        .as(components[i].getName())
                        .hasCauseInstanceOf(NullPointerException.class);
            }
        }
    }
}
