"""Deep-zoom tiles of a picture, made in one walk over its rows: memory holds a strip of each level, the disk the rest.

A strip is as high as a tile. It is cut into tiles, and shrunk by half it is one half of a strip of the next smaller
level. A picture that is stored turned is not turned as a whole, which would take all of it: the strips are mirrored,
and the tiles laid on their sides one by one.
"""

import io
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np
from PIL import Image

from scopix_server.analysis.full_size import FullSize, Strip, full_size
from scopix_server.domain.tiles import TileGrid, entry_at, pack_entry
from scopix_server.intake.decode_plan import PixelLimits

__all__ = ["SIDE", "make_tiles"]

SIDE: Final = 512
"""Pixels. Of 256, as older viewers had them, there are four times as many, which take a third more bytes and twice the
time to make; of 1,024 a strip of the widest JPEG would be 200 MB."""
_QUALITY: Final = 82
"""As of variants."""
_MIRRORED: Final = {
    1: (False, False, False),
    2: (True, False, False),
    3: (True, True, False),
    4: (False, True, False),
    5: (False, False, True),
    6: (False, True, True),
    7: (True, True, True),
    8: (True, False, True),
}
"""EXIF's turns, each as mirroring left and right, then top and bottom, then rows with columns."""


def make_tiles(path: Path, target: Path, limits: PixelLimits) -> TileGrid | None:
    """Make the tiles of the image at `path`, as JPEG, and write all of them to `target` (see `domain/tiles.py`).

    Returns None, and writes nothing, where going over the image takes too much memory. Raises CorruptImage and
    TooManyPixels as `decode`.
    """
    with full_size(path, limits, SIDE) as source:
        if source is None:
            return None
        with target.open("w+b") as file:
            return _Pyramid(source, file).write()


@dataclass(frozen=True, slots=True)
class _Turn:
    left_right: bool
    top_bottom: bool
    across: bool


class _Pyramid:
    """Writes the tiles of one picture. Strips and their numbers are counted in the picture before it is laid across."""

    def __init__(self, source: FullSize, file: BinaryIO) -> None:
        self._source = source
        self._file = file
        self._turn = _Turn(*_MIRRORED.get(source.orientation, _MIRRORED[1]))
        size = (source.height, source.width) if self._turn.across else (source.width, source.height)
        self._grid = TileGrid(*size, SIDE)
        # By level: halves of strips that wait for the other half, by their number.
        self._waiting: dict[int, dict[int, Strip]] = {level: {} for level in range(self._grid.top + 1)}

    def write(self) -> TileGrid:
        grid = self._grid
        self._file.write(grid.pack())
        self._file.seek(entry_at(grid.count))
        numbers: Iterable[int] = range(self._strips(grid.top))
        if self._turn.top_bottom:
            # Tiles are counted from the end that comes last, so the strip that may be lower comes first.
            numbers = reversed(range(self._strips(grid.top)))
        numbers = list(numbers)
        heights = (min(SIDE, self._source.height - number * SIDE) for number in numbers)
        for number, strip in zip(numbers, self._source.strips(heights, 0), strict=True):
            rows = slice(None, None, -1 if self._turn.top_bottom else 1)
            columns = slice(None, None, -1 if self._turn.left_right else 1)
            self._add(grid.top, number, strip[rows, columns])
        return grid

    def _strips(self, level: int) -> int:
        columns, rows = self._grid.shape(level)
        return columns if self._turn.across else rows

    def _add(self, level: int, number: int, strip: Strip) -> None:
        height, width = strip.shape[:2]
        half = np.empty((-(-height // 2), -(-width // 2), 3), np.uint8)
        for left in range(0, width, SIDE):
            tile = Image.fromarray(np.ascontiguousarray(strip[:, left : left + SIDE]))
            self._save(level, number, left // SIDE, tile)
            shrunk = np.asarray(tile.reduce(2))
            half[:, left // 2 : left // 2 + shrunk.shape[1]] = shrunk
        if level > 0:
            self._join(level - 1, number, half)

    def _join(self, level: int, number: int, half: Strip) -> None:
        waiting, other = self._waiting[level], number ^ 1
        if other >= self._strips(level + 1):
            self._add(level, number // 2, half)
        elif other in waiting:
            pair = (half, waiting.pop(other)) if number < other else (waiting.pop(other), half)
            self._add(level, number // 2, np.concatenate(pair))
        else:
            waiting[number] = half

    def _save(self, level: int, strip: int, place: int, tile: Image.Image) -> None:
        column, row = place, strip
        if self._turn.across:
            column, row, tile = strip, place, tile.transpose(Image.Transpose.TRANSPOSE)
        number = self._grid.number(level, column, row)
        assert number is not None
        encoded = io.BytesIO()
        tile.save(encoded, "JPEG", quality=_QUALITY)
        end = self._file.tell()
        self._file.seek(entry_at(number))
        self._file.write(pack_entry(end, encoded.tell()))
        self._file.seek(end)
        self._file.write(encoded.getbuffer())
