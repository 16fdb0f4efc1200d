"""Small random checkpoints of every family and the numbers that transformers computes with them.

Recreate (a virtual environment outside the project; torch is large):

    python3 -m venv VENV && VENV/bin/pip install -r src/test/python/requirements.txt
    VENV/bin/python src/test/python/make_parity_checkpoints.py

Rewrites src/test/resources/parity/ (all but real-*.json) in a few minutes on two cores. Everything
is seeded: the same versions on the same kind of processor give the same files.

Each directory of resources/parity holds a checkpoint and

    expected.json     prompts, 64 greedy tokens each, and the statistics below
    logits.f32        float32 little endian, [tokens of all prompts in order, vocabulary]
    logits-bf16.f32   the same by float32 arithmetic on weights rounded to bf16, where the
                      checkpoint itself is not bf16 (then it is the same as logits.f32)

A seed is taken only if the comparison means something: logits of rms >= 1, greedy tokens with at
least 20 distinct ids among 64, none of them decided by less than 1e-3 of the rms, and a model that
is not so chaotic that rounding activations to bf16 (here, in transformers) already spoils it.
"""

import json
import shutil
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

import parity_gguf
import parity_models as pm
from parity_models import config, gemma3_config

OUT = Path(__file__).resolve().parents[1] / "resources" / "parity"
TYPES = {"float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16}

# name: configuration, stored type, style of config.json (v4: as most checkpoints on the hub have
# it; v5: as transformers 5 writes it)
CHECKPOINTS = {
    "llama": (config("llama", 60, 3, 1, 24, 100, 2, tied=False), "float32", "v4"),
    "llama3-rope": (
        config("llama", 68, 4, 2, 24, 90, 3, tied=True, rope_parameters=pm.LLAMA3_ROPE),
        "bfloat16",
        "v4",
    ),
    "llama-bias-sharded": (
        config("llama", 56, 7, 1, 8, 90, 3, tied=False, attention_bias=True),
        "float16",
        "v5",
    ),
    # Every layer has a window, far shorter than the longer prompts.
    "mistral": (
        config("mistral", 64, 5, 1, 16, 88, 3, tied=False, sliding_window=16),
        "bfloat16",
        "v4",
    ),
    "qwen2": (config("qwen2", 72, 9, 3, 8, 90, 3, tied=True, theta=1e6), "bfloat16", "v4"),
    "qwen3": (config("qwen3", 52, 4, 2, 24, 84, 3, tied=False, theta=1e6), "bfloat16", "v5"),
    "gemma3": (
        gemma3_config(
            ["sliding_attention", "sliding_attention", "full_attention", "sliding_attention"],
            hidden=56, heads=4, kv=1, head=24, ffn=90, layers=4, query_pre_attn_scalar=30,
        ),
        "bfloat16",
        "v4",
    ),
    "gemma3-linear-rope": (
        gemma3_config(
            ["sliding_attention", "full_attention", "sliding_attention"],
            {"rope_type": "linear", "rope_theta": 1000000.0, "factor": 8.0},
            hidden=48, heads=4, kv=2, head=40, ffn=70, layers=3, query_pre_attn_scalar=40,
        ),
        "bfloat16",
        "v5",
    ),
    "ernie4_5": (
        config("ernie4_5", 48, 6, 2, 24, 76, 3, tied=True, theta=500000.0),
        "bfloat16",
        "v4",
    ),
    "ernie4_5-paddle-untied": (
        config("ernie4_5", 44, 4, 2, 16, 60, 2, tied=False, theta=500000.0),
        "bfloat16",
        "paddle",
    ),
}


def find_seed(name, make, lengths=pm.PROMPT_LENGTHS, in_bf16=True):
    """The first seed whose model passes the checks of the header.

    `make(seed)` gives configuration, weights and whatever else the caller wants back."""
    for seed in range(200):
        cfg, values, *more = make(seed)
        result = examine(pm.build(cfg, values), pm.prompts(seed, lengths), in_bf16)
        print(name, seed, result.get("statistics", result), flush=True)
        if "greedy" in result:
            return values, result, *more
    raise SystemExit(f"no seed of {name} passes the checks")


def examine(model, prompts, in_bf16):
    """All that the tests compare with, or what spoke against this seed."""
    rows = [pm.logits(model, p) for p in prompts]
    scale = pm.rms(np.concatenate(rows))
    stats = {"rms": round(scale, 4)}
    if scale < 1:
        return stats
    if in_bf16:
        error_rms, error_max = map(max, zip(*(pm.bf16_error(model, p) for p in prompts)))
        stats |= {"bf16Rms": round(error_rms, 5), "bf16Max": round(error_max, 5)}
        if error_rms > 7e-3 or error_max > 4.5e-2:
            return stats
    chosen = []
    stats |= {"distinct": pm.STEPS, "smallestMarginOverRms": np.inf}
    for prompt in prompts:
        ids, margin = pm.greedy(model, prompt)
        chosen.append(ids)
        stats["distinct"] = min(stats["distinct"], len(set(ids)))
        margin = min(stats["smallestMarginOverRms"], round(margin / scale, 5))
        stats["smallestMarginOverRms"] = margin
        if stats["distinct"] < 20 or margin < 1e-3:
            return stats
    return {"prompts": prompts, "logits": rows, "greedy": chosen, "statistics": stats}


def write_expected(directory, result):
    lines = [
        json.dumps({"tokens": tokens, "greedy": ids})
        for tokens, ids in zip(result["prompts"], result["greedy"])
    ]
    head = json.dumps(result["statistics"])
    text = '{"statistics": ' + head + ',\n "prompts": [\n  ' + ",\n  ".join(lines) + "\n]}\n"
    (directory / "expected.json").write_text(text)
    np.concatenate(result["logits"]).astype("<f4").tofile(directory / "logits.f32")


def write_bf16_logits(directory, cfg, values, prompts):
    model = pm.build(cfg, pm.rounded(values, torch.bfloat16))
    rows = [pm.logits(model, p) for p in prompts]
    np.concatenate(rows).astype("<f4").tofile(directory / "logits-bf16.f32")


def hub_style(written):
    """config.json as transformers 4 wrote it: RoPE in flat keys, layer types as a pattern."""
    rope = written.pop("rope_parameters")
    written["torch_dtype"] = written.pop("dtype")
    if "full_attention" in rope:
        written["rope_theta"] = rope["full_attention"]["rope_theta"]
        written["rope_local_base_freq"] = rope["sliding_attention"]["rope_theta"]
        written["rope_scaling"] = None
        written.pop("_sliding_window_pattern", None)
        written["sliding_window_pattern"] = written.pop("layer_types").index("full_attention") + 1
    else:
        written["rope_theta"] = rope.pop("rope_theta")
        written["rope_scaling"] = None if rope["rope_type"] == "default" else rope
    return written


def paddle_style(written):
    """config.json of the -Paddle layout: no model_type, keys of Paddle's own."""
    rope = written.pop("rope_parameters")
    dropped = ("model_type", "transformers_version", "_name_or_path", "head_dim")
    kept = {k: v for k, v in written.items() if k not in dropped}
    return kept | {
        "head_dim": written["head_dim"],
        "rope_theta": rope["rope_theta"],
        "fuse_rope": False,
        "use_rmsnorm": True,
        "weight_share_add_bias": True,
    }


def paddle_tensors(cfg, values):
    """The -Paddle layout: prefix `ernie.`, fused q-k-v and gate-up, products stored [in, out]."""
    out = {}
    for name, value in values.items():
        target = name.replace("model.", "ernie.", 1)
        layer = name.rsplit(".", 2)[0]
        if name.endswith("q_proj.weight"):
            parts = [values[f"{layer}.{p}_proj.weight"].T for p in "qkv"]
            out[target.replace("q_proj", "qkv_proj")] = np.concatenate(parts, axis=1)
        elif name.endswith("gate_proj.weight"):
            parts = [values[f"{layer}.{p}_proj.weight"].T for p in ("gate", "up")]
            out[target.replace("gate_proj", "up_gate_proj")] = np.concatenate(parts, axis=1)
        elif name.endswith(("k_proj.weight", "v_proj.weight", "up_proj.weight")):
            continue
        elif name.endswith(("o_proj.weight", "down_proj.weight", "lm_head.weight")):
            out[target] = value.T
        else:
            out[target] = value
    return {n: torch.from_numpy(np.ascontiguousarray(v)).bfloat16() for n, v in out.items()}


def write_config(directory, written):
    (directory / "config.json").write_text(json.dumps(written, indent=2, sort_keys=True) + "\n")


def write_paddle(directory, cfg, values, as_u16):
    """A -Paddle checkpoint, its bf16 either named so or as the uint16 that numpy users write."""
    written = cfg.to_dict()
    written["architectures"] = ["Ernie4_5_ForCausalLM"]
    written["dtype"] = "bfloat16"
    write_config(directory, paddle_style(written))
    tensors = paddle_tensors(cfg, values)
    if as_u16:
        tensors = {n: t.view(torch.uint16) for n, t in tensors.items()}
    save_file(tensors, directory / "model.safetensors")
    (directory / "model.safetensors").chmod(0o644)


def write_checkpoint(directory, cfg, values, dtype, style):
    model = pm.build(cfg, values).to(TYPES[dtype])
    shard = "60KB" if directory.name.endswith("sharded") else "1GB"
    model.save_pretrained(directory, max_shard_size=shard)
    (directory / "generation_config.json").unlink(missing_ok=True)
    for file in directory.iterdir():
        file.chmod(0o644)
    written = json.loads((directory / "config.json").read_text())
    assert written["dtype"] == dtype
    write_config(directory, hub_style(written) if style == "v4" else written)


def fresh(name):
    directory = OUT / name
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    return directory


def main():
    torch.set_num_threads(1)
    for name, (cfg, dtype, style) in CHECKPOINTS.items():
        lengths = (37,) if style == "paddle" else pm.PROMPT_LENGTHS

        def make(seed, cfg=cfg, dtype=dtype):
            return cfg, pm.rounded(pm.weights(cfg, seed), TYPES[dtype])

        values, result = find_seed(name, make, lengths)
        directory = fresh(name)
        write_expected(directory, result)
        if dtype != "bfloat16":
            write_bf16_logits(directory, cfg, values, result["prompts"])
        if style == "paddle":
            write_paddle(directory, cfg, values, as_u16=False)
        else:
            write_checkpoint(directory, cfg, values, dtype, style)
        if name == "ernie4_5":
            write_paddle(fresh("ernie4_5-paddle"), cfg, values, as_u16=True)
    parity_gguf.write_blocks(fresh("blocks"))
    for name, (arch, cfg, offset) in parity_gguf.MODELS.items():

        def convert(seed, arch=arch, cfg=cfg, offset=offset):
            tensors, meant = parity_gguf.convert(arch, cfg, pm.weights(cfg, seed), offset, seed)
            return cfg, meant, tensors

        _, result, tensors = find_seed(name, convert, parity_gguf.LENGTHS, in_bf16=False)
        directory = fresh(name)
        parity_gguf.write_file(directory / "model.gguf", arch, cfg, tensors)
        write_expected(directory, result)


if __name__ == "__main__":
    main()
