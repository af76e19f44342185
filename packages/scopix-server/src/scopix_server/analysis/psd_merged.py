"""The merged picture of Photoshop files that Pillow does not read: large documents, and those of 16 or 32 bits.

After Adobe's specification (Photoshop File Formats, 2019): behind three sections of other things, of which the
resources hold the colour profile, the picture stands channel by channel.
"""

import struct
from typing import Any, BinaryIO, Final

import numpy as np
import numpy.typing as npt
from PIL import Image

__all__ = ["is_beyond_pillow", "read_merged"]

_HEADER: Final = 26  # bytes
_MODES: Final = {1: "L", 3: "RGB", 4: "CMYK", 8: "L"}
"""By colour mode: grey, RGB, CMYK, and two inks, whose grey is what is shown where the inks are not known."""
_PROFILE: Final = 1039  # the number of the image resource that is the ICC profile
_MAX_RESOURCES: Final = 10_000  # a file has some dozens; the loop ends, whatever the file says
_RAW, _PACKED = 0, 1


def is_beyond_pillow(head: bytes) -> bool:
    """Whether a Photoshop file that begins so is one of those."""
    return head[4:6] == b"\x00\x02" or head[22:24] in {b"\x00\x10", b"\x00\x20"}


def read_merged(file: BinaryIO) -> Image.Image:
    """Return the merged picture, of mode L, RGB, RGBA or CMYK, with its profile. Raises ValueError, struct.error."""
    file.seek(0)
    version, channels, height, width, bits, kind = struct.unpack_from(">H6xHIIHH", file.read(_HEADER), 4)
    if kind not in _MODES or bits not in {8, 16, 32}:
        raise ValueError(f"colour mode {kind} with {bits} bits is not supported")
    file.seek(struct.unpack(">I", file.read(4))[0], 1)
    end = struct.unpack(">I", file.read(4))[0] + file.tell()
    profile = _profile(file, end)
    file.seek(end)
    layers = ">Q" if version == 2 else ">I"
    file.seek(struct.unpack(layers, file.read(struct.calcsize(layers)))[0], 1)
    mode = _MODES[kind]
    needed = min(channels, 4 if mode == "RGB" else len(mode) if mode != "L" else 1)
    planes = [Image.fromarray(plane) for plane in _planes(file, version, channels, (width, height), bits)[:needed]]
    if mode == "CMYK":
        planes = [plane.point([255 - value for value in range(256)]) for plane in planes]  # ink is stored inverted
    merged = Image.merge("RGBA" if len(planes) == 4 and mode == "RGB" else mode, planes)
    if profile:
        merged.info["icc_profile"] = profile
    return merged


def _profile(file: BinaryIO, end: int) -> bytes:
    for _ in range(_MAX_RESOURCES):
        head = file.read(7)
        if file.tell() >= end or head[:4] != b"8BIM":
            break
        file.seek(head[6] | 1, 1)  # a name with its length byte, padded to be even
        size = struct.unpack(">I", file.read(4))[0]
        if struct.unpack(">H", head[4:6])[0] == _PROFILE:
            return file.read(size)
        file.seek(size + size % 2, 1)
    return b""


def _planes(
    file: BinaryIO, version: int, channels: int, size: tuple[int, int], bits: int
) -> list[npt.NDArray[np.uint8]]:
    width, height = size
    compression, row = struct.unpack(">H", file.read(2))[0], width * bits // 8
    if compression not in {_RAW, _PACKED}:
        raise ValueError(f"compression {compression} is not supported")
    counts: npt.NDArray[Any] = np.zeros(0)
    if compression == _PACKED:
        form = ">u4" if version == 2 else ">u2"
        data = file.read(channels * height * np.dtype(form).itemsize)
        counts = np.frombuffer(data, form).astype(np.int64).reshape(channels, height).sum(1)
    planes = []
    for number in range(min(channels, 4)):
        if compression == _PACKED:
            unpacked = Image.frombytes("L", (row, height), file.read(int(counts[number])), "packbits", "L")
            stored = np.asarray(unpacked)
        else:
            stored = np.frombuffer(file.read(row * height), np.uint8).reshape(height, row)
        planes.append(_in_eight_bits(stored, bits))
    return planes


def _in_eight_bits(stored: npt.NDArray[np.uint8], bits: int) -> npt.NDArray[np.uint8]:
    if bits == 8:
        return stored
    if bits == 16:
        return np.ascontiguousarray(stored[:, ::2])
    light = np.clip(np.ascontiguousarray(stored).view(">f4"), 0, 1)
    # 32 bits are light itself; on a screen it is shown by the curve of sRGB (IEC 61966-2-1).
    shown = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    in_bytes: npt.NDArray[np.uint8] = np.rint(255 * shown).astype(np.uint8)
    return in_bytes
