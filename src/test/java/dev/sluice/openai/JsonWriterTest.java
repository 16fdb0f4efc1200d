package dev.sluice.openai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.charset.StandardCharsets;
import java.util.SplittableRandom;
import java.util.stream.LongStream;

class JsonWriterTest {
    static LongStream seeds() {
        return LongStream.range(0, 200);
    }

    private static String written(String text) {
        return new String(new JsonWriter(1).string(text).toBytes(), StandardCharsets.UTF_8);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void stringsComeBackAsTheyWere(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(60); i > 0; i--) {
            int bound = 1 << random.nextInt(1, 22);
            int point = random.nextInt(Math.min(bound, Character.MAX_CODE_POINT + 1));
            boolean surrogate = point >= 0xd800 && point < 0xe000;
            text.appendCodePoint(surrogate ? 'x' : point);
        }

        assertThat(RequestJson.parse(written(text.toString()))).contains(text.toString());
    }

    @ParameterizedTest
    @ValueSource(ints = {4094, 4095, 4096, 4097})
    void longStringsComeBackAsTheyWere(int before) {
        String text =
                "a".repeat(before) + "\ud83d\ude00\u0001" + "\u0002\u20ac\ud83d\ude00".repeat(5000);

        assertThat(RequestJson.parse(written(text))).contains(text);
    }

    @Test
    void theBufferGrowsUpToTheLongestArray() {
        assertThat(JsonWriter.capacity(100, 90, 20)).isEqualTo(200);
        assertThat(JsonWriter.capacity(100, 90, 200)).isEqualTo(290);
        assertThat(JsonWriter.capacity(1 << 30, 1 << 30, 1)).isEqualTo(Integer.MAX_VALUE - 8);
        assertThatThrownBy(() -> JsonWriter.capacity(1 << 30, 1 << 30, 1 << 30))
                .isInstanceOf(IllegalStateException.class);
    }

    @Test
    void halfASurrogatePairBecomesTheReplacementCharacter() {
        assertThat(written("a\ud83dz\ude00")).isEqualTo("\"a\ufffdz\ufffd\"");
    }

    @Test
    void controlCharactersAreEscaped() {
        assertThat(written("\u0000\u001f\n\"\\")).isEqualTo("\"\\u0000\\u001f\\n\\\"\\\\\"");
    }

    @Test
    void secondsHaveSixDecimals() {
        assertThat(
                        new String(
                                new JsonWriter(1).seconds(1_000_002_999L).toBytes(),
                                StandardCharsets.UTF_8))
                .isEqualTo("1.000002");
        assertThat(new String(new JsonWriter(1).seconds(0).toBytes(), StandardCharsets.UTF_8))
                .isEqualTo("0.000000");
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 7, -7, 10, 99, 100, -1000, Long.MAX_VALUE, Long.MIN_VALUE})
    void numbersAreWrittenAsJavaWritesThem(long value) {
        assertThat(new String(new JsonWriter(0).number(value).toBytes(), StandardCharsets.US_ASCII))
                .isEqualTo(Long.toString(value));
    }
}
