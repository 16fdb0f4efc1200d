"""GGUF checkpoints with every block type, and blocks with their dequantised values.

Called by make_parity_checkpoints.py. Names, metadata and arrangement are those of llama.cpp's
converter: Llama's q and k rows are permuted for rotation in neighbouring pairs, Gemma's norms hold
1 + weight, Llama 3's rope scaling is the tensor `rope_freqs.weight`. The reference is transformers
on the dequantised weights.
"""

import math

import gguf
import numpy as np
from gguf import GGMLQuantizationType as T
from gguf import GGUFWriter

import parity_models as pm

SMALL_BLOCKS = [T.Q4_1, T.Q5_0, T.Q8_0, T.F16, T.Q5_1, T.BF16, T.Q4_0, T.F32]
K_QUANTS = [T.Q4_K, T.Q5_K, T.Q6_K]
LENGTHS = (37, 70)

NAMES = {
    "model.embed_tokens": "token_embd",
    "model.norm": "output_norm",
    "lm_head": "output",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "self_attn.q_norm": "attn_q_norm",
    "self_attn.k_norm": "attn_k_norm",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
}
GEMMA_NAMES = {
    "post_attention_layernorm": "post_attention_norm",
    "pre_feedforward_layernorm": "ffn_norm",
    "post_feedforward_layernorm": "post_ffw_norm",
}

SIX_LOCAL_ONE_GLOBAL = ["sliding_attention"] * 5 + ["full_attention", "sliding_attention"]

MODELS = {
    "gguf-llama": ("llama", pm.config("llama", 96, 6, 2, 16, 160, 2, tied=False), 0),
    "gguf-llama-k": (
        "llama",
        pm.config("llama", 256, 4, 1, 24, 256, 1, tied=False, rope_parameters=pm.LLAMA3_ROPE),
        0,
    ),
    "gguf-qwen2": ("qwen2", pm.config("qwen2", 96, 6, 2, 16, 128, 2, tied=True, theta=1e6), 1),
    "gguf-qwen3": ("qwen3", pm.config("qwen3", 64, 3, 1, 32, 96, 2, tied=False, theta=1e6), 2),
    # Real files say neither the local RoPE base nor which layers are global: every sixth is.
    "gguf-gemma3": (
        "gemma3",
        pm.gemma3_config(
            SIX_LOCAL_ONE_GLOBAL,
            hidden=64, heads=2, kv=1, head=32, ffn=96, layers=7, query_pre_attn_scalar=32,
        ),
        3,
    ),
    "gguf-ernie4_5": (
        "ernie4_5",
        pm.config("ernie4_5", 96, 4, 2, 24, 128, 2, tied=True, theta=500000.0),
        4,
    ),
}


def gguf_name(name, arch):
    """transformers' name of a tensor in GGUF's words."""
    stem, kind = name.rsplit(".", 1)
    if not stem.startswith("model.layers."):
        return f"{NAMES[stem]}.{kind}"
    _, _, layer, part = stem.split(".", 3)
    names = NAMES | GEMMA_NAMES if arch == "gemma3" else NAMES
    return f"blk.{layer}.{names[part]}.{kind}"


def pairs_to_neighbours(weight, heads):
    """Rows of q or k such that the two elements of a rotated pair become neighbours."""
    halves = weight.reshape(heads, 2, weight.shape[0] // heads // 2, *weight.shape[1:])
    return halves.swapaxes(1, 2).reshape(weight.shape)


def neighbours_to_pairs(weight, heads):
    pairs = weight.reshape(heads, weight.shape[0] // heads // 2, 2, *weight.shape[1:])
    return pairs.swapaxes(1, 2).reshape(weight.shape)


def pack_six_bit_scales(scales, mins):
    """`[n, 8]` scales and mins of 6 bits each in the 12 bytes of Q4_K and Q5_K."""
    out = np.zeros((scales.shape[0], 12), np.uint8)
    out[:, 0:4] = (scales[:, :4] & 63) | ((scales[:, 4:] >> 4) << 6)
    out[:, 4:8] = (mins[:, :4] & 63) | ((mins[:, 4:] >> 4) << 6)
    out[:, 8:12] = (scales[:, 4:] & 15) | ((mins[:, 4:] & 15) << 4)
    return out


def half(values):
    return values.astype("<f2").reshape(-1, 1).view(np.uint8)


def random_k_blocks(kind, n, std, rng):
    """`n` random blocks whose values have about that standard deviation and mean zero.

    The gguf package dequantises K-quants but does not write them."""
    nibbles = rng.integers(0, 256, (n, 128), dtype=np.uint8)
    spread = std * rng.uniform(0.7, 1.3, n)
    if kind == T.Q6_K:
        high = rng.integers(0, 256, (n, 64), dtype=np.uint8)
        scales = rng.integers(20, 128, (n, 16)) * rng.choice([-1, 1], (n, 16))
        d = half(spread / (80 * 18.5))
        return np.concatenate([nibbles, high, scales.astype(np.int8).view(np.uint8), d], axis=1)
    levels = 16 if kind == T.Q4_K else 32
    scales = rng.integers(20, 64, (n, 8)).astype(np.uint8)
    mins = np.clip(scales + rng.integers(-4, 5, (n, 8)), 0, 63).astype(np.uint8)
    d = spread / (42 * levels / math.sqrt(12))
    head = [half(d), half(d * (levels - 1) / 2), pack_six_bit_scales(scales, mins)]
    high = [] if kind == T.Q4_K else [rng.integers(0, 256, (n, 32), dtype=np.uint8)]
    return np.concatenate(head + high + [nibbles], axis=1)


def stored(value, kind, rng):
    """The bytes of a matrix in one type, and the float32 values that they stand for."""
    if kind in K_QUANTS:
        blocks = random_k_blocks(kind, value.size // 256, float(value.std()), rng)
        data = blocks.reshape(value.shape[0], -1)
    else:
        data = gguf.quants.quantize(value, kind)
    return data, gguf.quants.dequantize(data, kind).astype(np.float32).reshape(value.shape)


def kind_of(index, columns, offset, with_k_quants):
    if with_k_quants:
        return K_QUANTS[index % 3] if columns % 256 == 0 else T.Q5_0
    return SMALL_BLOCKS[(index + offset) % len(SMALL_BLOCKS)]


def convert(arch, cfg, values, offset, seed):
    """Tensors of the file `{name: (data, type)}` and the weights that they stand for."""
    rng = np.random.default_rng(seed)
    tensors, meant, matrices = {}, {}, 0
    heads = {"q_proj": cfg.num_attention_heads, "k_proj": cfg.num_key_value_heads}
    for name, value in values.items():
        permuted = heads.get(name.split(".")[-2]) if arch == "llama" else None
        if value.ndim == 1:
            shift = 1 if arch == "gemma3" else 0
            tensors[gguf_name(name, arch)] = (value + np.float32(shift), T.F32)
            meant[name] = (value + np.float32(shift)) - np.float32(shift)
            continue
        kind = kind_of(matrices, value.shape[1], offset, arch == "llama" and cfg.hidden_size == 256)
        matrices += 1
        source = pairs_to_neighbours(value, permuted) if permuted else value
        data, weights = stored(source, kind, rng)
        tensors[gguf_name(name, arch)] = (data, kind)
        meant[name] = neighbours_to_pairs(weights, permuted) if permuted else weights
    return tensors, meant


def llama3_factors(cfg):
    """Divisors of the frequencies, as the converter writes them."""
    rope, dim = cfg.rope_parameters, cfg.head_dim
    low = rope["original_max_position_embeddings"] / rope["low_freq_factor"]
    high = rope["original_max_position_embeddings"] / rope["high_freq_factor"]
    factors = []
    for i in range(0, dim, 2):
        length = 2 * math.pi * rope["rope_theta"] ** (i / dim)
        if length < high:
            factors.append(1.0)
        elif length > low:
            factors.append(rope["factor"])
        else:
            smooth = rope["original_max_position_embeddings"] / length - rope["low_freq_factor"]
            smooth /= rope["high_freq_factor"] - rope["low_freq_factor"]
            factors.append(1 / ((1 - smooth) / rope["factor"] + smooth))
    return np.array(factors, np.float32)


def write_file(path, arch, cfg, tensors):
    writer = GGUFWriter(path, arch)
    writer.add_name(path.stem)
    writer.add_context_length(cfg.max_position_embeddings)
    writer.add_embedding_length(cfg.hidden_size)
    writer.add_block_count(cfg.num_hidden_layers)
    writer.add_feed_forward_length(cfg.intermediate_size)
    writer.add_head_count(cfg.num_attention_heads)
    writer.add_head_count_kv(cfg.num_key_value_heads)
    writer.add_key_length(cfg.head_dim)
    writer.add_value_length(cfg.head_dim)
    writer.add_layer_norm_rms_eps(cfg.rms_norm_eps)
    rope = cfg.rope_parameters
    writer.add_rope_freq_base(rope.get("full_attention", rope)["rope_theta"])
    if arch == "gemma3":
        writer.add_sliding_window(cfg.sliding_window)
    else:
        writer.add_rope_dimension_count(cfg.head_dim)
    if rope.get("rope_type") == "llama3":
        writer.add_tensor("rope_freqs.weight", llama3_factors(cfg))
    for name, (data, kind) in tensors.items():
        writer.add_tensor(name, data, raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def random_blocks(kind, n, rng):
    """Blocks of arbitrary bytes under finite scales of both signs, a zero and a subnormal."""
    block, size = gguf.GGML_QUANT_SIZES[kind]
    if block == 1:
        values = rng.standard_normal((n, 32)).astype(np.float32)
        values[0, :4] = [0.0, -0.0, 6e-5, -3e-8]
        return gguf.quants.quantize(values, kind).view(np.uint8).reshape(n, -1)
    blocks = rng.integers(0, 256, (n, size), dtype=np.uint8)
    scales = (rng.standard_normal((n, 2)) * 0.02).astype("<f2")
    scales[0], scales[1] = np.float16(0), np.float16(4e-6)
    at = size - 2 if kind == T.Q6_K else 0
    two = kind in (T.Q4_1, T.Q5_1, T.Q4_K, T.Q5_K)
    blocks[:, at : at + 2] = half(scales[:, 0])
    if two:
        blocks[:, 2:4] = half(scales[:, 1])
    return blocks


def write_blocks(directory):
    """NAME.blocks and NAME.f32 for every type: one block (32 values for plain types) a row."""
    rng = np.random.default_rng(7)
    for kind in SMALL_BLOCKS + K_QUANTS:
        blocks = random_blocks(kind, 5, rng)
        values = gguf.quants.dequantize(blocks.reshape(5, -1), kind).astype("<f4").reshape(5, -1)
        blocks.tofile(directory / f"{kind.name}.blocks")
        values.tofile(directory / f"{kind.name}.f32")
