"""The orientation in a block of EXIF data, read by hand (EXIF 2.32, 4.6: TIFF 6.0's first directory)."""

from typing import Final, Literal

__all__ = ["orientation_of"]

_TAG: Final = 0x0112
_SHORT: Final = 3
_ENTRY: Final = 12
_MAX_ENTRIES: Final = 512
"""Cameras write about 20; more are looked at no further."""


def orientation_of(block: bytes) -> int:
    """Return the orientation, 1 to 8; 1 when there is none or the block is broken. `block` may be cut anywhere."""
    tiff = block.removeprefix(b"Exif\x00\x00")
    if tiff[:4] == b"II*\x00":
        order: Literal["little", "big"] = "little"
    elif tiff[:4] == b"MM\x00*":
        order = "big"
    else:
        return 1
    start = int.from_bytes(tiff[4:8], order)
    count = int.from_bytes(tiff[start : start + 2], order)
    for number in range(min(count, _MAX_ENTRIES)):
        entry = tiff[start + 2 + number * _ENTRY : start + 2 + (number + 1) * _ENTRY]
        if len(entry) < _ENTRY:
            break
        if int.from_bytes(entry[:2], order) == _TAG and int.from_bytes(entry[2:4], order) == _SHORT:
            value = int.from_bytes(entry[8:10], order)
            return value if 1 <= value <= 8 else 1
    return 1
