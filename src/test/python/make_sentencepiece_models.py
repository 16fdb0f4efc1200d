"""Trains the small SentencePiece models of the tokenizer's tests and records what they give.

    pip install sentencepiece==0.2.3
    python src/test/python/make_sentencepiece_models.py

Writes src/test/resources/tokenizer/*.model and sentencepiece.jsonl (model, text, ids, decoded).
"""

import json
import pathlib
import random
import tempfile

import sentencepiece

OUT = pathlib.Path(__file__).parent.parent / "resources" / "tokenizer"

SENTENCES = """
A sluice is a channel for water whose flow is set by a gate at its head.
The miller opens the gate in the morning and the wheel begins to turn.
When the river is high, water runs over the weir; when it is low, the wheel stands still.
Gold was washed in long sluices: the heavy grains stay behind, the gravel is carried away.
Ein Stra\u00dfenm\u00fcller \u00f6ffnet das Wehr, der Fluss f\u00fcllt den Graben.
L'eau coule o\u00f9 elle peut, le meunier d\u00e9cide o\u00f9 elle va.
12 gates, 345 wheels and 6789 buckets were counted in 1852, or was it 1853?
for (int i = 0; i < 10; i++) { open(gate[i]); }
"""

# What the map rewrites; small, so that the files stay small.
RULES = {
    "\ufb01": "fi", "\ufb02": "fl", "\uff21": "A", "\uff41": "a", "\u2460": "1",
    "\u00a0": " ", "\u3000": " ", "\t": " ", "\n": " ", "e\u0301": "\u00e9", "\u200b": "",
}

MODELS = {
    "bpe": dict(model_type="bpe", vocab_size=520, byte_fallback=True, split_digits=True,
                normalization_rule_name="identity", remove_extra_whitespaces=False),
    "bpe-map": dict(model_type="bpe", vocab_size=300, rules=True,
                    user_defined_symbols=["<gate>", "we", "  "]),
    "unigram": dict(model_type="unigram", vocab_size=200, rules=True),
    "unigram-bytes": dict(model_type="unigram", vocab_size=480, byte_fallback=True,
                          normalization_rule_name="identity", remove_extra_whitespaces=False,
                          add_dummy_prefix=False, user_defined_symbols=["<gate>", "gate"]),
}

PARTS = ["the ", "gate", "<gate>", "wheel", " ", "  ", "   ", "\t", "\n", "\u00a0", "\u3000",
         "\u200b", "\u2581", "12", "345", "e\u0301", "\u00e9", "\u00fc", "\ufb01", "\uff21", "\u2460",
         "\u4f60\u597d", "\U0001f600", "x", "Z", "we", "weir", "!", "?;", "open(", "0", "\x01"]


def texts():
    chosen = random.Random(7)
    yield ""
    yield from SENTENCES.strip().split("\n")
    for _ in range(150):
        yield "".join(chosen.choice(PARTS) for _ in range(chosen.randint(1, 20)))


def train(name, options, folder):
    corpus = folder / "corpus.txt"
    corpus.write_text(SENTENCES * 4)
    if options.pop("rules", False):
        rules = folder / "rules.tsv"
        hexes = lambda text: " ".join(f"{ord(c):X}" for c in text)
        rules.write_text("".join(f"{hexes(a)}\t{hexes(b)}\n" for a, b in RULES.items()))
        options["normalization_rule_tsv"] = str(rules)
    sentencepiece.SentencePieceTrainer.train(
        input=str(corpus), model_prefix=str(OUT / name), minloglevel=2, pad_id=3,
        hard_vocab_limit=False, num_threads=1, **options)
    (OUT / f"{name}.vocab").unlink()


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    with open(OUT / "sentencepiece.jsonl", "w") as rows, tempfile.TemporaryDirectory() as folder:
        for name, options in MODELS.items():
            train(name, dict(options), pathlib.Path(folder))
            model = sentencepiece.SentencePieceProcessor(model_file=str(OUT / f"{name}.model"))
            for text in texts():
                ids = model.encode(text)
                row = dict(model=name, text=text, ids=ids, decoded=model.decode(ids))
                rows.write(json.dumps(row) + "\n")


if __name__ == "__main__":
    main()
