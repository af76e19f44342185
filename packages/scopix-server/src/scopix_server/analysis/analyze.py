"""Looking at an image: one decode feeds the variants and everything that is seen on it.

This step runs in a process of its own (see `jobs/isolation.py`): the bytes come from strangers.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from scopix.types.vocabulary import DescriptionErrorType
from scopix_server.analysis.blur import blur_hash_of
from scopix_server.analysis.decode import Decoded, decode, pixels_of
from scopix_server.analysis.fingerprint import fingerprint_of
from scopix_server.analysis.hdr import is_hdr
from scopix_server.analysis.sheet_text import join_lines, read_bands
from scopix_server.analysis.tiles import make_tiles
from scopix_server.analysis.variants import MAX_SIDE, copy_for_engine, render
from scopix_server.domain.analysis import Analysis, ReadLines, RenderedVariant, Rendering, SheetLine
from scopix_server.domain.description import Perception, TextRegion
from scopix_server.domain.engines import EngineCopy
from scopix_server.domain.errors import CorruptImage, DescribeError, TooManyPixels, UnsupportedFileType
from scopix_server.domain.photographic import looks_photographic
from scopix_server.domain.tiles import TileGrid
from scopix_server.intake.decode_plan import PixelLimits

__all__ = ["ImageAnalyzer", "render_variants"]


_MIN_PHOTO_CHARACTERS = 3


class ImageAnalyzer:
    """The `Analyzer` port in this very process.

    Args:
        look: says what is on decoded pixels, a numpy array of uint8, height x width x 3, RGB.
        limits: images of more pixels are refused.
        copies: those that the configured engines want; they are made with the first decode, and kept.
        read, arrange: read the text on pixels; bring lines, of a picture so many times as wide as high, into order.
    """

    def __init__(
        self,
        look: Callable[[Any], Perception],
        limits: PixelLimits,
        copies: tuple[EngineCopy, ...],
        read: Callable[[Any], tuple[TextRegion, ...]],
        arrange: Callable[[Sequence[TextRegion], float], tuple[TextRegion, ...]],
    ) -> None:
        self._look = look
        self._limits = limits
        self._copies = copies
        self._read = read
        self._arrange = arrange

    def analyze(self, path: Path) -> Analysis:
        """See `Analyzer`."""
        decoded = _decode(path, self._limits)
        variants = render(decoded)
        made = {variant.name: variant.data for variant in variants}
        # A copy of a variant's size is that variant.
        copies = tuple((kind, made.get(kind.name) or copy_for_engine(decoded, kind)) for kind in self._copies)
        of_file: dict[str, Any] = {
            "width": decoded.full_size[0],
            "height": decoded.full_size[1],
            "capture": decoded.capture,
            "is_transparent": decoded.is_transparent,
            "frame": decoded.frame,
            "frames": decoded.frames,
            "descriptive": decoded.descriptive,
            "damage": decoded.damage,
            "is_hdr": is_hdr(path),
        }
        taken, fingerprint, blur_hash = decoded.taken, fingerprint_of(decoded.image), blur_hash_of(decoded.image)
        pixels = pixels_of(decoded.image)
        del decoded  # up to 200 MB that nobody needs while the networks run
        seen = replace(self._look(pixels), **of_file)
        # On a photograph without any text none is looked for at full size: small structures are taken for letters.
        is_reduced = seen.width * seen.height > self._limits.work_pixels and not seen.damage
        is_reduced = is_reduced and (bool(seen.text) or not looks_photographic(seen.statistics))
        return Analysis(
            seen, variants, taken, copies, is_reduced=is_reduced, fingerprint=fingerprint, blur_hash=blur_hash
        )

    def read_bands(self, path: Path, first: int) -> ReadLines:
        """See `Analyzer`."""
        with _as_describe_error():
            return read_bands(path, first, self._limits, self._read)

    def join_lines(self, lines: Sequence[SheetLine], seen: Perception) -> tuple[TextRegion, ...]:
        """See `Analyzer`."""
        if seen.scenes:  # a photograph: there fewer characters are a glint or a leaf, as on the reduced copy
            lines = [line for line in lines if len(line.region.text) >= _MIN_PHOTO_CHARACTERS]
        return self._arrange(join_lines(lines, seen.text, seen.height), seen.width / seen.height)

    def render(self, path: Path) -> Rendering:
        """See `Analyzer`."""
        decoded = _decode(path, self._limits, min_side=MAX_SIDE)
        shown = fingerprint_of(decoded.image), blur_hash_of(decoded.image)
        return Rendering(render(decoded), *decoded.full_size, decoded.taken, *shown)

    def copy(self, path: Path, kind: EngineCopy) -> bytes:
        """See `Analyzer`."""
        return copy_for_engine(_decode(path, self._limits), kind)

    def tile(self, path: Path, target: Path) -> TileGrid | None:
        """See `Analyzer`."""
        with _as_describe_error():
            return make_tiles(path, target, self._limits)


def render_variants(path: Path, limits: PixelLimits) -> tuple[RenderedVariant, ...]:
    """Decode the image at `path` and return its variants.

    Raises:
        DescribeError: `validation`, not retryable, when the image cannot be decoded.
    """
    return render(_decode(path, limits, min_side=MAX_SIDE))


def _decode(path: Path, limits: PixelLimits, min_side: int | None = None) -> Decoded:
    with _as_describe_error():
        return decode(path, max_pixels=limits.max_pixels, work_pixels=limits.work_pixels, min_side=min_side)


@contextmanager
def _as_describe_error() -> Iterator[None]:
    try:
        yield
    except (CorruptImage, TooManyPixels, UnsupportedFileType) as error:
        raise DescribeError(error.message, DescriptionErrorType.VALIDATION_ERROR, retryable=False) from error
    except MemoryError as error:
        message = "The image needs more memory to decode than a worker may use."
        raise DescribeError(message, DescriptionErrorType.RESOURCE_LIMIT, retryable=False) from error
