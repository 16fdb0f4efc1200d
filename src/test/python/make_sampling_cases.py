"""Rows of logits as transformers' logits processors change them, and what is left to draw from.

Recreate (a virtual environment outside the project; torch is large):

    python3 -m venv VENV && VENV/bin/pip install -r src/test/python/requirements.txt
    VENV/bin/python src/test/python/make_sampling_cases.py

Rewrites src/test/resources/sampling/cases.json in seconds. Everything is seeded.

The processors run in the order of the server: least number of tokens, repetition penalty, bad
words (before the temperature, which changes no forbidden id), temperature, then min-p, top-k and
top-p. Penalties by frequency and presence do not exist in transformers: they are computed here
from their definition, in float64, before the temperature.
"""

import json
from pathlib import Path

import numpy as np
import torch
from transformers import (
    MinNewTokensLengthLogitsProcessor,
    MinPLogitsWarper,
    NoBadWordsLogitsProcessor,
    RepetitionPenaltyLogitsProcessor,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

OUT = Path(__file__).resolve().parents[1] / "resources" / "sampling" / "cases.json"
VOCABULARY = 40
EOS = 39


def bad_words(rng):
    words = [[int(i) for i in rng.integers(0, VOCABULARY, rng.integers(1, 3))] for _ in range(5)]
    return [word for word in words if word != [EOS]]


def case(seed):
    rng = np.random.default_rng(seed)
    logits = (rng.normal(size=VOCABULARY) * rng.uniform(0.5, 4)).astype(np.float32)
    prompt = [int(i) for i in rng.integers(0, VOCABULARY, rng.integers(1, 8))]
    output = [int(i) for i in rng.integers(0, VOCABULARY - 1, rng.integers(0, 12))]
    pick = lambda value, neutral: value if rng.random() < 0.6 else neutral
    params = {
        "repetition": pick(round(float(rng.uniform(0.5, 2)), 3), 1.0),
        "frequency": pick(round(float(rng.uniform(-2, 2)), 3), 0.0),
        "presence": pick(round(float(rng.uniform(-2, 2)), 3), 0.0),
        "temperature": pick(round(float(rng.uniform(0.3, 2)), 3), 1.0),
        "minP": pick(round(float(rng.uniform(0.001, 0.3)), 4), 0.0),
        "topK": pick(int(rng.integers(2, VOCABULARY)), 0),
        "topP": pick(round(float(rng.uniform(0.1, 0.99)), 3), 1.0),
        "minTokens": pick(int(rng.integers(0, 16)), 0),
        "badWords": pick(bad_words(rng), []),
    }
    # transformers looks for bad words in prompt and output: a word may only match in the output.
    words = [w for w in params["badWords"] if len(w) == 1 or prompt[-1] != w[0] or output]
    params["badWords"] = words

    ids = torch.tensor([prompt + output])
    scores = torch.tensor(logits)[None].clone()
    scores = MinNewTokensLengthLogitsProcessor(len(prompt), params["minTokens"], EOS)(ids, scores)
    if params["repetition"] != 1.0:
        scores = RepetitionPenaltyLogitsProcessor(params["repetition"])(ids, scores)
    counts = np.bincount(output, minlength=VOCABULARY)
    penalty = counts * params["frequency"] + (counts > 0) * params["presence"]
    scores = (scores.double() - torch.tensor(penalty)).float()
    if words:
        scores = NoBadWordsLogitsProcessor(words, EOS)(ids, scores)
    if params["temperature"] != 1.0:
        scores = TemperatureLogitsWarper(params["temperature"])(ids, scores)
    processed = torch.log_softmax(scores.double(), -1)[0]
    if params["minP"] > 0:
        scores = MinPLogitsWarper(params["minP"])(ids, scores)
    if params["topK"] > 0:
        scores = TopKLogitsWarper(params["topK"])(ids, scores)
    if params["topP"] < 1:
        scores = TopPLogitsWarper(params["topP"])(ids, scores)
    left = torch.softmax(scores.double(), -1)[0]
    finite = [max(-9999.0, round(v, 6)) for v in processed.tolist()]
    return {
        "logits": [float(v) for v in logits],
        "prompt": prompt,
        "output": output,
        **params,
        "logprobs": finite,
        "probabilities": [round(v, 7) for v in left.tolist()],
    }


def main():
    OUT.parent.mkdir(parents=True, exist_ok=True)
    lines = ",\n  ".join(json.dumps(case(seed)) for seed in range(60))
    OUT.write_text(f'{{"eos": {EOS}, "cases": [\n  {lines}\n]}}\n')


if __name__ == "__main__":
    main()
