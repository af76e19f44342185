"""The boxes of ISO base media files (ISO/IEC 14496-12, 4.2): HEIF, AVIF, JPEG 2000 and JPEG XL consist of them."""

from collections.abc import Iterator
from typing import BinaryIO, Final, NamedTuple

from scopix_server.intake.headers.walk import MAX_TAKE, unreadable

__all__ = ["Box", "boxes", "read_exactly"]

MAX_BOXES: Final = 10_000
"""In one place. A picture of a phone has 50 properties, a grid of a gigapixel 4,000 tiles that share a few."""


class Box(NamedTuple):
    """A box: its four-letter name, and where in the file its content begins and ends."""

    name: bytes
    start: int
    end: int


def boxes(file: BinaryIO, start: int, end: int) -> Iterator[Box]:
    """Yield the boxes between two places of a file. One that claims to reach beyond ends there all the same.

    Raises CorruptImage for a box that is smaller than its own head, and for far too many.
    """
    for _ in range(MAX_BOXES):
        if end - start < 8:
            return
        file.seek(start)
        head = file.read(16)
        size, name, content = int.from_bytes(head[:4], "big"), head[4:8], start + 8
        if size == 1:
            size, content = int.from_bytes(head[8:16], "big"), start + 16
        after = end if size == 0 else start + size
        if after < content:
            raise unreadable("the boxes are broken")
        yield Box(name, content, min(after, end))
        start = after
    raise unreadable(f"there are over {MAX_BOXES} boxes")


def read_exactly(file: BinaryIO, start: int, end: int) -> bytes:
    """Return the bytes between two places, at most MAX_TAKE of them. Raises CorruptImage where the file ends before."""
    count = max(0, min(end - start, MAX_TAKE))
    file.seek(start)
    data = file.read(count)
    if len(data) < count:
        raise unreadable("the file ends within its header")
    return data
