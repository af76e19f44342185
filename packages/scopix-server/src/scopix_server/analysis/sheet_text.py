"""Reading what is too large to be held: in bands of full width and full resolution, a few at a time.

A picture of more pixels than are looked at at once is seen on a reduced copy, and small letters are lost on it. So its
rows are gone over in bands that overlap by more than a line is high: whatever one border cuts, the next band has whole.
Lines that are higher than half the overlap are large enough to be read on the reduced copy, and are taken from there.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from scopix_server.analysis.full_size import FullSize, Strip, full_size
from scopix_server.domain.analysis import ReadLines, SheetLine
from scopix_server.domain.description import Box, TextRegion
from scopix_server.intake.decode_plan import PixelLimits

__all__ = ["OVERLAP", "join_lines", "read_bands"]

OVERLAP: Final = 256
"""Rows that two bands share: twice the height of the highest line that is read in bands, on a drawing 12 mm at 300
dots an inch."""
_BAND_PIXELS: Final = 40_000_000
"""Of a band: 120 MB beside the networks that read it, which take 300 MB over it."""
_MIN_ROWS, _MAX_ROWS = 768, 2048
"""At least three times the overlap, or most rows would be read twice; at most what the detector sees at half its size
or better."""
_FILLED_ROWS: Final = 64
"""Rows that are put into a band at a time: a second band beside it would take as much memory again."""
_GUTTER: Final = 64
"""Columns without any ink, from which on what lies right and left of them is read apart: no line has such gaps, and
what is empty is not read at all."""
_FLAT: Final = 24
"""Of 255; darker and lighter than that around the usual colour of a column is ink. Paper in a scan varies by less."""
_PORTION_SECONDS: Final = 20.0
"""As of a document's pages: another tenant's picture waits meanwhile."""
_EDGE: Final = 3
"""Rows from a band's border; a line that ends there was cut."""
_SAME: Final = 0.5
"""Of the smaller one's area, which two readings of one line share at least; neighbouring lines share less."""

Read = Callable[[Any], tuple[TextRegion, ...]]


def read_bands(path: Path, first: int, limits: PixelLimits, read: Read) -> ReadLines:
    """Read bands number `first` and the next ones of an image, as many as a portion's time allows, one at least.

    Nothing is read of an image that takes too much memory at full size, or that is stored lying on its side.
    Raises CorruptImage and TooManyPixels as `decode`.
    """
    with full_size(path, limits, _FILLED_ROWS) as source:
        if source is None or source.orientation > 4:
            return ReadLines((), None)
        rows = min(source.height, max(_MIN_ROWS, min(_MAX_ROWS, _BAND_PIXELS // source.width)))
        started, lines, number = time.monotonic(), list[SheetLine](), first
        for number, (top, band) in enumerate(_bands(source, rows, first), first):
            lines += _lines_of(band, number, top, source, read)
            if time.monotonic() - started > _PORTION_SECONDS:
                break
        is_last = _top(number, rows) + rows >= source.height
        return ReadLines(tuple(lines), None if is_last else number + 1)


def _top(number: int, rows: int) -> int:
    return number * (rows - OVERLAP)


def _bands(source: FullSize, rows: int, first: int) -> Iterator[tuple[int, Strip]]:
    """Yield the bands from the `first` on, each with its first row. One buffer holds all of them, one after another."""
    band = np.empty((rows, source.width, 3), np.uint8)
    pieces = source.strips(_pieces(source.height - _top(first, rows)), _top(first, rows))
    number, filled = first, 0
    while True:
        height = min(rows, source.height - _top(number, rows))
        rest: Strip | None = None
        while filled < height:
            piece = next(pieces)
            taken = min(len(piece), height - filled)
            band[filled : filled + taken] = piece[:taken]
            rest = piece[taken:]
            filled += taken
        yield _top(number, rows), band[:height]
        if _top(number, rows) + height >= source.height:
            return
        band[:OVERLAP] = band[rows - OVERLAP :].copy()
        filled = OVERLAP
        if rest is not None and len(rest):
            band[filled : filled + len(rest)] = rest
            filled += len(rest)
        number += 1


def _pieces(height: int) -> Iterator[int]:
    for top in range(0, height, _FILLED_ROWS):
        yield min(_FILLED_ROWS, height - top)


def _lines_of(band: Strip, number: int, top: int, source: FullSize, read: Read) -> Iterator[SheetLine]:
    left_right, top_bottom = source.orientation in {2, 3}, source.orientation in {3, 4}
    height = len(band)
    shown = band[:: -1 if top_bottom else 1, :: -1 if left_right else 1]
    begin = source.height - top - height if top_bottom else top
    is_first, is_last = begin == 0, begin + height == source.height
    for left, right in _inked(shown):
        part = shown if right - left == source.width else shown[:, left:right]
        for region in read(np.ascontiguousarray(part)):
            box = region.box
            is_cut = (not is_first and box.y * height < _EDGE) or (
                not is_last and (box.y + box.height) * height > height - _EDGE
            )
            place = (left / source.width, begin / source.height)
            size = ((right - left) / source.width, height / source.height)
            yield SheetLine(_moved(region, place, size), number, is_cut)


def _inked(band: Strip) -> list[tuple[int, int]]:
    """Spans of columns with something on them, parted where nothing is over the width of a gutter."""
    grey = band[::2, :, 1]
    inked = np.flatnonzero(grey.max(axis=0).astype(int) - grey.min(axis=0) > _FLAT)
    if not len(inked):
        return []
    ends = np.flatnonzero(np.diff(inked) > _GUTTER)
    starts = [int(inked[0]), *(int(inked[end + 1]) for end in ends)]
    stops = [*(int(inked[end]) for end in ends), int(inked[-1])]
    margin = _GUTTER // 2
    return [(max(0, a - margin), min(band.shape[1], b + 1 + margin)) for a, b in zip(starts, stops, strict=True)]


def _moved(region: TextRegion, place: tuple[float, float], size: tuple[float, float]) -> TextRegion:
    """A region in fractions of a part, in fractions of the whole."""
    (x, y), (width, height) = place, size
    box = region.box
    return TextRegion(
        region.text,
        Box(x + box.x * width, y + box.y * height, box.width * width, box.height * height),
        region.confidence,
        tuple((x + across * width, y + down * height) for across, down in region.quad),
    )


def join_lines(lines: Sequence[SheetLine], seen: Sequence[TextRegion], height: int) -> list[TextRegion]:
    """Return each line of a picture of `height` pixels once, by what was read in bands and on its reduced copy.

    Of two readings of one place, in neighbouring bands, the one that no border has cut counts, else the larger. `seen`
    on the reduced copy are the high lines, and those where nothing was read in any band.
    """
    high = [one for one in seen if min(one.box.width, one.box.height) * height > OVERLAP / 2]
    kept: list[SheetLine] = []
    best_first = sorted(lines, key=lambda one: (one.is_cut, -_area(one.region.box)))
    by_band: dict[int, list[SheetLine]] = {}
    for line in best_first:
        near = [*by_band.get(line.band - 1, ()), *by_band.get(line.band + 1, ())]
        if any(_is_same(line.region.box, other.region.box) for other in near):
            continue
        if line.is_cut and any(_is_same(line.region.box, other.box) for other in high):
            continue
        kept.append(line)
        by_band.setdefault(line.band, []).append(line)
    found = [line.region for line in kept]
    return found + [one for one in high if not any(_is_same(one.box, other.box) for other in found)]


def _area(box: Box) -> float:
    return box.width * box.height


def _is_same(one: Box, other: Box) -> bool:
    across = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
    down = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    smaller = min(_area(one), _area(other))
    return across > 0 and down > 0 and across * down >= _SAME * smaller
