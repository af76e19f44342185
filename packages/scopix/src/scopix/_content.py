"""What callers hand in, as a path or as bytes with a name: open files, uploads of frameworks, pictures in memory."""

import os
import struct
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any

from scopix._errors import ValidationError
from scopix._sniff import IMAGE_LIMIT

__all__ = ["as_file", "is_one_file"]

_SAMPLES = {1: 0, 2: 4, 3: 2, 4: 6}
"""Samples of a pixel, and the PNG colour type that they are: grey, grey with alpha, RGB, RGBA."""


def is_one_file(value: Any) -> bool:
    """Whether it is one file, not a list of them."""
    return isinstance(value, str | os.PathLike | bytes | bytearray | memoryview) or any(
        hasattr(value, name) for name in ("read", "__array_interface__")
    )


def as_file(file: Any, filename: str | None) -> tuple[Path | bytes, str | None]:
    """A path or bytes, and a name if one is known; `filename` wins. Nothing but file objects is read.

    Pictures in memory (Pillow's, and arrays of 8-bit samples) become PNG, which loses nothing.

    Raises `ValidationError` for anything else, and for a file object that is not open for bytes.
    """
    if isinstance(file, bytes | bytearray | memoryview):
        return bytes(file), filename
    if isinstance(file, str | os.PathLike):
        path = Path(file)
        return path, filename or path.name
    name = filename or _name_of(file)
    if hasattr(file, "mode") and hasattr(file, "save"):
        return _from_pillow(file), filename or Path(name or "image").with_suffix(".png").name
    if hasattr(file, "__array_interface__"):
        return _from_array(file), name or "image.png"
    # FastAPI's UploadFile reads asynchronously; the file behind it does not.
    stream = getattr(file, "file", file)
    if not hasattr(stream, "read"):
        raise ValidationError(
            f"a file must be a path, bytes, a file object, a Pillow image or an array, not {type(file).__name__}",
            details={"field": "files"},
        )
    return _from_stream(stream), name


def _name_of(file: Any) -> str | None:
    """The name that a file object, an UploadFile or a picture was opened by."""
    for attribute in ("filename", "name"):
        name = getattr(file, attribute, None)
        if isinstance(name, str) and name and not name.startswith("<"):
            return Path(name).name
    return None


def _from_stream(stream: Any) -> bytes:
    # One byte more than is allowed tells that it is too large, and no file is held whole that is.
    content = stream.read(IMAGE_LIMIT + 1)
    if not isinstance(content, bytes | bytearray):
        raise ValidationError("a file object must be open for bytes: open(path, 'rb')", details={"field": "files"})
    return bytes(content)


def _from_pillow(image: Any) -> bytes:
    buffer = BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def _from_array(array: Any) -> bytes:
    """A PNG of an array of height x width, or height x width x samples, of 8 bits each.

    It is made by hand: whoever has numpy need not have Pillow, and the SDK needs neither.

    Raises `ValidationError` for other shapes and types.
    """
    interface = array.__array_interface__
    shape, kind = tuple(interface["shape"]), interface["typestr"]
    samples = 1 if len(shape) == 2 else shape[-1]
    if len(shape) not in (2, 3) or samples not in _SAMPLES or kind[1:] != "u1" or 0 in shape:
        raise ValidationError(
            "an array must be height x width, or height x width x 1 to 4, of 8-bit samples (uint8), not "
            f"{' x '.join(map(str, shape))} of {kind}",
            details={"field": "files"},
        )
    height, width = shape[:2]
    content, row = array.tobytes(), width * samples
    # Each row begins with its filter: none.
    rows = b"".join(b"\0" + content[start : start + row] for start in range(0, height * row, row))
    header = struct.pack(">IIBBBBB", width, height, 8, _SAMPLES[samples], 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 6)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )
