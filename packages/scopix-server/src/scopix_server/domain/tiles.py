"""Deep-zoom tiles of a large picture: which there are, and the one object that holds all of them.

A picture of two gigapixels has ten thousand tiles. As objects they would take as many writes and as many deletions,
each forced to disk or sent to a bucket by itself; so they lie in one, and a tile is two short reads at places in it.

    magic (8 bytes) | width, height, side (4 bytes each) | for each tile offset (8) and length (4) | the tiles

Numbers are little-endian. Tiles are counted level by level, from the one of a single pixel to that of full size, and in
each by rows.
"""

import struct
from dataclasses import dataclass
from typing import Final

__all__ = ["ENTRY_BYTES", "HEADER_BYTES", "TILES", "TileGrid", "entry_at", "pack_entry", "unpack_entry"]

TILES: Final = "tiles"
"""What the object with the tiles is called among the variants of a file."""
_MAGIC: Final = b"scopixT1"
_HEADER: Final = struct.Struct("<8sIII")
_ENTRY: Final = struct.Struct("<QI")
HEADER_BYTES: Final = _HEADER.size
ENTRY_BYTES: Final = _ENTRY.size


@dataclass(frozen=True, slots=True)
class TileGrid:
    """The tiles of a picture of `width` x `height` pixels, `side` pixels each, without an overlap, smaller at the ends.

    The level of full size is `top`; each below has half its width and height, rounded up; level 0 has one pixel.
    """

    width: int
    height: int
    side: int

    @property
    def top(self) -> int:
        """The number of the level of full size."""
        return (max(self.width, self.height) - 1).bit_length()

    def size(self, level: int) -> tuple[int, int]:
        """Width and height of a level in pixels."""
        shrink = self.top - level
        return -(-self.width >> shrink), -(-self.height >> shrink)

    def shape(self, level: int) -> tuple[int, int]:
        """How many columns and rows of tiles a level has."""
        width, height = self.size(level)
        return -(-width // self.side), -(-height // self.side)

    def number(self, level: int, column: int, row: int) -> int | None:
        """Where a tile stands among all, counted from 0; None where there is no such tile."""
        if not 0 <= level <= self.top:
            return None
        columns, rows = self.shape(level)
        if not (0 <= column < columns and 0 <= row < rows):
            return None
        return self._before(level) + row * columns + column

    @property
    def count(self) -> int:
        """How many tiles there are on all levels."""
        return self._before(self.top + 1)

    def _before(self, level: int) -> int:
        return sum(columns * rows for columns, rows in map(self.shape, range(level)))

    def pack(self) -> bytes:
        """Return the header of the object, HEADER_BYTES long."""
        return _HEADER.pack(_MAGIC, self.width, self.height, self.side)

    @classmethod
    def unpack(cls, header: bytes) -> "TileGrid | None":
        """Return what a header says; None for that of another object."""
        if len(header) != HEADER_BYTES or not header.startswith(_MAGIC):
            return None
        return cls(*_HEADER.unpack(header)[1:])


def entry_at(number: int) -> int:
    """Return where in the object it stands where a tile is."""
    return HEADER_BYTES + number * ENTRY_BYTES


def pack_entry(offset: int, length: int) -> bytes:
    """Return what tells of a tile where in the object it is, and how long."""
    return _ENTRY.pack(offset, length)


def unpack_entry(entry: bytes) -> tuple[int, int]:
    """Return the offset and the length of a tile."""
    offset, length = _ENTRY.unpack(entry)
    return offset, length
