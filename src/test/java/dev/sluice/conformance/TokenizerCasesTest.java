package dev.sluice.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.testing.HubTokenizers;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import tools.jackson.databind.json.JsonMapper;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

class TokenizerCasesTest {
    private static final String TOKENIZER =
            "{\"added_tokens\":[{\"id\":3,\"content\":\"<s>\",\"special\":true}],"
                    + "\"post_processor\":{\"type\":\"RobertaProcessing\","
                    + "\"cls\":[\"<s>\",3],\"sep\":[\"<s>\",3]},"
                    + "\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"b\":1,\"ab\":2},"
                    + "\"merges\":[\"a b\"]}}";
    private static final String NAME = "\"tokenizer\":\"npm small 1.0 tokenizer.json\"";

    @TempDir private Path cache;
    @TempDir private Path folder;
    private TokenizerCases cases;

    @BeforeEach
    void cacheATokenizer() throws IOException {
        Path pack = cache.resolve("small-1.0/node_modules/small");
        Files.createDirectories(pack);
        Files.writeString(pack.resolve("tokenizer.json"), TOKENIZER);
        cases = TokenizerCases.of(folder, folder, new HubTokenizers(cache));
    }

    private Verdict judge(String fields) {
        Row row = new Row(folder.resolve("rows.jsonl"), 1, JsonMapper.shared().readTree(fields));
        assertThat(cases.kind(row)).isPresent();
        return cases.judge(row);
    }

    @Test
    void wantsIdsAndTextsAsRecorded() {
        String row = "{" + NAME + ",\"text\":\"aab\",\"ids\":[0,2],";

        assertThat(judge(row + "\"decoded\":\"aab\",\"ids_special\":[3,0,2,3]}"))
                .isEqualTo(Verdict.RIGHT);
        assertThat(judge(row + "\"decoded\":\"ab\"}")).isInstanceOf(Verdict.Wrong.class);
        assertThat(judge(row + "\"ids_special\":[0,2]}")).isInstanceOf(Verdict.Wrong.class);
        assertThat(judge("{" + NAME + ",\"text\":\"aab\",\"ids\":[0,0,1]}"))
                .isEqualTo(new Verdict.Wrong("\"aab\": id 1: expected [0 1], got [2]"));
    }

    @Test
    void decodesRowsWithoutAText() {
        assertThat(judge("{" + NAME + ",\"ids\":[3,2],\"decoded\":\"<s>ab\"}"))
                .isEqualTo(Verdict.RIGHT);
    }

    @Test
    void skipsARowWhoseVocabularyIsAbsent() {
        assertThat(judge("{\"vocab\":\"none.gguf\",\"text\":\"a\",\"ids\":[0]}"))
                .isEqualTo(new Verdict.Skipped("no vocabulary none.gguf"));
        assertThat(judge("{\"tokenizer\":\"elsewhere\",\"text\":\"a\",\"ids\":[0]}"))
                .isInstanceOf(Verdict.Skipped.class);
    }

    @Test
    void countsATokenizerThatCantBeLoadedAsRefused() throws IOException {
        Files.writeString(cache.resolve("small-1.0/node_modules/small/tokenizer.json"), "{}");

        assertThat(judge("{" + NAME + ",\"text\":\"a\",\"ids\":[0]}"))
                .isInstanceOf(Verdict.Refused.class);
    }
}
