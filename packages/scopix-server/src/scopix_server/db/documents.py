"""Perceptions as documents: plain JSON for what is read by eye, float32 bytes for the embedding.

What similar images are found by is kept a second time, in a byte a number: a search reads the vectors of all images.
"""

import array
import math
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from pydantic import TypeAdapter

from scopix_server.domain.description import Perception

__all__ = ["dump_perception", "load_perception", "packed_vector", "unpacked"]

_adapter = TypeAdapter(Perception)


def dump_perception(perception: Perception) -> tuple[dict[str, Any], bytes | None]:
    """Return the perception without its embedding as JSON-ready data, and the embedding as little-endian float32."""
    data = asdict(replace(perception, embedding=()))
    return data, _pack(perception.embedding) if perception.embedding else None


def load_perception(data: dict[str, Any], embedding: bytes | None) -> Perception:
    """Undo `dump_perception`."""
    perception = _adapter.validate_python(data)
    return replace(perception, embedding=unpacked(embedding)) if embedding else perception


def _pack(values: tuple[float, ...]) -> bytes:
    packed = array.array("f", values)
    if sys.byteorder == "big":
        packed.byteswap()
    return packed.tobytes()


def packed_vector(values: Sequence[float]) -> bytes | None:
    """Return the direction of a vector, each number a signed byte: the largest is 127. None when it has none.

    The cosine of two such differs from that of the vectors by less than .005.
    """
    peak = max(map(abs, values), default=0.0)
    if not 0 < peak < math.inf or not all(map(math.isfinite, values)):
        return None
    return array.array("b", [round(value / peak * 127) for value in values]).tobytes()


def unpacked(data: bytes) -> tuple[float, ...]:
    """Return an embedding from its bytes."""
    values = array.array("f")
    values.frombytes(data)
    if sys.byteorder == "big":
        values.byteswap()
    return tuple(values)
