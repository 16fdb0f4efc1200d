package dev.sluice.tokenizer;

import java.util.List;
import java.util.SplittableRandom;

/// Random texts made of what tokenizers get wrong.
final class TextSamples {
    private static final List<String> PARTS =
            List.of(
                    "'s",
                    "'S",
                    "'ll",
                    "'LL",
                    "'re",
                    "'VE",
                    "'\u017F",
                    "'",
                    " ",
                    "  ",
                    "\t",
                    "\n",
                    "\r\n",
                    "\r",
                    "\u00A0",
                    "\u3000",
                    "\u2028",
                    "\u0085",
                    "\u200B",
                    "\u200D",
                    "\uFEFF",
                    "\u2581",
                    "1",
                    "12",
                    "123",
                    "1234567",
                    "\u0663\u0664",
                    "\u00BD",
                    "\u2167",
                    "a",
                    "B",
                    "hello",
                    " World",
                    "Stra\u00DFe",
                    "\u01C5",
                    "\u00E9",
                    "e\u0301",
                    "\uAC01",
                    "\u1100\u1161",
                    "\uFB01",
                    "\u2460",
                    "\u4F60\u597D",
                    "\u65E5\u672C",
                    "\u30AB\u30BF",
                    "\u0E17\u0E22",
                    "\u0939\u093F",
                    "\uD83C\uDDE9\uD83C\uDDEA",
                    "\uD83D\uDE00",
                    "\uD835\uDD73",
                    "\uDBFF\uDFFD",
                    "\u0000",
                    "\u001F",
                    "\u007F",
                    "\u0301",
                    "(",
                    ")",
                    "[",
                    "\"",
                    "/",
                    "//",
                    "...",
                    "!?",
                    "#",
                    "$",
                    "-",
                    "_",
                    "=",
                    "camelCase",
                    "XMLHttp",
                    "ABC",
                    "aBc",
                    "x.y/z",
                    "\u02B0",
                    "\u00AA",
                    "\u01BB");

    private TextSamples() {}

    /// A text that follows from the seed.
    static String of(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        StringBuilder text = new StringBuilder();
        int parts = random.nextInt(1, 40);
        for (int i = 0; i < parts; i++) {
            if (random.nextInt(8) > 0) {
                text.append(PARTS.get(random.nextInt(PARTS.size())).repeat(random.nextInt(1, 4)));
                continue;
            }
            int codePoint = random.nextInt(random.nextBoolean() ? 0x300 : 0x20000);
            text.appendCodePoint(
                    codePoint >= 0xD800 && codePoint < 0xE000 ? codePoint - 0x800 : codePoint);
        }
        return text.toString();
    }
}
