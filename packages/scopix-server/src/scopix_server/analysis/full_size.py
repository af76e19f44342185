"""Going over a picture at full size, strip by strip: for its tiles, and for the text on what is too large to be held.

JPEG, PNG, WebP and TIFF stream through libvips; of them no more is held than a strip. Of all else the decoders give
the whole picture or nothing, so it is held, where the budget of memory allows that.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from scopix_server.analysis.decode import decode, opened, read_file_header
from scopix_server.analysis.decode_streamed import DecodingFailed, Rows, decode_streamed, stream_rows
from scopix_server.analysis.look import Look
from scopix_server.domain.errors import CorruptImage
from scopix_server.intake.decode_plan import PixelLimits, check_header, plan_full_size
from scopix_server.intake.headers.walk import Header

__all__ = ["FullSize", "Strip", "full_size"]

_BAND_PIXELS: Final = 1 << 20
"""Converted at a time: what lies between the decoder's rows and the strip then takes a few MB."""
_SAMPLE_SIDE: Final = 1024
"""Of the copy by which the ground of a picture with holes is chosen (see `analysis/look.py`)."""

Strip = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class FullSize:
    """A picture of `width` x `height` pixels, still to be turned as `orientation` says (1 to 8, as EXIF counts).

    `strips` takes the heights of strips that follow each other from top to bottom, and the row that the first begins
    with. It yields them, RGB in sRGB, uint8, height x width x 3, what is transparent laid on a ground. It can be walked
    through once; raises CorruptImage.
    """

    width: int
    height: int
    orientation: int
    strips: Callable[[Iterable[int], int], Iterator[Strip]]


@contextmanager
def full_size(path: Path, limits: PixelLimits, strip_rows: int) -> Iterator[FullSize | None]:
    """Open a picture, to go over it in strips of at most so many rows; None where that takes too much memory.

    Raises CorruptImage and TooManyPixels as `decode`.
    """
    with opened(path) as original:
        content_type, header, file = read_file_header(original)
        plan = plan_full_size(content_type, header, strip_rows)
        if plan is None:
            yield None
            return
        check_header(content_type, header, limits)
        if plan.streamed:
            yield _streamed(file, content_type, header)
            return
    image = decode(path, max_pixels=limits.max_pixels, work_pixels=header.pixels).image
    yield FullSize(image.width, image.height, 1, lambda heights, top: _crops(image, heights, top))


def _streamed(file: BinaryIO, content_type: str, header: Header) -> FullSize:
    try:
        rows = stream_rows(file)
        look = _look_of(rows, file, content_type, header)
    except DecodingFailed as error:
        raise _corrupt(error) from error
    return FullSize(rows.width, rows.height, header.orientation, lambda heights, top: _shown(rows, look, heights, top))


def _look_of(rows: Rows, file: BinaryIO, content_type: str, header: Header) -> Look:
    """How the rows are shown. By its profile alone, unless there are holes: then a small copy tells on which ground."""
    if rows.mode in {"LA", "RGBA"}:
        scale = min(1.0, _SAMPLE_SIDE / max(rows.width, rows.height))
        size = max(1, round(rows.width * scale)), max(1, round(rows.height * scale))
        small = decode_streamed(file, size=size, content_type=content_type)
        sample = Image.frombytes(small.mode, (small.width, small.height), small.pixels)
    else:
        sample = Image.new(rows.mode, (1, 1))
    sample.info["icc_profile"] = rows.icc_profile
    if header.code_points and (content_type == "image/png" or not rows.icc_profile):
        sample.info["code_points"] = header.code_points
    return Look.of(sample)


def _shown(rows: Rows, look: Look, heights: Iterable[int], top: int) -> Iterator[Strip]:
    for height in heights:
        try:
            data = rows.take(top, height)
        except DecodingFailed as error:
            raise _corrupt(error) from error
        top += height
        if rows.mode == "RGB" and look.is_plain:
            yield np.frombuffer(data, np.uint8).reshape(height, rows.width, 3)
        else:
            yield _converted(data, rows, look, height)


def _converted(data: bytearray, rows: Rows, look: Look, height: int) -> Strip:
    strip = np.empty((height, rows.width, 3), np.uint8)
    row_bytes, step = len(data) // height, max(1, _BAND_PIXELS // rows.width)
    for top in range(0, height, step):
        count = min(step, height - top)
        band = bytes(data[top * row_bytes : (top + count) * row_bytes])
        strip[top : top + count] = np.asarray(look.shown(Image.frombytes(rows.mode, (rows.width, count), band)))
    return strip


def _crops(image: Image.Image, heights: Iterable[int], top: int) -> Iterator[Strip]:
    for height in heights:
        yield np.asarray(image.crop((0, top, image.width, top + height)))
        top += height


def _corrupt(error: DecodingFailed) -> CorruptImage:
    return CorruptImage(issue="undecodable", reason=str(error)[:200])
