"""Small random models of every family: configurations, weights, logits and greedy tokens."""

import numpy as np
import torch
from transformers import (
    Ernie4_5Config,
    Ernie4_5ForCausalLM,
    Gemma3ForCausalLM,
    Gemma3TextConfig,
    LlamaConfig,
    LlamaForCausalLM,
    MistralConfig,
    MistralForCausalLM,
    Qwen2Config,
    Qwen2ForCausalLM,
    Qwen3Config,
    Qwen3ForCausalLM,
)

VOCAB = 211
MAX_POSITIONS = 320
STEPS = 64
PROMPT_LENGTHS = (1, 37, 150)

LLAMA3_ROPE = {
    "rope_type": "llama3",
    "rope_theta": 500000.0,
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 64,
}

FAMILIES = {
    "llama": (LlamaConfig, LlamaForCausalLM),
    "mistral": (MistralConfig, MistralForCausalLM),
    "qwen2": (Qwen2Config, Qwen2ForCausalLM),
    "qwen3": (Qwen3Config, Qwen3ForCausalLM),
    "gemma3": (Gemma3TextConfig, Gemma3ForCausalLM),
    "ernie4_5": (Ernie4_5Config, Ernie4_5ForCausalLM),
}


def config(family, hidden, heads, kv, head, ffn, layers, tied, theta=10000.0, **more):
    """A configuration of one family. Sizes are no powers of two where that can be;
    a head is a multiple of 8, which is what the devices serve."""
    rope = more.pop("rope_parameters", {"rope_type": "default", "rope_theta": theta})
    return FAMILIES[family][0](
        vocab_size=VOCAB,
        hidden_size=hidden,
        intermediate_size=ffn,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_key_value_heads=kv,
        head_dim=head,
        max_position_embeddings=MAX_POSITIONS,
        tie_word_embeddings=tied,
        rope_parameters=rope,
        bos_token_id=1,
        eos_token_id=2,
        pad_token_id=0,
        **more,
    )


def gemma3_config(layer_types, global_rope=None, **sizes):
    """Gemma 3 with a window of 16 tokens and two RoPE bases."""
    return config(
        "gemma3",
        layer_types=layer_types,
        sliding_window=16,
        rms_norm_eps=1e-6,
        rope_parameters={
            "sliding_attention": {"rope_type": "default", "rope_theta": 10000.0},
            "full_attention": global_rope or {"rope_type": "default", "rope_theta": 1000000.0},
        },
        tied=True,
        **sizes,
    )


def _value(name, shape, tied, gemma, rng):
    """One weight. Scores, gates and logits get a spread at which every part of the model counts."""
    normal = rng.standard_normal(shape)
    if "norm" in name:
        if name == "model.norm.weight":
            # Both signs, or a tied head would mostly repeat the last token.
            weight = rng.choice([-1, 1], shape) * (2.0 + 0.6 * rng.uniform(-1, 1, shape))
        elif gemma and "post_" in name:
            weight = 0.6 + 0.25 * rng.uniform(-1, 1, shape)
        else:
            weight = 1.0 + 0.4 * rng.uniform(-1, 1, shape)
        return weight - 1.0 if gemma else weight
    if name.endswith(".bias"):
        return (0.1 if tied else 0.3) * normal
    if "embed_tokens" in name:
        return normal * (0.7 / np.sqrt(shape[1]) if tied else 1.0)
    gains = {"lm_head": 0.8} | ({"o_proj": 0.13, "down_proj": 0.16} if tied and not gemma else {})
    gain = gains.get(name.split(".")[-2], 1.0)
    return gain * normal / np.sqrt(shape[1])


def weights(cfg, seed):
    """Random float32 weights by name, without the head of a tied model."""
    rng = np.random.default_rng(seed)
    family = FAMILIES[_family(cfg)]
    with torch.device("meta"):
        shapes = {n: tuple(p.shape) for n, p in family[1](cfg).named_parameters()}
    gemma = _family(cfg) == "gemma3"
    return {
        n: _value(n, s, cfg.tie_word_embeddings, gemma, rng).astype(np.float32)
        for n, s in shapes.items()
        if not (n == "lm_head.weight" and cfg.tie_word_embeddings)
    }


def _family(cfg):
    return {"gemma3_text": "gemma3"}.get(cfg.model_type, cfg.model_type)


def rounded(values, dtype):
    """The weights as a checkpoint of that type holds them, in float32."""
    return {n: torch.from_numpy(v).to(dtype).float().numpy() for n, v in values.items()}


def build(cfg, values):
    """The transformers model with these weights, float32, eager attention."""
    cfg._attn_implementation = "eager"
    model = FAMILIES[_family(cfg)][1](cfg).float().eval()
    state = {n: torch.from_numpy(np.ascontiguousarray(v)) for n, v in values.items()}
    missing, unexpected = model.load_state_dict(state, strict=False)
    allowed = ["lm_head.weight"] if cfg.tie_word_embeddings else []
    assert not unexpected and [n for n in missing if n not in allowed] == [], (missing, unexpected)
    model.tie_weights()
    return model


def prompts(seed, lengths=PROMPT_LENGTHS):
    """Token ids, special ones left out."""
    rng = np.random.default_rng(seed + 1000)
    return [[int(t) for t in rng.integers(3, VOCAB, n)] for n in lengths]


@torch.no_grad()
def logits(model, tokens):
    """float32 logits at every position, `[tokens, vocab]`."""
    return model(torch.tensor([tokens]), use_cache=False).logits[0].numpy()


def greedy(model, tokens):
    """STEPS greedy tokens, each from a whole forward pass, and the smallest margin on the way."""
    ids, margin = list(tokens), np.inf
    for _ in range(STEPS):
        row = logits(model, ids)[-1]
        first, second = np.argsort(-row, kind="stable")[:2]
        margin = min(margin, float(row[first] - row[second]))
        ids.append(int(first))
    return ids[len(tokens) :], margin


def bf16_error(model, tokens):
    """What rounding the inputs of all products, and keys and values, to bf16 does to the logits:
    rms and largest difference over the rms of the logits. Tells how well-conditioned a model is."""

    def as_bf16(x):
        return x.to(torch.bfloat16).float()

    exact, hooks = logits(model, tokens), []
    for name, module in model.named_modules():
        if isinstance(module, torch.nn.Linear):
            hooks.append(module.register_forward_pre_hook(lambda _, x: (as_bf16(x[0]),)))
            if name.endswith(("k_proj", "v_proj")):
                hooks.append(module.register_forward_hook(lambda _m, _x, y: as_bf16(y)))
    difference = logits(model, tokens) - exact
    for hook in hooks:
        hook.remove()
    scale = rms(exact)
    return rms(difference) / scale, float(np.abs(difference).max()) / scale


def rms(x):
    return float(np.sqrt(np.mean(np.square(x.astype(np.float64)))))
