"""Reading the constants of a frozen TensorFlow graph without TensorFlow: protocol buffers by hand.

GraphDef: 1 node; NodeDef: 1 name, 2 op, 5 attr (a map: 1 key, 2 value); AttrValue: 8 tensor; TensorProto: 1 dtype,
2 shape (2 dim: 1 size), 4 content, 5 float_val.
"""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

__all__ = ["read_constants"]

Value: TypeAlias = "int | memoryview"
_FLOAT = 1  # TensorFlow's number for float32


def read_constants(path: Path) -> dict[str, npt.NDArray[np.float32]]:
    """The graph's float constants by name. Raises `ValueError` for a file that is no graph."""
    found = {}
    try:
        for number, node in _fields(memoryview(path.read_bytes())):
            if number == 1 and isinstance(node, memoryview):
                name, array = _constant(node)
                if array is not None:
                    found[name] = array
    except (IndexError, struct.error) as error:
        raise ValueError(f"{path} is no frozen graph") from error
    if not found:
        raise ValueError(f"{path} has no constants")
    return found


def _fields(data: memoryview) -> Iterator[tuple[int, Value]]:
    place = 0
    while place < len(data):
        key, place = _varint(data, place)
        wire = key & 7
        if wire == 0:
            value, place = _varint(data, place)
            yield key >> 3, value
            continue
        if wire == 2:
            length, place = _varint(data, place)
        else:
            length = {1: 8, 5: 4}.get(wire, -1)
        if length < 0 or place + length > len(data):
            raise IndexError("a field reaches beyond its message")
        yield key >> 3, data[place : place + length]
        place += length


def _varint(data: memoryview, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[place]
        place += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, place


def _inside(data: Value, wanted: int) -> list[memoryview]:
    assert isinstance(data, memoryview)
    return [value for number, value in _fields(data) if number == wanted and isinstance(value, memoryview)]


def _constant(node: memoryview) -> tuple[str, npt.NDArray[np.float32] | None]:
    name = bytes(_inside(node, 1)[0]).decode()
    if bytes(_inside(node, 2)[0]) != b"Const":
        return name, None
    for attribute in _inside(node, 5):
        if bytes(_inside(attribute, 1)[0]) == b"value":
            (tensor,) = _inside(_inside(attribute, 2)[0], 8)
            return name, _floats(tensor)
    return name, None


def _floats(tensor: memoryview) -> npt.NDArray[np.float32] | None:
    dtype, shape, content = 0, [], b""
    for number, value in _fields(tensor):
        if number == 1 and isinstance(value, int):
            dtype = value
        elif number == 2:
            shape = [_size(dimension) for dimension in _inside(value, 2)]
        elif number in (4, 5) and isinstance(value, memoryview):
            content += bytes(value)
    if dtype != _FLOAT or len(content) != 4 * int(np.prod(shape)):
        return None
    return np.frombuffer(content, "<f4").reshape(shape)


def _size(dimension: memoryview) -> int:
    return next((value for number, value in _fields(dimension) if number == 1 and isinstance(value, int)), 0)
