"""A vision-language model small enough for a test: random weights in the shape of SmolVLM, as a GGUF pair of 1 MB.

What it says means nothing, but everything around it is real: llama.cpp loads it, encodes the picture, and holds the
answer to the JSON schema. It writes ASCII only, so that whatever it says can be decoded.
"""

from pathlib import Path

import gguf
import numpy as np

__all__ = ["write_tiny_model"]

_WIDTH, _HEADS, _HIDDEN, _BLOCKS = 64, 4, 128, 2
_EYE_WIDTH, _EYE_HEADS, _EYE_HIDDEN, _EYE_BLOCKS = 32, 2, 64, 2
_SIDE, _PATCH, _SCALE = 128, 16, 4
_SPECIAL = (
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<end_of_utterance>",
    "<fake_token_around_image>",
    "<image>",
    "<global-img>",
)
_TEMPLATE = (
    "<|im_start|>{% for message in messages %}{{ message['role'] }}: "
    "{% if message['content'] is string %}{{ message['content'] }}{% else %}"
    "{% for part in message['content'] %}{% if part['type'] == 'text' %}{{ part['text'] }}{% endif %}{% endfor %}"
    "{% endif %}<end_of_utterance>\n{% endfor %}{% if add_generation_prompt %}assistant: {% endif %}"
)


def write_tiny_model(folder: Path, *, seed: int = 7) -> tuple[Path, Path]:
    """Write `model.gguf` and `mmproj.gguf` into `folder`; return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(seed)
    model, projector = folder / "model.gguf", folder / "mmproj.gguf"
    _write_text_model(model, random)
    _write_projector(projector, random)
    return model, projector


def _byte_tokens() -> list[str]:
    """The byte-level alphabet of GPT-2: printable signs stand for themselves, the others are shifted."""
    plain = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    shifted = iter(range(256, 512))
    return [chr(byte) if byte in plain else chr(next(shifted)) for byte in range(256)]


def _write_text_model(path: Path, random: np.random.Generator) -> None:
    alphabet = _byte_tokens()
    line = alphabet[ord("\n")]
    # Pictures of this family begin with an empty line, which must be one token.
    tokens = [*alphabet, *_SPECIAL, line * 2]
    # The model may read any byte but writes ASCII only: what is no ASCII counts as a control token, which is not shown.
    kinds = [gguf.TokenType.NORMAL] * 128 + [gguf.TokenType.CONTROL] * (128 + len(_SPECIAL))
    kinds.append(gguf.TokenType.NORMAL)
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("tiny random model")
    writer.add_context_length(8192)
    writer.add_embedding_length(_WIDTH)
    writer.add_block_count(_BLOCKS)
    writer.add_feed_forward_length(_HIDDEN)
    writer.add_head_count(_HEADS)
    writer.add_head_count_kv(_HEADS)
    writer.add_rope_dimension_count(_WIDTH // _HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("smollm")
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    writer.add_token_merges([f"{line} {line}"])
    writer.add_bos_token_id(tokens.index("<|im_start|>"))
    writer.add_eos_token_id(tokens.index("<end_of_utterance>"))
    writer.add_chat_template(_TEMPLATE)

    def weight(*shape: int) -> np.ndarray:
        return (random.standard_normal(shape) * 0.4 / np.sqrt(shape[-1]) * 2).astype(np.float32)

    writer.add_tensor("token_embd.weight", weight(len(tokens), _WIDTH))
    writer.add_tensor("output.weight", weight(len(tokens), _WIDTH))
    writer.add_tensor("output_norm.weight", np.ones(_WIDTH, np.float32))
    for block in range(_BLOCKS):
        name = f"blk.{block}."
        for part in ("attn_q", "attn_k", "attn_v", "attn_output"):
            writer.add_tensor(f"{name}{part}.weight", weight(_WIDTH, _WIDTH))
        writer.add_tensor(f"{name}ffn_gate.weight", weight(_HIDDEN, _WIDTH))
        writer.add_tensor(f"{name}ffn_up.weight", weight(_HIDDEN, _WIDTH))
        writer.add_tensor(f"{name}ffn_down.weight", weight(_WIDTH, _HIDDEN))
        writer.add_tensor(f"{name}attn_norm.weight", np.ones(_WIDTH, np.float32))
        writer.add_tensor(f"{name}ffn_norm.weight", np.ones(_WIDTH, np.float32))
    _finish(writer)


def _write_projector(path: Path, random: np.random.Generator) -> None:
    writer = gguf.GGUFWriter(path, "clip")
    writer.add_type("mmproj")
    writer.add_bool("clip.has_vision_encoder", True)
    writer.add_string("clip.projector_type", "idefics3")
    writer.add_bool("clip.use_gelu", True)
    for name, number in {
        "image_size": _SIDE,
        "preproc_image_size": _SIDE,
        "patch_size": _PATCH,
        "embedding_length": _EYE_WIDTH,
        "feed_forward_length": _EYE_HIDDEN,
        "projection_dim": _WIDTH,
        "block_count": _EYE_BLOCKS,
        "attention.head_count": _EYE_HEADS,
        "projector.scale_factor": _SCALE,
    }.items():
        writer.add_uint32(f"clip.vision.{name}", number)
    writer.add_float32("clip.vision.attention.layer_norm_epsilon", 1e-6)
    writer.add_array("clip.vision.image_mean", [0.5, 0.5, 0.5])
    writer.add_array("clip.vision.image_std", [0.5, 0.5, 0.5])

    def weight(*shape: int) -> np.ndarray:
        return (random.standard_normal(shape) * 0.2).astype(np.float32)

    def norm(name: str) -> None:
        writer.add_tensor(f"{name}.weight", np.ones(_EYE_WIDTH, np.float32))
        writer.add_tensor(f"{name}.bias", np.zeros(_EYE_WIDTH, np.float32))

    def linear(name: str, outputs: int, inputs: int) -> None:
        writer.add_tensor(f"{name}.weight", weight(outputs, inputs))
        writer.add_tensor(f"{name}.bias", np.zeros(outputs, np.float32))

    writer.add_tensor("v.patch_embd.weight", weight(_EYE_WIDTH, 3, _PATCH, _PATCH))
    writer.add_tensor("v.patch_embd.bias", np.zeros(_EYE_WIDTH, np.float32))
    writer.add_tensor("v.position_embd.weight", weight((_SIDE // _PATCH) ** 2, _EYE_WIDTH))
    for block in range(_EYE_BLOCKS):
        name = f"v.blk.{block}."
        for part in ("attn_q", "attn_k", "attn_v", "attn_out"):
            linear(f"{name}{part}", _EYE_WIDTH, _EYE_WIDTH)
        linear(f"{name}ffn_up", _EYE_HIDDEN, _EYE_WIDTH)
        linear(f"{name}ffn_down", _EYE_WIDTH, _EYE_HIDDEN)
        norm(f"{name}ln1")
        norm(f"{name}ln2")
    norm("v.post_ln")
    writer.add_tensor("mm.model.fc.weight", weight(_WIDTH, _EYE_WIDTH * _SCALE * _SCALE))
    _finish(writer)


def _finish(writer: gguf.GGUFWriter) -> None:
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
