package dev.sluice.tokenizer;

import java.util.List;

/// Texts of control tokens that end a text or a turn, whichever of them a file names as its own.
final class EndTokens {
    static final List<String> TEXTS =
            List.of(
                    "<|endoftext|>",
                    "<|end_of_text|>",
                    "<|eot_id|>",
                    "<|eom_id|>",
                    "<|im_end|>",
                    "<|end|>",
                    "<|return|>",
                    "<|call|>",
                    "<|eot|>",
                    "<|endofturn|>",
                    "<|END_OF_TURN_TOKEN|>",
                    "<end_of_turn>",
                    "<turn|>",
                    "<EOT>",
                    "_<EOT>",
                    "< EOT >",
                    "<end_of_utterance>",
                    "<｜end▁of▁sentence｜>",
                    "<|end_of_sentence|>",
                    "[EOT]",
                    "[EOS]");

    private EndTokens() {}
}
