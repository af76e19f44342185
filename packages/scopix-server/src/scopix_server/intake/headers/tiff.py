"""The directories of a TIFF file (TIFF 6.0, section 2; BigTIFF), which cameras use for their raw files, too."""

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

from scopix_server.intake.headers.walk import Header, unreadable

__all__ = ["MAX_PAGES", "Directory", "directories", "full_pages", "read_tiff"]

MAX_PAGES: Final = 10_000
"""Directories that are looked at; a book has hundreds."""
_MAX_ENTRIES: Final = 512
"""Of a directory. The baseline has 40 tags, DNG 100 more."""
_MAX_VALUES: Final = 1 << 18
"""Of one tag: strips of one row of the tallest picture that is taken are fewer."""
_MAX_ALL_VALUES: Final = 1 << 22
"""Of all tags: a book of 10,000 pages with 200 strips each."""
_TYPES: Final = {1: "B", 3: "H", 4: "I", 5: "II", 7: "B", 13: "I", 16: "Q", 18: "Q"}
_SUBFILE, _WIDTH, _HEIGHT, _BITS, _PHOTOMETRIC = 254, 256, 257, 258, 262
_STRIPS, _ORIENTATION, _SAMPLES, _STRIP_BYTES, _TILES, _TILE_BYTES = 273, 274, 277, 279, 324, 325
_OLD_SUBFILE, _X_DENSITY, _Y_DENSITY, _UNIT, _BELOW, _DNG = 255, 282, 283, 296, 330, 50_706
_USED: Final = frozenset(
    {_SUBFILE, _WIDTH, _HEIGHT, _BITS, _PHOTOMETRIC, _STRIPS, _ORIENTATION, _SAMPLES, _STRIP_BYTES, _TILES, _TILE_BYTES}
    | {_OLD_SUBFILE, _X_DENSITY, _Y_DENSITY, _UNIT, _BELOW, _DNG}
)
_NO_PAGE: Final = 1 | 4
"""The bits of the subfile type that tell a smaller copy of another directory's picture, and a mask of its holes."""
_OLD_REDUCED: Final = 2
"""The value of the older subfile type for such a copy."""
_MIN_SHARE: Final = 1 / 16
"""Of the first page's pixels, below which a picture that is not marked as a smaller copy is one all the same: a page at
a quarter of the other's density has as many, thumbnails of scanned pages have a hundredth or less."""
_PAGE_BITS: Final = 8
"""Of a sample at most, in a page: scanners write 1, 4 or 8 for documents; stacks of measurements have 16 or 32."""
_UNITS: Final = {2: 1.0, 3: 2.54}
"""Of density, in inches; the third is none, so that two densities tell the shape of a pixel only."""
_MIN_DENSITY, _MAX_DENSITY = 30, 10_000  # dots per inch; what is beyond was no scanner's
_MAX_OBLONG: Final = 4
"""Times that a pixel is as long as wide. Of faxes it is 2; beyond, one of two densities is wrong."""
_SENSOR: Final = frozenset({32_803, 34_892})
"""Photometric interpretations of what a sensor saw: a mosaic of colours, or unfinished ones (DNG 1.7)."""


@dataclass(frozen=True, slots=True)
class Directory:
    """The numbers of one directory, by tag, of fractions both; `is_below` tells those that another one points down to.

    It begins at `at` in the file; at `link` stands where the `following` one begins, 0 for none.
    """

    values: dict[int, tuple[int, ...]]
    is_below: bool
    at: int = 0
    link: int = 0
    following: int = 0

    def first(self, tag: int, default: int = 0) -> int:
        """Return the first value of a tag."""
        return next(iter(self.values.get(tag, ())), default)

    @property
    def pixels(self) -> int:
        """Width x height."""
        return self.first(_WIDTH) * self.first(_HEIGHT)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels, as stored."""
        return self.first(_WIDTH), self.first(_HEIGHT)

    @property
    def orientation(self) -> int:
        """How it is turned, 1 to 8 as EXIF counts."""
        turn = self.first(_ORIENTATION, 1)
        return turn if 1 <= turn <= 8 else 1

    @property
    def densities(self) -> tuple[float, float, bool]:
        """Pixels across and down in an inch, as stored, and whether it is inches: if not, they only compare."""
        x, y = self._fraction(_X_DENSITY), self._fraction(_Y_DENSITY)
        if not x or not y or max(x, y) > _MAX_OBLONG * min(x, y):
            return 1.0, 1.0, False
        inches = _UNITS.get(self.first(_UNIT, 2))
        if inches is None or not _MIN_DENSITY <= min(x, y) * inches <= max(x, y) * inches <= _MAX_DENSITY:
            return x, y, False
        return x * inches, y * inches, True

    def _fraction(self, tag: int) -> float:
        above, below = (*self.values.get(tag, ()), 0, 0)[:2]
        return above / below if below else 0.0

    @property
    def is_sensor(self) -> bool:
        """Whether it holds what a sensor saw, which is no picture yet."""
        return self.first(_PHOTOMETRIC, -1) in _SENSOR

    @property
    def end(self) -> int:
        """How far into the file its pixels reach; 0 where that is not told."""
        for starts, lengths in ((_STRIPS, _STRIP_BYTES), (_TILES, _TILE_BYTES)):
            if self.values.get(starts) and self.values.get(lengths):
                pairs = zip(self.values[starts], self.values[lengths], strict=False)
                return max(start + length for start, length in pairs)
        return 0


def directories(file: BinaryIO) -> Iterator[Directory]:
    """Yield the directories of a file, each followed by those below it; nothing of a broken one and what comes after.

    Raises CorruptImage when there is no first one.
    """
    size = file.seek(0, 2)
    file.seek(0)
    head = file.read(16)
    order = "<" if head[:2] == b"II" else ">"
    is_big = head[2:4] in {b"+\x00", b"\x00+"}
    at = int(struct.unpack_from(order + ("Q" if is_big else "I"), head.ljust(16, b"\x00"), 8 if is_big else 4)[0])
    waiting, seen, number, left = [(at, False)], set[int](), 0, _MAX_ALL_VALUES
    while waiting and number < MAX_PAGES and left > 0:
        at, is_below = waiting.pop()
        if not 8 <= at < size or at in seen:
            continue
        seen.add(at)
        directory = _read(file, at, order, is_big, is_below)
        if directory is None:
            continue
        number += 1
        left -= sum(len(values) for values in directory.values.values())
        yield directory
        if not is_below:
            waiting.append((directory.following, False))
        waiting.extend((below, True) for below in reversed(directory.values.get(_BELOW, ())[:16]))
    if not number:
        raise unreadable("there is no directory")


def _read(file: BinaryIO, at: int, order: str, is_big: bool, is_below: bool) -> Directory | None:
    """The directory at a place; None where it is broken."""
    counting, entry, place = ("Q", 20, "Q") if is_big else ("H", 12, "I")
    width = struct.calcsize(counting)
    file.seek(at)
    head = file.read(width)
    if len(head) < width:
        return None
    count = int(struct.unpack(order + counting, head)[0])
    if not 0 < count <= _MAX_ENTRIES:
        return None
    table = file.read(count * entry + struct.calcsize(place))
    if len(table) < count * entry:
        return None
    values: dict[int, tuple[int, ...]] = {}
    for start in range(0, count * entry, entry):
        tag, kind, length = struct.unpack_from(order + "HH" + place, table, start)
        if tag in _USED and tag not in values and kind in _TYPES and 0 < length <= _MAX_VALUES:
            form = f"{order}{length * len(_TYPES[kind])}{_TYPES[kind][0]}"
            field = table[start + entry - struct.calcsize(place) : start + entry]
            values[tag] = _values(file, form, field, int(struct.unpack(order + place, field)[0]))
    rest = table[count * entry :]
    following = int(struct.unpack(order + place, rest)[0]) if len(rest) == struct.calcsize(place) else 0
    return Directory(values, is_below, at, at + width + count * entry, following)


def _values(file: BinaryIO, form: str, field: bytes, offset: int) -> tuple[int, ...]:
    """The values of a tag, which stand in the directory where they fit, else elsewhere; none where they are missing."""
    size = struct.calcsize(form)
    if size > len(field):
        file.seek(offset)
        field = file.read(size)
    return struct.unpack(form, field[:size]) if len(field) >= size else ()


def full_pages(all_of_them: Iterable[Directory]) -> list[Directory]:
    """Return the directories that are pages: no smaller copies of others, no masks, nothing below another one."""
    pages = [
        one
        for one in all_of_them
        if one.pixels
        and not one.is_below
        and not one.first(_SUBFILE) & _NO_PAGE
        and one.first(_OLD_SUBFILE) != _OLD_REDUCED
    ]
    return [one for one in pages if one.pixels >= pages[0].pixels * _MIN_SHARE]


def read_tiff(file: BinaryIO) -> Header:
    """Return the header of the first page; `frames` and `pages` are those of `full_pages`, `pages` of documents only.

    Of a camera's raw file, told by `raw`, the size is that of the largest picture, the sensor's. Complete when the file
    reaches as far as the pixels of the first page. Raises CorruptImage.
    """
    size = file.seek(0, 2)
    all_of_them = list(directories(file))
    first = all_of_them[0]
    header = Header(
        first.first(_WIDTH),
        first.first(_HEIGHT),
        channels=first.first(_SAMPLES, 1),
        bits=max(first.values.get(_BITS, (1,)), default=1),
        orientation=first.orientation,
        complete=first.end <= size,
    )
    header.dng = _DNG in first.values
    header.raw = header.dng or any(one.is_sensor for one in all_of_them)
    if header.raw:
        largest = max(all_of_them, key=lambda one: one.pixels)
        header.width, header.height = largest.size
        header.complete = True  # its preview is decoded, wherever that is
    pages = [] if header.raw else full_pages(all_of_them)
    header.frames = max(1, len(pages))
    if all(max(page.values.get(_BITS, (1,)), default=1) <= _PAGE_BITS for page in pages):
        header.pages = header.frames
    if not header.pixels:
        raise unreadable("the first directory tells no size")
    return header
