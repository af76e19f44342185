"""The size and the turn of a JPEG XL picture (ISO/IEC 18181-1, annexes C and D; 18181-2 for its container).

They are read here because the decoder has a picture whole in memory before it can be asked how large that is.
"""

from typing import BinaryIO, Final

from scopix_server.intake.headers.boxes import boxes, read_exactly
from scopix_server.intake.headers.walk import Header, unreadable

__all__ = ["read_jpegxl"]

_BARE: Final = b"\xff\x0a"
_RATIOS: Final = {1: (1, 1), 2: (12, 10), 3: (4, 3), 4: (3, 2), 5: (16, 9), 6: (5, 4), 7: (2, 1)}
"""Width to height, where only the height is written."""
_ENOUGH: Final = 32
"""Bytes of the codestream up to the turn, at most."""


class _Bits:
    """Numbers out of bytes, from the lowest bit of the first on."""

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data, "little")
        self._left = 8 * len(data)

    def take(self, count: int) -> int:
        if count > self._left:
            raise unreadable("the file ends within its header")
        taken = self._value & ((1 << count) - 1)
        self._value >>= count
        self._left -= count
        return taken

    def side(self) -> int:
        return self.take((9, 13, 18, 30)[self.take(2)]) + 1


def read_jpegxl(file: BinaryIO) -> Header:
    """Return the header. Whether the file is complete is told by its decoder alone. Raises CorruptImage."""
    size = file.seek(0, 2)
    stream = read_exactly(file, 0, min(_ENOUGH, size))
    if not stream.startswith(_BARE):
        stream = b""
        for box in boxes(file, 0, size):
            if box.name == b"jxlc":
                stream += read_exactly(file, box.start, min(box.end, box.start + _ENOUGH))
            elif box.name == b"jxlp":  # in pieces, each behind its number
                stream += read_exactly(file, box.start + 4, min(box.end, box.start + 4 + _ENOUGH))
            if len(stream) >= _ENOUGH or box.name == b"jxlc":
                break
    if not stream.startswith(_BARE):
        raise unreadable("there is no codestream")
    header = Header(channels=4, complete=True)
    bits = _Bits(stream[2:])
    header.width, header.height = _size(bits)
    # Not all is as usual, and there are further fields: of these the turn comes first.
    if not bits.take(1) and bits.take(1):
        header.orientation = bits.take(3) + 1
    return header


def _size(bits: _Bits) -> tuple[int, int]:
    is_small = bits.take(1)
    height = (bits.take(5) + 1) * 8 if is_small else bits.side()
    ratio = bits.take(3)
    if ratio:
        across, down = _RATIOS[ratio]
        return height * across // down, height
    return (bits.take(5) + 1) * 8 if is_small else bits.side(), height
