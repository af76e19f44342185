"""Reading text: PP-OCRv6 (detector and recogniser) through rapidocr, with the settings that were measured to be best.

The package's own call wants the whole image as one BGR array and classifies line orientation. Here its two networks
are called one after the other instead, which gives the same lines and

* keeps memory flat: only the detector's small input and one crop per line are converted, never the full image;
* lets lines that a tile border has cut be joined before they are recognised, so none is lost and none doubled;
* finds spaces that the recogniser saw but did not take (see `ctc.py`);
* replaces the line-orientation classifier (it turns good lines over) by a second try of weak lines upside down.

No network is used: model paths are explicit and only arrays are passed, never strings (rapidocr fetches URLs).
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt
from rapidocr.ch_ppocr_det.utils import DBPostProcess
from rapidocr.utils.process_img import get_rotate_crop_image

from scopix_server.domain.description import Box, TextRegion
from scopix_server.perception.axis_zero import place_of_zero
from scopix_server.perception.ctc import read_off
from scopix_server.perception.reading_inputs import detector_input, strips_input
from scopix_server.perception.reading_networks import Choice, open_networks
from scopix_server.perception.text_models import TextModels
from scopix_server.perception.tiles import Quad, Tile, cut_strip, join_tiles, plan_tiles
from scopix_server.perception.unknown_script import in_unknown_script

__all__ = ["Reading", "TextReader"]

Pixels: TypeAlias = npt.NDArray[np.uint8]

MIN_CONFIDENCE: Final = 0.60
WEAK_CONFIDENCE: Final = 0.85
"""Below this a line is tried again, turned by 180 degrees."""
MAX_SPARSE: Final = 80
"""Lines; a picture with more is a page, on which a second look finds nothing."""
AGAIN: Final = 0.6
"""Size of the second look. On 16 drawn charts it raised the lines found from 251 to 273 of 278."""
MIN_AGAIN: Final = 320
"""Pixels; a picture that is smaller than this at its second look is not looked at again."""
CONFIDENCE_AGAIN: Final = 0.80
CONFIDENCE_ALONE: Final = 0.95
"""For a single sign: a ring or a switch is an "O" with less."""
COVERED: Final = 0.3
"""A quad that known lines cover to this share is one of them."""
RETRY_GAIN: Final = 0.05
"""By how much the turned try must beat the first one."""
MIN_SIDE: Final = 8
"""Pixels. No legible letter fits into a smaller side."""
MAX_STRIP_RATIO: Final = 8.0
"""Longer strips are padded: the detector was trained on pages and misses text that fills the whole height."""
MIN_DETECTOR_SIDE: Final = 32
MAX_PAIRED: Final = 40.0
"""Width / height up to which strips are recognised two at a time."""
MAX_STRIP: Final = 80.0
"""Width / height up to which a strip is recognised in one piece."""
MAX_LINE_HEIGHT: Final = 192
"""Pixels. Higher lines are reduced to half of it before they are straightened."""
CROP_MARGIN: Final = 4
"""Pixels around a line's bounds, so that cubic interpolation at its edge sees the same pixels as in the full image."""


LINE_PROPORTION: Final = 3.0
"""Width / height from which on something that looks like text is a line of it, not a sign or a bit of texture."""

MIN_FILLED: Final = 0.3
"""Letters and digits to a length of the line's height; print has two, widely spaced capitals one."""

MIN_OTHERS: Final = 2
"""Lines in another script from which on it is that of the picture, not of a name on it."""

_ALIKE: Final = frozenset("ABCEHIKMNOPTXYZaceopxy")
"""Latin letters that look like Cyrillic or Greek ones."""

ReadsOthers: TypeAlias = Callable[[Sequence[Pixels]], Sequence[tuple[str, float] | None]]

Line: TypeAlias = tuple[Quad, str, float]
"""Its corners, its text, and the confidence in it."""

_DATE_TIME = re.compile(r"\b(\d{4}-\d\d-\d\d|\d\d[./]\d\d[./]\d{4})(\d\d:\d\d)\b")
_RAISED = re.compile(r"(?<=\d)(\s?[mck]?m)\s?\^([23])(?!\d)")


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read: the lines, in no particular order; and how many `unread` ones were found besides.

    Those are in a script that the recogniser was not trained on, written by hand, or too unclear: they gave no text, or
    one that cannot be what stands there.
    """

    lines: tuple[TextRegion, ...] = ()
    unread: int = 0


class TextReader:
    """Reads printed text off images. Build one per process; it may be shared by threads.

    `side` is the detector's longest input side in pixels: 1280 is the measured optimum, 960 saves about 150 MB.
    `models` may name others than those of the rapidocr wheel, which read Latin script, Chinese and Japanese. `others`
    reads the lines that they do not: text and confidence of each upright BGR strip, None for what it does not, either.
    Raises `FileNotFoundError` if a model file is missing, `ValueError` if it is not what it should be.
    """

    def __init__(
        self,
        *,
        side: int = 1280,
        models: TextModels | None = None,
        runtime: str = "auto",
        others: ReadsOthers | None = None,
    ) -> None:
        self._others = others
        cv2.setNumThreads(1)
        self._side = side
        models = models or TextModels()
        # What is odd for the wheel's own recogniser may be right for another.
        self._reads_latin = models.recogniser is None
        self._networks = open_networks(models, runtime)
        # The values are those of rapidocr's own configuration for this detector.
        self._outline = DBPostProcess(
            thresh=0.3, box_thresh=0.5, max_candidates=1000, unclip_ratio=1.6, use_dilation=True
        )

    @property
    def choice(self) -> Choice:
        """Which runtime reads, and why."""
        return self._networks.choice

    def read(self, image: Pixels) -> tuple[TextRegion, ...]:
        """The lines of `image` (RGB, H x W x 3), confidence at least .60, in no particular order."""
        return self.reading(image).lines

    def reading(self, image: Pixels) -> Reading:
        """The same, and how many lines could not be read."""
        height, width = image.shape[:2]
        if min(height, width) < MIN_SIDE:
            return Reading()
        tiles = plan_tiles(width, height, self._side)
        quads = join_tiles([(tile, self._detect(image, tile)) for tile in tiles], width, height)
        lines, unread = self._recognise(image, quads)
        if len(tiles) == 1 and 0 < len(lines) <= MAX_SPARSE:
            lines += self._look_again(image, tiles[0], [quad for quad, _, _ in lines])
        zero = place_of_zero(lines, width, height)
        if zero is not None:
            lines += [line for line in self._recognise(image, [zero])[0] if line[1] == "0"]
        if self._reads_latin:
            lines, unread = _without_misread(lines, unread)
        if self._others is not None and unread:
            lines, unread = _read_otherwise(image, lines, unread, self._others)
        return Reading(tuple(_region(quad, text, score, width, height) for quad, text, score in lines), len(unread))

    def _look_again(self, image: Pixels, tile: Tile, known: Sequence[Quad]) -> list[Line]:
        """Lines that only show at a smaller size: those that touch bars and frames, which at full size count as one."""
        reduced = replace(tile, scale=AGAIN * tile.scale)
        if max(tile.right, tile.bottom) * reduced.scale < MIN_AGAIN:
            return []
        new = [quad for quad in self._detect(image, reduced) if not _covered(quad, known)]
        found, _ = self._recognise(image, new)
        return [line for line in found if line[2] >= (CONFIDENCE_AGAIN if len(line[1]) > 1 else CONFIDENCE_ALONE)]

    def _detect(self, image: Pixels, tile: Tile) -> list[Quad]:
        """Quads (4 x 2 float32 pixels of the full image) of the lines seen on one tile."""
        view = image[tile.top : tile.bottom, tile.left : tile.right]
        height, width = view.shape[:2]
        pad = _padding(width, height)
        size = _multiple_of_32(width * tile.scale), _multiple_of_32((height + 2 * pad) * tile.scale)
        if pad:
            view = np.asarray(cv2.copyMakeBorder(view, pad, pad, 0, 0, cv2.BORDER_REPLICATE), np.uint8)
        # Resized before the conversion to BGR: the conversion then costs 5 MB, however large the tile is.
        small = cv2.cvtColor(cv2.resize(view, size), cv2.COLOR_RGB2BGR)
        if int(small.max()) - int(small.min()) < 4:
            return []
        likely = self._networks.detect(detector_input(np.asarray(small, np.uint8), self._networks.detector_step))
        quads, _ = self._outline(likely[:, :, : size[1], : size[0]], (height + 2 * pad, width))
        shift = np.array([tile.left, tile.top - pad], np.float32)
        return [np.asarray(quad, np.float32) + shift for quad in quads]

    def _recognise(self, image: Pixels, quads: Sequence[Quad]) -> tuple[list[Line], list[Quad]]:
        """Text and score of each quad, turned to start at the text's top left; and the lines that gave no text."""
        read = self._recognise_strips(quads, lambda quad: _crop(image, quad))
        # Which way up text runs along a drawing's edge is not to be seen from its strip.
        weak = [i for i, (_, score) in enumerate(read) if score < WEAK_CONFIDENCE or _stands_upright(quads[i])]
        turned = self._recognise_strips(
            [quads[index] for index in weak], lambda quad: np.ascontiguousarray(np.rot90(_crop(image, quad), 2))
        )
        again = dict(zip(weak, turned, strict=True))
        lines: list[Line] = []
        unread: list[Quad] = []
        for index, (quad, (text, score)) in enumerate(zip(quads, read, strict=True)):
            gain = 0.0 if _stands_upright(quads[index]) else RETRY_GAIN
            if index in again and again[index][1] > score + gain:
                text, score = again[index]
                quad = np.roll(_along_text(quad), 2, axis=0)
            else:
                quad = _along_text(quad)
            if text and score >= MIN_CONFIDENCE:
                lines.append((quad, text, score))
            if _counts_as_unread(quad, text if score >= MIN_CONFIDENCE else ""):
                unread.append(quad)
        return lines, unread

    def _recognise_strips(self, quads: Sequence[Quad], crop: Callable[[Quad], Pixels]) -> list[tuple[str, float]]:
        """Text and score of each quad's strip, in pairs of like length: that pads least and holds few crops at once.

        The recogniser's output is the largest array of all, 18,710 numbers for each eight pixels of a strip: so long
        strips go alone, and the longest in pieces.
        """
        found = [("", 0.0)] * len(quads)
        order = sorted(range(len(quads)), key=lambda index: _proportion(quads[index]))
        paired = [index for index in order if _proportion(quads[index]) <= MAX_PAIRED]
        for start in range(0, len(paired), 2):
            pair = paired[start : start + 2]
            for index, line in zip(pair, self._read_strips([crop(quads[i]) for i in pair]), strict=True):
                found[index] = line
        for index in order[len(paired) :]:
            found[index] = self._recognise_long(crop(quads[index]))
        return found

    def _recognise_long(self, strip: Pixels) -> tuple[str, float]:
        """Text of a long strip, read in pieces; the score is the mean over its letters."""
        text, total, letters = "", 0.0, 0
        for piece, spaced in cut_strip(strip, MAX_STRIP):
            part, score = self._read_strips([piece])[0]
            text += (" " if spaced and text and part else "") + part
            total, letters = total + score * len(part), letters + len(part)
        return text, total / letters if letters else 0.0

    def _read_strips(self, strips: list[Pixels]) -> list[tuple[str, float]]:
        """Text and score of each strip; all are padded to the longest, and to the least length of the network."""
        networks = self._networks
        prepared = strips_input(strips, networks.min_strip, networks.strip_step)
        found = []
        for line, strip, crop in zip(networks.recognise(prepared), prepared, strips, strict=True):
            # Without what pads it: that is neither ink nor paper.
            width = -(-strip.shape[1] * crop.shape[1] // crop.shape[0])
            text, score = read_off(line, networks.symbols, strip[:, :, :width])
            found.append((_tidied(text), score))
        return found


def _without_misread(lines: list[Line], unread: list[Quad]) -> tuple[list[Line], list[Quad]]:
    """The lines without those in a script that is not known here, and the unread ones with them."""
    misread = in_unknown_script([(text, score) for _, text, score in lines], len(unread))
    kept, more = [], []
    for line, is_misread in zip(lines, misread, strict=True):
        if not is_misread:
            kept.append(line)
        elif not _counts_as_unread(line[0], line[1]):  # else it is there already
            more.append(line[0])
    return kept, [*unread, *more]


def _read_otherwise(
    image: Pixels, lines: list[Line], unread: list[Quad], others: ReadsOthers
) -> tuple[list[Line], list[Quad]]:
    """The lines with those in other scripts, and what is left unread.

    On a picture that has such lines, those count that may be in that script as well: of which little was read, or all
    of whose letters look alike in it.
    """
    found = others([_crop(image, quad) for quad in unread])
    lines, left = _with_others(lines, unread, found)
    if sum(line is not None for line in found) >= MIN_OTHERS:
        doubtful = [quad for quad, text, _ in lines if _may_be_other(quad, text)]
        if doubtful:
            lines, _ = _with_others(lines, doubtful, others([_crop(image, quad) for quad in doubtful]))
    return lines, left


def _may_be_other(quad: Quad, text: str) -> bool:
    letters = [sign for sign in text if sign.isalpha()]
    little = sum(map(str.isalnum, text)) < _proportion(quad)
    return all(map(str.isascii, letters)) and (little or (bool(letters) and _ALIKE.issuperset(letters)))


def _with_others(
    lines: list[Line], unread: list[Quad], found: Sequence[tuple[str, float] | None]
) -> tuple[list[Line], list[Quad]]:
    """The lines with those that were read otherwise, in place of the little that was read of them; and what is left."""
    read = [(quad, *line) for quad, line in zip(unread, found, strict=True) if line is not None]
    kept = [line for line in lines if all(line[0] is not quad for quad, _, _ in read)]
    return kept + read, [quad for quad, line in zip(unread, found, strict=True) if line is None]


def _covered(quad: Quad, known: Sequence[Quad]) -> bool:
    """Whether known lines cover a part of the quad, or it covers them."""
    area = float(cv2.contourArea(quad))
    for other in known:
        shared, _ = cv2.intersectConvexConvex(quad, other)
        if shared >= COVERED * min(area, float(cv2.contourArea(other))):
            return True
    return False


def _tidied(text: str) -> str:
    """The text without spaces around it, with a space between date and time, which is often lost between digits, and
    with raised digits of units as such: the recogniser writes "m^2" for some."""
    text = _DATE_TIME.sub(r"\1 \2", text.strip())
    return _RAISED.sub(lambda match: match[1] + {"2": "²", "3": "³"}[match[2]], text)


def _multiple_of_32(length: float) -> int:
    """The detector halves its input five times."""
    return max(MIN_DETECTOR_SIDE, round(length / 32) * 32)


def _padding(width: int, height: int) -> int:
    """Rows to add above and below, so that a strip is neither too low nor too long for the detector."""
    needed = max(MIN_DETECTOR_SIDE, int(width / MAX_STRIP_RATIO))
    return max(0, -(-(needed - height) // 2))


def _sides(quad: Quad) -> tuple[float, float]:
    """Width (along the first edge) and height of a quad in pixels."""
    top, right, bottom, left = (float(np.hypot(*(quad[(i + 1) % 4] - quad[i]))) for i in range(4))
    return max(top, bottom), max(left, right)


def _stands_upright(quad: Quad) -> bool:
    """Whether the line runs up or down the page; rapidocr turns such crops a quarter turn to the left."""
    width, height = (int(side) for side in _sides(quad))
    return height >= 1.5 * width


def _proportion(quad: Quad) -> float:
    width, height = _sides(quad)
    long, short = (height, width) if _stands_upright(quad) else (width, height)
    return long / max(short, 1.0)


def _counts_as_unread(quad: Quad, text: str) -> bool:
    """Whether a line has far fewer letters and digits than there is room for: of Cyrillic, commas are read."""
    proportion = _proportion(quad)
    return proportion >= LINE_PROPORTION and sum(sign.isalnum() for sign in text) < MIN_FILLED * proportion


def _along_text(quad: Quad) -> Quad:
    """The quad, starting at the corner that is the text's own top left: a crop turned left starts top right."""
    return np.roll(quad, -1, axis=0) if _stands_upright(quad) else quad


def _crop(image: Pixels, quad: Quad) -> Pixels:
    """The line as an upright BGR strip.

    Only its surroundings are touched: OpenCV's warp refuses sides over 32,767. A huge line is reduced beforehand, as
    the recogniser looks at 48 pixels of height only.
    """
    height, width = image.shape[:2]
    left, top = np.maximum(np.floor(quad.min(axis=0)).astype(int) - CROP_MARGIN, 0)
    right, bottom = np.minimum(np.ceil(quad.max(axis=0)).astype(int) + CROP_MARGIN, (width, height))
    around, corners = image[top:bottom, left:right], quad - np.array([left, top], np.float32)
    if min(_sides(quad)) > MAX_LINE_HEIGHT:
        shrink = MAX_LINE_HEIGHT / 2 / min(_sides(quad))
        size = max(1, round((right - left) * shrink)), max(1, round((bottom - top) * shrink))
        around = np.asarray(cv2.resize(around, size, interpolation=cv2.INTER_AREA), np.uint8)
        corners = (corners * np.divide(size, (right - left, bottom - top))).astype(np.float32)
    strip: Pixels = get_rotate_crop_image(np.asarray(cv2.cvtColor(around, cv2.COLOR_RGB2BGR)), corners)
    return np.ascontiguousarray(strip)


def _region(quad: Quad, text: str, confidence: float, width: int, height: int) -> TextRegion:
    corners = np.clip(quad / np.array([width, height], np.float32), 0.0, 1.0).astype(float)
    (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
    return TextRegion(
        text=text,
        box=Box(float(left), float(top), float(right - left), float(bottom - top)),
        confidence=min(1.0, max(0.0, confidence)),
        quad=tuple((float(x), float(y)) for x, y in corners),
    )
