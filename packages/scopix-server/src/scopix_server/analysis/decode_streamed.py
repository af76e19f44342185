"""Decoding what is too large to be held at once: rows stream through libvips, which keeps the reduced picture only.

Used for PNG and WebP files whose pixels would break the budget of memory in Pillow (see `intake/decode_plan.py`), and
for all TIFFs, of which it knows more kinds; and for going over pictures at full size, JPEGs among them. It loads
nothing else: all other loaders are shut, and a file is never named to libvips, which reads options from names.
"""

import functools
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

__all__ = ["DecodingFailed", "Rows", "Streamed", "cmyk_of_print", "decode_streamed", "stream_rows"]

_LOADERS: Final = ("VipsForeignLoadJpeg", "VipsForeignLoadPng", "VipsForeignLoadWebp", "VipsForeignLoadTiff")
_FETCHED_ROWS: Final = 16
_MODES: Final = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}
_WHOLE: Final = frozenset({"uchar", "ushort"})
_TWELVE_BITS: Final = 4095
"""16-bit greys that stay below are those of a device of 12 bits, and would be all but black."""


class DecodingFailed(Exception):
    """The pixels cannot be decoded."""


@dataclass(frozen=True, slots=True)
class Streamed:
    """A reduced picture: `pixels` are bytes of `mode` (L, LA, RGB or RGBA), row by row, `width` x `height`, not turned.

    `exif` and `icc_profile` are as stored, if any; the pixels are converted by the profile only if it is one of CMYK.
    """

    mode: str
    pixels: bytes
    width: int
    height: int
    exif: bytes | None
    icc_profile: bytes | None


def decode_streamed(file: BinaryIO, *, size: tuple[int, int], content_type: str) -> Streamed:
    """Decode a PNG, WebP or TIFF to `size` (width, height in pixels), not larger than it is.

    Raises:
        DecodingFailed: the pixels are damaged.
        MemoryError: the process may not have as much memory.
    """
    vips = _library()
    width, height = size
    shape = {"height": height, "size": "force", "no_rotate": True}
    sources: list[Any] = []  # they must outlive the images, which call them back
    with _as_decoding_failed():
        if content_type == "image/webp":
            # Reduced while it is decoded: half of the memory.
            image = vips.Image.thumbnail_source(_source(vips, file, sources), width, **shape, fail_on="error")
        else:
            # `thumbnail_source` would pass over rows that are missing.
            loaded = _loaded(vips, file, sources)
            image = _in_eight_bits(vips, file, loaded, sources).thumbnail_image(width, **shape)
        exif, profile = _metadata(image, "exif-data"), _metadata(image, "icc-profile-data")
        mode = _MODES[image.bands]
        return Streamed(mode, image.write_to_memory(), image.width, image.height, exif, profile)


class Rows:
    """The rows of a JPEG, PNG, WebP or TIFF at full size, not turned, to be taken from top to bottom, each once.

    Bytes of `mode`: L, LA, RGB, RGBA or CMYK, `width` x `height`. `icc_profile` is as stored: no pixel is converted.
    """

    def __init__(self, image: Any, region: Any, sources: list[Any]) -> None:
        self._region = region
        self._sources = sources
        self.width: int = image.width
        self.height: int = image.height
        self.mode = "CMYK" if image.interpretation == "cmyk" else _MODES[image.bands]
        self.icc_profile: bytes | None = _metadata(image, "icc-profile-data")

    def take(self, top: int, count: int) -> bytearray:
        """Return `count` rows from `top` on, which lies behind all taken before. Raises as `decode_streamed`."""
        row_bytes = self.width * (4 if self.mode == "CMYK" else len(self.mode))
        taken = bytearray(count * row_bytes)
        with _as_decoding_failed():
            # By one region that stays: libvips drops what it has decoded of a strip or tile whenever a picture is
            # written, and would not go back for the rest. A few rows at a time, or it holds them several times over.
            for row in range(0, count, _FETCHED_ROWS):
                rows = min(_FETCHED_ROWS, count - row)
                taken[row * row_bytes : (row + rows) * row_bytes] = self._region.fetch(0, top + row, self.width, rows)
        return taken


def stream_rows(file: BinaryIO) -> Rows:
    """Open a JPEG, PNG, WebP or TIFF to go over it at full size. Raises as `decode_streamed`."""
    vips = _library()
    sources: list[Any] = []
    with _as_decoding_failed():
        image = _in_eight_bits(vips, file, _loaded(vips, file, sources), sources)
        return Rows(image, vips.Region.new(image), sources)


@contextmanager
def _as_decoding_failed() -> Iterator[None]:
    """Tell a lack of memory from damage."""
    vips = _library()
    try:
        yield
    except vips.Error as error:
        if "out of memory" in str(error).lower() or "insufficient memory" in str(error).lower():
            raise MemoryError(str(error)) from error
        raise DecodingFailed(str(error)) from error


def _metadata(image: Any, name: str) -> bytes | None:
    return image.get(name) if name in image.get_fields() else None


class _Reading:
    """A place of its own in a file that is read from several at once."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._at = 0

    def read(self, count: int) -> bytes:
        self._file.seek(self._at)
        data = self._file.read(count)
        self._at += len(data)
        return data

    def seek(self, offset: int, whence: int) -> int:
        self._at = max(0, offset + {0: 0, 1: self._at, 2: self._file.seek(0, 2)}[whence])
        return self._at


def _source(vips: Any, file: BinaryIO, sources: list[Any]) -> Any:
    reading = _Reading(file)
    source = vips.SourceCustom()
    source.on_read(reading.read)
    source.on_seek(reading.seek)
    sources.append(source)
    return source


def _loaded(vips: Any, file: BinaryIO, sources: list[Any]) -> Any:
    image = vips.Image.new_from_source(_source(vips, file, sources), "", access="sequential", fail_on="error").copy()
    # Of several threads one that is kept waiting, as on a busy machine, asks for rows that others have passed: then the
    # loader gives up a sound picture ("out of order read").
    image.set_type(vips.GValue.gint_type, "concurrency", 1)
    return image


def _in_eight_bits(vips: Any, file: BinaryIO, loaded: Any, sources: list[Any]) -> Any:
    """An image of one to four bands of bytes: grey or RGB, neither converted by a profile, or CMYK."""
    image = loaded
    if image.bands > 4 or (image.bands == 4 and image.interpretation not in {"srgb", "rgb16", "scrgb", "cmyk"}):
        # What lies behind the colours is alpha, or bands that no screen shows.
        image = image.extract_band(0, n=4 if image.interpretation == "cmyk" else 3)
    if image.interpretation == "cmyk":
        return image if image.format == "uchar" else (image / 257).cast("uchar").copy(interpretation="cmyk")
    is_grey = image.bands < 3
    if (image.format not in _WHOLE and image.interpretation not in {"scrgb", "lab", "labs"}) or (
        is_grey and image.format == "ushort"
    ):
        image = _stretched(vips, file, image, sources)
    if image.interpretation not in {"srgb", "b-w"} or image.format != "uchar":
        image = image.colourspace("b-w" if is_grey else "srgb").cast("uchar")
    return image


def _stretched(vips: Any, file: BinaryIO, image: Any, sources: list[Any]) -> Any:
    """Numbers without a usual range, from the least to the greatest; they are found by reading the file once more."""
    measured = _loaded(vips, file, sources)
    least, greatest = 0.0, float(measured.max())
    if image.format in _WHOLE:
        if greatest > _TWELVE_BITS:
            return image
        greatest = _TWELVE_BITS
    else:
        least = float(_loaded(vips, file, sources).min())
    scale = 255 / (greatest - least) if greatest > least else 0.0
    alike = "b-w" if image.bands < 3 else "srgb"
    return ((image - least) * scale).cast("uchar").copy(interpretation=alike)


@functools.cache
def cmyk_of_print() -> bytes:
    """The profile of common offset print that libvips carries: CMYK without a profile is meant for a press."""
    return bytes(_library().Operation.call("profile_load", "cmyk"))


@functools.cache
def _library() -> Any:
    """libvips without what it keeps of earlier pictures, with the loaders that are used here only."""
    import pyvips

    # It warns of each broken row, and raises for the first as well.
    logging.getLogger("pyvips").setLevel(logging.CRITICAL)
    pyvips.cache_set_max(0)
    pyvips.operation_block_set("VipsForeignLoad", True)
    for loader in _LOADERS:
        pyvips.operation_block_set(loader, False)
    return pyvips
