"""Whether the text that a PDF page has can be taken, or the page has to be read by its picture.

A text layer may be missing, stand for other letters than are drawn, or be somebody's poor recognition of a scan. What
can be told from figures is told from them; in doubt, three lines are read and compared.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

import numpy as np
import numpy.typing as npt
import pypdfium2.raw as pdfium

from scopix_server.documents.characters import PageText
from scopix_server.documents.pdf import draw_page
from scopix_server.documents.reading_order import Segment
from scopix_server.domain.description import TextRegion
from scopix_server.domain.document import TextSource

__all__ = ["Choice", "Read", "choose_source"]

Read = Callable[[Any], "tuple[TextRegion, ...]"]
"""Reads the text on pixels: RGB uint8, height x width x 3."""

_FEW = 15
"""Characters: a page with fewer, a page number or a stamp, may as well be a picture."""
_MAX_UNMAPPED = 0.10
"""Of the characters: from here on words are missing. Sound pages have at most 0.02, symbols of formulas."""
_SCAN_COVER, _SCAN_TEXT = 0.6, 100
"""A picture that covers so much of a page is the page, if there are no more characters than a stamp has."""
_MOSTLY_HIDDEN = 0.5  # of the characters: then the page is a scan with recognised text under it
_MIN_LETTERS = 200
"""From so many letters on a text is of a language, or its letters stand for others."""
_INK = 0.0005
"""Of the pixels, at 40 dpi: less is dust. A letter in 10 points on A4 is a seventh of that, a line ten times."""
_PAPER = 200  # of 255
_SAMPLES = 3  # lines that are read to compare the layer with what is drawn: each costs a reading
_SAMPLE_DPI = 150  # as pages are read
_ALIKE = 0.70
"""Of the letters: right layers were alike to 1.00 in three lines, wrong ones to 0.31."""
_MAX_IMAGES = 200  # of a page, whose area is summed up; a scan is one, or some dozens of strips


@dataclass(frozen=True, slots=True)
class Choice:
    """Where the text of a page is to come from, and why, in a few words."""

    source: TextSource
    reason: str


def choose_source(page: Any, text: PageText, lines: Sequence[Segment], language: str | None, read: Read) -> Choice:
    """Choose for one page. `lines` and `language` are of its text layer; `read` is asked in doubt only."""
    cover = _largest_picture(page)
    if text.visible < _FEW:
        if cover > _SCAN_COVER or _has_ink(page):
            return Choice(TextSource.OCR, "no text of its own")
        if text.visible == 0:
            return Choice(TextSource.NONE, "empty page")
    if text.visible and text.unmapped / text.visible > _MAX_UNMAPPED:
        return Choice(TextSource.OCR, "its text stands for unknown letters")
    if cover > _SCAN_COVER and text.visible < _SCAN_TEXT:
        return Choice(TextSource.OCR, "a picture with a stamp")
    hidden = text.visible and text.hidden / text.visible >= _MOSTLY_HIDDEN
    letters = sum(sign.isalpha() for line in lines for word in line.words for sign in word.text)
    unclear = language is None and letters > _MIN_LETTERS
    if (hidden or unclear) and not _is_as_drawn(page, lines, read):
        return Choice(TextSource.OCR, "its text is not what is drawn")
    return Choice(TextSource.TEXT_LAYER, "text of its own")


def _largest_picture(page: Any) -> float:
    """Return the share of the page that its largest picture covers."""
    left, bottom, right, top = page.get_bbox()
    area = (right - left) * (top - bottom)
    if area <= 0:
        return 0.0
    largest = 0.0
    for number, image in enumerate(page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_IMAGE], max_depth=3)):
        x0, y0, x1, y1 = image.get_bounds()
        across = max(0.0, min(x1, right) - max(x0, left))
        largest = max(largest, across * max(0.0, min(y1, top) - max(y0, bottom)) / area)
        if number >= _MAX_IMAGES:
            break
    return float(largest)


def _has_ink(page: Any) -> bool:
    pixels = draw_page(page, dpi=40)
    return pixels is not None and float((pixels.min(axis=2) < _PAPER).mean()) > _INK


def _is_as_drawn(page: Any, lines: Sequence[Segment], read: Read) -> bool:
    """Whether the longest lines are read off the page's picture as the text layer has them."""
    samples = sorted((line for line in lines if line.angle == 0), key=lambda line: -len(line.text))[:_SAMPLES]
    pixels = draw_page(page, dpi=_SAMPLE_DPI)
    if pixels is None or not samples:
        return False
    scale = pixels.shape[1] / page.get_size()[0]
    drawn = "".join(region.text for region in read(_stacked(pixels, samples, scale)))
    return _likeness("".join(line.text for line in samples), drawn) >= _ALIKE


def _stacked(pixels: npt.NDArray[np.uint8], lines: Sequence[Segment], scale: float) -> npt.NDArray[np.uint8]:
    """Return strips of the page with the lines, one beneath the other, on white."""
    strips = []
    for line in lines:
        x0, y0, x1, y1 = (side * scale for side in line.box)
        around = (y1 - y0) / 2
        strips.append(
            pixels[
                max(0, int(y0 - around / 2)) : int(y1 + around / 2) + 1, max(0, int(x0 - around)) : int(x1 + around) + 1
            ]
        )
    width, space = max(strip.shape[1] for strip in strips) + 40, 20
    sheet = np.full((sum(strip.shape[0] + space for strip in strips) + space, width, 3), 255, np.uint8)
    top = space
    for strip in strips:
        sheet[top : top + strip.shape[0], 20 : 20 + strip.shape[1]] = strip
        top += strip.shape[0] + space
    return sheet


def _likeness(expected: str, found: str) -> float:
    """Return how much of two texts is alike, 0..1, whatever their spaces, which readers lose."""
    a, b = ("".join(sign for sign in text.casefold() if sign.isalnum()) for text in (expected, found))
    return SequenceMatcher(None, a, b, autojunk=False).ratio() if a and b else 0.0
