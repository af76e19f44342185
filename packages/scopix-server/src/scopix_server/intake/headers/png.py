"""The chunks of a PNG file (PNG, third edition, clause 5), up to its last one."""

import zlib
from typing import Final

from scopix_server.intake.headers.exif_block import orientation_of
from scopix_server.intake.headers.walk import MAX_TAKE, Cursor, Header, Note, Skip, Take, Walker, unreadable

__all__ = ["walk_png"]

MAX_CHUNKS: Final = 200_000
"""Encoders write 4 to 64 KiB a chunk: 100 MB are at most 25,000. A million of empty ones would hold a core."""
_CHANNELS: Final = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_BITS: Final = {0: {1, 2, 4, 8, 16}, 2: {8, 16}, 3: {1, 2, 4, 8}, 4: {8, 16}, 6: {8, 16}}
_CHECKSUM: Final = 4


def walk_png(header: Header, cursor: Cursor, note: Note | None = None) -> Walker:
    """Fill `header` from the first chunk and those that announce frames and a turn; complete at the last chunk.

    Where nothing but that is missing, it has `begun`: all pixels are likely to be there.
    """
    yield Take(8)
    _read_first(header, (yield Take(25)))
    has_pixels = False
    for _ in range(MAX_CHUNKS):
        header.begun = has_pixels
        start = yield Take(8)
        header.begun = False
        length, name = int.from_bytes(start[:4], "big"), start[4:]
        if length >= 1 << 31 or not name.isalpha():
            raise unreadable("the chunks are broken")
        if note is not None:
            note(name, cursor.offset, length)
        if name == b"IEND":
            header.begun = has_pixels
            break
        has_pixels = has_pixels or name == b"IDAT"
        taken = b""
        if (name == b"eXIf" and length) or (name == b"acTL" and length == 8) or (name == b"cICP" and length == 4):
            taken = yield Take(min(length, MAX_TAKE))
        if name == b"eXIf":
            header.orientation = orientation_of(taken)
        elif name == b"cICP" and taken:
            header.code_points = taken[0], taken[1]
        elif taken:
            header.frames = max(1, int.from_bytes(taken[:4], "big"))
        yield Skip(length - len(taken) + _CHECKSUM)
    else:
        raise unreadable(f"there are over {MAX_CHUNKS} chunks")
    if not has_pixels:
        raise unreadable("there are no pixels")
    yield Take(_CHECKSUM)
    header.complete = True


def _read_first(header: Header, chunk: bytes) -> None:
    data = chunk[8:21]
    if chunk[:8] != b"\x00\x00\x00\x0dIHDR" or zlib.crc32(chunk[4:21]) != int.from_bytes(chunk[21:], "big"):
        raise unreadable("the first chunk is broken")
    header.width, header.height = int.from_bytes(data[:4], "big"), int.from_bytes(data[4:8], "big")
    header.bits, kind = data[8], data[9]
    if not header.pixels or header.bits not in _BITS.get(kind, ()) or data[12] > 1:
        raise unreadable("the first chunk is broken")
    header.channels, header.palette, header.interlaced = _CHANNELS[kind], kind == 3, data[12] == 1
    header.lossless = True
