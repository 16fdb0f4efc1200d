package dev.sluice.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.util.HashMap;
import java.util.Map;

class RopeConfigsTest {

    private static ModelConfig config(ModelFamily family, Map<String, Object> particular) {
        return family.config(
                new ConfigValues("config.json", particular).withDefaults(family.defaults()));
    }

    @ParameterizedTest
    @CsvSource({"linear, 4.0, 1024", "linear, 1.5, 384", "linear, 1e30, 1073741824"})
    void linearScalingMakesTheContextLonger(String type, double factor, int context) {
        Map<String, Object> rope = Map.of("rope_type", type, "factor", factor);
        for (String key : new String[] {"rope_scaling", "rope_parameters"}) {
            ModelConfig config =
                    config(
                            new LlamaForCausalLM(),
                            Map.of("max_position_embeddings", 256, key, rope));

            assertThat(config.maxPositions()).isEqualTo(context);
        }
    }

    @Test
    void theContextsOfLlama3AndGemma3HaveTheirFactorAlready() {
        Map<String, Object> llama3 =
                Map.of(
                        "rope_type", "llama3",
                        "factor", 8.0,
                        "low_freq_factor", 1.0,
                        "high_freq_factor", 4.0);
        Map<String, Object> linear = Map.of("rope_type", "linear", "factor", 8.0);

        assertThat(config(new LlamaForCausalLM(), Map.of("rope_scaling", llama3)).maxPositions())
                .isEqualTo(2048);
        assertThat(config(new Gemma3ForCausalLM(), Map.of("rope_scaling", linear)).maxPositions())
                .isEqualTo(131_072);
    }

    @ParameterizedTest
    @CsvSource({"0, 0, 2048", "64, 0, 64", "0, 32, 32", "64, 32, 64"})
    void llama3sOriginalContextOutsideItsParametersWins(int outside, int inside, int expected) {
        Map<String, Object> llama3 =
                new HashMap<>(
                        Map.of(
                                "rope_type", "llama3",
                                "factor", 8.0,
                                "low_freq_factor", 1.0,
                                "high_freq_factor", 4.0));
        Map<String, Object> all = new HashMap<>(Map.of("rope_parameters", llama3));
        String original = "original_max_position_embeddings";
        if (inside > 0) {
            llama3.put(original, inside);
        }
        if (outside > 0) {
            all.put(original, outside);
        }

        assertThat(config(new LlamaForCausalLM(), all).rope().llama3().orElseThrow())
                .isEqualTo(new RopeConfig.Llama3Scaling(8, 1, 4, expected));
    }

    private static ModelConfig gemma3(Map<String, Object> sliding) {
        return config(
                new Gemma3ForCausalLM(),
                Map.of(
                        "rope_local_base_freq",
                        300.0,
                        "rope_parameters",
                        Map.of("sliding_attention", sliding)));
    }

    @Test
    void slidingLayersMayBeScaledAtTheirUsualBase() {
        RopeConfig scaled = gemma3(Map.of("rope_type", "linear", "factor", 4.0)).localRope();
        RopeConfig based = gemma3(Map.of("rope_theta", 700.0)).localRope();
        RopeConfig plain = gemma3(Map.of()).localRope();

        assertThat(scaled.base()).isEqualTo(300);
        assertThat(scaled.linearFactor()).isEqualTo(4);
        assertThat(based.base()).isEqualTo(700);
        assertThat(plain.base()).isEqualTo(300);
        assertThat(plain.linearFactor()).isEqualTo(1);
    }

    @Test
    void refusesSlidingLayersWithARotationThatItDoesNotKnow() {
        assertThatExceptionOfType(ModelFileException.class)
                .isThrownBy(() -> gemma3(Map.of("rope_type", "yarn", "factor", 4.0)))
                .withMessageContaining("sliding_attention: rope_type is yarn");
    }
}
