"""The pages of a scanned TIFF as pictures, one at a time, each turned and stretched as it is meant to be seen.

A page goes through the gate of all images (`analysis/decode.py`) as a file of its own: the same bytes, but its
directory is the first and the last one. So its own orientation, colours and compression count, its limits are checked
like those of any image, and damage in one page does not reach another.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final, Literal, cast

import numpy as np
import numpy.typing as npt
from PIL import Image

from scopix.types.vocabulary import DescriptionErrorType
from scopix_server.analysis.decode import QUARTER_TURNS, decode, pixels_of
from scopix_server.domain.errors import CorruptImage, DescribeError
from scopix_server.intake.decode_plan import PixelLimits
from scopix_server.intake.headers.tiff import MAX_PAGES, Directory, directories, full_pages

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

__all__ = ["ScanPages", "open_scan"]

_DENSITY: Final = 204
"""Dots per inch that a page is read at, at most: that of a fax in fine mode, whose strokes are one dot thick."""
_MAX_PIXELS: Final = 24_000_000
_MAX_SIDE: Final = 10_000
"""Of a page as it is read, as of a page of a PDF (`documents/pdf.py`)."""
_POINTS: Final = 72  # an inch


class ScanPages:
    """The pages of an open TIFF, which count from 1 (see `ScannedPages` in `documents/scan.py`)."""

    def __init__(self, file: BinaryIO, pages: list[Directory], limits: PixelLimits, *, is_cut: bool) -> None:
        self._file = file
        self._pages = pages
        self._limits = limits
        self.is_cut = is_cut

    @property
    def count(self) -> int:
        """How many pages there are."""
        return len(self._pages)

    def size(self, number: int) -> tuple[float, float]:
        """Return width and height in points as the page is shown, or in pixels where its density is not known."""
        page = self._pages[number - 1]
        x, y, is_known = page.densities
        unit = _POINTS if is_known else max(x, y)
        return _turned(page, (page.size[0] / x * unit, page.size[1] / y * unit))

    def pixels(self, number: int) -> npt.NDArray[np.uint8]:
        """Return a page as it is shown, RGB uint8, height x width x 3.

        Raises:
            CorruptImage: the page cannot be decoded.
            TooManyPixels: it has more than are allowed.
        """
        page = self._pages[number - 1]
        width, height = page.size
        across, down = _scales(page)
        # Reduced while it is decoded by what both directions have in common; the rest is the shape of its dots.
        work_pixels = min(self._limits.work_pixels, max(1, round(width * height * min(1.0, max(across, down)) ** 2)))
        alone = cast(BinaryIO, io.BufferedReader(_OnePage(self._file, page)))
        decoded = decode(alone, max_pixels=self._limits.max_pixels, work_pixels=work_pixels)
        w, h = _turned(page, (width * across, height * down))
        size = max(1, round(w)), max(1, round(h))
        image = decoded.image
        if abs(image.width - size[0]) > 1 or abs(image.height - size[1]) > 1:
            image = image.resize(size, Image.Resampling.BICUBIC)
        return pixels_of(image)


def _turned(page: Directory, size: tuple[float, float]) -> tuple[float, float]:
    return (size[1], size[0]) if page.orientation in QUARTER_TURNS else size


def _scales(page: Directory) -> tuple[float, float]:
    """By how much a page is stretched across and down, as stored, so that its dots are square and not too many."""
    width, height = page.size
    x, y, is_known = page.densities
    density = min(max(x, y), _DENSITY) if is_known else max(x, y)
    across, down = density / x, density / y
    w, h = width * across, height * down
    shrink = min(1.0, (_MAX_PIXELS / (w * h)) ** 0.5, _MAX_SIDE / max(w, h))
    return across * shrink, down * shrink


@contextmanager
def open_scan(path: Path, limits: PixelLimits) -> Iterator[ScanPages]:
    """Open a TIFF to take its pages one after the other.

    Raises:
        DescribeError: `validation`, not retryable: there is no page in it.
    """
    with path.open("rb") as file:
        try:
            all_of_them = [_without_places(one) for one in directories(file)]
        except CorruptImage as error:
            raise DescribeError(error.message, DescriptionErrorType.VALIDATION_ERROR, retryable=False) from error
        chain = [one for one in all_of_them if not one.is_below]
        pages = full_pages(all_of_them)
        if not pages:
            message = "The TIFF has no page of full size."
            raise DescribeError(message, DescriptionErrorType.VALIDATION_ERROR, retryable=False)
        is_cut = chain[-1].following != 0 and len(all_of_them) < MAX_PAGES
        yield ScanPages(file, pages, limits, is_cut=is_cut)


def _without_places(page: Directory) -> Directory:
    """A directory without where its strips are, of which a long document has millions."""
    kept = {tag: values for tag, values in page.values.items() if len(values) <= 4}
    return Directory(kept, page.is_below, page.at, page.link, page.following)


class _OnePage(io.RawIOBase):
    """A TIFF in which one directory is the first and the last: two of its numbers read otherwise than they stand."""

    def __init__(self, file: BinaryIO, page: Directory) -> None:
        self._file = file
        self._at = 0
        file.seek(0)
        head = file.read(8)
        order: Literal["little", "big"] = "little" if head[:2] == b"II" else "big"
        is_big = head[2:4] in {b"+\x00", b"\x00+"}
        width = 8 if is_big else 4
        first = page.at.to_bytes(width, order)
        self._instead = ((8 if is_big else 4, first), (page.link, bytes(width)))

    def readable(self) -> bool:
        """See `io.IOBase`."""
        return True

    def seekable(self) -> bool:
        """See `io.IOBase`."""
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        """See `io.IOBase`."""
        base = {0: 0, 1: self._at, 2: self._file.seek(0, 2) if whence == 2 else 0}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        """See `io.IOBase`."""
        return self._at

    def readinto(self, target: "WriteableBuffer") -> int:
        """See `io.RawIOBase`."""
        view = memoryview(target).cast("B")
        self._file.seek(self._at)
        data = bytearray(self._file.read(len(view)))
        for place, value in self._instead:
            first, last = max(place, self._at), min(place + len(value), self._at + len(data))
            if first < last:
                data[first - self._at : last - self._at] = value[first - place : last - place]
        view[: len(data)] = data
        self._at += len(data)
        return len(data)
