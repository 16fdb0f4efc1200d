package dev.sluice.testing;

import java.nio.charset.StandardCharsets;
import java.util.function.ToIntFunction;

/// Says what it is told: the text after the last `say:` of the prompt, then the end. Without one it
/// says `x` for ever. A prompt ends with the byte 3.
public final class Parrot implements ToIntFunction<int[]> {
    private static final int END_OF_PROMPT = 3;
    private static final byte[] SAY = "say:".getBytes(StandardCharsets.US_ASCII);

    /// Byte that ends a prompt.
    public static final String END = "\u0003";

    @Override
    public int applyAsInt(int[] history) {
        int end = lastIndexOf(history, END_OF_PROMPT);
        int start = startOfSpeech(history, end);
        if (start < 0) {
            return 'x';
        }
        int said = history.length - 1 - end;
        return start + said < end ? history[start + said] : ByteTokenizer.EOS;
    }

    private static int lastIndexOf(int[] history, int id) {
        int at = history.length - 1;
        while (at >= 0 && history[at] != id) {
            at--;
        }
        return at;
    }

    private static int startOfSpeech(int[] history, int end) {
        for (int start = end - SAY.length; start >= 0; start--) {
            if (isSay(history, start)) {
                return start + SAY.length;
            }
        }
        return -1;
    }

    private static boolean isSay(int[] history, int start) {
        for (int i = 0; i < SAY.length; i++) {
            if (history[start + i] != SAY[i]) {
                return false;
            }
        }
        return true;
    }
}
