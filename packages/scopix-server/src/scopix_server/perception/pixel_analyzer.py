"""The built-in analyzer: everything that is measured on an image without a language model, offline."""

import unicodedata
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import version
from threading import Lock
from typing import Final, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from scopix_server.domain.description import Box, Composition, Perception, TextRegion
from scopix_server.domain.photographic import looks_photographic
from scopix_server.perception.colours import dominant_colours
from scopix_server.perception.composition import compose
from scopix_server.perception.faces import MAX_SIDE, PAGE_SIDE, FaceFinder
from scopix_server.perception.labels import Labeller
from scopix_server.perception.light import light_figures
from scopix_server.perception.objects import ObjectFinder
from scopix_server.perception.ocr import TextReader
from scopix_server.perception.other_scripts import OtherScripts
from scopix_server.perception.reading_order import in_reading_order
from scopix_server.perception.sharpness import sharpness_figures
from scopix_server.perception.statistics import pixel_statistics
from scopix_server.perception.text_models import TextModels

__all__ = ["PixelAnalyzer"]

Pixels: TypeAlias = npt.NDArray[np.uint8]

MIN_PHOTO_CHARACTERS: Final = 3
SURE_SHORT: Final = 0.9
"""From this score on two characters on a photograph count: of 29 such lines on 69 pictures none was made up."""
LOOK_SIDE: Final = 640
LINES_OF_A_PAGE: Final = 12
_SIGNS: Final = frozenset("?!%&#@+=<>×÷±→←↑↓✓✔✗")


class PixelAnalyzer:
    """Reads text, labels, colours, faces, pixel figures, and things on photographs. Makes no use of the network.

    `ocr_side` is the text detector's longest input side in pixels; `text_models` are the networks that read, by default
    those of the rapidocr wheel, run by `text_runtime` (see `reading_networks.choose`); `other_scripts` reads lines that
    they do not. `is_photo` tells by all that was
    perceived so far whether things are looked for: on drawn pages the detectors see things that are not there.
    Models are loaded once, the detectors with the first photograph. Build one per worker process; threads may share it.

    Raises `scopix_models.DamagedModel` or `OSError` if a model is missing.
    """

    def __init__(
        self,
        *,
        ocr_side: int = 1280,
        text_models: TextModels | None = None,
        text_runtime: str = "auto",
        other_scripts: OtherScripts | None = None,
        is_photo: Callable[[Perception], bool] = lambda seen: looks_photographic(seen.statistics),
    ) -> None:
        self.name = "builtin"
        models = f"scopix-models {version('scopix-models')}"
        self.version = f"rapidocr {version('rapidocr')}{text_models.name if text_models else ''}, {models}"
        others = None
        if other_scripts is not None:
            self.version += f", {other_scripts.name}"
            others = other_scripts.read
        self._reader = TextReader(side=ocr_side, models=text_models, runtime=text_runtime, others=others)
        self._labeller = Labeller()
        self._faces = FaceFinder()
        self._is_photo = is_photo
        self._finder: ObjectFinder | None = None
        self._loading = Lock()

    def analyze(self, image: Pixels, text: tuple[TextRegion, ...] | None = None) -> Perception:
        """Measures `image`: RGB uint8, H x W x 3, turned upright by its EXIF tag, alpha already on white.

        `text` is what stands on it, in reading order, where that is known; else it is read.
        Raises `ValueError` for an array of another shape or type, or without pixels.
        """
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or image.size == 0:
            raise ValueError(f"expected a uint8 array H x W x 3, got {image.dtype} {image.shape}")
        height, width = image.shape[:2]
        statistics = pixel_statistics(image)
        labelling = self._labeller.label(image)
        photograph = looks_photographic(statistics)
        statistics["unread_lines"] = 0.0
        if text is None:
            reading = self._reader.reading(image)
            text = in_reading_order(_plausible(reading.lines, photograph=photograph), width / height)
            statistics["unread_lines"] = float(reading.unread)
        # Of a page full of text nobody asks where its light lies.
        looked_at = _reduced(image) if photograph or len(text) < LINES_OF_A_PAGE else None
        seen = Perception(
            width=width,
            height=height,
            text=text,
            labels=labelling.groups,
            colours=dominant_colours(image),
            faces=self._faces.find(image, side=MAX_SIDE if photograph else PAGE_SIDE),
            statistics=statistics if looked_at is None else {**statistics, **_look(looked_at)},
            embedding=labelling.embedding,
            composition=Composition() if looked_at is None else compose(looked_at),
            scenes=labelling.scenes if photograph else (),
        )
        if not self._is_photo(seen):
            return seen
        things = self._object_finder().find(image)
        faces = tuple(face for face in seen.faces if any(_holds(box, face.box) for box in things.people))
        return replace(seen, objects=things.objects, uncounted=things.uncounted, faces=faces)

    def read(self, image: Pixels) -> tuple[TextRegion, ...]:
        """The lines on the picture of a page, in reading order; no more is looked at. `image` is as for `analyze`."""
        height, width = image.shape[:2]
        return in_reading_order(_plausible(self._reader.read(image), photograph=False), width / height)

    def _object_finder(self) -> ObjectFinder:
        with self._loading:
            if self._finder is None:
                self._finder = ObjectFinder(self._labeller.look, self._labeller.classes)
            return self._finder


def _holds(outer: Box, inner: Box) -> bool:
    """Whether the middle of `inner` lies in `outer`."""
    x, y = inner.x + inner.width / 2, inner.y + inner.height / 2
    return outer.x <= x <= outer.x + outer.width and outer.y <= y <= outer.y + outer.height


def _reduced(image: Pixels) -> Pixels:
    """A copy of at most `LOOK_SIDE` pixels a side, for what is measured on small copies."""
    height, width = image.shape[:2]
    shrink = min(1.0, LOOK_SIDE / max(height, width))
    size = max(1, round(width * shrink)), max(1, round(height * shrink))
    return image if shrink == 1 else np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def _look(image: Pixels) -> dict[str, float]:
    return {**light_figures(image), **sharpness_figures(image)}


def _plausible(text: tuple[TextRegion, ...], *, photograph: bool) -> tuple[TextRegion, ...]:
    """Drops what is mostly not text: in photographs, lines of one character (an "8" is a glint on a spoon), and weak
    ones of two;
    everywhere, bullets, boxes and dashes on their own, and a lone Chinese sign on a page that has no other (it is an
    arrow, or a roof)."""
    min_characters = MIN_PHOTO_CHARACTERS if photograph else 1
    chinese = sum(_is_chinese(region.text) for region in text if len(region.text) > 1)
    return tuple(
        region
        for region in text
        if (len(region.text) >= min_characters or (len(region.text) > 1 and region.confidence >= SURE_SHORT))
        and _says_something(region.text)
        and (len(region.text) > 1 or chinese or not _is_chinese(region.text))
    )


def _says_something(text: str) -> bool:
    """Whether there is a letter, a digit, or one of the signs that stand on their own."""
    return any(sign.isalnum() or sign in _SIGNS or unicodedata.category(sign) == "Sc" for sign in text)


def _is_chinese(text: str) -> bool:
    """Whether Chinese or Japanese signs occur (CJK blocks of Unicode, from the radicals to the full-width forms)."""
    return any("\u2e80" <= sign <= "\uffef" for sign in text)
