"""Perceptions as documents: plain JSON for what is read by eye, float32 bytes for the embedding."""

import array
import sys
from dataclasses import asdict, replace
from typing import Any

from pydantic import TypeAdapter

from scopix_server.domain.description import Perception

__all__ = ["dump_perception", "load_perception"]

_adapter = TypeAdapter(Perception)


def dump_perception(perception: Perception) -> tuple[dict[str, Any], bytes | None]:
    """Return the perception without its embedding as JSON-ready data, and the embedding as little-endian float32."""
    data = asdict(replace(perception, embedding=()))
    return data, _pack(perception.embedding) if perception.embedding else None


def load_perception(data: dict[str, Any], embedding: bytes | None) -> Perception:
    """Undo `dump_perception`."""
    perception = _adapter.validate_python(data)
    return replace(perception, embedding=_unpack(embedding)) if embedding else perception


def _pack(values: tuple[float, ...]) -> bytes:
    packed = array.array("f", values)
    if sys.byteorder == "big":
        packed.byteswap()
    return packed.tobytes()


def _unpack(data: bytes) -> tuple[float, ...]:
    values = array.array("f")
    values.frombytes(data)
    if sys.byteorder == "big":
        values.byteswap()
    return tuple(values)
