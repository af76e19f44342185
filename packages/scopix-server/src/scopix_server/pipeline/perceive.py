"""Looking at an image: one decode feeds the renditions and everything that is perceived.

This step runs in a process of its own (see `jobs/isolation.py`): the bytes come from strangers.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from scopix.types.vocabulary import DescriptionErrorType
from scopix_server.domain.description import Description, Perception
from scopix_server.domain.engines import EngineCopy
from scopix_server.domain.errors import CorruptImage, DescribeError, TooManyPixels
from scopix_server.domain.ports import Describer, Perceived, Perceiver, RenderedVariant
from scopix_server.pipeline.decode import Decoded, decode
from scopix_server.pipeline.variants import copy_for_engine, render

__all__ = ["BuiltInWorkshop", "PixelLimits", "perceive", "render_variants"]


@dataclass(frozen=True, slots=True)
class PixelLimits:
    """`max_pixels`: more are refused. `work_pixels`: more are reduced to about so many."""

    max_pixels: int
    work_pixels: int


def perceive(path: Path, perceiver: Perceiver, limits: PixelLimits, copies: tuple[EngineCopy, ...] = ()) -> Perceived:
    """Decode the image at `path` once; return its renditions, `copies` of it, and what `perceiver` sees on it.

    Raises:
        DescribeError: `validation`, not retryable, when the image cannot be decoded.
    """
    decoded = _decode(path, limits)
    variants = render(decoded)
    width, height = decoded.full_size
    seen = perceiver.perceive(np.asarray(decoded.image))
    perception = replace(seen, width=width, height=height, capture=decoded.capture)
    made = {variant.name: variant.data for variant in variants}
    # A copy of a rendition's size is that rendition.
    sent = tuple((wanted, made.get(wanted.name) or copy_for_engine(decoded, wanted)) for wanted in copies)
    return Perceived(perception, variants, decoded.taken, sent)


def render_variants(path: Path, limits: PixelLimits) -> tuple[RenderedVariant, ...]:
    """Decode the image at `path` and return its renditions. Raises as `perceive`."""
    return render(_decode(path, limits))


class BuiltInWorkshop:
    """Everything that is done to an image in the process set apart for it.

    `copies` are those that the configured engines want; they are made with the first decode, and kept.
    """

    def __init__(
        self, perceiver: Perceiver, describer: Describer, limits: PixelLimits, copies: tuple[EngineCopy, ...] = ()
    ) -> None:
        self._perceiver = perceiver
        self._describer = describer
        self._limits = limits
        self._copies = copies

    def perceive(self, path: Path) -> Perceived:
        """See `ImageReader`."""
        return perceive(path, self._perceiver, self._limits, self._copies)

    def render(self, path: Path) -> tuple[RenderedVariant, ...]:
        """See `ImageReader`."""
        return render_variants(path, self._limits)

    def copy(self, path: Path, wanted: EngineCopy) -> bytes:
        """See `ImageReader`."""
        return copy_for_engine(_decode(path, self._limits), wanted)

    def describe(self, perception: Perception, category: str) -> Description:
        """See `Describer`."""
        return self._describer.describe(perception, category)


def _decode(path: Path, limits: PixelLimits) -> Decoded:
    try:
        return decode(path, max_pixels=limits.max_pixels, work_pixels=limits.work_pixels)
    except (CorruptImage, TooManyPixels) as error:
        raise DescribeError(error.message, DescriptionErrorType.VALIDATION_ERROR, retryable=False) from error
    except MemoryError as error:
        message = "The image needs more memory to decode than a worker may use."
        raise DescribeError(message, DescriptionErrorType.RESOURCE_LIMIT, retryable=False) from error
