"""The chunks of a WebP file (RFC 9649, sections 2.3 to 2.7)."""

from typing import Final

from scopix_server.intake.headers.exif_block import orientation_of
from scopix_server.intake.headers.walk import MAX_TAKE, Cursor, Header, Note, Skip, Take, Walker, unreadable

__all__ = ["walk_webp"]

MAX_CHUNKS: Final = 100_000
"""A frame is a chunk: an hour at 25 frames a second passes."""
_RIFF_HEADER: Final = 8
_ALPHA: Final = 0x10


def walk_webp(header: Header, cursor: Cursor, note: Note | None = None) -> Walker:
    """Fill `header` from the first chunk and what follows; complete when all bytes that the file announces are in."""
    end = int.from_bytes((yield Take(12))[4:8], "little") + _RIFF_HEADER
    frames = 0
    for number in range(MAX_CHUNKS):
        if number and cursor.offset + _RIFF_HEADER > end:
            break
        start = yield Take(8)
        name, length = start[:4], int.from_bytes(start[4:], "little")
        if note is not None:
            note(name, cursor.offset, length)
        taken = b""
        if number == 0 and length >= 5:
            taken = yield Take(min(length, 10))
        elif name == b"EXIF" and length:
            taken = yield Take(min(length, MAX_TAKE))
            header.orientation = orientation_of(taken)
        if number == 0:
            _read_first(header, name, taken)
        frames += name == b"ANMF"
        header.lossless = header.lossless or name in {b"VP8L", b"ANMF"}
        yield Skip(max(0, min(length + length % 2 - len(taken), end - cursor.offset)))
    else:
        raise unreadable(f"there are over {MAX_CHUNKS} chunks")
    yield Skip(max(0, end - cursor.offset))
    header.frames = max(1, frames)
    header.complete = True


def _read_first(header: Header, name: bytes, data: bytes) -> None:
    if name == b"VP8X" and len(data) == 10:
        header.width, header.height = (int.from_bytes(data[at : at + 3], "little") + 1 for at in (4, 7))
        header.channels = 4 if data[0] & _ALPHA else 3
    elif name == b"VP8 " and len(data) == 10 and data[3:6] == b"\x9d\x01\x2a":
        header.width, header.height = (int.from_bytes(data[at : at + 2], "little") & 0x3FFF for at in (6, 8))
        header.channels = 3
    elif name == b"VP8L" and data[:1] == b"\x2f":
        packed = int.from_bytes(data[1:5], "little")
        header.width, header.height = (packed & 0x3FFF) + 1, (packed >> 14 & 0x3FFF) + 1
        header.channels = 4
    if not header.pixels:
        raise unreadable("the first chunk is broken")
