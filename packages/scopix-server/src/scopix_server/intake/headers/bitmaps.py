"""The headers of Windows bitmaps and icons, and of Photoshop's files."""

import struct
from typing import BinaryIO, Final

from scopix_server.intake.headers.boxes import read_exactly
from scopix_server.intake.headers.walk import Header, unreadable

__all__ = ["read_bmp", "read_ico", "read_psd"]

_FILE_HEADER: Final = 14
_CORE: Final = 12
"""Bytes of the oldest information header, OS/2's, which has numbers of two bytes."""
_ENTRY: Final = 16
_MAX_ICONS: Final = 256  # a file has about ten; all are looked through for the largest
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_PSD_CHANNELS: Final = {0: 1, 1: 1, 2: 1, 3: 3, 4: 4, 7: 3, 8: 1, 9: 3}
"""By colour mode: bitmap, grey, palette, RGB, CMYK, multichannel, duotone, Lab."""


def read_bmp(file: BinaryIO) -> Header:
    """Return the header; complete when all rows are there, which cannot be told of packed ones. Raises CorruptImage."""
    size = file.seek(0, 2)
    data = read_exactly(file, 0, min(size, _FILE_HEADER + 40))
    header, bits, packed = _read_info(data[_FILE_HEADER:])
    header.complete = True
    if not packed:
        row = (header.width * bits + 31) // 32 * 4
        header.complete = int.from_bytes(data[10:14], "little") + row * header.height <= size
    return header


def _read_info(data: bytes) -> tuple[Header, int, bool]:
    """Of an information header: what it says, bits a pixel, and whether the rows are packed."""
    length = int.from_bytes(data[:4], "little")
    if len(data) < min(length, 40) or length < _CORE:
        raise unreadable("the file ends within its header")
    if length == _CORE:
        width, height, _, bits = struct.unpack_from("<HHHH", data, 4)
        packed = 0
    else:
        width, height, _, bits, packed = struct.unpack_from("<iiHHI", data, 4)
    height = abs(height)  # rows from the top have a negative one
    if width <= 0 or not height or bits not in {1, 2, 4, 8, 16, 24, 32}:
        raise unreadable("the size is broken")
    header = Header(width, height, channels=1 if bits <= 8 else 4 if bits == 32 else 3, palette=bits <= 8)
    return header, bits, packed not in {0, 3, 6}


def read_ico(file: BinaryIO) -> Header:
    """Return the header of an icon's largest picture; complete when that is there. Raises CorruptImage."""
    size = file.seek(0, 2)
    count = int.from_bytes(read_exactly(file, 4, min(6, size)), "little")
    table = read_exactly(file, 6, min(size, 6 + min(count, _MAX_ICONS) * _ENTRY))
    best = Header()
    for at in range(0, len(table) - _ENTRY + 1, _ENTRY):
        length, offset = struct.unpack_from("<II", table, at + 8)
        if offset + 24 > size:
            continue
        begin = read_exactly(file, offset, min(offset + 40, size))
        if begin.startswith(_PNG):
            width, height = struct.unpack_from(">II", begin, 16)
        elif len(begin) == 40:
            info, _, _ = _read_info(begin)
            width, height = info.width, info.height // 2  # below the picture is its mask
        else:
            continue
        if width * height > best.pixels:
            best = Header(width, height, channels=4, complete=offset + length <= size)
    if not best.pixels:
        raise unreadable("there is no picture")
    return best


def read_psd(file: BinaryIO) -> Header:
    """Return the header of a Photoshop file. Raises CorruptImage."""
    data = read_exactly(file, 0, min(26, file.seek(0, 2)))
    if len(data) < 26:
        raise unreadable("the file ends within its header")
    version, channels, height, width, bits, mode = struct.unpack_from(">H6xHIIHH", data, 4)
    if version not in {1, 2} or not width or not height or not 1 <= channels <= 56 or mode not in _PSD_CHANNELS:
        raise unreadable("the size is broken")
    return Header(
        width, height, channels=min(channels, _PSD_CHANNELS[mode]), bits=bits, palette=mode == 2, complete=True
    )
