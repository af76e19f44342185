"""The raw files of cameras that are no TIFF by their first bytes. What they hold is told by their preview, later."""

from typing import BinaryIO, Final

from scopix_server.domain.errors import CorruptImage
from scopix_server.intake.headers.tiff import directories
from scopix_server.intake.headers.walk import Header

__all__ = ["read_raw"]

_TIFF_LIKE: Final = frozenset({b"II*\x00", b"MM\x00*", b"IIRO", b"IIRS", b"MMOR", b"IIU\x00"})


def read_raw(file: BinaryIO) -> Header:
    """Return a header that tells the size where a directory does, as TIFF's; else it is 0 x 0. Never complete or not.

    Raises CorruptImage when the file is no more than its first bytes.
    """
    header = Header(raw=True, complete=True)
    file.seek(0)
    if file.read(4) in _TIFF_LIKE:
        largest = max(directories(file), key=lambda one: one.pixels)
        header.width, header.height = largest.first(256), largest.first(257)
        header.orientation = largest.first(274, 1) if 1 <= largest.first(274, 1) <= 8 else 1
    elif file.seek(0, 2) < _SMALLEST:
        raise CorruptImage(issue="unreadable_header", reason="the file ends within its header")
    return header


_SMALLEST: Final = 4096
"""Bytes: the headers alone of such files have more."""
