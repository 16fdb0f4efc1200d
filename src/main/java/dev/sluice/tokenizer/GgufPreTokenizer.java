package dev.sluice.tokenizer;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.text.Normalizer;
import java.util.ArrayList;
import java.util.List;

/// What a name under `tokenizer.ggml.pre` stands for: how byte-level vocabularies cut text, and
/// what else their original tokenizers do that a GGUF file does not carry. Where llama.cpp and the
/// original differ (normal forms), the original counts.
///
/// @param steps one after the other
/// @param normalizer before them
/// @param ignoreMerges a word that is a token is that token
/// @param addsBos whether a text begins with the beginning-of-sequence id when the file is silent
record GgufPreTokenizer(
        PreTokenizer steps, TextNormalizer normalizer, boolean ignoreMerges, boolean addsBos) {
    private static final String GPT2 = Patterns.GPT2;
    private static final String CL100K = Patterns.CL100K;
    private static final String QWEN2 = Patterns.QWEN2;
    private static final String O200K = Patterns.O200K;
    private static final String TEKKEN = Patterns.mixedCase("", "\\p{N}");
    private static final String CJK =
            "[\\x{4E00}-\\x{9FA5}\\x{3040}-\\x{309F}\\x{30A0}-\\x{30FF}]+";
    private static final String ASIAN =
            "[\\x{4E00}-\\x{9FA5}\\x{800}-\\x{4E00}\\x{AC00}-\\x{D7FF}]+";
    private static final String ASCII_PUNCTUATED_WORD =
            "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+";
    private static final String DEEPSEEK3 =
            ASCII_PUNCTUATED_WORD
                    + "|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\\r\\n]*|"
                    + Patterns.SPACES;
    private static final String BLOOM = " ?[^(\\s|.,!?…。，、।۔،)]+";

    /// The kind of a name. An unknown name gives llama.cpp's default kind and a warning.
    static GgufPreTokenizer named(String name) {
        return switch (name) {
            case "llama3", "llama-v3", "llama-bpe", "falcon3", "falcon-h1", "pixtral", "midm-2.0" ->
                    cutting(CL100K).ignoringMerges().addingBos();
            case "lfm2", "jina-v5-nano" -> cutting(CL100K).ignoringMerges().addingBos();
            case "dbrx", "smaug-bpe", "chatglm-bpe" -> cutting(CL100K);
            case "glm4", "glm5" -> cutting(CL100K).ignoringMerges();
            case "minicpm5" -> cutting("\\p{N}{1,3}", CL100K).ignoringMerges();
            case "qwen2", "deepseek-r1-qwen", "kormo", "f2llmv2", "megrez" ->
                    cutting(QWEN2).composing();
            case "stablelm2", "hunyuan", "solar-open", "grok-2" -> cutting(QWEN2);
            case "qwen35" -> cutting(Patterns.QWEN35).composing();
            case "gpt-4o", "llama4", "kanana2", "talkie", "minimax-m2" ->
                    cutting(O200K).ignoringMerges();
            case "granite-embed-multi-97m" -> cutting(O200K).ignoringMerges();
            case "tekken" -> cutting(TEKKEN).ignoringMerges().addingBos();
            case "tiny_aya", "cohere2moe" -> cutting(Patterns.DIGIT_GROUPS, O200K);
            case "deepseek-llm" -> deepseekLlm();
            case "deepseek-coder" ->
                    cutting("[\\r\\n]", "\\s?\\p{L}+", "\\s?\\p{P}+", ASIAN, "\\p{N}");
            case "deepseek-v3", "hunyuan-dense", "joyai-llm", "hy_v4" ->
                    cutting("\\p{N}{1,3}", CJK, DEEPSEEK3);
            case "falcon" -> falcon();
            case "starcoder", "refact", "command-r", "smollm", "codeshell", "exaone" ->
                    cutting("\\p{N}", GPT2);
            case "minerva-7b", "mellum2" -> cutting("\\p{N}", GPT2);
            case "mpt", "olmo" -> cutting(GPT2).composing();
            case "gpt-2", "phi-2", "jina-es", "jina-de", "gigachat", "jina-v2-es", "jina-v2-de" ->
                    cutting(GPT2);
            case "a.x-4.0", "mellum", "modern-bert", "jina-v1-en", "jina-v2-code" -> cutting(GPT2);
            case "roberta-bpe", "jais", "trillion", "granite-docling", "exaone4" -> cutting(GPT2);
            case "chameleon" -> cutting(GPT2).addingBos();
            case "poro-chat", "bloom", "gpt3-finnish" -> cutting(BLOOM);
            case "viking" -> cutting(BLOOM, "\\p{N}");
            case "superbpe" -> cutting("\\p{N}+", Patterns.BETWEEN_DIGIT_GROUPS);
            case "bailingmoe", "bailingmoe2", "llada-moe" ->
                    cutting(
                            "'(?:[sSdDmMtT]|[lL][lL]|[vV][eE]|[rR][eE])|"
                                    + Patterns.WORD
                                    + "|\\p{N}|"
                                    + Patterns.SYMBOLS
                                    + "|\\s*[\\r\\n]|\\s+(?!\\S)|\\s+");
            case "seed-coder" ->
                    cutting(
                            Patterns.CONTRACTION
                                    + "|"
                                    + Patterns.WORD
                                    + "|\\p{N}| ?[^\\s\\p{L}\\p{N}\\r\\n]+|"
                                    + Patterns.SPACES);
            case "kimi-k2" -> kimi();
            case "default" -> standard();
            default -> {
                Logger log = LoggerFactory.getLogger(GgufPreTokenizer.class);
                log.warn(
                        "Unknown pre-tokenizer '{}': cutting text the default way, which may cost"
                                + " quality; use a file whose tokenizer.ggml.pre is known",
                        name);
                yield standard();
            }
        };
    }

    private static GgufPreTokenizer standard() {
        return cutting("[\\p{P}$+<=>^~|]+", GPT2, "\\p{N}+", "[0-9][0-9][0-9]");
    }

    private static GgufPreTokenizer falcon() {
        Splitter punctuation =
                new Splitter(
                        Splitter.characters(Characters::isPunctuation),
                        Splitter.Behavior.CONTIGUOUS,
                        false);
        return new GgufPreTokenizer(
                PreTokenizer.sequence(
                        List.of(
                                punctuation,
                                split(GPT2),
                                split("\\p{N}+"),
                                split("[0-9][0-9][0-9]"))),
                TextNormalizer.NONE,
                false,
                false);
    }

    private static GgufPreTokenizer deepseekLlm() {
        return cutting(
                "[\\r\\n]",
                "\\s?" + DeepseekLetters.CLASS + "+",
                "\\s?[!-/:-~\\x{FF01}-\\x{FF0F}\\x{FF1A}-\\x{FF5E}\\x{2018}-\\x{201F}\\x{3000}-\\x{3002}]+",
                Patterns.TRAILING_SPACES,
                ASIAN,
                "\\p{N}");
    }

    private static GgufPreTokenizer kimi() {
        String han = "\\p{IsHan}";
        String start = "[^\\r\\n\\p{L}\\p{N}]?";
        return cutting(
                String.join(
                        "|",
                        "[" + han + "]+",
                        start
                                + "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}&&[^"
                                + han
                                + "]]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}&&[^"
                                + han
                                + "]]+"
                                + Patterns.CONTRACTION
                                + "?",
                        start
                                + "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}&&[^"
                                + han
                                + "]]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}&&[^"
                                + han
                                + "]]*"
                                + Patterns.CONTRACTION
                                + "?",
                        "\\p{N}{1,3}",
                        Patterns.SYMBOLS,
                        Patterns.SPACES));
    }

    private static GgufPreTokenizer cutting(String... patterns) {
        List<PreTokenizer> steps = new ArrayList<>();
        for (String pattern : patterns) {
            steps.add(split(pattern));
        }
        return new GgufPreTokenizer(
                PreTokenizer.sequence(steps), TextNormalizer.NONE, false, false);
    }

    private static PreTokenizer split(String pattern) {
        return Splitter.isolated(Patterns.finder(pattern));
    }

    private GgufPreTokenizer ignoringMerges() {
        return new GgufPreTokenizer(steps, normalizer, true, addsBos);
    }

    private GgufPreTokenizer addingBos() {
        return new GgufPreTokenizer(steps, normalizer, ignoreMerges, true);
    }

    private GgufPreTokenizer composing() {
        return new GgufPreTokenizer(
                steps, TextNormalizer.form(Normalizer.Form.NFC), ignoreMerges, addsBos);
    }
}
