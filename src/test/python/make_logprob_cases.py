"""Log probabilities of a small checkpoint's prompts and greedy answers, as transformers has them.

Recreate (a virtual environment outside the project; torch is large):

    python3 -m venv VENV && VENV/bin/pip install -r src/test/python/requirements.txt
    VENV/bin/python src/test/python/make_logprob_cases.py

Reads src/test/resources/parity/llama and rewrites src/test/resources/sampling/logprobs.json in
seconds. float32 arithmetic; the log-softmax of each position's logits.
"""

import json
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM

RESOURCES = Path(__file__).resolve().parents[1] / "resources"
CHECKPOINT = RESOURCES / "parity" / "llama"
TOP = 4
GENERATED = 12


def main():
    model = AutoModelForCausalLM.from_pretrained(CHECKPOINT, dtype=torch.float32).eval()
    lines = []
    for prompt in json.loads((CHECKPOINT / "expected.json").read_text())["prompts"]:
        tokens = prompt["tokens"]
        ids = torch.tensor([tokens + prompt["greedy"][:GENERATED]])
        with torch.no_grad():
            logprobs = torch.log_softmax(model(ids).logits[0], -1)
        chosen = logprobs[:-1].gather(-1, ids[0, 1:, None])[:, 0]
        top = torch.topk(logprobs[:-1], TOP)
        lines.append(
            json.dumps(
                {
                    "prompt": tokens,
                    "output": ids[0, len(tokens):].tolist(),
                    "chosen": [round(v, 6) for v in chosen.tolist()],
                    "top": [[round(v, 6) for v in row] for row in top.values.tolist()],
                }
            )
        )
    text = '{"prompts": [\n  ' + ",\n  ".join(lines) + "\n]}\n"
    (RESOURCES / "sampling" / "logprobs.json").write_text(text)


if __name__ == "__main__":
    main()
