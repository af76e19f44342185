"""The main header of a JPEG 2000 codestream (ISO/IEC 15444-1, annex A), bare or in a JP2 file (annex I)."""

from typing import BinaryIO, Final

from scopix_server.intake.headers.boxes import boxes, read_exactly
from scopix_server.intake.headers.walk import Header, unreadable

__all__ = ["read_jpeg2000"]

_CODESTREAM: Final = b"\xff\x4f\xff\x51"
_END: Final = b"\xff\xd9"
_COD, _SOT = 0x52, 0x90
_MAX_SEGMENTS: Final = 2_000  # before the first tile; files have about ten


def read_jpeg2000(file: BinaryIO) -> Header:
    """Return the header; `levels` tells how often the picture can be halved while it is decoded, `tiled` that it is.

    Complete when the end mark is there. Raises CorruptImage.
    """
    size = file.seek(0, 2)
    header = Header(lossless=False)
    start, end = 0, size
    if read_exactly(file, 0, min(4, size)) != _CODESTREAM:
        start = -1
        for box in boxes(file, 0, size):
            if box.name == b"jp2h":
                _read_profile(file, header, box.start, box.end)
            elif box.name == b"jp2c":
                start, end = box.start, box.end
                break
    if start < 0:
        raise unreadable("there is no codestream")
    _read_main(file, header, start, end)
    file.seek(max(start, end - 2))
    header.complete = file.read(2) == _END
    return header


def _read_profile(file: BinaryIO, header: Header, start: int, end: int) -> None:
    for box in boxes(file, start, end):
        if box.name == b"colr" and read_exactly(file, box.start, box.start + 1) in {b"\x02", b"\x03"}:
            header.profile = box.start + 3, box.end


def _read_main(file: BinaryIO, header: Header, start: int, end: int) -> None:
    sizes = read_exactly(file, start + 4, start + 4 + 38)
    right, bottom, left, top, across, down = (int.from_bytes(sizes[at : at + 4], "big") for at in range(4, 28, 4))
    header.width, header.height = right - left, bottom - top
    header.channels, header.bits = int.from_bytes(sizes[36:38], "big"), 8
    if header.width <= 0 or header.height <= 0 or not header.channels or not across or not down:
        raise unreadable("the size is broken")
    header.bits = (read_exactly(file, start + 42, start + 43)[0] & 0x7F) + 1
    header.tiled = across < header.width or down < header.height
    at = start + 4 + int.from_bytes(sizes[:2], "big")
    for _ in range(_MAX_SEGMENTS):
        head = read_exactly(file, at, min(at + 14, end))
        if len(head) < 4 or head[0] != 0xFF or head[1] == _SOT:
            return
        if head[1] == _COD and len(head) > 9:
            header.levels = min(head[9], 32)
        at += 2 + int.from_bytes(head[2:4], "big")
